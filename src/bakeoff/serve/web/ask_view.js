// Asking: a conversation of questions and answers, the last one stoppable.

import { AnswerView } from "./answer_view.js";
import { announce } from "./announce.js";
import { setUpComposer } from "./composer.js";
import { byId, el } from "./dom.js";
import { fold } from "./folded.js";
import { isLoaded, noteLoaded } from "./loaded.js";
import { askPatiently } from "./patience.js";
import { nameWithShares, showTested } from "./tested.js";
import { understood } from "./understood.js";

let turns = []; // {question, answer}: those that were answered; a stopped or failed one is not part of the conversation
let running = null; // the AbortController of the answer that is being written

let ready = async () => {};

/** `whenReady()` resolves as soon as it is known who answers; it raises ApiError if the server does not say. */
export function setUpAskView(whenReady) {
  ready = whenReady;
  setUpComposer(byId("ask-form"), byId("question"), { onQuestion: begin, isBusy: () => running !== null });
  byId("stop").addEventListener("click", stopAnswer);
  byId("new-conversation").addEventListener("click", newConversation);
  byId("contender").addEventListener("change", (event) => showTested(event.target.value));
}

/** `contenders` are the names of those that answer, the default one first. */
export function showContenders(contenders) {
  const select = byId("contender");
  select.replaceChildren(...contenders.map((name) => el("option", { value: name }, nameWithShares(name))));
  byId("contender-field").hidden = contenders.length < 2;
  showTested(contenders[0]);
}

/** Whether an answer was being written. */
export function stopAnswer() {
  running?.abort();
  return running !== null;
}

export function newConversation() {
  stopAnswer();
  turns = [];
  byId("turns").replaceChildren();
  byId("ask").classList.remove("begun");
  byId("new-conversation").hidden = true;
  byId("question").focus();
  announce("A new conversation.");
}

/** Puts a question into the field, to be changed or sent. */
export function propose(question) {
  byId("question").value = question;
  byId("question").dispatchEvent(new Event("input"));
  byId("question").focus();
}

function begin(question) {
  byId("ask").classList.add("begun");
  byId("new-conversation").hidden = false;
  const view = new AnswerView();
  const heading = el("h2", { class: "question", dir: "auto" }, question);
  const turn = el("article", { class: "turn" }, heading, view.element);
  byId("turns").append(turn);
  fold(heading, "the question", 180);
  turn.scrollIntoView({ block: "start", behavior: isCalm() ? "auto" : "smooth" });
  answer(question, view);
}

async function answer(question, view) {
  const controller = new AbortController();
  setRunning(controller);
  const mine = turns;
  try {
    await ready();
    const contender = byId("contender").value;
    isLoaded(contender).then((loaded) => loaded || view.load());
    const whole = await askPatiently(contender, messages(question), {
      onText: (text) => view.write(text),
      onWait: (words, seconds) => view.waitForPlace(words, seconds, stopAnswer),
      signal: controller.signal,
    });
    noteLoaded(contender);
    view.finish(whole);
    if (whole.question) view.element.before(understood(whole.question));
    mine.push({ question, answer: whole.text });
  } catch (error) {
    if (error.name === "AbortError") view.stop();
    else view.fail(error, () => retry(question, view));
  } finally {
    if (running === controller) setRunning(null);
  }
}

function retry(question, view) {
  if (running) return;
  view.text = "";
  view.wait();
  byId("question").focus();
  answer(question, view);
}

function messages(question) {
  const earlier = turns.flatMap((turn) => [
    { role: "user", content: turn.question },
    { role: "assistant", content: turn.answer },
  ]);
  return [...earlier, { role: "user", content: question }];
}

function setRunning(controller) {
  running = controller;
  const hadFocus = [byId("send"), byId("stop")].includes(document.activeElement);
  byId("send").hidden = controller !== null;
  byId("stop").hidden = controller === null;
  if (hadFocus) byId("question").focus();
}

const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
