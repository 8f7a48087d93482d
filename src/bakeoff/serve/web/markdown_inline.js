// Inline Markdown: emphasis, code, links, images as text, citation marks. Builds nodes; raw HTML stays text.
//
// Time grows with the length of the text, whatever it holds: each rule looks at most a bounded way ahead.

import { el } from "./dom.js";
import { externalLink, safeAddress } from "./links.js";

const DEEPEST = 12;
const ELEMENTS = { "**": "strong", __: "strong", "*": "em", _: "em", "~~": "del" };
const LABEL = String.raw`\[((?:[^\[\]\\]|\\.){0,1000})\]`;
const TARGET = String.raw`\(\s{0,9}(?:<([^<>\n]{0,2000})>|((?:[^\s()<>\\]|\\.|\([^\s()]{0,500}\)){0,2000}))(?:\s{1,9}(?:"[^"\n]{0,500}"|'[^'\n]{0,500}'))?\s{0,9}\)`;
const RULES = [
  ["code", /(`{1,8})/y],
  ["escape", /\\([!-/:-@[-`{-~])/y],
  ["image", new RegExp(`!${LABEL}${TARGET}`, "ys")],
  ["link", new RegExp(`${LABEL}${TARGET}`, "ys")],
  ["mark", /\[(\d{1,3})\](?![(:])/y],
  ["angle", /<((?:https?:\/\/|mailto:)[^\s<>]{1,2000})>/y],
  ["bare", /https?:\/\/[^\s<>"'`*_[\]|]{1,2000}/y],
  ["break", / {0,20}\n/y],
  ["emphasis", /\*\*|\*|__|_|~~/y],
];
const PLAIN = /[^`\\![<h\n *_~]+/y;

/** Nodes of a text. `cite(n)` gives the node of a citation mark, or null where it is plain text. */
export function inline(text, cite = () => null) {
  return new Inline(text, cite, true).nodes();
}

class Inline {
  constructor(text, cite, mayLink) {
    this.text = text;
    this.cite = cite;
    this.mayLink = mayLink;
    this.frames = [{ marker: null, nodes: [] }];
    this.unclosed = new Set(); // lengths of code fences that have no end after some place
  }

  nodes() {
    for (let place = 0; place < this.text.length; ) place = this.step(place);
    while (this.frames.length > 1) this.unwrap();
    return this.frames[0].nodes;
  }

  /** Reads one thing at this place; gives the place after it. */
  step(place) {
    PLAIN.lastIndex = place;
    if (PLAIN.test(this.text)) return this.add(this.text.slice(place, PLAIN.lastIndex), PLAIN.lastIndex);
    for (const [name, pattern] of RULES) {
      pattern.lastIndex = place;
      const match = pattern.exec(this.text);
      const end = match && this[name](match, place);
      if (end) return end;
    }
    return this.add(this.text[place], place + 1);
  }

  add(node, end) {
    const { nodes } = this.frames.at(-1);
    if (typeof node === "string" && typeof nodes.at(-1) === "string") nodes[nodes.length - 1] += node;
    else nodes.push(node);
    return end;
  }

  code([fence], place) {
    const start = place + fence.length;
    const end = this.unclosed.has(fence.length) ? -1 : closing(this.text, fence, start);
    if (end < 0) {
      this.unclosed.add(fence.length);
      return this.add(fence, start);
    }
    const inside = this.text.slice(start, end).replace(/\n/g, " ");
    const padded = /^ .*[^ ].* $/.test(inside);
    return this.add(el("code", {}, padded ? inside.slice(1, -1) : inside), end + fence.length);
  }

  escape([whole, character], place) {
    return this.add(character, place + whole.length);
  }

  /** A picture is never loaded: its description and its address are shown. */
  image([whole, label, angled, plain], place) {
    const address = unescaped(angled ?? plain);
    const words = [unescaped(label), address && `(${address})`].filter(Boolean).join(" ");
    return this.add(el("span", { class: "picture" }, `[picture] ${words}`), place + whole.length);
  }

  link([whole, label, angled, plain], place) {
    const address = this.mayLink ? safeAddress(unescaped(angled ?? plain)) : null;
    const nodes = new Inline(label, () => null, false).nodes();
    if (address) return this.add(externalLink(address, nodes), place + whole.length);
    for (const node of nodes) this.add(node, 0);
    return this.add(` (${unescaped(angled ?? plain)})`, place + whole.length);
  }

  mark([whole, number], place) {
    const node = this.cite(Number(number));
    return node && this.add(node, place + whole.length);
  }

  angle([whole, address], place) {
    return this.address(address, place + whole.length);
  }

  bare([whole], place) {
    if (place > 0 && /\w/.test(this.text[place - 1])) return 0;
    let address = whole.replace(/[.,;:!?]+$/, "");
    if (address.endsWith(")") && !address.includes("(")) address = address.replace(/\)+$/, "");
    return this.address(address, place + address.length);
  }

  address(text, end) {
    const address = this.mayLink ? safeAddress(text) : null;
    return this.add(address ? externalLink(address, text) : text, end);
  }

  break([whole], place) {
    const isLast = place + whole.length >= this.text.length;
    return this.add(isLast ? "" : el("br"), place + whole.length);
  }

  emphasis([run], place) {
    const marker = this.preferred(run);
    const end = place + marker.length;
    const before = this.text[place - 1] ?? " ";
    const after = this.text[end] ?? " ";
    const isUnder = marker[0] === "_";
    const closes = /\S/.test(before) && !(isUnder && isWord(after));
    const opens = /\S/.test(after) && !(isUnder && isWord(before));
    if (closes && this.frames.some((frame) => frame.marker === marker)) return this.wrap(marker, end);
    if (opens && this.frames.length <= DEEPEST) {
      this.frames.push({ marker, nodes: [] });
      return end;
    }
    return this.add(marker, end);
  }

  /** Of `**` after an open `*` the first star closes that one. */
  preferred(run) {
    const isInner = run.length === 2 && run !== "~~" && this.frames.at(-1).marker === run[0];
    return isInner ? run[0] : run;
  }

  wrap(marker, end) {
    while (this.frames.at(-1).marker !== marker) this.unwrap();
    const { nodes } = this.frames.pop();
    return this.add(el(ELEMENTS[marker], {}, nodes), end);
  }

  /** An opening marker that is never closed is text. */
  unwrap() {
    const { marker, nodes } = this.frames.pop();
    for (const node of [marker, ...nodes]) this.add(node, 0);
  }
}

/** Where a run of exactly as many backticks begins; -1 if nowhere. */
function closing(text, fence, start) {
  for (let at = text.indexOf(fence, start); at >= 0; at = text.indexOf(fence, at)) {
    let end = at;
    while (text[end] === "`") end += 1;
    if (end - at === fence.length) return at;
    at = end;
  }
  return -1;
}

const isWord = (character) => /[\p{L}\p{N}_]/u.test(character);
const unescaped = (text) => text.replace(/\\([!-/:-@[-`{-~])/g, "$1");
