// Asks for the key of the server.

import { byId } from "./dom.js";
import { currentKey, useKey } from "./key.js";

const PLAIN = /^[\x21-\x7e]+$/; // what a header can carry

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
      if (!PLAIN.test(field.value.trim())) {
        byId("key-problem").textContent = "This is not a key: keys have only letters, digits and signs of the keyboard.";
        return;
      }
      useKey(field.value.trim(), byId("keep-key").checked);
      field.value = "";
      dialog.close("given");
    };
    byId("key-cancel").onclick = () => dialog.close();
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "given"), { once: true });
  });
}
