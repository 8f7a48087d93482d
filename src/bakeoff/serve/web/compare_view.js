// Comparing: one question to two or three contenders side by side, their names hidden if wanted, and which is better.

import { AnswerView } from "./answer_view.js";
import { announce } from "./announce.js";
import { postJson } from "./api.js";
import { ask } from "./chat.js";
import { setUpComposer } from "./composer.js";
import { byId, el } from "./dom.js";
import { problem } from "./problem.js";
import { shuffled } from "./shuffle.js";

const FEWEST = 2;
const MOST = 3;
const LETTERS = ["A", "B", "C"];

let running = null;

export function setUpCompareView() {
  setUpComposer(byId("compare-form"), byId("compare-question"), { onQuestion: begin, isBusy: () => running !== null || !isValid() });
  byId("compare-stop").addEventListener("click", stopComparison);
  byId("compare-contenders").addEventListener("change", limit);
}

export function showChoices(contenders) {
  const isAlone = contenders.length < FEWEST;
  byId("compare-form").hidden = isAlone;
  byId("compare-alone").hidden = !isAlone;
  byId("compare-alone").textContent = "This server serves one contender. Serve several to compare them: bakeoff serve RUN -c NAME -c NAME.";
  const choices = contenders.map((name, i) =>
    el("label", { class: "choice" }, el("input", { type: "checkbox", name: "contender", value: name, checked: i < FEWEST }), " ", name),
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
  byId("compared").replaceChildren(
    el("h2", { class: "question", dir: "auto" }, question),
    el("div", { class: `columns n${columns.length}` }, columns.map((column) => column.element)),
    vote,
  );
  const controller = new AbortController();
  setRunning(controller);
  await Promise.all(columns.map((column) => column.answer(question, controller.signal)));
  if (running === controller) setRunning(null);
  offer(vote, columns, isBlind);
}

class Column {
  constructor(name, letter, isBlind) {
    this.name = name;
    this.title = isBlind ? `Answer ${letter}` : name;
    this.answered = null;
    this.view = new AnswerView({ label: this.title, level: 4 });
    this.heading = el("h3", {}, this.title);
    this.element = el("article", { class: "compared-answer" }, this.heading, this.view.element);
  }

  async answer(question, signal) {
    try {
      const messages = [{ role: "user", content: question }];
      this.answered = await ask(this.name, messages, { onText: (text) => this.view.write(text), signal });
      this.view.finish(this.answered);
    } catch (error) {
      if (error.name === "AbortError") this.view.stop();
      else this.view.fail(error, null);
    }
  }

  reveal() {
    this.heading.textContent = this.title === this.name ? this.name : `${this.title}: ${this.name}`;
  }
}

function offer(vote, columns, isBlind) {
  const complete = columns.filter((column) => column.answered?.id);
  if (complete.length < FEWEST) {
    vote.replaceChildren(el("p", { class: "remark" }, "Fewer than two answers are complete: there is nothing to compare. Ask again."));
    for (const column of columns) column.reveal();
    return;
  }
  const button = (label, preferred) =>
    el("button", { type: "button", class: "button", onclick: () => choose(vote, columns, { complete, preferred, isBlind, label }) }, label);
  const buttons = [...complete.map((column) => button(column.title, column)), button("All equally good", null)];
  vote.replaceChildren(el("h3", { id: "vote-title" }, "Which one is better?"), el("div", { class: "vote-buttons", role: "group", "aria-labelledby": "vote-title" }, buttons));
  announce("All answers are complete. Which one is better?");
}

async function choose(vote, columns, { complete, preferred, isBlind, label }) {
  const body = {
    answers: complete.map((column) => column.answered.id),
    preferred: preferred?.answered.id ?? null,
    blind: isBlind,
  };
  try {
    await postJson("/comparisons", body);
  } catch (error) {
    vote.append(problem(error));
    return;
  }
  for (const column of columns) column.reveal();
  preferred?.element.classList.add("preferred");
  const words = preferred ? `Saved: ${preferred.name} is better.` : "Saved: all equally good.";
  const saved = el("p", { class: "thanks", tabindex: "-1" }, words);
  vote.replaceChildren(saved);
  saved.focus();
}

function setRunning(controller) {
  running = controller;
  const hadFocus = [byId("compare-send"), byId("compare-stop")].includes(document.activeElement);
  byId("compare-send").hidden = controller !== null;
  byId("compare-stop").hidden = controller === null;
  if (hadFocus) byId("compare-question").focus();
}
