// Shows the figures that the server draws. They need a key, which the address bar cannot send.

import { request, whenKeyNeeded } from "/web/api.js";
import { useKey } from "/web/key.js";

const REFRESH_MS = 60_000;
const PLAIN = /^[\x21-\x7e]+$/; // what a header can carry
const byId = (id) => document.getElementById(id);

/** Resolves to true when the form gave a key. */
function askForKey(error) {
  const form = byId("key-form");
  byId("key-problem").textContent = error.message;
  form.hidden = false;
  byId("key").focus();
  return new Promise((resolve) => {
    form.onsubmit = (event) => {
      event.preventDefault();
      const key = byId("key").value.trim();
      if (!PLAIN.test(key)) {
        byId("key-problem").textContent = "This is not a key: keys have only letters, digits and signs of the keyboard.";
        return;
      }
      useKey(key, false);
      byId("key").value = "";
      form.hidden = true;
      resolve(true);
    };
  });
}

async function show() {
  try {
    const drawn = await (await request("/monitor/figures", { headers: { Accept: "text/html" } })).text();
    const parsed = new DOMParser().parseFromString(drawn, "text/html");
    byId("figures").replaceChildren(...parsed.body.childNodes);
  } catch (error) {
    if (error.status === 403 && (await askForKey(error))) return show();
    const note = document.createElement("p");
    note.textContent = error.message;
    byId("figures").replaceChildren(note);
  }
}

whenKeyNeeded(askForKey);
await show();
setInterval(() => {
  if (!document.hidden && byId("key-form").hidden) show();
}, REFRESH_MS);
