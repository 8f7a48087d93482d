// Begins the page: shows one answer after another, and sends each review on its way while the next is shown.

import { announce } from "./announce.js";
import { getJson, whenKeyNeeded } from "./api.js";
import { card, prefetch, remember } from "./cards.js";
import { NEEDS_FORM, closeDecision, isDeciding, openDecision, setUpDecision } from "./decision.js";
import { byId, el } from "./dom.js";
import { counted } from "./format.js";
import { askForKey } from "./key_dialog.js";
import { setUpKeys } from "./keys.js";
import { setUpPassageDialog } from "./passage_dialog.js";
import { problem } from "./problem.js";
import { SAID, draw, mark, openFirst } from "./review_view.js";
import { Saver } from "./saver.js";
import { Trail } from "./trail.js";

const trail = new Trail();
const saver = new Saver(onSaved, onFailed, "/review/reviews");
let state = null;
let shown = null; // the answer that is shown and can be reviewed
let moved = 0;

function onSaved(next) {
  byId("trouble").replaceChildren();
  take(next);
  if (!saver.ids.length && byId("end").dataset.why === "none left") show(); // more may have come after the last one
}

function onFailed(error) {
  const isRefused = error.status >= 400 && error.status < 500 && error.status !== 401 && error.status !== 429;
  if (!isRefused) {
    byId("trouble").replaceChildren(problem({ ...error, status: 0, message: `Not saved yet: ${error.message} Your reviews are kept in this page.` }, () => saver.again()));
    return;
  }
  saver.waiting.shift(); // it would be refused again
  byId("trouble").replaceChildren(problem({ ...error, message: `A review was not saved: ${error.message}` }));
  setTimeout(() => saver.again());
}

function take(next) {
  state = next;
  trail.update(next, saver.ids, shown?.id ?? null);
  const { drawn, reviewed } = next.sample;
  byId("reached-words").textContent = `${counted(next.n_open, "answer", "answers")} to look at; ${reviewed} of ${drawn} of the random sample reviewed`;
  byId("reached-bar").max = Math.max(1, drawn);
  byId("reached-bar").value = reviewed;
  byId("outlook").replaceChildren(...[...next.in_use, ...aside(next.set_aside)].map((sentence) => el("p", {}, sentence)));
}

function aside({ over, copies }) {
  const parts = [over && counted(over, "answer", "answers"), copies && counted(copies, "near-copy", "near-copies")].filter(Boolean);
  return parts.length ? [`Left out on purpose, so that no single user fills the list: ${parts.join(", ")}.`] : [];
}

/** Shows the current answer, or that none is left. `spoken` is announced before its question. */
async function show(spoken = "") {
  const asked = (moved += 1);
  const id = trail.current;
  shown = null;
  closeDecision();
  byId("back").disabled = !trail.canGoBack;
  byId("forward").hidden = !trail.canGoForward;
  if (id === null) return none(spoken);
  try {
    const content = await card(id);
    if (asked !== moved) return undefined;
    byId("end").hidden = true;
    delete byId("end").dataset.why;
    draw(content, place());
    shown = content;
    scrollTo(0, 0);
    const isOnButton = document.activeElement?.closest("#dock button");
    if (!isOnButton || isOnButton.disabled || isOnButton.hidden) byId("card").focus({ preventScroll: true });
    announce([spoken, content.question, content.answer ?? "declined"].filter(Boolean).join(". "));
    prefetch(trail.upcoming);
  } catch (error) {
    if (asked === moved) byId("trouble").replaceChildren(problem(error, () => { byId("trouble").replaceChildren(); show(); }));
  }
  return undefined;
}

function none(spoken) {
  announce(spoken);
  const isSaving = saver.ids.length > 0;
  byId("card").hidden = byId("dock").hidden = true;
  byId("end").hidden = false;
  byId("end").dataset.why = "none left";
  byId("end-title").textContent = isSaving ? "Your reviews are being saved" : "Nothing is left to review";
  const next = isSaving ? "The next answers come after that." : "New answers come as people use the server.";
  const back = trail.canGoBack && el("p", {}, el("button", { type: "button", class: "button", onclick: () => move(-1) }, "Back to the last one"));
  byId("end-body").replaceChildren(...[el("p", {}, next), back].filter(Boolean));
  byId("end-title").focus();
}

function place() {
  if (trail.list) return `Reviewed before, ${trail.list.ids.length - trail.list.at} back`;
  return `Answer ${trail.done.length + 1}`;
}

function decide(action) {
  if (shown === null || document.querySelector(`[data-action="${action}"]`).disabled) return;
  if (NEEDS_FORM.includes(action)) openDecision(action, shown);
  else if (action === "accept") keep({ action, answers: [byId("few").value.trim()].filter(Boolean) });
  else keep({ action });
}

/** Takes the review of the answer that is shown, and goes on. */
function keep(said) {
  const { id } = shown;
  const review = { note: byId("note").value.trim(), ...said };
  mark(review.action);
  byId("saved").textContent = `Last: ${SAID[review.action]}`;
  const asked = { by: state.reviewer, question: shown.question, answers: [], fact: "", documents: [], document_is: null };
  const own = review.action === "accept" ? { answers: [shown.answer, shown.short, ...review.answers].filter(Boolean) } : {};
  remember(id, null, { review: { ...asked, ...review, ...own, question: review.question || shown.question } });
  trail.labelled(id);
  saver.add({ id, ...review });
  show(`Saved: ${SAID[review.action]}`);
}

function move(step) {
  if (!(step < 0 ? trail.canGoBack : trail.canGoForward)) return;
  if (step < 0) trail.back();
  else trail.forward();
  show();
}

function cancel() {
  closeDecision();
  byId("card").focus({ preventScroll: true });
}

async function begin() {
  try {
    take(await getJson("/review/state"));
  } catch (error) {
    if (error.status === 403 && (await askForKey(error))) return begin();
    byId("trouble").replaceChildren(problem(error, () => location.reload()));
    return undefined;
  }
  document.title = `Review ${state.deployment} – Bakeoff`;
  return show();
}

let action = "";
for (const button of document.querySelectorAll("[data-action]"))
  button.addEventListener("click", () => {
    action = button.dataset.action;
    decide(action);
  });
byId("back").addEventListener("click", () => move(-1));
byId("forward").addEventListener("click", () => move(1));
setUpPassageDialog();
setUpDecision((said) => keep({ action, ...said }), cancel);
setUpKeys({
  decide: (name) => {
    action = name;
    decide(name);
  },
  back: () => move(-1),
  forward: () => move(1),
  note: () => byId("note").focus(),
  few: () => byId("few").focus(),
  document: openFirst,
});
addEventListener("beforeunload", (event) => {
  if (isDeciding()) event.preventDefault(); // the browser asks whether to leave
});
whenKeyNeeded(askForKey);
begin();
