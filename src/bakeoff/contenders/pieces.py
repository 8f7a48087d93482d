"""The pieces of a passage that can answer a question: whole sentences, rows of tables, items with what introduces them.

Takes the text of a passage and the headings above it, gives places in the text. A sentence goes on over the line ends
of a text that is wrapped. Headings, questions and words that only introduce what follows are no pieces.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bakeoff.contenders.headings import heading_spans
from bakeoff.formats import markup
from bakeoff.writing.sentence_ends import sentence_ends
from bakeoff.writing.words import count_words

MIN_WORDS = 2
MOST_LISTED = 80
"""Words of a list that is copied together with the sentence that introduces it."""
LEAST_WIDTH = 40
"""Letters of the longest line from which on lines may be wrapped."""
_ROW = re.compile(r"[^\s:;][^:;\n]{0,60}: \S")
_INTRODUCES = re.compile(r"[:：]\W{0,4}$")
_ASKS = re.compile(r"[?？؟]\W*$")
_ITEM_NUMBER = re.compile(r"[ \t]*\d{1,3}[.)][ \t]+")
_RULE = re.compile(r"[-=*_~`\s|:]*$")
_OPENS = re.compile(r"[\s>\"'“„«(*_`]*")


class Piece(NamedTuple):
    """text[start:end], and the header row of its table if it is a row. Pieces of equal `block` follow each other."""

    start: int
    end: int
    block: int
    header: str = ""


class _Line(NamedTuple):
    start: int
    text: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def pieces(text: str, above: str = "") -> list[Piece]:
    """The pieces in order. Those with fewer than two words are left out.

    >>> text = "We repair, e.g. after a fall, all\\nkettles that are ours. Post is free."
    >>> [text[piece.start:piece.end] for piece in pieces(text)]
    ['We repair, e.g. after a fall, all\\nkettles that are ours.', 'Post is free.']
    """
    headings = heading_spans(text, above)
    kept: list[Piece] = []
    for number, block in enumerate(_blocks(_lines(text), headings)):
        kept += _of_block(text, block, number)
    return [piece for piece in _with_lists(text, kept) if _answers(text[piece.start : piece.end])]


def _answers(piece: str) -> bool:
    return (
        not (_ASKS.search(piece) or _INTRODUCES.search(piece)) and count_words(re.sub(r"\W", " ", piece)) >= MIN_WORDS
    )


def _lines(text: str) -> list[_Line]:
    lines, start = [], 0
    for line in text.split("\n"):
        lines.append(_Line(start, line))
        start += len(line) + 1
    return lines


class _Block(NamedTuple):
    """Lines that belong together: the lines of a paragraph that is wrapped, of a list item, or one row."""

    lines: tuple[_Line, ...]
    header: str = ""
    is_code: bool = False


def _blocks(lines: Sequence[_Line], headings: Sequence[tuple[int, int]]) -> Iterator[_Block]:
    code = markup.code_lines([line.text for line in lines])
    starts = {start for start, _ in headings}
    open_lines: list[_Line] = []
    header = ""
    for number, line in enumerate(lines):
        is_row = markup.is_table_row(line.text) and not code[number]
        if open_lines and not _goes_on(open_lines, line, code[number], line.start in starts, _width(lines, number)):
            yield _Block(tuple(open_lines))
            open_lines = []
        if not line.text.strip():
            header = ""
        elif is_row and line.start in starts:
            header = line.text
        elif line.start in starts or (_RULE.fullmatch(line.text) is not None):
            continue
        elif code[number] or is_row:
            yield _Block((line,), header if is_row else "", code[number])
        else:
            open_lines.append(line)
    if open_lines:
        yield _Block(tuple(open_lines))


def _goes_on(block: Sequence[_Line], line: _Line, is_code: bool, is_heading: bool, width: int) -> bool:
    """Whether a line continues the sentence or item of the lines before it, only because the text is wrapped."""
    text = line.text
    if not text.strip() or is_code or is_heading or markup.is_table_row(text) or markup.is_list_item(text):
        return False
    before = block[-1].text
    if _ROW.match(text) and _ROW.match(before):
        return False
    if text[:1].isspace() and markup.is_list_item(block[0].text):
        return True
    opened = _OPENS.match(text)
    begins = text[opened.end() if opened else 0 :]
    if begins[:1].islower():
        return True
    first = begins.split(maxsplit=1)[0] if begins else ""
    return width >= LEAST_WIDTH and len(before.rstrip()) + 1 + min(len(first), 20) > width


def _width(lines: Sequence[_Line], number: int) -> int:
    """The longest line of the paragraph around a line, without a last line."""
    first = last = number
    while first > 0 and lines[first - 1].text.strip():
        first -= 1
    while last + 1 < len(lines) and lines[last + 1].text.strip():
        last += 1
    return max(len(line.text.rstrip()) for line in lines[first : last + 1])


def _of_block(text: str, block: _Block, number: int) -> Iterator[Piece]:
    start, end = block.lines[0].start, block.lines[-1].end
    numbered = None if block.is_code else _ITEM_NUMBER.match(block.lines[0].text)
    start += numbered.end() if numbered else 0
    single = block.is_code or markup.is_table_row(block.lines[0].text)
    for stop in [*([] if single else sentence_ends(text, start, end)), end]:
        piece = text[start:stop]
        blank = len(piece) - len(piece.lstrip())
        if piece.strip():
            yield Piece(start + blank, start + len(piece.rstrip()), number, block.header)
        start = stop


def _with_lists(text: str, every: Sequence[Piece]) -> Iterator[Piece]:
    """The pieces; a sentence that introduces a list goes to the end of it, if the list is short enough."""
    for number, piece in enumerate(every):
        if not _INTRODUCES.search(text[piece.start : piece.end]):
            yield piece
            continue
        end = piece.end
        for item in every[number + 1 :]:
            if not _is_item_below(text, piece, item):
                break
            end = item.end
        if end > piece.end and count_words(text[piece.start : end]) <= MOST_LISTED:
            yield piece._replace(end=end)


def _is_item_below(text: str, introduction: Piece, item: Piece) -> bool:
    """Whether a piece is an item of the list that is introduced, or a sentence of one."""
    if item.header or markup.is_table_row(text[item.start : item.end]):
        return False
    line = text[text.rfind("\n", 0, item.start) + 1 : item.end]
    return markup.is_list_item(line) or (item.block > introduction.block and not line.startswith(text[item.start]))
