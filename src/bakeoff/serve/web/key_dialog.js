// Asks for the key of the server.

import { byId } from "./dom.js";
import { currentKey, useKey } from "./key.js";

let asking = null;

/** Resolves to true when a key was given, to false when the user gave none. Requests that wait share one dialog. */
export function askForKey(error) {
  asking ??= show(error).finally(() => {
    asking = null;
  });
  return asking;
}

function show(error) {
  const dialog = byId("key-dialog");
  const field = byId("key");
  byId("key-problem").textContent = currentKey() ? error.message : "";
  field.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  field.focus();
  return new Promise((resolve) => {
    byId("key-form").onsubmit = (event) => {
      event.preventDefault();
      useKey(field.value.trim(), byId("keep-key").checked);
      field.value = "";
      dialog.close("given");
    };
    byId("key-cancel").onclick = () => dialog.close();
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "given"), { once: true });
  });
}
