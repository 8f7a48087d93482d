// Markdown as elements: what a model writes, made readable and harmless. No HTML, no pictures, no code that runs.

import { el } from "./dom.js";
import { blocks } from "./markdown_blocks.js";
import { inline } from "./markdown_inline.js";

const LARGEST_HEADING = 3; // the page's own title and questions have levels 1 and 2

/** The nodes of a text. `cite(n)` gives the node of the citation mark [n], or null where it is plain text. */
export function markdown(text, cite = () => null) {
  return blocks(text).map((block) => drawn(block, cite));
}

function drawn(block, cite) {
  return DRAWINGS[block.type](block, cite);
}

const DRAWINGS = {
  paragraph: ({ text }, cite) => el("p", {}, inline(text, cite)),
  heading: ({ level, text }, cite) => el(`h${Math.min(6, level + LARGEST_HEADING - 1)}`, {}, inline(text, cite)),
  rule: () => el("hr"),
  quote: (block, cite) => el("blockquote", {}, block.blocks.map((inner) => drawn(inner, cite))),
  code: ({ text, language }) =>
    el("pre", { tabindex: "0", role: "group", "aria-label": language ? `Code, ${language}` : "Code" }, el("code", {}, text)),
  list: ({ ordered, start, items }, cite) =>
    el(ordered ? "ol" : "ul", { start: ordered && start !== 1 ? start : null }, items.map((item) => listItem(item, cite))),
  table: ({ head, sides, rows }, cite) => {
    const row = (tag, cells, scope) =>
      el("tr", {}, cells.map((cell, i) => el(tag, { class: `side-${sides[i]}`, scope }, inline(cell, cite))));
    return el(
      "div",
      { class: "table-scroll", tabindex: "0", role: "group", "aria-label": "Table" },
      el("table", {}, el("thead", {}, row("th", head, "col")), el("tbody", {}, rows.map((cells) => row("td", cells, null)))),
    );
  },
};

/** An item of one paragraph shows its text alone. */
function listItem(item, cite) {
  const [first, ...others] = item;
  const isTight = first?.type === "paragraph";
  const rest = (isTight ? others : item).map((block) => drawn(block, cite));
  return el("li", {}, isTight ? inline(first.text, cite) : [], rest);
}
