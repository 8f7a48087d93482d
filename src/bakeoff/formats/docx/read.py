"""Turns a Word document into light Markdown: paragraphs, lists and tables in reading order.

Takes bytes, gives (title, text, metadata, problems). Footnotes follow the paragraph that refers to them. Struck, hidden
and deleted text and tables of contents are left out; headers and footers are metadata; comments and charts are named.
"""

import io
import re
import zipfile
from datetime import datetime
from itertools import pairwise
from typing import Any

import docx
from docx.document import Document as WordDocument
from docx.opc.exceptions import OpcError
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.styles.style import BaseStyle

from bakeoff.formats import markup
from bakeoff.formats.broken import BROKEN
from bakeoff.formats.docx.strict import as_usual
from bakeoff.formats.docx.styles import Styles, style_name, value
from bakeoff.formats.docx.table_marks import marks_of
from bakeoff.formats.docx.words import DELETED, Words
from bakeoff.formats.part import Problem, UnreadableError
from bakeoff.formats.tables.sections import Row
from bakeoff.formats.tables.written import written

_MAX_UNPACKED_BYTES = 1_000_000_000
_TEMPLATE_YEAR = 2013  # documents made with python-docx have its template's date until someone sets another
_GRAPHIC = qn("a:graphicData")
_WRAPPERS = {qn("w:sdt"), qn("w:sdtContent"), qn("w:ins"), qn("w:moveTo"), qn("w:customXml"), qn("w:smartTag")}


def parse(content: bytes) -> tuple[str, str, dict[str, Any], list[Problem]]:
    """(title, text, metadata, problems without the file's name) of a document.

    Raises UnreadableError if it is broken or not a Word document.
    """
    try:
        _check_archive(content)
        word = docx.Document(io.BytesIO(as_usual(content)))
        writer = _Writer(word)
        writer.blocks(word.element.body)
        text = "\n\n".join(writer.finished())
        return writer.title or _core_title(word), text, _metadata(word) | _margins(word), _unread(word)
    except (OpcError, *BROKEN) as error:
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
        self.styles = Styles(word)
        self.words = Words(self.styles, self._note, _targets(word))
        self.noted = {kind: _notes(word, kind) for kind in ("footnotes", "endnotes")}
        self.notes: list[str] = []
        self.n_notes = 0
        self.formats = _number_formats(word)
        self.counters: dict[tuple[str, int], int] = {}
        self.title = ""
        self.carried = ""
        self.written: list[str] = []
        self.items: list[str] = []

    def finished(self) -> list[str]:
        if self.carried.strip():
            self._add(markup.paragraph(markup.one_line(markup.clean(self.carried))))
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
        raw = self.carried + self.words.of(p)
        self.carried = raw if _is_joined_to_next(p) else ""
        words = markup.clean(raw)
        style = self.styles.of_paragraph(p)
        if not self.carried and words.strip() and not style_name(style).startswith("toc"):
            level = self._heading_level(p, style)
            number = None if level else self._list_marker(p, style)
            if level is not None:
                self._heading(level, markup.one_line(words), style_name(style) == "title")
            elif number is not None:
                self.items.extend([number + markup.one_line(words), *(f"  {note}" for note in self.notes)])
                self.notes = []
            else:
                self._add(markup.paragraph("\n".join(filter(None, map(markup.one_line, words.split("\n"))))))
        for box in _text_boxes(p):
            self.blocks(box)

    def _note(self, kind: str, number: str) -> str:
        """The mark of a note in the text. Its words are written below the block."""
        paragraphs = self.noted[kind].get(number)
        if paragraphs is None:
            return ""
        self.n_notes += 1
        mark = f"[{self.n_notes}]"
        words = " ".join(filter(None, (markup.one_line(markup.clean(self.words.of(p))) for p in paragraphs)))
        self.notes.append(f"{mark} {words}")
        return mark

    def _heading(self, level: int, words: str, is_title: bool) -> None:
        if is_title and not self.title:
            self.title = words
        self._add("#" * level + " " + words)

    def _add(self, block: str) -> None:
        self._end_list()
        self.written.extend([block, *self.notes])
        self.notes = []

    def _end_list(self) -> None:
        if self.items:
            self.written.append("\n".join(self.items))
            self.items = []

    def _list_marker(self, p: Any, style: BaseStyle | None) -> str | None:
        """The indented '- ' or '3. ' of a list paragraph. None for other paragraphs."""
        numbering = p.find(f"{qn('w:pPr')}/{qn('w:numPr')}")
        for ancestor in self.styles.lineage(style):
            if numbering is None:
                numbering = ancestor.element.find(f"{qn('w:pPr')}/{qn('w:numPr')}")
        if numbering is None:
            return "- " if style_name(style).startswith("list") else None
        number_id, level = value(numbering, "w:numId"), int(value(numbering, "w:ilvl") or 0)
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

    def _heading_level(self, p: Any, style: BaseStyle | None) -> int | None:
        """1 for a title or 'heading 1', 2 for 'heading 2', and so on. An outline level counts too. None for text."""
        outline = value(p.find(qn("w:pPr")), "w:outlineLvl")
        for ancestor in self.styles.lineage(style):
            name = style_name(ancestor)
            match = re.fullmatch(r"heading (\d)", name)
            if name == "title" or match:
                return min(int(match[1]), 6) if match else 1
            outline = outline or value(ancestor.element.find(qn("w:pPr")), "w:outlineLvl")
        return int(outline) + 1 if outline in ("0", "1", "2", "3", "4", "5") else None

    def _add_table(self, table: Any) -> None:
        lines = [tr for tr in table.iter(qn("w:tr")) if _within(tr, "w:tbl") is table and not _is_gone(tr)]
        rows = _without_merged([self._cells(tr) for tr in lines])
        if max(map(len, rows), default=0) < 2:
            for row in filter(any, rows):
                self._add(markup.paragraph(row[0]))
            return
        marks = marks_of(table, lines, self.styles)
        marked = [Row(*one) for one in zip(rows, marks.rows, map(_is_one_cell, lines), strict=True)]
        if text := written(marked, marks.has_header):
            self._add(text)

    def _cells(self, tr: Any) -> list[str]:
        """The text of a row's cells. One merged into the cell above is '\\0'. A wide cell is followed by empty ones."""
        before = value(tr.find(qn("w:trPr")), "w:gridBefore")
        cells = [""] * min(int(before) if before.isdigit() else 0, 50)
        for tc in tr.iter(qn("w:tc")):
            if _within(tc, "w:tr") is not tr:
                continue
            properties = tc.find(qn("w:tcPr"))
            merge = properties.find(qn("w:vMerge")) if properties is not None else None
            goes_on = merge is not None and merge.get(qn("w:val")) != "restart"
            gone = properties is not None and properties.find(qn("w:cellDel")) is not None
            span = value(properties, "w:gridSpan")
            cells.append("\0" if goes_on else "" if gone else markup.one_line(markup.clean(self._cell(tc))))
            cells.extend([""] * (min(int(span), 50) - 1 if span.isdigit() and int(span) > 1 else 0))
        return cells

    def _cell(self, tc: Any) -> str:
        """The words of a cell, also those of tables and text boxes in it, once each."""
        return " ".join(self.words.of(p) for p in tc.iter(qn("w:p")) if not _is_deleted(p))


def _is_one_cell(tr: Any) -> bool:
    """Whether a row has a single cell, over several columns."""
    cells = [tc for tc in tr.iter(qn("w:tc")) if _within(tc, "w:tr") is tr]
    return len(cells) == 1 and value(cells[0].find(qn("w:tcPr")), "w:gridSpan") not in ("", "1")


def _within(element: Any, name: str) -> Any:
    """The closest element of this name around an element."""
    return next(element.iterancestors(qn(name)), None)


def _is_deleted(element: Any) -> bool:
    """Whether an element is inside a tracked deletion, or is the older copy of a drawing."""
    return any(above.tag in DELETED for above in element.iterancestors())


def _is_gone(tr: Any) -> bool:
    """Whether the whole row is marked as deleted or moved away."""
    properties = tr.find(qn("w:trPr"))
    return _is_deleted(tr) or (properties is not None and any(properties.find(tag) is not None for tag in DELETED))


def _is_joined_to_next(p: Any) -> bool:
    """Whether the end of the paragraph is marked as deleted, so that its text goes on in the next one."""
    mark = p.find(f"{qn('w:pPr')}/{qn('w:rPr')}")
    return mark is not None and any(mark.find(tag) is not None for tag in DELETED)


def _text_boxes(p: Any) -> list[Any]:
    return [box for box in p.iter(qn("w:txbxContent")) if not _is_deleted(box)]


def _targets(word: WordDocument) -> dict[str, str]:
    """The addresses outside the document that its links lead to, by id."""
    return {key: link.target_ref for key, link in word.part.rels.items() if link.is_external}


def _unread(word: WordDocument) -> list[Problem]:
    """What a reader of the document sees and its text does not hold, without the file's name."""
    n_comments = sum(1 for name in _parts(word, "comments") for _ in parse_xml(name.blob).iter(qn("w:comment")))
    problems = []
    if n_comments:
        reason = f"{n_comments} comment{'s' if n_comments > 1 else ''} left out"
        problems.append(Problem(source="", reason=reason, remedy="write into the text what holds"))
    kinds = {data.get("uri").rsplit("/", 1)[-1] for data in word.element.body.iter(_GRAPHIC) if data.get("uri")}
    if "chart" in kinds:
        problems.append(Problem(source="", reason="charts are not read", remedy="write their numbers as a table"))
    if "diagram" in kinds:
        problems.append(Problem(source="", reason="the text of a diagram is not read", remedy="write it as a list"))
    return problems


def _margins(word: WordDocument) -> dict[str, str]:
    """The words of the first header and footer with any. They are no part of the text."""
    found = {}
    for kind in ("header", "footer"):
        texts = (" ".join(t.text or "" for t in parse_xml(one.blob).iter(qn("w:t"))) for one in _parts(word, kind))
        found[kind] = next((words for text in texts if (words := markup.one_line(markup.clean(text)))), "")[:300]
    return found


def _parts(word: WordDocument, kind: str) -> list[Any]:
    return [link.target_part for link in word.part.rels.values() if link.reltype.endswith("/" + kind)]


def _notes(word: WordDocument, kind: str) -> dict[str, list[Any]]:
    """The paragraphs of each footnote or endnote, by its id."""
    parts = _parts(word, kind)
    if not parts:
        return {}
    notes = parse_xml(parts[0].blob)
    return {str(note.get(qn("w:id"))): list(note.iter(qn("w:p"))) for note in notes}


def _number_formats(word: WordDocument) -> dict[tuple[str, int], str]:
    """The number format, such as 'decimal' or 'bullet', by (list id, depth)."""
    try:
        numbering = word.part.numbering_part.element
    except (KeyError, NotImplementedError):
        return {}
    abstract = {
        (definition.get(qn("w:abstractNumId")), level.get(qn("w:ilvl"))): value(level, "w:numFmt")
        for definition in numbering.iter(qn("w:abstractNum"))
        for level in definition.iter(qn("w:lvl"))
    }
    return {
        (number.get(qn("w:numId")), int(depth)): numbers
        for number in numbering.iter(qn("w:num"))
        for (abstract_id, depth), numbers in abstract.items()
        if abstract_id == value(number, "w:abstractNumId")
    }


def _without_merged(rows: list[list[str]]) -> list[list[str]]:
    """The rows. The text of a cell that spans several rows is repeated in each."""
    for above, row in pairwise(rows):
        for column, words in enumerate(row):
            if words == "\0":
                row[column] = above[column] if column < len(above) else ""
    return [[cell.replace("\0", "") for cell in row] for row in rows]
