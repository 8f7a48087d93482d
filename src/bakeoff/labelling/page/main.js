// Begins the page: shows one answer after another, and sends each verdict on its way while the next is shown.

import { announce } from "./announce.js";
import { getJson, postJson } from "./api.js";
import { VERDICTS, draw, mark, openFirst } from "./card_view.js";
import { card, prefetch, remember } from "./cards.js";
import { restart, seconds } from "./clock.js";
import { byId, el } from "./dom.js";
import { hideEnd, showEnd, showJudged } from "./end_view.js";
import { counted } from "./format.js";
import { setUpKeyboard } from "./keyboard.js";
import { setUpPassageDialog } from "./passage_dialog.js";
import { problem } from "./problem.js";
import { askOutlook, forgetOutlook, showProgress } from "./progress_view.js";
import { Saver } from "./saver.js";
import { Trail } from "./trail.js";

const trail = new Trail();
const saver = new Saver(onSaved, onFailed);
let state = null;
let inView = null; // the id of the answer that is shown and can be labelled
let moved = 0;

function onSaved(next) {
  byId("trouble").replaceChildren();
  take(next);
  askOutlook();
  if (!saver.ids.length && byId("end").dataset.why === "none left") show(); // more may have come after the last one
}

function onFailed(error) {
  byId("trouble").replaceChildren(problem({ ...error, status: 0, message: `Not saved yet: ${error.message} Your labels are kept in this page.` }, () => saver.again()));
}

function take(next) {
  state = next;
  trail.update(next, saver.ids, inView);
  showProgress(next.progress);
  showDisputes();
}

/** Shows the current answer, or that none is left. `spoken` is announced before its question. */
async function show(spoken = "") {
  const asked = (moved += 1);
  const id = trail.current;
  inView = null;
  byId("back").disabled = !trail.canGoBack;
  byId("forward").hidden = !trail.canGoForward;
  if (id === null) return none(spoken);
  try {
    const content = await card(id, trail.others);
    if (asked !== moved) return undefined;
    hideEnd();
    draw(content, place());
    inView = id;
    restart();
    scrollTo(0, 0);
    const isOnButton = document.activeElement?.closest("#dock button");
    if (!isOnButton || isOnButton.hidden) byId("card").focus({ preventScroll: true });
    announce([spoken, content.question, content.answer].filter(Boolean).join(". "));
    prefetch(trail.upcoming, trail.others);
  } catch (error) {
    if (asked === moved) byId("trouble").replaceChildren(problem(error, () => { byId("trouble").replaceChildren(); show(); }));
  }
  return undefined;
}

function none(spoken) {
  announce(spoken);
  if (saver.ids.length) showEnd("Your labels are being saved", el("p", {}, "The next answers come after that."));
  else showEnd("All answers are labelled", el("p", {}, "Thank you. Finish, and the run is judged with your labels."), finishButton());
  byId("end").dataset.why = "none left";
}

function finishButton() {
  return el("p", {}, el("button", { type: "button", class: "button strong", onclick: finish }, "Finish"));
}

function place() {
  if (trail.others) return `Second look, ${trail.list.at + 1} of ${trail.list.ids.length}`;
  if (trail.list) return `Labelled before, ${trail.list.ids.length - trail.list.at} back`;
  return `Answer ${trail.done.length + 1}`;
}

function verdict(name) {
  if (inView === null) return;
  const id = inView;
  const label = { verdict: name, note: byId("note").value.trim() };
  mark(name);
  byId("saved").textContent = `Last: ${VERDICTS[name]}`;
  remember(id, label);
  trail.labelled(id);
  saver.add({ id, ...label, seconds: seconds() });
  show(`Saved as ${VERDICTS[name]}`);
}

function move(step) {
  const can = step < 0 ? trail.canGoBack : trail.canGoForward;
  if (!can) return;
  if (step < 0) trail.back();
  else trail.forward();
  show();
}

function showDisputes() {
  const n = state.disputed.length;
  const known = byId("disputes");
  if (!n || trail.others) return known?.remove();
  const words = `Second look: ${counted(n, "answer", "answers")} with different verdicts`;
  if (known) known.textContent = words;
  else byId("back").after(el("button", { type: "button", class: "quiet-button", id: "disputes", onclick: () => { trail.look(state.disputed); byId("disputes")?.remove(); show(); } }, words));
  return undefined;
}

async function finish() {
  await saver.settled();
  if (saver.ids.length) return saver.again();
  const button = byId("finish");
  button.disabled = true;
  inView = null;
  moved += 1;
  forgetOutlook();
  if (state.judges && state.progress.labelled) showEnd("Judging the run with your labels …", el("p", {}, "This can take a minute."));
  try {
    const { judged, again } = await (await postJson("/finish", {})).json();
    showJudged(judged, state.progress.mine, again);
  } catch (error) {
    button.disabled = false;
    showEnd("Not judged", problem(error, finish), el("p", {}, "Every label is saved."));
  }
  return undefined;
}

async function begin() {
  try {
    take(await getJson("/state"));
  } catch (error) {
    byId("trouble").replaceChildren(problem(error, () => location.reload()));
    return;
  }
  document.title = `Label ${state.run} – Bakeoff`;
  await show();
  askOutlook();
}

for (const button of document.querySelectorAll(".verdict")) button.addEventListener("click", () => verdict(button.dataset.verdict));
byId("back").addEventListener("click", () => move(-1));
byId("forward").addEventListener("click", () => move(1));
byId("finish").addEventListener("click", finish);
setUpPassageDialog();
setUpKeyboard({ verdict, back: () => move(-1), forward: () => move(1), note: () => byId("note").focus(), document: openFirst });
begin();
