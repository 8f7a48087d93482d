// The text of a document as elements, from the lines that the server gives: [kind, level, cells], a cell being runs of
// [text, style, is marked]. The same elements as on the document's own page (documents/page.py).

import { el } from "./dom.js";

const FORMS = { head: "table", separator: "table", row: "table", fence: "code", code: "code" };
const HIGHEST = 3; // below the page's title and the document's
const STYLES = { sign: ["span", { class: "sign" }], strong: ["strong", {}], code: ["code", {}] };

/** The elements of these lines, which are all or some of the document's. */
export function documentText(lines, all = lines) {
  const levels = all.filter(([kind]) => kind === "heading").map(([, level]) => level);
  const top = Math.min(...levels, 6) - HIGHEST;
  const elements = groups(lines).map(([form, group]) => {
    const inner = group.map((line) => drawnLine(line, top));
    if (form === "table") return el("div", { class: "table-scroll", tabindex: "0", role: "group", "aria-label": "Table" }, el("table", {}, inner));
    if (form === "code") return el("pre", { tabindex: "0", role: "group", "aria-label": "Code" }, inner.flat());
    return inner;
  });
  return elements.flat();
}

/** The first mark with something to see. */
export function firstMark(root) {
  return [...root.querySelectorAll("mark")].find((mark) => mark.innerText.trim()) ?? null;
}

/** Lines of one form that follow each other, as [form, lines]. */
function groups(lines) {
  const found = [];
  for (const line of lines) {
    const form = FORMS[line[0]] ?? "";
    if (found.at(-1)?.[0] === form) found.at(-1)[1].push(line);
    else found.push([form, [line]]);
  }
  return found;
}

function drawnLine([kind, level, cells], top) {
  if (FORMS[kind] === "code") return drawnCell(cells[0]);
  if (FORMS[kind] === "table") {
    const cell = (runs) => (kind === "head" ? el("th", { scope: "col" }, drawnCell(runs)) : el("td", {}, drawnCell(runs)));
    return el("tr", { class: kind === "separator" && "sign" }, cells.map(cell));
  }
  const tag = kind === "heading" ? `h${Math.min(6, level - top)}` : "div";
  return el(tag, { class: `line ${kind} level-${level}` }, drawnCell(cells[0]));
}

/** The runs of a cell, those of the passage in one mark. */
function drawnCell(runs) {
  const found = [];
  let mark = null;
  for (const [text, style, isMarked] of runs) {
    if (!isMarked) mark = null;
    else if (!mark) found.push((mark = el("mark")));
    const node = style ? el(...STYLES[style], text) : text;
    if (mark) mark.append(node);
    else found.push(node);
  }
  return found;
}
