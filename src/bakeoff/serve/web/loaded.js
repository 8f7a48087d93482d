// Whether a contender's model is in memory already: its first question waits until it is.

import { send } from "./api.js";

const loaded = new Set();

/** Asks the server, unless it is known. Where that cannot be found out, it counts as loaded. */
export async function isLoaded(contender) {
  if (loaded.has(contender)) return true;
  try {
    const { opened } = await (await send("/health")).json();
    return !opened || opened.includes(contender);
  } catch {
    return true;
  }
}

/** An answer of it has come. */
export function noteLoaded(contender) {
  loaded.add(contender);
}
