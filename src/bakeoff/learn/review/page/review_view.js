// Draws one answer: the question, what the user got and why it is looked at, the correction with its warnings, passages.

import { documentText } from "./document_text.js";
import { byId, el } from "./dom.js";
import { openPassage } from "./passage_dialog.js";

export const SAID = { accept: "accepted", correct: "corrected", unanswerable: "no answer in the documents", document: "about a document", merge: "merged", skip: "skipped" };

let shown = null;

/** Shows this answer. `place` says where in the work it stands. */
export function draw(card, place) {
  shown = card;
  const why = card.why.length ? card.why.join(", ") : "reviewed before";
  byId("place").textContent = [place, why, card.week].filter(Boolean).join(" · ");
  byId("question").textContent = card.question;
  byId("asked").hidden = !card.asked;
  byId("asked").textContent = card.asked ? `The user wrote: ${card.asked}` : "";
  byId("answer").textContent = card.answer ?? "It declined: the user was told that it does not know.";
  byId("answer").classList.toggle("long", card.answer === null || card.answer.length > 240);
  byId("short").hidden = !card.short;
  byId("short").textContent = card.short ? `If you accept it, this counts as right, too: ${card.short}` : "";
  byId("few-field").hidden = !card.needs_short;
  byId("few").value = fewWords(card);
  byId("by").textContent = `${card.by}, ${card.at.slice(0, 10)}`;
  byId("before").replaceChildren(...before(card.review));
  part("correction", correction(card));
  part("others", card.others.map(other));
  part("similar", similar(card.similar));
  byId("passages").replaceChildren(...passages(card.passages));
  byId("documents").hidden = !card.passages.length;
  byId("note").value = card.review?.note ?? "";
  mark(card.review?.action);
  document.querySelector('[data-action="accept"]').disabled = card.answer === null; // nothing was shown
  document.querySelector('[data-action="merge"]').disabled = !card.similar.some((known) => known.answers.length);
  byId("card").hidden = byId("dock").hidden = false;
}

/** What the reviewer wrote beside an accepted answer. */
function fewWords(card) {
  if (card.review?.action !== "accept") return "";
  return card.review.answers.find((answer) => answer !== card.answer && answer !== card.short) ?? "";
}

/** Shows which review the answer has. */
export function mark(action) {
  for (const button of document.querySelectorAll("[data-action]")) button.setAttribute("aria-pressed", String(button.dataset.action === action));
}

/** Opens the document of the first passage. */
export function openFirst() {
  if (shown?.passages.length) open(shown.passages[0]);
}

function open(passage) {
  openPassage({ id: passage.document_id, title: passage.title, start: passage.start, end: passage.end });
}

/** A part of the card that is shown only if there is something in it. */
function part(name, children) {
  byId(name).replaceChildren(...children);
  byId(`${name}-part`).hidden = !children.length;
}

function correction({ correction, flags }) {
  const warnings = flags.length ? [el("ul", { class: "flags", "aria-label": "Warnings" }, flags.map((flag) => el("li", {}, flag)))] : [];
  return [...(correction ? [el("p", { dir: "auto" }, correction)] : []), ...warnings];
}

function other({ text, by }) {
  return el("p", { dir: "auto" }, text ?? "It declined.", el("small", {}, by));
}

function similar(known) {
  if (!known.length) return [];
  const answers = (one) => (one.answers.length ? one.answers.join(" | ") : "no answer in the documents");
  return [el("ul", { class: "like" }, known.map((one) => el("li", { dir: "auto" }, one.text, " ", el("strong", {}, answers(one)))))];
}

function before(review) {
  if (!review) return [];
  const right = review.answers.length ? `: ${review.answers.join(" | ")}` : "";
  return [`Reviewed by ${review.by}: ${SAID[review.action]}${right}`];
}

function passages(list) {
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
      el("button", { type: "button", class: "quiet-button", "aria-keyshortcuts": i === 0 && "E", onclick: () => open(passage) }, "Whole document", i === 0 && [" ", el("kbd", {}, "E")]),
    ),
  );
}
