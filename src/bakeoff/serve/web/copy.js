// Copies a text to the clipboard.

import { el } from "./dom.js";

/** Whether it was copied. Without a secure address (http on another machine) browsers offer only the old way. */
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedByCommand(text);
  }
}

function copiedByCommand(text) {
  const back = document.activeElement;
  const field = el("textarea", { class: "sr", "aria-hidden": "true" }, text);
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  back?.focus();
  return done;
}
