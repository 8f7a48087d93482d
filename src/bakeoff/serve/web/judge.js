// Thumbs up and down for an answer, with the right answer if the user knows it.

import { postJson } from "./api.js";
import { announce } from "./announce.js";
import { el, iconButton } from "./dom.js";
import { problem } from "./problem.js";

const NO_TEXTS = "Saved. No right answer is asked for: the log of this server keeps no texts.";

let count = 0;
let keepsTexts = true;

/** Whether the server's log keeps texts: if not, nobody is asked for a right answer, which would not be stored. */
export function setKeepsTexts(keeps) {
  keepsTexts = keeps;
}

/** The controls for the answer with this id. `thumb` is the earlier one, if there is one: {up, right_answer}. */
export function judge(id, thumb = null) {
  const controls = new Judge(id, thumb);
  return { buttons: [controls.up, controls.down], below: controls.below };
}

class Judge {
  constructor(id, thumb) {
    this.id = id;
    this.rightAnswer = thumb?.right_answer ?? "";
    this.below = el("div", { class: "judge-below" });
    this.up = iconButton("up", "Good answer", () => this.press(true), { "aria-pressed": "false" });
    this.down = iconButton("down", "Bad answer", () => this.press(false), { "aria-pressed": "false" });
    if (thumb) this.mark(thumb.up);
  }

  mark(up) {
    this.up.setAttribute("aria-pressed", String(up === true));
    this.down.setAttribute("aria-pressed", String(up === false));
  }

  async press(up) {
    try {
      await this.store({ up });
      this.mark(up);
      if (!keepsTexts) {
        this.below.replaceChildren(el("p", { class: "thanks" }, NO_TEXTS));
        announce(NO_TEXTS);
        return;
      }
      this.askForRightAnswer(up);
      announce("Saved. You can add the right answer.");
    } catch (error) {
      this.below.replaceChildren(problem(error, () => this.press(up)));
    }
  }

  store(thumb) {
    return postJson(`/answers/${encodeURIComponent(this.id)}/thumb`, thumb);
  }

  askForRightAnswer(up) {
    const id = `right-answer-${(count += 1)}`;
    const field = el("textarea", { id, rows: "2", maxlength: "32000", dir: "auto", "aria-describedby": `${id}-hint` }, this.rightAnswer);
    const close = () => {
      this.below.replaceChildren();
      (up ? this.up : this.down).focus();
    };
    const form = el(
      "form",
      {
        class: "right-answer",
        onkeydown: (event) => {
          if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
          event.preventDefault();
          form.requestSubmit();
        },
        onsubmit: (event) => {
          event.preventDefault();
          this.sendRightAnswer(up, field.value);
        },
      },
      el("label", { for: id }, up ? "Anything to correct? Write the right answer (optional)" : "What is the right answer? (optional)"),
      field,
      el("p", { class: "hint", id: `${id}-hint` }, "It is kept for the next round of training and testing; it does not change today's answers."),
      el(
        "div",
        { class: "box-tools" },
        el("span", { class: "hint keys" }, el("kbd", {}, "Ctrl"), " ", el("kbd", {}, "Enter"), " sends"),
        el("button", { type: "button", class: "button", onclick: close }, "No, thanks"),
        el("button", { type: "submit", class: "button strong" }, "Send"),
      ),
    );
    this.below.replaceChildren(form);
    if (!up) field.focus();
    form.scrollIntoView({ block: "nearest" });
  }

  async sendRightAnswer(up, text) {
    const rightAnswer = text.trim();
    try {
      if (rightAnswer) await this.store({ up, right_answer: rightAnswer });
      this.rightAnswer = rightAnswer;
      this.below.replaceChildren(el("p", { class: "thanks" }, rightAnswer ? "Thank you. The right answer is saved." : "Thank you."));
      announce("Thank you. Saved.");
      (up ? this.up : this.down).focus();
    } catch (error) {
      this.below.prepend(problem(error));
    }
  }
}
