// Shows the figures that the server draws. They need a key, which the address bar cannot send.

import { request, whenKeyNeeded } from "/web/api.js";
import { byId, el } from "/web/dom.js";
import { askForKey } from "/web/key_dialog.js";
import { problem } from "/web/problem.js";

const REFRESH_MS = 60_000;

async function show() {
  try {
    const drawn = await (await request("/monitor/figures", { headers: { Accept: "text/html" } })).text();
    const parsed = new DOMParser().parseFromString(drawn, "text/html");
    byId("figures").replaceChildren(...parsed.body.childNodes);
  } catch (error) {
    if (error.status === 403 && (await ask(error))) return show();
    const words = error.status === 401 ? { status: 401, message: "This page needs a key that manages and sees all documents." } : error;
    byId("figures").replaceChildren(el("h1", {}, "Monitoring"), problem(words, show));
  }
  return undefined;
}

/** Asks for a key. Behind the form nothing says that the log is being read. */
async function ask(error) {
  if (byId("state")) byId("state").textContent = "";
  return askForKey(error);
}

whenKeyNeeded(ask);
await show();
setInterval(() => {
  if (!document.hidden && !byId("key-dialog").open) show();
}, REFRESH_MS);
