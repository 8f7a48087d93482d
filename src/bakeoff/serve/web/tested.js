// How contenders did in the test of their run, and the verdict: what a reader of an answer should know.

import { byId, el } from "./dom.js";
import { counted, line, percent } from "./format.js";

const KINDS = ["right", "wrong", "declined"];

let tested = {};

/** Keeps what /health says: shares of the test's questions by contender, and the verdict in a sentence. */
export function keepTested(health) {
  tested = health.tested ?? {};
  showVerdict(health.verdict ?? "");
}

/** A contender's name with its shares, for a choice. */
export function nameWithShares(name) {
  const shares = sharesOf(name, ["right", "wrong"]);
  return shares ? `${name}: ${shares}` : name;
}

/** Shows below the choice how this contender did. */
export function showTested(name) {
  const shares = sharesOf(name, ["right", "wrong"]);
  const rest = [sharesOf(name, ["declined"]), `of ${counted(tested[name]?.n_questions ?? 0, "question", "questions")}`].filter(Boolean);
  byId("tested").hidden = !shares;
  byId("tested").replaceChildren(`In its test: ${shares}`, el("span", { class: "more" }, `, ${rest.join(", ")}.`));
}

/** The one of these that answered the most questions of the test correctly; the first if none was tested. */
export function bestTested(names) {
  const right = (name) => tested[name]?.right ?? -1;
  return names.reduce((best, name) => (right(name) > right(best) ? name : best), names[0]);
}

/** The shares of all contenders that were tested, the given ones first; null if none was. */
export function testedTable(first) {
  const names = [...new Set([...first, ...Object.keys(tested)])].filter((name) => sharesOf(name, KINDS));
  if (!names.length) return null;
  const head = ["Contender", ...KINDS, "questions"].map((title) => el("th", { scope: "col" }, title));
  const rows = names.map((name) => {
    const cells = KINDS.map((kind) => el("td", { class: "side-right" }, isNumber(tested[name][kind]) ? percent(tested[name][kind]) : "–"));
    return el("tr", {}, el("th", { scope: "row" }, name), cells, el("td", { class: "side-right" }, String(tested[name].n_questions)));
  });
  return el("div", { class: "table-scroll", tabindex: "0", role: "group", "aria-label": "Shares in the test" }, el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows)));
}

/** The verdict is shown where it does not say to ship: the reason only before the first question. */
function showVerdict(verdict) {
  const [, short, reason] = /^([^:]*)(:.*)?$/s.exec(verdict);
  byId("verdict").hidden = !verdict || verdict.startsWith("Ship ");
  byId("verdict").replaceChildren(...line(short), el("span", { class: "reason" }, reason ?? ""));
}

const isNumber = (value) => typeof value === "number";

const sharesOf = (name, kinds) =>
  kinds
    .filter((kind) => isNumber(tested[name]?.[kind]))
    .map((kind) => `${percent(tested[name][kind])} ${kind}`)
    .join(", ");
