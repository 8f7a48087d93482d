// Comparing: one question to two or three contenders side by side, their names hidden if wanted, and which is best.

import { AnswerView } from "./answer_view.js";
import { announce } from "./announce.js";
import { postJson } from "./api.js";
import { setUpComposer } from "./composer.js";
import { byId, el, icon } from "./dom.js";
import { fold } from "./folded.js";
import { isLoaded, noteLoaded } from "./loaded.js";
import { askPatiently } from "./patience.js";
import { problem } from "./problem.js";
import { shuffled } from "./shuffle.js";
import { bestTested } from "./tested.js";

const FEWEST = 2;
const MOST = 3;
const LETTERS = ["A", "B", "C"];

let running = null;

export function setUpCompareView() {
  setUpComposer(byId("compare-form"), byId("compare-question"), { onQuestion: begin, isBusy: () => running !== null || !isValid() });
  byId("compare-contenders").addEventListener("change", limit);
}

/** `contenders` are the names of those that answer, the default one first. */
export function showChoices(contenders) {
  const isAlone = contenders.length < FEWEST;
  byId("compare-form").hidden = isAlone;
  byId("compare-alone").hidden = !isAlone;
  byId("compare-alone").textContent = "This server serves one contender. Serve several to compare them: bakeoff serve RUN -c NAME -c NAME.";
  const first = [contenders[0], bestTested(contenders.slice(1))]; // what is served, and what could replace it
  const choices = contenders.map((name) =>
    el("label", { class: "choice" }, el("input", { type: "checkbox", name: "contender", value: name, autocomplete: "off", checked: first.includes(name) }), " ", name),
  );
  byId("compare-contenders").replaceChildren(el("legend", {}, contenders.length > FEWEST ? "Contenders, two or three" : "Contenders"), ...choices);
  limit();
}

/** Whether answers were being written. */
export function stopComparison() {
  running?.abort();
  return running !== null;
}

const boxes = () => [...byId("compare-contenders").querySelectorAll("input")];
const chosen = () => boxes().filter((box) => box.checked).map((box) => box.value);
const isValid = () => chosen().length >= FEWEST && chosen().length <= MOST;

/** With three chosen, no fourth can be; with fewer than two nothing can be asked. */
function limit() {
  const n = chosen().length;
  for (const box of boxes()) box.disabled = n >= MOST && !box.checked;
  byId("compare-send").disabled = n < FEWEST;
}

async function begin(question) {
  const isBlind = byId("blind").checked;
  const names = isBlind ? shuffled(chosen()) : chosen();
  const columns = names.map((name, i) => new Column(name, LETTERS[i], isBlind));
  const vote = el("div", { class: "vote" });
  const heading = el("h2", { class: "question", dir: "auto", tabindex: "-1" }, question);
  const stop = el("button", { type: "button", class: "button", onclick: stopComparison }, "Stop");
  const bar = el("div", { class: "compared-bar" }, el("div", {}, heading), stop);
  byId("compared").replaceChildren(bar, el("div", { class: `columns n${columns.length}` }, columns.map((column) => column.element)), vote);
  showForm(false);
  scrollTo(0, 0);
  fold(heading, "the question", 120);
  stop.focus();
  running = new AbortController();
  await Promise.all(columns.map((column) => column.answer(question, running.signal)));
  running = null;
  const hadFocus = document.activeElement === stop;
  stop.replaceWith(askAnother());
  if (hadFocus) heading.focus({ preventScroll: true });
  offer(vote, columns, isBlind);
}

/** After a question its form makes room for the answers. */
function showForm(isShown) {
  byId("compare").classList.toggle("begun", !isShown);
  if (isShown) {
    scrollTo(0, 0);
    byId("compare-question").focus();
  }
}

const askAnother = () => el("button", { type: "button", class: "button", onclick: () => showForm(true) }, "Ask another question");

class Column {
  constructor(name, letter, isBlind) {
    this.name = name;
    this.title = isBlind ? `Answer ${letter}` : name;
    this.answered = null;
    this.view = new AnswerView({ label: this.title, level: 4, isCompared: true });
    this.heading = el("h3", {}, this.title);
    this.foot = el("div", { class: "choose" });
    this.element = el("article", { class: "compared-answer" }, this.heading, this.view.element, this.foot);
  }

  async answer(question, signal) {
    try {
      const messages = [{ role: "user", content: question }];
      isLoaded(this.name).then((loaded) => loaded || this.view.load());
      this.answered = await askPatiently(this.name, messages, {
        onText: (text) => this.view.write(text),
        onWait: (words, seconds) => this.view.waitForPlace(words, seconds, stopComparison),
        signal,
      });
      noteLoaded(this.name);
      this.view.finish(this.answered);
    } catch (error) {
      if (error.name === "AbortError") this.view.stop();
      else this.view.fail(error, null);
    }
  }

  reveal() {
    this.heading.textContent = this.title === this.name ? this.name : `${this.title}: ${this.name}`;
    this.foot.replaceChildren();
  }

  prefer() {
    this.element.classList.add("preferred");
    this.foot.replaceChildren(el("p", { class: "chosen" }, icon("check"), "Your choice"));
  }
}

/** A button below each answer; below all, one for a draw and one for none. */
function offer(vote, columns, isBlind) {
  const complete = columns.filter((column) => column.answered?.id && column.answered.isLogged);
  if (complete.length < FEWEST) {
    vote.replaceChildren(el("p", { class: "remark" }, "Fewer than two answers are complete: there is nothing to compare. Ask again."));
    for (const column of columns) column.reveal();
    return;
  }
  const choice = { vote, columns, complete, isBlind };
  for (const column of complete) {
    const label = ["This one is best", el("span", { class: "sr" }, `: ${column.title}`)];
    column.foot.replaceChildren(el("button", { type: "button", class: "button", onclick: () => choose(choice, column) }, label));
  }
  const forAll = (label, isNoneRight) => el("button", { type: "button", class: "button", onclick: () => choose(choice, null, isNoneRight) }, label);
  vote.replaceChildren(forAll("All equally good", false), forAll("None is right", true));
  announce("All answers are complete. Which one is best?");
}

async function choose({ vote, columns, complete, isBlind }, preferred, isNoneRight = false) {
  const body = {
    answers: complete.map((column) => column.answered.id),
    preferred: preferred?.answered.id ?? null,
    none_right: isNoneRight,
    blind: isBlind,
  };
  try {
    await postJson("/comparisons", body);
  } catch (error) {
    vote.querySelector(".problem-note")?.remove();
    vote.prepend(problem(error));
    return;
  }
  for (const column of columns) column.reveal();
  preferred?.prefer();
  const saved = el("p", { class: "thanks", tabindex: "-1" }, `Saved: ${preferred ? `${preferred.name} is best` : isNoneRight ? "none is right" : "all equally good"}.`);
  vote.replaceChildren(saved, askAnother());
  saved.focus();
}
