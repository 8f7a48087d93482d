// The blocks of a Markdown text: paragraphs, headings, lists, quotations, code, tables, rules. Knows no elements.
//
// Gives plain objects: {type: "paragraph" | "heading" | "list" | "quote" | "code" | "table" | "rule", ...}.

const DEEPEST = 6;
const LONGEST_SEPARATOR = 2000;
const FENCE = /^ {0,3}(`{3,}|~{3,})([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})(?:\s(.*))?$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const QUOTE = /^ {0,3}>\s?/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])( {1,4}|$)(.*)$/;
const SEPARATOR = /^ {0,3}\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;

export function blocks(text) {
  return parse(text.replace(/\r\n?/g, "\n").replace(/\t/g, "    ").split("\n"), 0);
}

function parse(lines, depth) {
  const found = [];
  let at = 0;
  while (at < lines.length) {
    if (!lines[at].trim()) at += 1;
    else {
      const [block, next] = read(lines, at, depth);
      found.push(block);
      at = next;
    }
  }
  return found;
}

/** The block that begins in this line, and the line after it. */
function read(lines, at, depth) {
  const line = lines[at];
  const isShallow = depth < DEEPEST;
  if (FENCE.test(line)) return code(lines, at);
  if (RULE.test(line)) return [{ type: "rule" }, at + 1];
  const heading = HEADING.exec(line);
  if (heading) return [{ type: "heading", level: heading[1].length, text: titleOf(heading[2] ?? "") }, at + 1];
  if (isShallow && QUOTE.test(line)) return quote(lines, at, depth);
  if (isShallow && ITEM.test(line)) return list(lines, at, depth);
  if (isTable(lines, at)) return table(lines, at);
  if (isRow(lines[at])) return rowsAlone(lines, at);
  return paragraph(lines, at, isShallow);
}

/** A heading's text without the number signs that may close it. */
function titleOf(text) {
  const words = text.trim().split(/\s+/);
  return (/^#+$/.test(words.at(-1)) ? words.slice(0, -1) : words).join(" ");
}

function paragraph(lines, at, isShallow) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() && !interrupts(lines, end, isShallow)) end += 1;
  return [{ type: "paragraph", text: lines.slice(at, end).map((line) => line.trimStart()).join("\n") }, end];
}

function interrupts(lines, at, isShallow) {
  const line = lines[at];
  if (FENCE.test(line) || HEADING.test(line) || RULE.test(line) || isTable(lines, at)) return true;
  const item = ITEM.exec(line);
  return isShallow && (QUOTE.test(line) || Boolean(item?.[4].trim() && (!/\d/.test(item[2]) || parseInt(item[2], 10) === 1)));
}

/** Code up to its closing fence, or to the end: a text that is still being written may not have one yet. */
function code(lines, at) {
  const [, fence, language] = FENCE.exec(lines[at]);
  const isClosing = (line) => line.trim().startsWith(fence) && !line.trim().replaceAll(fence[0], "");
  let end = at + 1;
  while (end < lines.length && !isClosing(lines[end])) end += 1;
  return [{ type: "code", language: language.trim().split(/\s/)[0], text: lines.slice(at + 1, end).join("\n") }, end + 1];
}

function quote(lines, at, depth) {
  let end = at;
  while (end < lines.length && QUOTE.test(lines[end])) end += 1;
  const inside = lines.slice(at, end).map((line) => line.replace(QUOTE, ""));
  return [{ type: "quote", blocks: parse(inside, depth + 1) }, end];
}

/** Items of one kind. A line belongs to an item if it is indented as far as its text, or goes on a paragraph. */
function list(lines, at, depth) {
  const first = ITEM.exec(lines[at]);
  const kind = first[2].at(-1);
  const items = [];
  let end = at;
  while (end < lines.length) {
    const item = ITEM.exec(lines[end]);
    if (!item || item[2].at(-1) !== kind || RULE.test(lines[end])) break;
    const indent = item[1].length + item[2].length + Math.max(1, item[3].length);
    const inside = [item[4]];
    for (end += 1; end < lines.length && belongs(lines, end, indent); end += 1) inside.push(dedented(lines[end], indent));
    items.push(parse(inside, depth + 1));
  }
  const start = parseInt(first[2], 10);
  return [{ type: "list", ordered: !Number.isNaN(start), start: Number.isNaN(start) ? 1 : start, items }, end];
}

function belongs(lines, at, indent) {
  const line = lines[at];
  if (!line.trim()) return at + 1 < lines.length && indentOf(lines[at + 1]) >= Math.min(indent, 2) && lines[at + 1].trim() !== "";
  if (indentOf(line) >= Math.min(indent, 2)) return true;
  return lines[at - 1].trim() !== "" && !interrupts(lines, at, true) && !ITEM.test(line);
}

const indentOf = (line) => line.length - line.trimStart().length;
const dedented = (line, indent) => line.slice(Math.min(indent, indentOf(line)));

function isTable(lines, at) {
  const separator = lines[at + 1] ?? "";
  if (separator.length > LONGEST_SEPARATOR) return false;
  return lines[at].includes("|") && separator.includes("-") && SEPARATOR.test(separator) && cells(lines[at]).length === cells(separator).length;
}

/** A row between bars: an answer may quote one of a table without its head. */
const isRow = (line) => /^ {0,3}\|.*\|\s*$/.test(line) && cells(line).length > 1;

function rowsAlone(lines, at) {
  let end = at;
  while (end < lines.length && isRow(lines[end]) && !isTable(lines, end)) end += 1;
  const rows = lines.slice(at, end).map(cells);
  const n = Math.max(...rows.map((row) => row.length));
  return [{ type: "table", head: null, sides: Array(n).fill("left"), rows }, end];
}

function table(lines, at) {
  const head = cells(lines[at]);
  const sides = cells(lines[at + 1]).map((cell) => {
    const right = cell.endsWith(":");
    return right ? (cell.startsWith(":") ? "center" : "right") : "left";
  });
  let end = at + 2;
  while (end < lines.length && lines[end].trim() && lines[end].includes("|")) end += 1;
  const rows = lines.slice(at + 2, end).map((line) => {
    const row = cells(line);
    return head.map((_, i) => row[i] ?? "");
  });
  return [{ type: "table", head, sides, rows }, end];
}

/** The cells of a row. A bar after a backslash or in code does not end one. */
function cells(line) {
  const found = [""];
  let isCode = false;
  const row = line.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
  for (let i = 0; i < row.length; i += 1) {
    if (row[i] === "\\" && row[i + 1] === "|") {
      found[found.length - 1] += "|";
      i += 1;
      continue;
    }
    if (row[i] === "`") isCode = !isCode;
    if (row[i] === "|" && !isCode) found.push("");
    else found[found.length - 1] += row[i];
  }
  return found.map((cell) => cell.trim());
}
