// Offsets of the server count characters (code points); strings of JavaScript count UTF-16 units.

/** The place in `text` before the nth code point. */
export function unitOffset(text, n) {
  let offset = 0;
  for (let i = 0; i < n && offset < text.length; i += 1) offset += text.codePointAt(offset) > 0xffff ? 2 : 1;
  return offset;
}

/** The text before, in and after code points start..end. */
export function cutAt(text, start, end) {
  const from = unitOffset(text, start);
  const to = from + unitOffset(text.slice(from), Math.max(0, end - start));
  return [text.slice(0, from), text.slice(from, to), text.slice(to)];
}
