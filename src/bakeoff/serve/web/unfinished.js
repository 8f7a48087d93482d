// A Markdown text that is still being written: what it has begun and not yet closed is closed, so that it does not flicker.

const FENCE = /^ {0,3}(```|~~~)/gm;

/** The text, with the end of bold or code that its last paragraph has begun. */
export function closedForNow(text) {
  if ((text.match(FENCE) ?? []).length % 2) return text; // code is shown up to its end anyway
  const last = text.slice(text.lastIndexOf("\n\n") + 1);
  if (/[\s*`]$/.test(last)) return text.replace(/(?<=^|\s)\*{1,2}$/, ""); // a marker alone: what it begins is still to come
  if (count(last, "`") % 2) return `${text}\``;
  return count(last, "**") % 2 ? `${text}**` : text;
}

const count = (text, part) => text.split(part).length - 1;
