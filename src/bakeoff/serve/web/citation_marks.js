// Numbered citations: marks in a text, and the list of sources below it. Both open the passage.

import { el } from "./dom.js";
import { openPassage } from "./passage_dialog.js";

const WORD_JOINER = "\u2060";

/** For `markdown`: the mark [n] as a link to its source. Where there is no such source, the mark is plain text. */
export function marksOf(sources) {
  return (number) => {
    const source = sources[number - 1];
    if (!source?.page) return null;
    const label = `Source ${number}: ${nameOf(source)}`;
    return sourceLink(source, { class: "mark", "aria-label": label, title: nameOf(source) }, String(number));
  };
}

/** While a text is written its sources are not known yet: marks are shown, and lead nowhere. */
export const pendingMark = (number) => el("span", { class: "mark pending" }, String(number));

/** The text with its marks before the first citation made inert: the contender copied them, they are not its citations. */
export function withoutCopiedMarks(text, sources) {
  const starts = sources.filter(({ span }) => span && span[0] < span[1]).map(({ span }) => span[0]);
  const first = starts.length ? Math.min(...starts) : 0;
  const characters = [...text]; // offsets of the server count code points
  const before = characters.slice(0, first).join("");
  return before.replace(/\[(?=\d{1,3}\])/g, `[${WORD_JOINER}`) + characters.slice(first).join("");
}

export function sourceList(sources, heading) {
  if (!sources.length) return null;
  const items = sources.map((source, i) =>
    el(
      "li",
      {},
      el("span", { class: "number", "aria-hidden": "true" }, String(i + 1)),
      source.page ? sourceLink(source, { class: "source", dir: "auto" }, nameOf(source)) : el("span", { dir: "auto" }, nameOf(source)),
    ),
  );
  return el("div", { class: "sources" }, heading, el("ol", {}, items));
}

/** A link that opens the passage: in the panel, or in a tab of its own. */
export function sourceLink(source, attributes, text) {
  return el("a", { ...attributes, href: source.page, onclick: (event) => opened(event, source) }, text);
}

/** A plain click opens the panel; with Ctrl, Shift or the middle button the browser opens the document's page. */
function opened(event, source) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  openPassage(source);
}

const nameOf = (source) => source.title || source.id;
