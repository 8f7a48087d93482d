// The answers with their questions, fetched before they are needed, so that the next one is there at once.

import { getJson } from "./api.js";

const AHEAD = 4;
const kept = new Map(); // promises, by the path they came from

const place = document.body.dataset.routes ?? ""; // where the routes of the page begin
const pathOf = (id, others) => `${place}/answers/${encodeURIComponent(id)}${others ? "?others=yes" : ""}`;

/** The answer with this id. `others`: with what other labellers say. */
export function card(id, others = false) {
  const path = pathOf(id, others);
  if (!kept.has(path)) {
    const coming = getJson(path);
    coming.catch(() => kept.delete(path)); // the next try asks again
    kept.set(path, coming);
  }
  return kept.get(path);
}

/** Fetches the first of these. */
export function prefetch(ids, others = false) {
  for (const id of ids.slice(0, AHEAD)) card(id, others).catch(() => {}); // told when it is shown
}

/** The answer with this id was labelled: when it is shown again, it has this label, or what else `changed` says. */
export async function remember(id, label, changed = { label }) {
  for (const others of [false, true]) {
    const path = pathOf(id, others);
    if (kept.has(path)) kept.set(path, Promise.resolve({ ...(await kept.get(path)), ...changed }));
  }
}
