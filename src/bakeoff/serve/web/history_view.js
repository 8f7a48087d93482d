// The newest questions with their answers, to judge them later or to ask again; and the log as files.

import { getJson, request } from "./api.js";
import { announce } from "./announce.js";
import { marksOf, sourceList, withoutCopiedMarks } from "./citation_marks.js";
import { DECLINED } from "./chat.js";
import { byId, el } from "./dom.js";
import { fold } from "./folded.js";
import { counted, line, seconds, time } from "./format.js";
import { judge } from "./judge.js";
import { markdown } from "./markdown.js";
import { problem } from "./problem.js";
import { sourceOf } from "./sources.js";
import { understood } from "./understood.js";

const STEP = 30;
const MOST = 1000;

let oversees = false;
let onAskAgain = () => {};

/** `askAgain(question)` is called when the user wants to ask a question again. */
export function setUpHistoryView(askAgain) {
  onAskAgain = askAgain;
  byId("history-query").addEventListener("input", filter);
  byId("history-search").addEventListener("submit", (event) => event.preventDefault());
  for (const button of byId("exports").querySelectorAll("button")) button.addEventListener("click", () => save(button));
}

/** A key that oversees (manages, and sees all documents) sees the answers to all keys, and may save the log. */
export function allowExports(allowed) {
  oversees = allowed;
  byId("exports").hidden = !allowed;
  byId("history-lede").textContent = allowed
    ? "All questions, newest first. They stay on this server."
    : "Questions asked with your key, newest first. They stay on this server.";
}

export async function showHistory(n = STEP) {
  const place = byId("history-list");
  try {
    const { answers } = await getJson(`/history?n=${n}`);
    byId("history-search").hidden = answers.length < 2;
    if (!answers.length) {
      place.replaceChildren(el("p", { class: "remark" }, "Nothing was asked yet."));
      return;
    }
    place.replaceChildren(el("ol", { class: "past" }, answers.map(entry)), el("p", { class: "remark", id: "history-none", hidden: true }));
    for (const question of place.querySelectorAll(".question")) fold(question, "the question", 120);
    for (const body of place.querySelectorAll(".answer-body")) fold(body, "the answer");
    filter();
    if (answers.length === n && n < MOST) {
      place.append(el("button", { type: "button", class: "button", onclick: () => showHistory(Math.min(MOST, n + STEP)) }, "Show more"));
    }
  } catch (error) {
    place.replaceChildren(problem(error, () => showHistory(n)));
  }
}

/** Shows the entries that hold the words of the search, in any order. */
function filter() {
  const words = byId("history-query").value.toLowerCase().split(/\s+/).filter(Boolean);
  const entries = [...byId("history-list").querySelectorAll(".past > li")];
  for (const item of entries) {
    const text = item.textContent.toLowerCase();
    item.hidden = !words.every((word) => text.includes(word));
  }
  const n = entries.filter((item) => !item.hidden).length;
  const none = byId("history-none");
  if (!none) return;
  none.hidden = n > 0;
  none.textContent = `None of the ${counted(entries.length, "question", "questions")} shown here matches.`;
  if (words.length) announce(n ? counted(n, "question matches.", "questions match.") : none.textContent);
}

function entry(answer) {
  const question = answer.asked || answer.question;
  const { buttons, below } = judge(answer.id, answer.thumb);
  const again = question && el("button", { type: "button", class: "quiet-button", onclick: () => onAskAgain(question) }, "Ask again");
  const speed = answer.latency_ms === null ? "" : seconds(answer.latency_ms);
  const key = oversees && answer.key ? `key ${answer.key}` : "";
  return el(
    "li",
    { class: "turn" },
    el("p", { class: "row-about" }, line(time(answer.at), answer.contender, speed, key)),
    el("h2", { class: "question", dir: "auto" }, question || "The log keeps no texts"),
    answer.asked && answer.question && answer.asked !== answer.question && understood(answer.question),
    el("div", { class: "answer-body", dir: "auto" }, shown(answer)),
    details(answer),
    answer.thumb?.right_answer && el("p", { class: "right" }, el("strong", {}, "Right answer given: "), answer.thumb.right_answer),
    el("div", { class: "tools" }, buttons, again),
    below,
  );
}

function shown(answer) {
  if (answer.error?.startsWith("cancelled")) return el("p", { class: "remark" }, "Stopped before it was complete.");
  if (answer.error) return el("p", { class: "remark" }, `Failed: ${answer.error}`);
  if (answer.declined) return el("p", { class: "declined-title" }, DECLINED);
  if (answer.text === null) return el("p", { class: "remark" }, "The log keeps no texts.");
  const sources = sourcesOf(answer);
  if (answer.marked) return markdown(answer.text, marksOf(sources));
  // The server's own marks are not part of the text; they stand at its end.
  const n = [...answer.text].length;
  const text = `${answer.text} ${answer.cited.map((_, i) => `[${i + 1}]`).join("")}`;
  return markdown(withoutCopiedMarks(text, [{ span: [n, n + 1] }]), marksOf(sources));
}

function details(answer) {
  const sources = answer.declined ? sourcesOf(answer).slice(0, 3) : sourcesOf(answer);
  const title = answer.declined ? "Passages that came closest" : answer.cited.length ? "Sources" : "Passages it was made from";
  return sources.length > 0 && el("details", { class: "passages" }, el("summary", {}, title), sourceList(sources, null));
}

/** The passages that the answer cited, by their numbers; all that it was made from, if the log does not say which. */
function sourcesOf({ citations, cited }) {
  const shown = cited.length ? cited.map((place) => citations[place - 1]) : citations;
  return shown.map(({ url, source }) => sourceOf({ url, title: source }));
}

async function save(button) {
  try {
    const response = await request(`/log/export?form=${button.dataset.form}`);
    const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1] ?? "bakeoff-log";
    const address = URL.createObjectURL(await response.blob());
    el("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
    announce(`Saved ${name}.`);
  } catch (error) {
    byId("history-list").prepend(problem(error, () => save(button)));
  }
}
