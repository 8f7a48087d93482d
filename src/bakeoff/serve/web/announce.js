// Tells screen readers what happened, once, politely. A text that is still being written is never announced.

import { byId } from "./dom.js";

export function announce(text) {
  const region = byId("announcer");
  region.textContent = "";
  setTimeout(() => {
    region.textContent = text;
  }, 50); // emptied before, so that equal texts are announced again
}
