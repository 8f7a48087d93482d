// Begins the page: the views, the key, and what the server says of itself.

import { ApiError, getJson, whenKeyNeeded } from "./api.js";
import { propose, setUpAskView, showContenders } from "./ask_view.js";
import { setUpCompareView, showChoices } from "./compare_view.js";
import { allowChanges, setUpDocumentsView, showDocuments } from "./documents_view.js";
import { byId } from "./dom.js";
import { showHealth } from "./health_footer.js";
import { allowExports, setUpHistoryView, showHistory } from "./history_view.js";
import { setKeepsTexts } from "./judge.js";
import { currentKey, forgetKey } from "./key.js";
import { askForKey } from "./key_dialog.js";
import { setUpPassageDialog } from "./passage_dialog.js";
import { go, setUpRouter } from "./router.js";
import { setUpServedDialog } from "./served_dialog.js";
import { setUpShortcuts } from "./shortcuts.js";
import { keepTested } from "./tested.js";

const OVERSEEN = { "to-review": "/review", "to-monitor": "/monitor" }; // pages for keys that oversee

/** What the key may do, and who answers. Asks for a key where one is needed. */
async function load() {
  const access = await getJson("/access"); // first: without a key, /health does not say what the run found
  const health = await showHealth();
  if (!health.contender) throw new ApiError("The server does not say what it serves. Load the page again.", 0, "no_health");
  const contenders = contendersOf(health);
  isKnown = true;
  keepTested(health);
  showContenders(contenders);
  showChoices(contenders);
  allowChanges(access.manages);
  allowExports(access.oversees);
  for (const [id, path] of Object.entries(OVERSEEN)) byId(id).hidden = !(access.oversees && access.pages?.includes(path));
  setKeepsTexts(access.keeps_texts);
  byId("forget-key").hidden = !currentKey();
}

/** The names of those that answer, the default one first. */
function contendersOf(health) {
  const others = Object.keys(health.contenders ?? {}).filter((name) => name !== health.contender);
  return [health.contender, ...others];
}

async function loadOrExplain() {
  try {
    await load();
  } catch (error) {
    byId("health").textContent = error.message;
  }
}

let isLoading = true;
let isKnown = false; // who answers
whenKeyNeeded(async (error) => {
  const isGiven = await askForKey(error);
  if (isGiven && !isLoading) setTimeout(loadOrExplain); // another key may see and do other things
  return isGiven;
});

setUpAskView(async () => isKnown || load());
setUpCompareView();
setUpDocumentsView();
setUpHistoryView((question) => go("ask", () => propose(question)));
setUpPassageDialog();
setUpServedDialog();
setUpShortcuts();
byId("forget-key").addEventListener("click", () => {
  forgetKey();
  location.reload();
});

const loaded = loadOrExplain();
setUpRouter({ documents: () => loaded.then(showDocuments), history: () => loaded.then(() => showHistory()) });
if (!byId("ask").hidden) byId("question").focus();
await loaded;
isLoading = false;
