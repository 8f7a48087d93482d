"""How a piece of a passage is copied into an answer: as a reader sees it, without the marks of Markdown.

Takes a piece of a passage and the headings above it. Gives one line, or a row of a table as `Model: K1; Price: 5`.
Knows no question.
"""

import re

from bakeoff.formats import inline, markup
from bakeoff.writing.scripts import EAST_ASIAN, SOUTH_EAST

_QUOTE = re.compile(r"^[ \t]*(?:>[ \t]?)*")
_QUOTE_OR_ITEM = re.compile(r"^[ \t]*(?:>[ \t]?)*(?:(?:[-*+•]|\d{1,3}[.)])[ \t]+)?(?:\[[ xX]\][ \t]+)?")
_HEADING = re.compile(r"^[ \t]*#{1,6}[ \t]+")
_STRONG = re.compile(r"(\*\*\*|\*\*|(?<!\w)___?)(?=\S)(.+?)(?<=\S)\1(?!\w)", re.DOTALL)
_EMPHASIS = re.compile(r"(?<![\w*\\])([*_])(?=[^\s*_])([^*_\n]*?[^\s*_\\])\1(?![\w*])")
_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
_TAG = re.compile(r"</?(?:b|i|u|em|strong|span|small|mark|code|kbd|sup|sub|p|div|font)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!|<>~-])")
_WRAPPED = re.compile(rf"(?<=[{EAST_ASIAN}{SOUTH_EAST}、。])[ \t]*\n[ \t]*(?=[{EAST_ASIAN}{SOUTH_EAST}])")
_CELL_END = re.compile(r"(?<!\\)\|")


def as_read(piece: str, above: str = "", header: str = "") -> str:
    """The piece on one line, without marks. `header` is the first row of its table, if it is a row.

    Without a header, the last of the headings `above` is one if it has as many cells.

    >>> as_read("- The **lid** is\\n  `K1-204`.")
    'The lid is K1-204.'
    >>> as_read("| K1 | 24 months |", header="| Model | Warranty |")
    'Model: K1; Warranty: 24 months'
    """
    if markup.is_table_row(piece):
        return _row(piece, header or above.rpartition(" > ")[2])
    first, *others = piece.split("\n")
    read = _HEADING.sub("", _QUOTE_OR_ITEM.sub("", first))
    for line in others:
        is_next_item = markup.is_list_item(line) and read.rstrip()[-1:] not in ".:;!?。！？："
        shown = _QUOTE_OR_ITEM.sub("", line) if markup.is_list_item(line) else _QUOTE.sub("", line)
        read += (";" if is_next_item else "") + "\n" + shown
    return _plain(read)


def _row(row: str, header: str) -> str:
    cells, names = _cells(row), _cells(header)
    if len(names) != len(cells) or len(names) < 2:
        names = [""] * len(cells)
    answers = [number for number, cell in enumerate(cells) if cell and cell[-1] not in "?？؟"]
    if len(answers) == 1:  # a question and its answer
        return cells[answers[0]]
    named = [
        f"{name}: {cell}" if name and name != cell else cell for name, cell in zip(names, cells, strict=True) if cell
    ]
    return "; ".join(named)


def _cells(row: str) -> list[str]:
    inner = row.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return [_plain(cell) for cell in _CELL_END.split(inner)]


def _plain(text: str) -> str:
    """The text on one line; what stands in code spans is kept as it is."""
    pieces, place = [], 0
    for start, end in inline.code_spans(text):
        pieces += [_without_marks(text[place:start]), text[start:end].strip("`").strip()]
        place = end
    pieces.append(_without_marks(text[place:]))
    return markup.one_line("".join(pieces))


def _without_marks(text: str) -> str:
    text = _TAG.sub("", _BREAK.sub(" ", _WRAPPED.sub("", text)))
    text = _EMPHASIS.sub(r"\2", _STRONG.sub(r"\2", text))
    return _ESCAPED.sub(r"\1", text)
