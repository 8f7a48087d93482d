"use strict";
/* Draws a card for each question, keeps decisions in this browser, and makes the table that is read back. */
const payload = JSON.parse(document.getElementById("payload").textContent);
const kept = `bakeoff-synthesize:${payload.name}`;
const AT_ONCE = 50;
let shown = AT_ONCE;

function remembered() {
  try { return JSON.parse(localStorage.getItem(kept)) || {}; } catch { return {}; }
}
const said = remembered();
function remember() {
  try { localStorage.setItem(kept, JSON.stringify(said)); } catch { /* the table can be saved nevertheless */ }
}
function state(card) {
  return { verdict: card.verdict, question: card.question, answers: card.answers, note: card.note, ...said[card.id] };
}
function decision(card) {  // an edited question is an accepted one
  const verdict = state(card).verdict;
  return verdict === "edited" ? "accepted" : verdict;
}
function set(card, change) {
  said[card.id] = { ...said[card.id], ...change };
  remember();
  progress();
}
function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
function field(card, key, title, rows) {
  const label = element("label", title);
  const area = element("textarea", "", { rows, dir: "auto" });
  area.value = state(card)[key];
  area.addEventListener("input", () => set(card, { [key]: area.value }));
  label.append(area);
  return label;
}
function passage(card) {
  const text = element("p", "", { class: "passage", dir: "auto" });
  text.append(card.before);
  if (card.answer) text.append(element("mark", card.answer));
  text.append(card.after);
  return text;
}
function drawn(card) {
  const box = element("section", "", { class: "card", "data-verdict": state(card).verdict, "aria-label": card.question });
  box.append(field(card, "question", "Question", 2), field(card, "answers", "Accepted answers, | between them; empty: the documents have none", 1));
  const where = [card.method, card.source, card.heading, card.paraphrase_of && `other words for ${card.paraphrase_of}`];
  box.append(element("p", where.filter(Boolean).join(" · "), { class: "meta", dir: "auto" }), passage(card), field(card, "note", "Note", 1));
  const choices = element("div", "", { class: "choices", role: "group", "aria-label": "Decision" });
  for (const [verdict, title] of [["accepted", "Accept"], ["rejected", "Reject"]]) {
    const button = element("button", title, { type: "button", "aria-pressed": String(decision(card) === verdict) });
    button.addEventListener("click", () => {
      const chosen = decision(card) === verdict ? "" : verdict;
      set(card, { verdict: chosen });
      box.dataset.verdict = chosen;
      for (const other of choices.children) other.setAttribute("aria-pressed", String(other === button && chosen !== ""));
    });
    choices.append(button);
  }
  box.append(choices);
  return box;
}
function chosen() {
  const show = document.getElementById("show").value, method = document.getElementById("method").value;
  return payload.cards.filter((card) => (!method || card.method === method)
    && (show === "all" || (show === "reviewed") === Boolean(state(card).verdict)));
}
function draw() {
  const cards = chosen();
  document.getElementById("cards").replaceChildren(...cards.slice(0, shown).map(drawn));
  document.getElementById("more").hidden = cards.length <= shown;
  progress();
}
function progress() {
  const verdicts = payload.cards.map((card) => state(card).verdict);
  const count = (wanted) => verdicts.filter((verdict) => wanted.includes(verdict)).length;
  document.getElementById("progress").textContent =
    `${count(["accepted", "edited"])} accepted, ${count(["rejected"])} rejected, ${count([""])} open`;
}
function cell(text) {
  // As files/spreadsheet_csv.py: spreadsheets trim spaces, control and format characters before they look for a formula.
  const isRisky = /^[\t\r\n]|^[\s\p{Cc}\p{Cf}]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]/u.test(text);
  const harmless = isRisky && !/^-?\p{Nd}+(\.\p{Nd}+)?$/u.test(text) ? `'${text}` : text;
  return `"${harmless.replaceAll('"', '""')}"`;
}
function table() {
  const rows = payload.cards.map((card) => {
    const now = state(card);
    const values = { id: card.id, decision: now.verdict, question: now.question, answers: now.answers, note: now.note,
      evidence: card.evidence, passage: card.before + card.answer + card.after, source: card.source, method: card.method,
      "paraphrase of": card.paraphrase_of };
    return payload.columns.map((name) => cell(values[name])).join(",");
  });
  return `\uFEFF${payload.columns.map(cell).join(",")}\n${rows.join("\n")}\n`;
}
function save() {
  const link = element("a", "", { download: "review.csv", href: URL.createObjectURL(new Blob([table()], { type: "text/csv" })) });
  document.body.append(link);
  link.click();
  link.remove();
}
for (const method of new Set(payload.cards.map((card) => card.method))) {
  document.getElementById("method").append(element("option", method, { value: method }));
}
for (const id of ["show", "method"]) {
  document.getElementById(id).addEventListener("change", () => { shown = AT_ONCE; draw(); });
}
document.getElementById("more").addEventListener("click", () => { shown += AT_ONCE; draw(); });
document.getElementById("save").addEventListener("click", save);
draw();
