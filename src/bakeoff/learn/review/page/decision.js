// The form for reviews that need more than one key: a correction, a document, a known fact.

import { byId, el } from "./dom.js";

const TITLES = { correct: "What is right?", document: "What is wrong with the documents?", merge: "Which known fact does it ask for?" };
export const NEEDS_FORM = Object.keys(TITLES);

let read = null; // gives the review of the open form, or throws an Error that says what is missing

/** Opens the form for an action on this answer. */
export function openDecision(action, card) {
  const form = { correct, document: ofDocument, merge }[action](card);
  read = form.read;
  byId("decision-title").textContent = TITLES[action];
  byId("decision-fields").replaceChildren(...form.fields);
  byId("decision-problem").textContent = "";
  byId("choices").hidden = true;
  byId("decision").hidden = false;
  form.first.focus();
}

export function closeDecision() {
  read = null;
  byId("decision").hidden = true;
  byId("choices").hidden = false;
}

export const isDeciding = () => read !== null;

/** `save(review)` is called with what the form says, `cancel()` when it was left. */
export function setUpDecision(save, cancel) {
  byId("decision").addEventListener("submit", (event) => {
    event.preventDefault();
    if (read) submit(save);
  });
  byId("decision-cancel").addEventListener("click", cancel);
  byId("decision").addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") cancel();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(save);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

function submit(save) {
  try {
    save(read());
  } catch (problem) {
    if (!(problem instanceof Missing)) throw problem;
    byId("decision-problem").textContent = problem.message;
  }
}

class Missing extends Error {}

function needed(value, message) {
  if (!value || !value.length) throw new Missing(message);
  return value;
}

const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

function correct(card) {
  const before = card.review?.answers ?? [];
  const answers = el("textarea", { rows: 3, dir: "auto", maxlength: 32000 });
  answers.value = before.length ? before.join("\n") : card.prefill;
  const question = questionField(card);
  const right = rightField(card, "as the rules find by your answer");
  return {
    fields: [labelled("Right answers, one on each line; any one of them counts", answers, "wide"), question.field, right.field],
    first: answers,
    read: () => ({
      answers: needed(lines(answers.value), "Write the right answer. If the documents hold none, choose “No answer”."),
      question: question.value(),
      right: right.value(),
    }),
  };
}

function ofDocument(card) {
  const is = el("select", {}, el("option", { value: "wrong" }, "wrong or out of date"), el("option", { value: "missing" }, "missing"));
  is.value = card.review?.document_is ?? "wrong";
  const names = el("textarea", { rows: 2, spellcheck: "false" });
  names.value = (card.review?.document_is ? card.review.documents : card.sources.slice(0, 1)).join("\n");
  is.addEventListener("change", () => {
    if (is.value === "missing" && names.value === card.sources[0]) names.value = "";
  });
  const what = el("input", { type: "text", maxlength: 2000, dir: "auto" });
  what.value = card.review?.note ?? byId("note").value;
  const right = rightField(card, "not decided");
  return {
    fields: [labelled("A document is", is), right.field, labelled("Documents, one on each line", names, "wide"), labelled("What is wrong, or what is missing", what, "wide")],
    first: is,
    read: () => {
      const documents = lines(names.value);
      needed([...documents, what.value.trim()].filter(Boolean), "Name the document, or write what is missing.");
      return { document_is: is.value, documents, note: what.value.trim(), right: right.value() };
    },
  };
}

function merge(card) {
  const facts = card.similar.filter((known) => known.answers.length);
  const radios = facts.map((known, i) =>
    el("input", { type: "radio", name: "fact", value: String(i), checked: card.review ? card.review.fact === known.fact : i === 0 }),
  );
  const choices = facts.map((known, i) => el("label", { class: "check" }, radios[i], el("span", { dir: "auto" }, `${known.text} — ${known.answers.join(" | ")}`)));
  const question = questionField(card);
  const right = rightField(card, "as the rules find by the known answer");
  return {
    fields: [el("fieldset", { class: "field wide" }, el("legend", { class: "sr" }, "Known facts"), choices), question.field, right.field],
    first: radios[0],
    read: () => {
      const chosen = needed(radios.filter((radio) => radio.checked), "Choose a fact.")[0];
      const known = facts[Number(chosen.value)];
      return { fact: known.fact, answers: known.answers.slice(0, 20), question: question.value(), right: right.value() };
    },
  };
}

/** The question as it should be asked: it must stand on its own. */
function questionField(card) {
  const input = el("input", { type: "text", maxlength: 32000, dir: "auto" });
  input.value = card.review?.question ?? card.question;
  return { field: labelled("The question, so that it stands on its own", input), value: () => input.value.trim() };
}

/** Whether what the user got was right. */
function rightField(card, otherwise) {
  const input = el("select", {}, el("option", { value: "" }, otherwise), el("option", { value: "yes" }, "right"), el("option", { value: "no" }, card.answer === null ? "declined without need" : "wrong"));
  return { field: labelled("What the user got was", input), value: () => (input.value === "" ? null : input.value === "yes") };
}

function labelled(words, input, kind = "") {
  return el("label", { class: `field ${kind}` }, el("span", {}, words), input);
}
