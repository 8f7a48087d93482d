// Shows a document in a panel, with the cited passage marked and in view.

import { getJson } from "./api.js";
import { documentText, firstMark } from "./document_text.js";
import { byId, el } from "./dom.js";
import { line } from "./format.js";
import { currentKey } from "./key.js";
import { problem } from "./problem.js";
import { pageOf } from "./sources.js";

const AROUND = 200; // lines shown at each side of the passage at first

const STATES = { deleted: "deleted since", replaced: "changed since" };

let latest = 0;

/** Opens the panel for {id, version, start, end, title}. Without a start, the document from its beginning. */
export async function openPassage(source) {
  const opened = (latest += 1);
  const dialog = byId("passage");
  head(source.title || source.id, "Loading …");
  byId("passage-body").replaceChildren();
  const address = pageOf(source.id, source);
  byId("passage-page").href = address;
  byId("passage-page").hidden = Boolean(currentKey() && !source.signature); // a link cannot carry the key
  if (!dialog.open) dialog.showModal();
  try {
    const found = await getJson(pageOf(source.id, { ...source, form: "lines" }).split("#")[0]);
    if (opened === latest) fill(found, source);
  } catch (error) {
    if (opened !== latest) return;
    head(source.title || source.id, "");
    byId("passage-body").replaceChildren(problem(error, () => openPassage(source)));
  }
}

export function setUpPassageDialog() {
  const dialog = byId("passage");
  byId("passage-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // beside the panel
  });
}

function head(title, ...about) {
  byId("passage-title").textContent = title;
  byId("passage-about").replaceChildren(...about);
}

function fill(found, source) {
  const version = source.version === null || source.version === undefined ? "" : `as of version ${source.version}`;
  const name = found.title || found.source || found.id;
  head(name, ...line(found.source === name ? "" : found.source, version, STATES[found.state]));
  const body = byId("passage-body");
  body.replaceChildren(text(found.lines));
  const mark = firstMark(body);
  if (mark) {
    mark.id = "span";
    mark.scrollIntoView({ block: "start" });
  } else body.scrollTop = 0;
}

/** The passage with what stands around it; the rest of a long document on demand. */
function text(lines) {
  const shown = el("div", { class: "document-text", dir: "auto" });
  const isMarked = ([, , cells]) => cells.some((runs) => runs.some((run) => run[2]));
  const first = Math.max(0, lines.findIndex(isMarked) - AROUND);
  const last = Math.min(lines.length, lines.findLastIndex(isMarked) + 1 + AROUND);
  const draw = (start, end) => documentText(lines.slice(start, end), lines);
  shown.append(...draw(first, last));
  if (first) shown.prepend(more("Show what comes before", () => draw(0, first)));
  if (last < lines.length) shown.append(more("Show the rest", () => draw(last, lines.length)));
  return shown;
}

/** A button that is replaced by what `draw` gives; what is read stays where it is. */
function more(label, draw) {
  const open = () => {
    const body = byId("passage-body");
    const below = body.scrollHeight - body.scrollTop;
    const isBefore = button.previousSibling === null;
    button.replaceWith(...draw());
    if (isBefore) body.scrollTop = body.scrollHeight - below;
    body.focus({ preventScroll: true });
  };
  const button = el("button", { type: "button", class: "button more", onclick: open }, label);
  return button;
}
