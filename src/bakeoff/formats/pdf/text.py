"""Takes the lines of PDF pages, gives light Markdown: paragraphs joined from lines, headings by size, tables.

A PDF holds drawn text without structure, so the structure is a guess. In doubt, lines are not joined and words are not
made a heading. Knows no PDF library.
"""

import re
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bakeoff.formats import markup
from bakeoff.formats.pdf import line_ends
from bakeoff.formats.pdf.lines import LEADER, Line, is_marker
from bakeoff.formats.tables.sections import Row
from bakeoff.formats.tables.written import written as written_table

_SENTENCE_END = re.compile(r"[.!?:;…][\"')\]”’»]*$")
_MAX_CELL_CHARS = 200
_MAX_HEADING_CHARS = 120
_MOST_BETWEEN = 4  # paragraphs, such as page numbers, between the parts of a table on two pages


@dataclass
class _Block:
    """Lines directly below each other in one column: a paragraph, a heading, or a table cell."""

    lines: list[Line]
    page: int

    @property
    def first(self) -> Line:
        return self.lines[0]

    @property
    def last(self) -> Line:
        return self.lines[-1]


def text_of(pages: Sequence[Sequence[Line]]) -> str:
    """The text of the pages' lines, which are in reading order. There is at least one line."""
    blocks = [block for number, page in enumerate(pages) for block in _blocks(page, number)]
    known = line_ends.Vocabulary([line.text for page in pages for line in page])
    body = _common_size([line for block in blocks for line in block.lines])
    all_bold = _share(blocks, "bold") > 0.5
    all_mono = _share(blocks, "mono") > 0.5
    levels = _heading_levels(blocks, body, all_bold)
    written: list[str] = []
    open_paragraph = False
    tables = _Tables(known)
    for group in _rows(blocks):
        if group[0][0].first.cells is not None:
            tables.add(written, group[0][0])
            open_paragraph = False
            continue
        if len(group) > 1 or len(group[0]) > 1:
            written.append(_table(group, known))
            open_paragraph = False
            continue
        block = group[0][0]
        words = _joined(block.lines, known, keep_lines=block.first.mono and not all_mono)
        level = levels.get(_heading_key(block, body, all_bold), 0)
        if level:
            written.append("#" * level + " " + markup.one_line(words))
        elif open_paragraph and words[:1].islower() and not _SENTENCE_END.search(written[-1]):
            written[-1] = line_ends.joined(written[-1], words, known)
        elif words.startswith("- ") and written and written[-1].split("\n")[-1].startswith("- "):
            written[-1] += "\n" + words
        else:
            written.append(markup.paragraph(words))
        open_paragraph = not level
    return "\n\n".join(written)


class _Tables:
    """Writes tables with borders. One that goes on over the top of the next page is written as one."""

    def __init__(self, known: Container[str]) -> None:
        self.known = known
        self.rows: list[list[str]] = []
        self.last: _Block | None = None
        self.place = 0

    def add(self, written: list[str], block: _Block) -> None:
        table = block.first
        rows = [[self._cell(lines) for lines in row] for row in table.cells or ()]
        last = self.last
        goes_on = (
            last is not None
            and block.page == last.page + 1
            and len(written) - self.place <= _MOST_BETWEEN
            and len(rows[0]) == len(self.rows[0])
            and all(abs(a - b) < 3 for a, b in zip(table.columns, last.first.columns, strict=False))
        )
        if goes_on:
            self.rows += rows[1:] if rows[0] == self.rows[0] else rows
            written[self.place] = written_table([Row(row) for row in self.rows])
        else:
            self.rows, self.place = rows, len(written)
            written.append(written_table([Row(row) for row in rows]))
        self.last = block

    def _cell(self, lines: list[str]) -> str:
        words = ""
        for line in lines:
            words = line_ends.joined(words, line, self.known) if words else line
        return words


def _common_size(lines: Sequence[Line]) -> float:
    """The font size that most characters have, in points."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[_rounded(line.size)] += len(line.text)
    return sizes.most_common(1)[0][0]


def _rounded(size: float) -> float:
    return round(size * 2) / 2


def _share(blocks: Sequence[_Block], attribute: str) -> float:
    lines = [line for block in blocks for line in block.lines]
    return sum(len(line.text) for line in lines if getattr(line, attribute)) / sum(len(line.text) for line in lines)


def _blocks(page: Sequence[Line], number: int) -> list[_Block]:
    """The page's lines as blocks, in the order they were drawn."""
    blocks: list[_Block] = []
    if not page:
        return []
    body, leading = _common_size(page), _leading(page)
    for line in page:
        usual = leading if _rounded(line.size) == body else 1.3 * line.size
        if blocks and _goes_on(blocks[-1], line, usual, page):
            blocks[-1].lines.append(line)
        else:
            blocks.append(_Block([line], number))
    return blocks


def _leading(page: Sequence[Line]) -> float:
    """The usual distance in points between lines of the most common size: the smallest of the frequent distances."""
    size = _common_size(page)
    gaps: Counter[float] = Counter()
    for above, line in pairwise(page):
        gap = above.y - line.y
        if 0.8 * size < gap < 3 * size and _rounded(above.size) == _rounded(line.size) == size:
            gaps[_rounded(gap)] += 1
    return min((gap for gap, n in gaps.items() if 3 * n >= max(gaps.values())), default=1.3 * size)


def _margin(page: Sequence[Line], line: Line) -> float:
    """The rightmost end, in points, of the lines that begin at about the same x as this one."""
    alike = (other for other in page if other.cells is None and abs(other.size - line.size) < 0.1 * line.size)
    return max((other.right for other in alike if abs(other.x - line.x) < 4 * line.size), default=line.right)


def _goes_on(block: _Block, line: Line, leading: float, page: Sequence[Line]) -> bool:
    """Whether the line continues the block's paragraph."""
    last = block.last
    size = max(last.size, line.size)
    gap = last.y - line.y
    listed = markup.is_list_item(block.first.text + " x")
    indent = line.x - last.x
    return (
        0.5 * size < gap <= 1.12 * leading
        and last.cells is None
        and line.cells is None
        and not (line.kept_apart or line.turned or (line.in_row and not last.in_row))
        and line.x < max(other.right for other in block.lines)
        and line.right > min(other.x for other in block.lines)
        and abs(last.size - line.size) <= 0.1 * size
        and (last.bold == line.bold or block.first.bold == line.bold)
        and last.mono == line.mono
        and not markup.is_list_item(line.text)
        and not LEADER.search(last.text)
        and (indent < 0.8 * size or (listed and len(block.lines) == 1))
        and (indent > -0.8 * size or len(block.lines) == 1)
        and (line.mono or _was_full(last, line, _margin(page, block.first)))
    )


def _was_full(last: Line, line: Line, margin: float) -> bool:
    """Whether the first word of the line would not have fit on the last line, so that the line break has no meaning."""
    return last.right + line.first_width > last.x + 0.88 * (margin - last.x)


def _heading_key(block: _Block, body: float, all_bold: bool) -> float:
    """A number for the kind of heading: the font size, or at the body's size -1 for bold, -2 for capitals; else 0."""
    words = " ".join(line.text for line in block.lines)
    if (
        block.first.turned
        or block.first.cells is not None
        or len(block.lines) > 3
        or len(words) > _MAX_HEADING_CHARS
        or not re.search(r"[^\W\d_]", words)
    ):
        return 0
    if LEADER.search(words) or (markup.is_list_item(words) and not re.match(r"\d", words)):
        return 0
    size = _rounded(max(line.size for line in block.lines))
    if size >= 1.15 * body:
        return size
    if words[-1] in ".,;:" or block.first.mono:
        return 0
    if all(line.bold for line in block.lines) and not all_bold and size >= 0.95 * body:
        return -1
    return -2 if words.isupper() and len(block.lines) == 1 and len(re.findall(r"[^\W\d_]", words)) >= 5 else 0


def _heading_levels(blocks: Sequence[_Block], body: float, all_bold: bool) -> dict[float, int]:
    """The heading level by heading key. The largest size has level 1; bold and capitals come last."""
    keys = {_heading_key(block, body, all_bold) for block in blocks} - {0}
    return {key: min(level, 6) for level, key in enumerate(sorted(keys, reverse=True), 1)}


def _rows(blocks: Sequence[_Block]) -> list[list[list[_Block]]]:
    """Groups of table rows. A block outside a table is a group of one row with one block."""
    rows: list[list[_Block]] = []
    for block in blocks:
        if rows and _beside(rows[-1], block):
            rows[-1].append(block)
        else:
            rows.append([block])
    groups: list[list[list[_Block]]] = []
    for row in rows:
        if groups and len(row) > 1 and len(groups[-1][-1]) > 1 and _below(groups[-1][-1], row):
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _beside(row: list[_Block], block: _Block) -> bool:
    """Whether the block is the next cell of the row: to the right, at the same height, and short."""
    left = row[-1]
    cells = [*row, block]
    return (
        block.page == left.page
        and all(cell.first.cells is None for cell in cells)
        and block.first.x > left.first.x + left.first.size
        and block.first.y > left.last.y - 0.5 * left.last.size
        and left.first.y > block.last.y - 0.5 * block.last.size
        and all(sum(len(line.text) for line in cell.lines) <= _MAX_CELL_CHARS for cell in cells)
        and not is_marker(cells[0].first.text)
    )


def _below(above: list[_Block], row: list[_Block]) -> bool:
    gap = min(cell.last.y for cell in above) - max(cell.first.y for cell in row)
    return 0 < gap < 4 * row[0].first.size


def _table(rows: list[list[_Block]], known: Container[str]) -> str:
    """A pipe table. A single row is written as one line of words, or as paragraphs if these stand in columns."""
    cells = [[_joined(cell.lines, known) for cell in row] for row in rows]
    if len(rows) == 1 and all(len(cell.lines) > 1 for cell in rows[0]):
        return "\n\n".join(map(markup.paragraph, cells[0]))
    if len(rows) == 1:
        return markup.paragraph(" ".join(cells[0]))
    widest = max(rows, key=len)
    columns = [cell.first.x for cell in widest]
    table = []
    for row, words in zip(rows, cells, strict=True):
        places = range(len(row)) if len(row) == len(columns) else _places(row, columns)
        line = [""] * len(columns)
        for place, word in zip(places, words, strict=True):
            line[place] = f"{line[place]} {word}".strip()
        table.append(line)
    return markup.pipe_table(table)


def _places(row: list[_Block], columns: Sequence[float]) -> list[int]:
    """For each cell of a row with missing cells, the column that begins nearest to it."""
    return [min(range(len(columns)), key=lambda i: abs(columns[i] - cell.first.x)) for cell in row]


def _joined(lines: Sequence[Line], known: Container[str], keep_lines: bool = False) -> str:
    if keep_lines:
        return "\n".join(line.text for line in lines)
    words = lines[0].text
    for line in lines[1:]:
        words = line_ends.joined(words, line.text, known)
    return words
