// Markdown as elements: what a model writes, made readable and harmless. No HTML, no pictures, no code that runs.

import { el } from "./dom.js";
import { blocks } from "./markdown_blocks.js";
import { inline } from "./markdown_inline.js";

/** The nodes of a text. `cite(n)` gives the node of the citation mark [n], or null where it is plain text.
 *
 * The largest heading in the text gets the level `top`: the page's own title and the question stand above it.
 */
export function markdown(text, cite = () => null, top = 3) {
  const found = blocks(text);
  const largest = found.reduce((least, { type, level }) => (type === "heading" ? Math.min(least, level) : least), 6);
  for (const block of found) if (block.type === "heading") block.level = Math.min(6, block.level - largest + top);
  return found.map((block) => drawn(block, cite));
}

function drawn(block, cite) {
  return DRAWINGS[block.type](block, cite);
}

const DRAWINGS = {
  paragraph: ({ text }, cite) => el("p", {}, inline(text, cite)),
  heading: ({ level, text }, cite) => el(`h${Math.max(3, level)}`, {}, inline(text, cite)),
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
      el("table", {}, head && el("thead", {}, row("th", head, "col")), el("tbody", {}, rows.map((cells) => row("td", cells, null)))),
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
