// The list of documents, with search, and the list of what changed.

import { announce } from "./announce.js";
import { getJson, request } from "./api.js";
import { confirmed } from "./confirm_dialog.js";
import { byId, el, iconButton } from "./dom.js";
import { counted, line, time } from "./format.js";
import { showHealth } from "./health_footer.js";
import { openPassage } from "./passage_dialog.js";
import { problem } from "./problem.js";
import { setUpUpload } from "./upload.js";

const LIMIT = 50;
const PAUSE_MS = 200; // a search begins when nothing more is typed for so long
const KINDS = { added: "Added", created: "Added", updated: "Changed", changed: "Changed", removed: "Removed", deleted: "Removed" };

let mayChange = false;
let latest = 0;

export function setUpDocumentsView() {
  let timer = 0;
  byId("document-query").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(list, PAUSE_MS);
  });
  byId("search").addEventListener("submit", (event) => {
    event.preventDefault();
    list();
  });
  setUpUpload(showDocuments);
}

/** Whether the key may add and remove documents. */
export function allowChanges(allowed) {
  mayChange = allowed;
  byId("upload").hidden = !allowed;
  byId("documents-lede").textContent = allowed
    ? "What answers are made from. A change counts from the next question on."
    : "What answers are made from, as far as your key may see them. This key cannot change documents.";
}

export async function showDocuments() {
  await Promise.all([list(), changes(), showHealth()]); // the sums of what is served change with the documents
}

async function list() {
  const asked = (latest += 1);
  const place = byId("document-list");
  try {
    const page = await pageAfter(null);
    if (asked !== latest) return;
    const query = byId("document-query").value.trim();
    const rows = el("ul", { class: "rows" }, page.documents.map(row));
    const none = query ? `No document matches “${query}”.` : "There are no documents yet.";
    place.replaceChildren(page.documents.length ? rows : el("p", { class: "remark" }, none));
    if (query) announce(page.documents.length ? counted(page.documents.length, "document", "documents") : none);
    offerMore(place, rows, page.next);
  } catch (error) {
    if (asked === latest) place.replaceChildren(problem(error, list));
  }
}

function pageAfter(after) {
  const query = new URLSearchParams({ limit: LIMIT });
  const words = byId("document-query").value.trim();
  if (words) query.set("query", words);
  if (after !== null) query.set("after", after);
  return getJson(`/documents?${query}`);
}

function offerMore(place, rows, next) {
  if (next === null || next === undefined) return;
  const button = el("button", { type: "button", class: "button", onclick: () => more(place, rows, next, button) }, "Show more");
  place.append(button);
}

async function more(place, rows, next, button) {
  try {
    const page = await pageAfter(next);
    const items = page.documents.map(row);
    rows.append(...items);
    button.remove();
    offerMore(place, rows, page.next);
    items[0]?.querySelector("button").focus();
  } catch (error) {
    button.replaceWith(problem(error, () => more(place, rows, next, button)));
  }
}

function row(found) {
  const name = found.title || found.source || found.id;
  const source = { id: found.id, title: name, version: null, start: null, end: null };
  const labels = found.labels?.length ? `for ${found.labels.join(", ")}` : "";
  const about = line(found.source === name ? "" : found.source, counted(found.n_characters ?? 0, "character", "characters"), time(found.updated_at), labels);
  return el(
    "li",
    { class: "row" },
    el(
      "div",
      { class: "row-text" },
      el("button", { type: "button", class: "row-title", dir: "auto", onclick: () => openPassage(source) }, name),
      el("p", { class: "row-about" }, about),
    ),
    mayChange && iconButton("remove", `Remove ${name}`, () => remove(found.id, name)),
  );
}

async function remove(id, name) {
  const text = "Answers can no longer use it. Citations of earlier answers stay readable.";
  if (!(await confirmed(`Remove “${name}”?`, text, "Remove it"))) return;
  try {
    await request(`/documents/${encodeURIComponent(id)}`, { method: "DELETE" });
    announce(`${name} was removed.`);
    byId("uploaded").replaceChildren(el("p", { class: "thanks" }, `Removed ${name}.`));
  } catch (error) {
    byId("uploaded").replaceChildren(problem(error));
  }
  await showDocuments();
  byId("document-query").focus();
}

async function changes() {
  const place = byId("changes");
  try {
    const { changes: found, n_copied: nCopied = 0 } = await getJson("/documents/changes?n=20");
    const items = found.filter((change) => change.version > 1).map((change) =>
      el(
        "li",
        {},
        el("span", { class: "change-kind" }, KINDS[change.kind] ?? change.kind),
        el("span", { class: "change-name", dir: "auto" }, change.title || change.source || change.id),
        el("span", { class: "row-about" }, line(time(change.at), `version ${change.version}`)),
      ),
    );
    const copied = nCopied > 0 && el("p", { class: "remark" }, `${counted(nCopied, "document", "documents")} copied from the run`);
    place.replaceChildren(...[items.length > 0 && el("ol", { class: "changes" }, items), copied, !items.length && !copied && el("p", { class: "remark" }, "Nothing changed yet.")].filter(Boolean));
  } catch (error) {
    place.replaceChildren(problem(error, changes));
  }
}
