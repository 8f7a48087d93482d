// What the passages say: a short quote of each under the answer, so that both can be compared without a click.

import { sourceLink } from "./citation_marks.js";
import { el } from "./dom.js";

const SIGNS = /\*\*|`|^[ \t]*(?:#{1,6}|[-*+>])[ \t]+|^[ \t]*\|?[ \t:|-]{3,}$/gm; // of Markdown: they are not read
const LONG = 150; // a quote that is longer than this and ends within a sentence was cut

/** The list of {source, number, quote, words}, as the server gives them; `words` are spans in code points. */
export function quoteList(quotes, title, isNumbered) {
  if (!quotes.length) return null;
  return el("div", { class: "sources quotes" }, title, el("ol", {}, quotes.map((one) => item(one, isNumbered))));
}

function item({ source, number, quote, words }, isNumbered) {
  const name = el("p", { class: "quote-source" }, isNumbered && el("span", { class: "number", "aria-hidden": "true" }, String(number)), sourceLink(source, { class: "source", dir: "auto" }, source.title || source.id));
  return el("li", {}, name, quote.trim() && el("blockquote", { dir: "auto" }, drawn(quote, words)));
}

/** Words with nothing but space between them, as one. */
function joined(words, characters) {
  const found = [];
  for (const [start, end] of words) {
    const before = found.at(-1);
    if (before && !characters.slice(before[1], start).join("").trim()) before[1] = end;
    else found.push([start, end]);
  }
  return found;
}

/** The quote on one line, with the words it shares emphasised, without signs of Markdown, and dots where it was cut. */
function drawn(quote, words) {
  const characters = Array.from(quote);
  const text = (start, end) => characters.slice(start, end).join("").replace(SIGNS, "").replace(/\s*\|\s*|\n+/g, (gap) => (gap.includes("|") ? "  " : " "));
  const parts = [/^[\p{Ll},;]/u.test(quote) && "… "];
  let at = 0;
  for (const [start, end] of joined(words, characters)) {
    parts.push(text(at, start), el("b", {}, text(start, end)));
    at = end;
  }
  parts.push(text(at, characters.length), characters.length > LONG && /[\p{L}\p{N},;]$/u.test(quote) && " …");
  return parts;
}
