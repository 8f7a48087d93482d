"""The form of a document's text: its headings, lists, tables and code, line by line, with a span marked.

Takes a text and a span, gives lines of runs. Each character of the text is in exactly one run, in order, so places in
the text stay exact. What only says the form ("## ", "| ") is in runs with the style "sign": kept, not to be shown.
Knows no HTML.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Literal, NamedTuple

Kind = Literal[
    "text", "blank", "heading", "item", "number", "quote", "code", "fence", "head", "separator", "row", "rule"
]
Style = Literal["", "sign", "strong", "code"]

LONGEST = 500_000
"""Characters of a text whose form is read; a longer one is lines of plain text."""
LONGEST_LINE = 20_000
"""The same for one line."""
DEEPEST = 6

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_FENCE = re.compile(r" {0,3}(```|~~~)[^`\n]*\n?\Z")
_CLOSING = re.compile(r" {0,3}(```|~~~)[ \t]*\n?\Z")
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(?=\S)")
_ITEM = re.compile(r"([ \t]*)(?:([-*+])|\d{1,9}[.)])[ \t]+(?=\S)")
_QUOTE = re.compile(r" {0,3}(?:> ?)+(?=\S)")
_RULE = re.compile(r" {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})\n?\Z")
_SEPARATOR = re.compile(r"[ \t]*\|?(?:[ \t]*:?-+:?[ \t]*\|)*(?:[ \t]*:?-+:?[ \t]*)?\n?\Z")
_CELL = re.compile(r"(?:\\\||[^|])*(?:\||\Z)")
_INLINE = re.compile(r"(?P<open>\*\*)(?=\S)(?P<strong>[^\n]{1,200}?)(?<=\S)\*\*|(?P<tick>`)(?P<code>[^`\n]{1,200})`")

Piece = tuple[str, Style]
"""Characters of one style."""


class Span(NamedTuple):
    """Characters start..end of a text."""

    start: int
    end: int


class Run(NamedTuple):
    """Characters of one style. `marked` says whether they are in the span."""

    text: str
    style: Style
    marked: bool


class Line(NamedTuple):
    """One line of the text, with its line break.

    `level` is that of a heading (1 to 6), or how far an item is indented. Rows of a table have a cell for each column,
    other lines one cell. A "fence" before and after code, and the "separator" of a table, hold nothing but signs.
    """

    kind: Kind
    level: int
    cells: tuple[tuple[Run, ...], ...]


def span_in(text: str, start: int | None, end: int | None) -> Span | None:
    """The span, cut to the text. None if nothing of it is left."""
    if start is None:
        return None
    first, last = max(0, start), min(len(text), len(text) if end is None else end)
    return Span(first, last) if first < last else None


def lines_of(text: str, span: Span | None = None) -> list[Line]:
    """All lines of the text.

    >>> [(line.kind, [[run.text for run in cell] for cell in line.cells]) for line in lines_of("# Tea **now**")]
    [('heading', [['# ', 'Tea ', '**', 'now', '**']])]
    """
    lines: list[str] = _LINE.findall(text)
    kinds: Iterable[tuple[Kind, int]] = _kinds(lines) if len(text) <= LONGEST else [("text", 0)] * len(lines)
    cut = _Cut(span)
    return [
        Line(kind, level, tuple(cut.runs(cell) for cell in _cells(line, kind)))
        for line, (kind, level) in zip(lines, kinds, strict=True)
    ]


class _Cut:
    """Turns pieces, in the order of the text, into runs that are wholly in the span or wholly outside."""

    def __init__(self, span: Span | None) -> None:
        self._span = span or Span(0, 0)
        self._place = 0

    def runs(self, pieces: Iterable[Piece]) -> tuple[Run, ...]:
        return tuple(run for text, style in pieces for run in self._cut(text, style))

    def _cut(self, text: str, style: Style) -> Iterator[Run]:
        start, end = (min(max(0, place - self._place), len(text)) for place in self._span)
        self._place += len(text)
        for part, marked in ((text[:start], False), (text[start:end], True), (text[end:], False)):
            if part:
                yield Run(part, style, marked)


def _kinds(lines: Sequence[str]) -> Iterator[tuple[Kind, int]]:
    """The kind and the level of each line."""
    closings = _closings(lines)
    at = 0
    while at < len(lines):
        end = at + 1
        if at in closings:
            end = closings[at] + 1
            yield "fence", 0
            yield from repeat(("code", 0), end - at - 2)
            yield "fence", 0
        elif _is_head(lines, at):
            end = at + 2
            while end < len(lines) and "|" in lines[end] and lines[end].strip():
                end += 1
            yield "head", 0
            yield "separator", 0
            yield from repeat(("row", 0), end - at - 2)
        else:
            yield _kind(lines[at])
        at = end


def _closings(lines: Sequence[str]) -> dict[int, int]:
    """For each line that opens code, the line that closes it. Code that is never closed is not taken for code."""
    closings: dict[int, int] = {}
    opened: tuple[int, str] | None = None
    for at, line in enumerate(lines):
        if opened is None:
            match = _FENCE.match(line)
            opened = (at, match[1]) if match else None
        elif (match := _CLOSING.match(line)) and match[1] == opened[1]:
            closings[opened[0]] = at
            opened = None
    return closings


def _is_head(lines: Sequence[str], at: int) -> bool:
    """Whether a table begins in this line."""
    if "|" not in lines[at] or at + 1 == len(lines):
        return False
    below = lines[at + 1]
    is_separator = "-" in below and "|" in below and len(below) <= LONGEST_LINE and _SEPARATOR.match(below) is not None
    return is_separator and len(_table_cells(lines[at])) == len(_table_cells(below))


def _kind(line: str) -> tuple[Kind, int]:
    if not line.strip():
        return "blank", 0
    if _RULE.match(line):
        return "rule", 0
    if match := _HEADING.match(line):
        return "heading", len(match[1])
    if match := _ITEM.match(line):
        indent = len(match[1].expandtabs(4)) // 2
        return ("item" if match[2] else "number"), min(indent, DEEPEST)
    return ("quote", 0) if _QUOTE.match(line) else ("text", 0)


def _cells(line: str, kind: Kind) -> list[list[Piece]]:
    """The pieces of each cell of a line."""
    if kind in ("head", "row"):
        return [_cell(cell) for cell in _table_cells(line)]
    if kind in ("fence", "separator", "rule"):
        return [[(line, "sign")]]
    if kind in ("blank", "code"):
        return [[(line, "")]]
    return [_line(line, kind)]


def _line(line: str, kind: Kind) -> list[Piece]:
    """A line without its sign at the beginning. The number of an item is text, its indent is not."""
    patterns = {"heading": _HEADING, "item": _ITEM, "quote": _QUOTE, "number": _ITEM}
    match = patterns[kind].match(line) if kind in patterns else None
    n_signs = 0 if match is None else len(match[1]) if kind == "number" else match.end()
    signs: list[Piece] = [(line[:n_signs], "sign")] if n_signs else []
    return signs + _inline(line[n_signs:])


def _table_cells(line: str) -> list[str]:
    """The cells of a row, each with the bar that ends it; the first with the bar before it."""
    first_bar = line.find("|") + 1 if line.lstrip(" \t").startswith("|") else 0
    cells = [cell for cell in _CELL.findall(line[first_bar:]) if cell]
    if len(cells) > 1 and not cells[-1].strip():
        cells[-2:] = [cells[-2] + cells[-1]]
    return [line[:first_bar] + cells[0], *cells[1:]] if cells else [line]


def _cell(cell: str) -> list[Piece]:
    """The text of a cell between its bars and blanks."""
    match = re.match(r"\s*\|?\s*", cell)
    start = match.end() if match else 0
    text = re.sub(r"\s*(?<!\\)\|?\s*\Z", "", cell[start:])
    pieces: list[Piece] = [(cell[:start], "sign"), *_inline(text), (cell[start + len(text) :], "sign")]
    return [piece for piece in pieces if piece[0]]


def _inline(text: str) -> list[Piece]:
    """Bold words and code in a line. Everything else stays as it is written."""
    pieces: list[Piece] = []
    place = 0
    matches = _INLINE.finditer(text) if len(text) <= LONGEST_LINE else ()
    for match in matches:
        sign = match["open"] or match["tick"]
        inner: Piece = (match["strong"], "strong") if match["open"] else (match["code"], "code")
        pieces += [(text[place : match.start()], ""), (sign, "sign"), inner, (sign, "sign")]
        place = match.end()
    return [piece for piece in [*pieces, (text[place:], "")] if piece[0]]
