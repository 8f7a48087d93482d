"""Reads the sheets of an old Excel file (xls) as they are displayed.

Takes bytes, gives sheets. xlrd does the parsing.
"""

import io
from typing import Any

import xlrd

from bakeoff.formats.part import UnreadableError
from bakeoff.formats.sheets import date_formats, number_formats
from bakeoff.formats.sheets.sheet import Sheet, left_out, visible, words


def sheets(content: bytes) -> list[Sheet]:
    """All sheets, hidden ones without rows.

    Raises UnreadableError if it is encrypted, and ValueError if xlrd cannot read it.
    """
    try:
        book = xlrd.open_workbook(file_contents=content, formatting_info=True, logfile=io.StringIO())
    except (xlrd.XLRDError, xlrd.compdoc.CompDocError) as error:
        if "encrypted" in str(error):
            raise UnreadableError("it is protected by a password", "save it without a password") from error
        raise ValueError(str(error)) from error
    return [_sheet(book, sheet) for sheet in book.sheets()]


def _sheet(book: Any, sheet: Any) -> Sheet:
    if sheet.visibility:
        return Sheet(sheet.name, is_hidden=True)
    cells = [[_shown(book, cell) for cell in row] for row in sheet.get_rows()]
    rows = frozenset(i for i, row in sheet.rowinfo_map.items() if row.hidden and not row.outline_level)
    columns = frozenset(i for i, column in sheet.colinfo_map.items() if column.hidden and not column.outline_level)
    merged = [(top, bottom - 1, left) for top, bottom, left, _ in sheet.merged_cells if bottom - top > 1]
    shown, notes = visible(cells, merged, rows, columns), tuple(left_out(cells, rows, columns))
    struck = frozenset(
        (row, column)
        for row, values in enumerate(sheet.get_rows())
        for column, cell in enumerate(values)
        if _is_struck(book, cell) and str(cell.value).strip()
    )
    by_number = dict(enumerate(cells))
    return Sheet(sheet.name, shown, notes, cells=by_number, struck=struck, hidden_rows=rows, merged=tuple(merged))


def _is_struck(book: Any, cell: Any) -> bool:
    style = book.xf_list[cell.xf_index] if cell.xf_index is not None else None
    return style is not None and bool(book.font_list[style.font_index].struck_out)


def _shown(book: Any, cell: Any) -> str:
    style = book.xf_list[cell.xf_index] if cell.xf_index is not None else None
    if _is_struck(book, cell):
        return ""
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return words(bool(cell.value))
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, ""))
    if cell.ctype not in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
        return words(cell.value)
    code = book.format_map[style.format_key].format_str if style is not None else ""
    if cell.ctype == xlrd.XL_CELL_DATE:
        return date_formats.shown(date_formats.from_serial(cell.value, code, bool(book.datemode)), code)
    text = number_formats.shown(cell.value, code)
    return words(cell.value) if text is None else text
