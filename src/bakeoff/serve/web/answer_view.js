// One answer on the page: waiting, being written, complete, declined, stopped or failed.

import { announce } from "./announce.js";
import { marksOf, pendingMark, withoutCopiedMarks } from "./citation_marks.js";
import { DECLINED } from "./chat.js";
import { copied } from "./copy.js";
import { el, icon, iconButton } from "./dom.js";
import { judge } from "./judge.js";
import { markdown } from "./markdown.js";
import { problem } from "./problem.js";
import { quoteList } from "./quotes.js";
import { closedForNow } from "./unfinished.js";

export class AnswerView {
  /** `label` names the answer for screen readers, where several stand side by side. `level` is that of its headings.
   * With `isCompared`, it is chosen or not, so it has no thumbs of its own, and its end is not announced by itself. */
  constructor({ label = "Answer", level = 3, isCompared = false } = {}) {
    this.label = label;
    this.isCompared = isCompared;
    this.level = level;
    this.text = "";
    this.frame = 0;
    this.body = el("div", { class: "answer-body", dir: "auto" });
    this.foot = el("div", { class: "answer-foot" });
    this.element = el("div", { class: "answer", role: "group", "aria-label": label, "aria-busy": "true" }, this.body, this.foot);
    this.wait();
  }

  wait() {
    this.element.className = "answer waiting";
    this.body.replaceChildren(el("p", { class: "dots" }, el("span", { class: "sr" }, "Waiting for the answer"), el("i"), el("i"), el("i")));
    this.foot.replaceChildren();
  }

  /** Nothing can come before the model is in memory. */
  load() {
    if (!this.element.classList.contains("waiting")) return;
    this.element.className = "answer waiting loading";
    this.body.replaceChildren(el("p", { class: "dots" }, el("i"), el("i"), el("i"), el("span", {}, "Loading the model …")));
    this.say("Loading the model.");
  }

  /** The server is full, and is asked again in so many seconds. */
  waitForPlace(words, seconds, cancel) {
    if (!this.element.classList.contains("queueing")) {
      this.element.className = "answer queueing";
      this.left = el("span", {});
      const button = el("button", { type: "button", class: "button", onclick: cancel }, "Stop trying");
      this.body.replaceChildren(el("div", { class: "problem-note" }, el("p", {}, words, " Trying again in ", this.left, " …"), button));
      announce(`${words} Trying again soon.`);
    }
    this.left.textContent = `${seconds} s`;
  }

  /** The text so far. It is drawn at most once for each frame of the screen. */
  write(text) {
    this.text = text;
    if (!text.trim()) return;
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.element.className = "answer writing";
      this.body.replaceChildren(...markdown(closedForNow(this.text), pendingMark, this.level));
    });
  }

  finish(answer) {
    this.settle(answer.declined ? "declined" : "complete");
    if (answer.declined) this.decline(answer.closest);
    else this.complete(answer);
    if (!this.isCompared) this.foot.append(...this.tools(answer));
  }

  complete(answer) {
    this.body.replaceChildren(...markdown(withoutCopiedMarks(answer.text, answer.sources), marksOf(answer.sources), this.level));
    if (!answer.text.trim()) this.body.append(el("p", { class: "remark" }, "The answer is empty."));
    if (answer.truncated) this.body.append(el("p", { class: "remark" }, "The answer was cut off at its limit of length."));
    if (answer.chance !== null) this.body.append(el("p", { class: "remark" }, `${Math.round(100 * answer.chance)} % probable to be right, as measured on known examples.`));
    if (answer.isFromMemory) this.body.append(el("p", { class: "remark" }, "No document stands behind this answer: the model wrote it from memory."));
    this.quote(answer.quotes, "What the sources say", true);
    this.say(this.body.textContent);
  }

  decline(closest) {
    const about = closest.length ? "These passages came closest:" : "No passages were read for this question.";
    this.body.replaceChildren(el("p", { class: "declined-title" }, DECLINED), el("p", { class: "declined-about" }, about));
    this.quote(closest, null, false);
    this.say(`${DECLINED} ${about}`);
  }

  quote(quotes, title, isNumbered) {
    const list = quoteList(quotes, title && el(`h${this.level}`, { class: "small-title" }, title), isNumbered);
    if (list) this.foot.append(list);
  }

  fail(error, again) {
    this.settle("failed");
    this.body.replaceChildren(...(this.text ? markdown(this.text, pendingMark, this.level) : []), problem(error, again));
    announce(`${this.label} failed: ${error.message}`);
  }

  stop() {
    this.settle("stopped");
    this.body.replaceChildren(...markdown(this.text, pendingMark, this.level), el("p", { class: "remark" }, "Stopped."));
    announce("Stopped.");
  }

  say(text) {
    if (!this.isCompared) announce(`${this.label}: ${text}`);
  }

  settle(state) {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.element.className = `answer ${state}`;
    this.element.setAttribute("aria-busy", "false");
    this.foot.replaceChildren();
  }

  tools(answer) {
    const { buttons, below } = answer.isLogged ? judge(answer.id) : { buttons: null, below: "" };
    const copy = iconButton("copy", "Copy the answer", () => this.copy(copy, answer.text));
    return [el("div", { class: "tools" }, buttons, copy), below];
  }

  async copy(button, text) {
    const isDone = await copied(text);
    announce(isDone ? "Copied." : "Copying is not allowed here.");
    if (!isDone) return;
    button.replaceChildren(icon("check"));
    setTimeout(() => button.replaceChildren(icon("copy")), 1500);
  }
}
