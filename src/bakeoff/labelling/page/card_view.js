// Draws one answer: question, accepted answers, the answer, and what the documents say.

import { documentText } from "./document_text.js";
import { byId, el } from "./dom.js";
import { openPassage } from "./passage_dialog.js";

export const VERDICTS = { right: "right", wrong: "wrong", declined: "declines", unsure: "cannot tell" };

let shown = null;

/** Shows this answer. `place` says where in the work it stands. */
export function draw(card, place) {
  shown = card;
  byId("place").textContent = place;
  byId("question").textContent = card.question;
  byId("accepted").replaceChildren(...accepted(card.answers));
  byId("accepted-title").textContent = card.answers.length > 1 ? "Accepted answers, any one of them" : "Accepted answer";
  byId("answer").textContent = card.answer;
  byId("answer").classList.toggle("long", card.answer.length > 240);
  byId("others").replaceChildren(...others(card));
  byId("documents").hidden = !card.answers.length && !card.passages.length;
  byId("passages").replaceChildren(...passages(card.passages));
  byId("note").value = card.label?.note ?? "";
  mark(card.label?.verdict);
  byId("card").hidden = byId("dock").hidden = false;
}

/** Shows which verdict the answer has. */
export function mark(verdict) {
  for (const button of document.querySelectorAll(".verdict")) button.setAttribute("aria-pressed", String(button.dataset.verdict === verdict));
}

/** Opens the document of the first passage. */
export function openFirst() {
  if (shown?.passages.length) open(shown.passages[0]);
}

function open(passage) {
  openPassage({ id: passage.document_id, title: passage.title, start: passage.start, end: passage.end });
}

function accepted(answers) {
  if (!answers.length) return [el("p", { class: "none" }, "None: the documents hold no answer, so to decline is right.")];
  return [el("ul", { class: "accepted" }, answers.map((answer) => el("li", { dir: "auto" }, answer)))];
}

function others({ others, label }) {
  if (!others.length) return [];
  const said = (who, { verdict, note }) => el("li", {}, el("strong", {}, who), `: ${VERDICTS[verdict]}`, note && ` – ${note}`);
  return [el("ul", { class: "said" }, label && said("You", label), others.map((other) => said(other.labeller, other)))];
}

function passages(list) {
  if (!list.length) return [el("p", { class: "none" }, "The question file names no place for this answer.")];
  return list.map((passage, i) =>
    el(
      "figure",
      { class: "passage" },
      el("figcaption", {}, el("strong", { dir: "auto" }, passage.title), passage.heading && el("span", { dir: "auto" }, passage.heading)),
      el(
        "blockquote",
        { class: "document-text", dir: "auto" },
        passage.cut_before && el("span", { class: "cut" }, "… "),
        documentText(passage.lines),
        passage.cut_after && el("span", { class: "cut" }, " …"),
      ),
      passage.start === null && el("p", { class: "hint" }, "The place in the document is not known. This is its beginning."),
      el("button", { type: "button", class: "quiet-button", "aria-keyshortcuts": i === 0 && "E", onclick: () => open(passage) }, "Whole document", i === 0 && [" ", el("kbd", {}, "E")]),
    ),
  );
}
