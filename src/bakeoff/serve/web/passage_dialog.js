// Shows a document in a panel, with the cited passage marked and in view.

import { getJson } from "./api.js";
import { cutAt } from "./code_points.js";
import { byId, el } from "./dom.js";
import { line } from "./format.js";
import { currentKey } from "./key.js";
import { problem } from "./problem.js";
import { pageOf } from "./sources.js";

const AROUND = 12000; // characters shown at each side of the passage at first

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
    const found = await getJson(address.split("#")[0]);
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
  const isMarked = source.start !== null && source.start !== undefined && found.start !== null && found.start !== undefined;
  const [before, marked, after] = isMarked ? cutAt(found.text, found.start, found.end) : ["", "", found.text];
  const body = byId("passage-body");
  body.replaceChildren(text(before, marked, after));
  const span = body.querySelector("#span");
  if (span) span.scrollIntoView({ block: "center" });
  else body.scrollTop = 0;
}

/** The passage with what stands around it; the rest of a long document on demand. */
function text(before, marked, after) {
  const shown = el("div", { class: "document-text", dir: "auto" });
  const draw = (around) => {
    const start = Math.max(0, before.length - around);
    shown.replaceChildren(
      ...(start ? [more("Show what comes before", draw)] : []),
      before.slice(start),
      ...(marked ? [el("mark", { id: "span" }, marked)] : []),
      after.slice(0, around),
      ...(after.length > around ? [more("Show the rest", draw)] : []),
    );
  };
  draw(AROUND);
  return shown;
}

function more(label, draw) {
  return el("button", { type: "button", class: "button more", onclick: () => draw(Infinity) }, label);
}
