"""Reads the sheets of an xlsx file as they are displayed: formats of numbers, no struck, hidden or deleted cells.

Takes bytes, gives sheets. openpyxl does the parsing.
"""

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import openpyxl
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.utils import range_boundaries

from bakeoff.formats import markup
from bakeoff.formats.part import UnreadableError
from bakeoff.formats.raised import raised
from bakeoff.formats.sheets import date_formats, number_formats
from bakeoff.formats.sheets.sheet import NEVER_CALCULATED, Sheet, counted, left_out, visible, words

warnings.filterwarnings("ignore", module=r"openpyxl\.")  # of styles it does not know

MOST_BYTES = 100_000_000  # of unpacked sheets: larger ones would need gigabytes of memory
_MOST_CELLS = 2_000_000  # of one sheet
MOST_APART = 20_000_000
"""Cells that a small file may span, empty ones among them: a parser that writes them all needs gigabytes for more."""
_PLACE = re.compile(rb"\br=[\"']([A-Za-z]{0,6})(\d{0,40})[\"']")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\b[^>]*?\bref=[\"']([^\"']{1,40})[\"']")
_NO_VALUE = re.compile(rb"<c (?:(?!t=\"str\")[^>])*>\s*<f[^>]*>[^<]*</f>\s*(?:<v\s*/>|<v></v>)?\s*</c>")


def sheets(content: bytes) -> list[Sheet]:
    """All sheets, hidden ones without rows.

    Raises the errors of openpyxl and zipfile for a broken file, and ValueError for a sheet with too many cells.
    """
    book = openpyxl.load_workbook(io.BytesIO(content), data_only=True, rich_text=True)
    return [_sheet(sheet) for sheet in book.worksheets]


def unread(content: bytes) -> Iterator[tuple[str, str]]:
    """(reason, remedy) for what a reader sees in the file and no cell holds."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        pages = (archive.read(name) for name in names if name.startswith("xl/worksheets/") and name.endswith(".xml"))
        n_formulas = sum(len(_NO_VALUE.findall(page)) for page in pages)
        drawings = (archive.read(name) for name in names if re.fullmatch(r"xl/drawings/drawing\d*\.xml", name))
        has_shapes = any(b"<a:t>" in drawing for drawing in drawings)
        has_charts = any(name.startswith("xl/charts/chart") for name in names)
    if n_formulas:
        yield f"{counted(n_formulas, 'formula')[0]} {NEVER_CALCULATED}", "open it in a spreadsheet program and save it"
    if has_shapes:
        yield "text in shapes is not read", "write it into cells"
    if has_charts:
        yield "charts are not read", "their numbers are read if they stand in visible cells"


def is_small(content: bytes) -> bool:
    """Whether the unpacked sheets fit into memory. Each cell that is merged with another one needs some, too."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) >= MOST_BYTES:
            return False
        pages = (archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/"))
        return all(sum(map(_n_cells, _MERGED.findall(page))) <= _MOST_CELLS for page in pages)


def check_extent(content: bytes) -> None:
    """Raises UnreadableError if the cells of a small file's sheet are too far apart, and the errors of zipfile."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) >= MOST_BYTES:
            return
        for entry in archive.infolist():
            part = archive.read(entry) if entry.filename.endswith(".xml") else b""
            if b"sheetData" in part:
                places = set(_PLACE.findall(part))
                n_rows = max((int(row or 0) for _, row in places), default=0)
                n_columns = max((_number_of(column) for column in {column for column, _ in places}), default=0)
                if n_rows * max(n_columns, 1) > MOST_APART:
                    reason = f"the cells of a sheet are spread over {n_rows:,} rows and {n_columns:,} columns"
                    raise UnreadableError(reason, "delete what lies far from the table, and save it again")


def _number_of(column: bytes) -> int:
    """A is 1, Z is 26, AA is 27."""
    number = 0
    for letter in column.upper():
        number = 26 * number + letter - 64
    return number


def _n_cells(area: bytes) -> int:
    try:
        left, top, right, bottom = (number or 1 for number in range_boundaries(area.decode()))
    except (ValueError, TypeError):
        return 0
    return (right - left + 1) * (bottom - top + 1)


def _sheet(sheet: Any) -> Sheet:
    if sheet.sheet_state != "visible":
        return Sheet(sheet.title, is_hidden=True)
    if len(sheet._cells) > _MOST_CELLS or sheet.max_row * sheet.max_column > MOST_APART:
        raise ValueError(sheet.title)
    grid = _grid(sheet)
    styles: dict[int, tuple[bool, str]] = {}
    cells = [["" if cell is None else _shown(cell, styles) for cell in row] for row in grid]
    hidden_rows = frozenset(number - 1 for number in _hidden_rows(sheet))
    hidden_columns = frozenset(number - 1 for number in _hidden_columns(sheet))
    merged = [
        (area.min_row - 1, area.max_row - 1, area.min_col - 1)
        for area in sheet.merged_cells.ranges
        if area.max_row > area.min_row
    ]
    n_comments = sum(getattr(cell, "comment", None) is not None for row in grid for cell in row)
    notes = [*left_out(cells, hidden_rows, hidden_columns), *counted(n_comments, "comment")]
    rows = visible(cells, merged, hidden_rows, hidden_columns)
    struck = frozenset(
        (row, column)
        for row, shown in enumerate(cells)
        for column, text in enumerate(shown)
        if not text and _is_struck(grid[row][column], styles)
    )
    by_number = dict(enumerate(cells))
    return Sheet(
        sheet.title, rows, tuple(notes), cells=by_number, struck=struck, hidden_rows=hidden_rows, merged=tuple(merged)
    )


def _grid(sheet: Any) -> list[list[Any]]:
    """The cells row by row, up to the last one of each row; None where the file has none. `sheet.iter_rows` would make
    an object for each empty one: a single cell far from the table would cost minutes.
    """
    rows: list[list[Any]] = [[] for _ in range(sheet.max_row)]
    for (row, column), cell in sorted(sheet._cells.items()):
        rows[row - 1] += [None] * (column - 1 - len(rows[row - 1]))
        rows[row - 1].append(cell)
    return rows


def _is_struck(cell: Any, styles: dict[int, tuple[bool, str]]) -> bool:
    """Whether a cell that shows nothing has a text that is crossed out."""
    value = None if cell is None else cell.value
    if value is None or not str(value).strip():
        return False
    return styles[cell.style_id][0] or isinstance(value, CellRichText)


def _hidden_rows(sheet: Any) -> Iterator[int]:
    """Rows that someone has hidden. Those behind a filter or a folded outline can be opened by every reader."""
    filtered: range = range(0)
    if sheet.auto_filter.ref and sheet.auto_filter.filterColumn:
        _, first, _, last = range_boundaries(sheet.auto_filter.ref)
        filtered = range(first, last + 1)
    for number, row in sheet.row_dimensions.items():
        if row.hidden and not row.outlineLevel and number not in filtered:
            yield number


def _hidden_columns(sheet: Any) -> Iterator[int]:
    for column in sheet.column_dimensions.values():
        if column.hidden and not column.outlineLevel and column.min:
            yield from range(column.min, min(column.max or column.min, sheet.max_column) + 1)


def _shown(cell: Any, styles: dict[int, tuple[bool, str]]) -> str:
    value = cell.value
    if value is None:
        return ""
    style = cell.style_id
    if style not in styles:
        styles[style] = bool(cell.font.strike), cell.number_format or ""
    struck, code = styles[style]
    if struck:
        return ""
    if isinstance(value, CellRichText):
        return _rich(value)
    if isinstance(value, (date, datetime, time, timedelta)):
        return date_formats.shown(value, code)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        text = number_formats.shown(value, code)
        return words(float(value)) if text is None else text
    return words(value)


def _rich(text: CellRichText) -> str:
    """Text with fonts of its own within a cell: without struck words, and raised figures as such."""
    written = ""
    for piece in text:
        font = piece.font if isinstance(piece, TextBlock) else None
        if font is not None and font.strike:
            continue
        plain = piece.text if isinstance(piece, TextBlock) else str(piece)
        written += raised(plain, written) if font is not None and font.vertAlign == "superscript" else plain
    return markup.clean(written).strip()
