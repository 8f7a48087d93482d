"""Turns a PDF into light Markdown: paragraphs joined from lines, headings found by size, tables by their columns.

Takes bytes, gives (title, text, metadata). A PDF holds drawn text without structure, so the structure is a guess. In
doubt, lines are not joined and words are not made a heading. Pictures of text (scans) are not read.
"""

import io
import re
import struct
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pypdf import PageObject, PdfReader
from pypdf.errors import DependencyError, PyPdfError

from bakeoff.formats import markup
from bakeoff.formats.part import UnreadableError

_PYTHON = (ValueError, LookupError, TypeError, AttributeError, AssertionError, ArithmeticError, RuntimeError)
_BROKEN = (PyPdfError, zlib.error, struct.error, EOFError, OSError, *_PYTHON)  # what damaged files make pypdf raise
_BOLD = re.compile(r"bold|black|heavy|demi|cmbx|-medi\b", re.IGNORECASE)
_MONO = re.compile(r"courier|mono|cmtt|consolas|menlo", re.IGNORECASE)
_BULLET = re.compile("^(?:[•◦▪▫‣⁃●○■□∙·\uf0b7\uf0a7\x7f]|\\(cid:127\\))\\s*")
_NUMBER = re.compile(r"^(?:\d{1,3}|[a-z])[.)]$")
_SENTENCE_END = re.compile(r"[.!?:;…][\"')\]”’»]*$")
_NARROW, _WIDE = set("iljtfrI.,;:!|'()[]/- "), set("mwMW@%—")
_LEADER = re.compile(r"(?:\s?\.){4,}")
_MAX_CELL_CHARS = 200
_MAX_HEADING_CHARS = 120


@dataclass
class _Line:
    """Words drawn on one baseline. Positions and sizes are in points, y points upwards. `width` is an estimate."""

    text: str
    x: float
    y: float
    size: float
    bold: bool
    mono: bool
    width: float

    @property
    def right(self) -> float:
        return self.x + self.width


@dataclass
class _Block:
    """Lines directly below each other in one column: a paragraph, a heading, or a table cell."""

    lines: list[_Line]

    @property
    def first(self) -> _Line:
        return self.lines[0]

    @property
    def last(self) -> _Line:
        return self.lines[-1]


def parse(content: bytes) -> tuple[str, str, dict[str, Any]]:
    """(title, text, metadata) of a PDF. Raises UnreadableError if it is encrypted, broken, or has no text."""
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableError("the PDF is encrypted", "save a copy without a password")
        pages = [_page_lines(page) for page in reader.pages]
        meta = _metadata(reader)
    except DependencyError as error:
        raise UnreadableError(
            "the PDF is encrypted and cannot be decrypted here", "save a copy without a password"
        ) from error
    except _BROKEN as error:
        raise UnreadableError(
            f"the PDF is broken ({type(error).__name__})", "open it in a viewer and print it to a new PDF"
        ) from error
    if not pages:
        raise UnreadableError("the PDF has no pages", "open it in a viewer and print it to a new PDF")
    blank = [number for number, lines in enumerate(pages, 1) if not lines]
    if len(blank) == len(pages):
        raise UnreadableError(f"there is no text on its {len(pages)} pages (scanned?)", "run OCR on it, e.g. ocrmypdf")
    title = str(meta.pop("title", ""))
    return title, _text(_without_running_titles(pages)), {**meta, "pages": len(pages), "pages_without_text": blank}


def _metadata(reader: PdfReader) -> dict[str, Any]:
    """The title (empty if it is a file name or a placeholder) and the time of the last change."""
    known = reader.metadata
    if known is None:
        return {}
    title = str(known.title or "").strip()
    if re.search(r"\.\w{2,4}$|^(?:untitled|microsoft word|\(anonymous\))", title, re.IGNORECASE):
        title = ""
    try:
        changed = known.modification_date
    except (PyPdfError, ValueError, TypeError):
        changed = None
    return {"title": title, "updated_at": changed.isoformat() if changed else ""}


def _page_lines(page: PageObject) -> list[_Line]:
    """The lines of a page in the order they were drawn. A new cell on the same baseline is a separate line."""
    lines: list[_Line] = []
    broken = True

    def take(text: str, cm: Sequence[float], tm: Sequence[float], font: Any, size: float) -> None:
        nonlocal broken
        if text.strip():
            x = float(cm[0] * tm[4] + cm[2] * tm[5] + cm[4])
            y = float(cm[1] * tm[4] + cm[3] * tm[5] + cm[5])
            points = abs(float(size * tm[3] * cm[3])) or float(size) or 10.0
            name = str((font or {}).get("/BaseFont", ""))
            bold, mono = bool(_BOLD.search(name)), bool(_MONO.search(name))
            _draw(lines, _Line(text, x, y, points, bold, mono, _width(text.rstrip("\n"), points)), broken)
            broken = text.endswith("\n")
        elif "\n" in text:
            broken = True
        elif text and lines:
            lines[-1].text += text

    page.extract_text(visitor_text=take)
    for line in lines:
        line.text = markup.one_line(_LEADER.sub(" ....", _BULLET.sub("- ", line.text.strip())))
    return [line for line in lines if line.text]


def _draw(lines: list[_Line], new: _Line, broken: bool) -> None:
    """Adds a fragment to the last line if it continues it, else as a new line."""
    last = lines[-1] if lines else None
    same_baseline = last is not None and abs(new.y - last.y) < 0.5 * max(new.size, last.size)
    if last is None or not same_baseline:
        lines.append(new)
        return
    to_the_right = new.x > last.x + last.size
    if _is_marker(last.text) and to_the_right:
        last.text = last.text.strip() + " " + new.text
        last.y, last.size, last.width, last.bold = new.y, new.size, new.right - last.x, new.bold
    elif to_the_right and not _LEADER.match(new.text) and (broken or _is_far(last, new)):
        lines.append(new)
    else:
        last.bold, last.mono = last.bold and new.bold, last.mono and new.mono
        last.size = max(last.size, new.size)
        last.width = max(last.width + new.width, new.right - last.x)
        last.text += (" " if broken else "") + new.text


def _is_far(last: _Line, new: _Line) -> bool:
    """Whether the fragment is so far to the right of the line that it must be in another column."""
    return new.x - last.right > max(2 * last.size, 0.3 * last.width)


def _is_marker(text: str) -> bool:
    text = text.strip()
    return _BULLET.fullmatch(text) is not None or _NUMBER.match(text) is not None


def _width(text: str, size: float) -> float:
    """The approximate width of the text in points, in a font of usual proportions."""
    units = sum(0.28 if c in _NARROW else 0.85 if c in _WIDE else 0.66 if c.isupper() else 0.5 for c in text)
    return units * size


def _without_running_titles(pages: list[list[_Line]]) -> list[list[_Line]]:
    """The pages without running titles: lines at the same place at the top or bottom of three or more pages."""

    def key(line: _Line) -> tuple[str, int]:
        return re.sub(r"\d+", "#", line.text), round(line.y)

    edges = Counter(key(line) for page in pages for line in _edge(page))
    return [[line for line in page if edges[key(line)] < 3 or line not in _edge(page)] for page in pages]


def _edge(page: list[_Line]) -> list[_Line]:
    """The lines on the highest and on the lowest baseline of a page, unless they are a row of a table."""
    edge = []
    for y in {max(line.y for line in page), min(line.y for line in page)} if page else ():
        row = [line for line in page if abs(line.y - y) < 2]
        edge.extend(row if len(row) < 3 else [])
    return edge


def _text(pages: list[list[_Line]]) -> str:
    blocks = [block for page in pages for block in _blocks(page)]
    body = _common_size([line for block in blocks for line in block.lines])
    all_bold = _share(blocks, "bold") > 0.5
    all_mono = _share(blocks, "mono") > 0.5
    levels = _heading_levels(blocks, body, all_bold)
    written: list[str] = []
    open_paragraph = False
    for group in _rows(blocks):
        if len(group) > 1 or len(group[0]) > 1:
            written.append(_table(group))
            open_paragraph = False
            continue
        block = group[0][0]
        words = _joined(block.lines, keep_lines=block.first.mono and not all_mono)
        level = levels.get(_heading_key(block, body, all_bold), 0)
        if level:
            written.append("#" * level + " " + markup.one_line(words))
        elif open_paragraph and words[:1].islower() and not _SENTENCE_END.search(written[-1]):
            written[-1] = _join(written[-1], words)
        elif words.startswith("- ") and written and written[-1].split("\n")[-1].startswith("- "):
            written[-1] += "\n" + words
        else:
            written.append(markup.paragraph(words))
        open_paragraph = not level
    return "\n\n".join(written)


def _common_size(lines: Sequence[_Line]) -> float:
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


def _blocks(page: list[_Line]) -> list[_Block]:
    """The page's lines as blocks, in the order they were drawn."""
    blocks: list[_Block] = []
    if not page:
        return []
    body, leading = _common_size(page), _leading(page)
    for line in page:
        usual = leading if _rounded(line.size) == body else 1.3 * line.size
        if blocks and _goes_on(blocks[-1], line, usual, _margin(page, blocks[-1].first)):
            blocks[-1].lines.append(line)
        else:
            blocks.append(_Block([line]))
    return blocks


def _leading(page: list[_Line]) -> float:
    """The usual distance in points between lines of the most common size: the smallest of the frequent distances."""
    size = _common_size(page)
    gaps: Counter[float] = Counter()
    for above, line in pairwise(page):
        gap = above.y - line.y
        if 0.8 * size < gap < 3 * size and _rounded(above.size) == _rounded(line.size) == size:
            gaps[_rounded(gap)] += 1
    return min((gap for gap, n in gaps.items() if 3 * n >= max(gaps.values())), default=1.3 * size)


def _margin(page: list[_Line], line: _Line) -> float:
    """The rightmost end, in points, of the lines that begin at about the same x as this one."""
    return max(other.right for other in page if abs(other.x - line.x) < 4 * line.size)


def _goes_on(block: _Block, line: _Line, leading: float, margin: float) -> bool:
    """Whether the line continues the block's paragraph."""
    last = block.last
    size = max(last.size, line.size)
    gap = last.y - line.y
    listed = markup.is_list_item(block.first.text + " x")
    indent = line.x - last.x
    return (
        0.5 * size < gap <= 1.12 * leading
        and abs(last.size - line.size) <= 0.1 * size
        and (last.bold == line.bold or block.first.bold == line.bold)
        and last.mono == line.mono
        and not markup.is_list_item(line.text)
        and not _LEADER.search(last.text)
        and (indent < 0.8 * size or (listed and len(block.lines) == 1))
        and (indent > -0.8 * size or len(block.lines) == 1)
        and (line.mono or _was_full(last, line, margin))
    )


def _was_full(last: _Line, line: _Line, margin: float) -> bool:
    """Whether the first word of the line would not have fit on the last line, so that the line break has no meaning."""
    first_word = line.text.split(" ", 1)[0]
    return last.right + _width(" " + first_word, last.size) > last.x + 0.88 * (margin - last.x)


def _heading_key(block: _Block, body: float, all_bold: bool) -> float:
    """A number for the kind of heading: the font size, or at the body's size -1 for bold, -2 for capitals; else 0."""
    words = " ".join(line.text for line in block.lines)
    if len(block.lines) > 3 or len(words) > _MAX_HEADING_CHARS or not re.search(r"[^\W\d_]", words):
        return 0
    if _LEADER.search(words) or (markup.is_list_item(words) and not re.match(r"\d", words)):
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
        block.first.x > left.first.x + left.first.size
        and block.first.y > left.last.y - 0.5 * left.last.size
        and left.first.y > block.last.y - 0.5 * block.last.size
        and all(sum(len(line.text) for line in cell.lines) <= _MAX_CELL_CHARS for cell in cells)
        and not any(_is_marker(cell.first.text) for cell in cells)
    )


def _below(above: list[_Block], row: list[_Block]) -> bool:
    gap = min(cell.last.y for cell in above) - max(cell.first.y for cell in row)
    return 0 < gap < 4 * row[0].first.size


def _table(rows: list[list[_Block]]) -> str:
    """A pipe table. A single row is written as one line of words."""
    cells = [[_joined(cell.lines) for cell in row] for row in rows]
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


def _joined(lines: Sequence[_Line], keep_lines: bool = False) -> str:
    if keep_lines:
        return "\n".join(line.text for line in lines)
    words = lines[0].text
    for line in lines[1:]:
        words = _join(words, line.text)
    return words


def _join(above: str, below: str) -> str:
    """Joins two lines of a paragraph. A word split by a hyphen before a lower-case letter is joined again."""
    if above.endswith("\u00ad"):
        return above[:-1] + below
    if re.search(r"[^\W\d_]{2,}[-‐]$", above) and below[:1].islower():
        return above[:-1] + below
    return f"{above} {below}"
