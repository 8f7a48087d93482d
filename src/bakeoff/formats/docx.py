"""Turns a Word document into light Markdown: paragraphs, lists and tables in reading order.

Takes bytes, gives (title, text, metadata). Headers, footers, comments, deleted text and tables of contents are left
out.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

import docx
from docx.document import Document as WordDocument
from docx.opc.exceptions import OpcError
from docx.oxml.ns import qn
from docx.styles.style import BaseStyle
from lxml import etree

from bakeoff.formats import markup
from bakeoff.formats.part import UnreadableError

_MAX_UNPACKED_BYTES = 1_000_000_000
_TEMPLATE_YEAR = 2013  # documents made with python-docx have its template's date until someone sets another
_PYTHON = (LookupError, ValueError, TypeError, AttributeError, RuntimeError)
_BROKEN = (OpcError, zipfile.BadZipFile, etree.LxmlError, zlib.error, struct.error, EOFError, OSError, *_PYTHON)
_TEXT_TAGS = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
_SKIPPED = {
    qn("w:del"),
    qn("w:moveFrom"),
    qn("w:txbxContent"),
    qn("w:pPr"),
    qn("w:rPr"),
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
}
_WRAPPERS = {qn("w:sdt"), qn("w:sdtContent"), qn("w:ins"), qn("w:moveTo"), qn("w:customXml"), qn("w:smartTag")}


def parse(content: bytes) -> tuple[str, str, dict[str, Any]]:
    """(title, text, metadata) of a document. Raises UnreadableError if it is broken or not a Word document."""
    try:
        _check_archive(content)
        word = docx.Document(io.BytesIO(content))
        writer = _Writer(word)
        writer.blocks(word.element.body)
        return writer.title or _core_title(word), "\n\n".join(writer.finished()), _metadata(word)
    except _BROKEN as error:
        raise UnreadableError(
            f"the Word document is broken ({type(error).__name__})", "open it in Word and save it again as .docx"
        ) from error


def _check_archive(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if "[Content_Types].xml" not in archive.namelist():
            raise UnreadableError("named .docx, but it is an ordinary ZIP archive", "unpack it")
        unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > _MAX_UNPACKED_BYTES:
            raise UnreadableError(f"it unpacks to {unpacked:,} bytes, more than {_MAX_UNPACKED_BYTES:,}", "split it")


def _core_title(word: WordDocument) -> str:
    title = word.core_properties.title or ""
    return "" if title.strip().lower() in ("word document", "document") or title.startswith("Microsoft Word") else title


def _metadata(word: WordDocument) -> dict[str, Any]:
    modified = word.core_properties.modified
    if isinstance(modified, datetime) and modified.year != _TEMPLATE_YEAR:
        return {"updated_at": modified.isoformat()}
    return {}


class _Writer:
    """Walks the body and collects the blocks of the text."""

    def __init__(self, word: WordDocument) -> None:
        self.styles = {style.style_id: style for style in word.styles}
        self.formats = _number_formats(word)
        self.counters: dict[tuple[str, int], int] = {}
        self.title = ""
        self.written: list[str] = []
        self.items: list[str] = []

    def finished(self) -> list[str]:
        self._end_list()
        return self.written

    def blocks(self, parent: Any) -> None:
        """Writes the paragraphs and tables below an element, also those in content controls and tracked changes."""
        for child in parent.iterchildren():
            if child.tag == qn("w:p"):
                self._paragraph(child)
            elif child.tag == qn("w:tbl"):
                self._add_table(child)
            elif child.tag in _WRAPPERS:
                self.blocks(child)

    def _paragraph(self, p: Any) -> None:
        words = markup.clean(_words(p))
        style = self._style(p)
        if words.strip() and not _style_name(style).startswith("toc"):
            level = _heading_level(p, style)
            number = None if level else self._list_marker(p, style)
            if level is not None:
                self._heading(level, markup.one_line(words), _style_name(style) == "title")
            elif number is not None:
                self.items.append(number + markup.one_line(words))
            else:
                self._add(markup.paragraph("\n".join(filter(None, map(markup.one_line, words.split("\n"))))))
        for box in p.iter(qn("w:txbxContent")):
            if not any(above.tag in _SKIPPED - {qn("w:txbxContent")} for above in box.iterancestors()):
                self.blocks(box)

    def _heading(self, level: int, words: str, is_title: bool) -> None:
        if is_title and not self.title:
            self.title = words
        self._add("#" * level + " " + words)

    def _add(self, block: str) -> None:
        self._end_list()
        self.written.append(block)

    def _end_list(self) -> None:
        if self.items:
            self.written.append("\n".join(self.items))
            self.items = []

    def _style(self, p: Any) -> BaseStyle | None:
        style_id = p.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
        return self.styles.get(style_id.get(qn("w:val"))) if style_id is not None else None

    def _list_marker(self, p: Any, style: BaseStyle | None) -> str | None:
        """The indented '- ' or '3. ' of a list paragraph. None for other paragraphs."""
        numbering = p.find(f"{qn('w:pPr')}/{qn('w:numPr')}")
        for ancestor in _lineage(style):
            if numbering is None:
                numbering = ancestor.element.find(f"{qn('w:pPr')}/{qn('w:numPr')}")
        if numbering is None:
            return "- " if _style_name(style).startswith("list") else None
        number_id, level = _value(numbering, "w:numId"), int(_value(numbering, "w:ilvl") or 0)
        if number_id == "0":
            return None
        indent = "  " * min(max(level, 0), 8)
        if self.formats.get((number_id, level), "bullet") in ("bullet", "none"):
            return f"{indent}- "
        count = self.counters.get((number_id, level), 0) + 1
        self.counters[number_id, level] = count
        for deeper in [key for key in self.counters if key[0] == number_id and key[1] > level]:
            del self.counters[deeper]
        return f"{indent}{count}. "

    def _add_table(self, table: Any) -> None:
        rows = [_cells(tr) for tr in table.iter(qn("w:tr")) if _table_of(tr) is table]
        rows = _without_merged(rows)
        if not rows:
            return
        if max(map(len, rows)) > 1:
            self._add(markup.pipe_table(rows))
        else:
            self._add("\n\n".join(markup.paragraph(row[0]) for row in rows))


def _words(element: Any) -> str:
    """The text of a paragraph with all tracked changes accepted, without its text boxes."""
    pieces: list[str] = []
    stack = [iter(element)]
    while stack:
        node = next(stack[-1], None)
        if node is None:
            stack.pop()
        elif node.tag == qn("w:t"):
            pieces.append(node.text or "")
        elif node.tag in _TEXT_TAGS:
            pieces.append(_TEXT_TAGS[node.tag])
        elif node.tag not in _SKIPPED:
            stack.append(iter(node))
    return "".join(pieces)


def _style_name(style: BaseStyle | None) -> str:
    return (style.name or "").lower() if style is not None else ""


def _lineage(style: BaseStyle | None) -> Iterator[BaseStyle]:
    """The style, then the styles it is based on."""
    seen = set()
    while style is not None and style.style_id not in seen:
        seen.add(style.style_id)
        yield style
        style = getattr(style, "base_style", None)


def _heading_level(p: Any, style: BaseStyle | None) -> int | None:
    """1 for a title or 'heading 1', 2 for 'heading 2', and so on. An outline level counts too. None for body text."""
    outline = _value(p.find(qn("w:pPr")), "w:outlineLvl")
    for ancestor in _lineage(style):
        name = _style_name(ancestor)
        match = re.fullmatch(r"heading (\d)", name)
        if name == "title" or match:
            return min(int(match[1]), 6) if match else 1
        outline = outline or _value(ancestor.element.find(qn("w:pPr")), "w:outlineLvl")
    return int(outline) + 1 if outline in ("0", "1", "2", "3", "4", "5") else None


def _value(parent: Any, name: str) -> str:
    child = parent.find(qn(name)) if parent is not None else None
    return str(child.get(qn("w:val")) or "") if child is not None else ""


def _number_formats(word: WordDocument) -> dict[tuple[str, int], str]:
    """The number format, such as 'decimal' or 'bullet', by (list id, depth)."""
    try:
        numbering = word.part.numbering_part.element
    except (KeyError, NotImplementedError):
        return {}
    abstract = {
        (definition.get(qn("w:abstractNumId")), level.get(qn("w:ilvl"))): _value(level, "w:numFmt")
        for definition in numbering.iter(qn("w:abstractNum"))
        for level in definition.iter(qn("w:lvl"))
    }
    return {
        (number.get(qn("w:numId")), int(depth)): numbers
        for number in numbering.iter(qn("w:num"))
        for (abstract_id, depth), numbers in abstract.items()
        if abstract_id == _value(number, "w:abstractNumId")
    }


def _table_of(element: Any) -> Any:
    return next(element.iterancestors(qn("w:tbl")), None)


def _cells(tr: Any) -> list[str]:
    """The text of a row's cells. A cell merged into the one above is '\\0'. A wide cell is followed by empty ones."""
    cells: list[str] = []
    for tc in tr.iter(qn("w:tc")):
        if next(tc.iterancestors(qn("w:tr")), None) is not tr:
            continue
        properties = tc.find(qn("w:tcPr"))
        merge = properties.find(qn("w:vMerge")) if properties is not None else None
        goes_on = merge is not None and merge.get(qn("w:val")) != "restart"
        words = " ".join(_words(p) for p in tc.iter(qn("w:p")))
        span = _value(properties, "w:gridSpan")
        cells.append("\0" if goes_on else markup.one_line(markup.clean(words)))
        cells.extend([""] * (min(int(span), 50) - 1 if span.isdigit() and int(span) > 1 else 0))
    return cells


def _without_merged(rows: list[list[str]]) -> list[list[str]]:
    """The rows that are not empty. The text of a cell that spans several rows is repeated in each."""
    for above, row in pairwise(rows):
        for column, words in enumerate(row):
            if words == "\0":
                row[column] = above[column] if column < len(above) else ""
    rows = [[cell.replace("\0", "") for cell in row] for row in rows]
    return [row for row in rows if any(row)]
