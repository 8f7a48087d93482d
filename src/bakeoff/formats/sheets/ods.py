"""Reads the sheets of an OpenDocument spreadsheet (ods): the file holds what each cell displays.

Takes bytes, gives sheets.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from lxml import etree

from bakeoff.formats import markup
from bakeoff.formats.part import UnreadableError
from bakeoff.formats.sheets.sheet import Sheet, counted, left_out, visible, words

_NAMES = {
    name: f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}" for name in ("office", "table", "text", "style")
}
_OFFICE, _TABLE, _TEXT, _STYLE = _NAMES["office"], _NAMES["table"], _NAMES["text"], _NAMES["style"]
_CELLS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_MOST_REPEATED, _MOST_COLUMNS, _MOST_ROWS = 1000, 1000, 2**20
_TWO_READINGS = re.compile(
    r"\d{1,2}[-/]\d{1,2}[-/]\d{2}(?:\d{2})?|\d{1,2}\.\d{1,2}\.\d{2}(?!\d)|\d{2}[-/.]\d{1,2}[-/.]\d{1,2}"
)


def sheets(content: bytes) -> list[Sheet]:
    """All sheets, hidden ones without rows.

    Raises UnreadableError if it is encrypted, and the errors of zipfile and lxml for a broken file.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        manifest = "META-INF/manifest.xml"
        if manifest in archive.namelist() and b"encryption-data" in archive.read(manifest):
            raise UnreadableError("it is protected by a password", "save it without a password")
        tree = etree.fromstring(archive.read("content.xml"), etree.XMLParser(huge_tree=True, resolve_entities=False))
    hidden = {
        style.get(f"{_STYLE}name")
        for style in tree.iter(f"{_STYLE}style")
        for properties in style.iter(f"{_STYLE}table-properties")
        if properties.get(f"{_TABLE}display") == "false"
    }
    return [_sheet(table, hidden) for table in tree.iter(f"{_TABLE}table") if _is_outermost(table)]


def _is_outermost(table: Any) -> bool:
    return next(table.iterancestors(f"{_TABLE}table"), None) is None


def _sheet(table: Any, hidden: set[Any]) -> Sheet:
    title = str(table.get(f"{_TABLE}name") or "")
    if table.get(f"{_TABLE}style-name") in hidden:
        return Sheet(title, is_hidden=True)
    cells: list[list[str]] = []
    by_number: dict[int, list[str]] = {}
    below = 0
    merged: list[tuple[int, int, int]] = []
    hidden_rows: set[int] = set()
    for row in table.iter(f"{_TABLE}table-row"):
        words_of_row, tall = _cells(row)
        n_rows = _repeated(row, f"{_TABLE}number-rows-repeated", _MOST_REPEATED if any(words_of_row) else 1)
        if row.get(f"{_TABLE}visibility") == "collapse" and not _is_folded(row):
            hidden_rows |= {*range(len(cells), len(cells) + n_rows)}
        merged += [(len(cells), len(cells) + height - 1, column) for column, height in tall]
        cells += [words_of_row] * n_rows
        by_number |= {below + i: words_of_row for i in range(n_rows if words_of_row else 0)}
        below += _repeated(row, f"{_TABLE}number-rows-repeated", _MOST_ROWS)
    columns = frozenset(_hidden_columns(table))
    n_comments = sum(1 for _ in table.iter(f"{_OFFICE}annotation"))
    notes = [*left_out(cells, frozenset(hidden_rows), columns), *counted(n_comments, "comment")]
    rows = visible(cells, merged, frozenset(hidden_rows), columns)
    return Sheet(title, rows, tuple(notes), cells=by_number, hidden_rows=frozenset(hidden_rows), merged=tuple(merged))


def _cells(row: Any) -> tuple[list[str], list[tuple[int, int]]]:
    """(the words of the row's cells, (column, height) of those that span several rows)."""
    found: list[str] = []
    tall = []
    for cell in row.iterchildren(*_CELLS):
        shown = _shown(cell)
        height = _repeated(cell, f"{_TABLE}number-rows-spanned", _MOST_REPEATED)
        if height > 1:
            tall.append((len(found), height))
        n_cells = _repeated(cell, f"{_TABLE}number-columns-repeated", _MOST_COLUMNS)
        found.extend([shown] * min(n_cells, _MOST_COLUMNS - len(found)))
    while found and not found[-1]:
        found.pop()
    return found, tall


def _shown(cell: Any) -> str:
    """What the cell displays. A date that can be read in two ways is written as in ISO 8601."""
    paragraphs = [_words(paragraph) for paragraph in cell.iterchildren(f"{_TEXT}p", f"{_TEXT}h")]
    text = markup.clean("\n".join(paragraphs)).strip()
    date = cell.get(f"{_OFFICE}date-value")
    if date and (not text or _TWO_READINGS.match(text)):
        try:
            return words(datetime.fromisoformat(date))
        except ValueError:
            return text or str(date)
    return text or markup.one_line(str(cell.get(f"{_OFFICE}value") or cell.get(f"{_OFFICE}string-value") or ""))


def _words(paragraph: Any) -> str:
    """The text of a paragraph, with its blanks and line breaks, without comments."""
    pieces = [paragraph.text or ""]
    for child in paragraph:
        if child.tag in (f"{_TEXT}s", f"{_TEXT}tab", f"{_TEXT}line-break"):
            pieces.append("\n" if child.tag == f"{_TEXT}line-break" else " ")
        elif child.tag != f"{_OFFICE}annotation" and isinstance(child.tag, str):
            pieces.append(_words(child))
        pieces.append(child.tail or "")
    return "".join(pieces)


def _hidden_columns(table: Any) -> Iterator[int]:
    number = 0
    for column in table.iter(f"{_TABLE}table-column"):
        n_columns = _repeated(column, f"{_TABLE}number-columns-repeated", _MOST_COLUMNS)
        if column.get(f"{_TABLE}visibility") == "collapse" and not _is_folded(column):
            yield from range(number, number + n_columns)
        number += n_columns


def _is_folded(element: Any) -> bool:
    """Whether the row or column belongs to an outline that a reader can open."""
    groups = (f"{_TABLE}table-row-group", f"{_TABLE}table-column-group")
    return next(element.iterancestors(*groups), None) is not None


def _repeated(element: Any, name: str, most: int) -> int:
    value = element.get(name) or "1"
    return min(max(int(value), 1), most) if value.isdigit() else 1
