"""Reads the sheets of a spreadsheet (xlsx, xls, ods) that hold questions, as rows with the names of their columns.

Takes bytes, gives the rows with their numbers as the program shows them, and notes on sheets that are left out. Values
are those that the program last calculated, without the formats of numbers: a cell shown as 25 % is 0.25.
"""

import io
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

import python_calamine as calamine

from bakeoff.formats import markup
from bakeoff.formats.part import UnreadableError
from bakeoff.questions.rows.columns import header
from bakeoff.sentences import first_few

SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
MOST_ROWS_ABOVE = 10  # titles and blank rows above the header


class Sheet(NamedTuple):
    """One sheet: the names of its columns, and its filled rows below them with their numbers, from 1."""

    title: str
    names: tuple[str, ...]
    rows: list[tuple[int, list[str]]]


def read_sheets(content: bytes) -> tuple[list[Sheet], list[str]]:
    """The sheets with a column of questions, or else the first one with any rows, and a note on the others.

    Raises UnreadableError for a broken or password-protected file.
    """
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [_sheet(book, sheet.name) for sheet in book.sheets_metadata if _is_shown(sheet)]
    except calamine.PasswordError as error:
        raise UnreadableError("it is protected by a password", "save it without a password") from error
    except (calamine.CalamineError, OSError, ValueError, RuntimeError) as error:
        raise UnreadableError(f"it is not a readable spreadsheet ({error})"[:200], "save it again as .xlsx") from error
    filled = [sheet for sheet in sheets if sheet.rows]
    read = [sheet for sheet in filled if _asks(sheet.names)] or filled[:1]
    hidden = [sheet.name for sheet in book.sheets_metadata if not _is_shown(sheet)]
    others = [sheet.title for sheet in filled if sheet not in read] + hidden
    notes = [f"Sheets without questions, and hidden ones, are not read: {first_few(others)}."] if others else []
    return read, notes


def _is_shown(sheet: calamine.SheetMetadata) -> bool:
    is_table = sheet.typ in (calamine.SheetTypeEnum.WorkSheet, calamine.SheetTypeEnum.DialogSheet)
    return is_table and sheet.visible == calamine.SheetVisibleEnum.Visible


def _asks(names: Sequence[str]) -> bool:
    return "text" in header(names, {}).positions


def _sheet(book: calamine.CalamineWorkbook, title: str) -> Sheet:
    """The sheet with its header: the first row near the top that names a question, or else the first of two cells."""
    rows = [[_words(value) for value in row] for row in book.get_sheet_by_name(title).to_python(skip_empty_area=False)]
    numbered = [(number, row) for number, row in enumerate(rows, 1) if any(row)]
    tops = [i for i, (number, _) in enumerate(numbered) if number <= MOST_ROWS_ABOVE + 1]
    at = next((i for i in tops if _asks(numbered[i][1])), None)
    if at is None:
        at = next((i for i in tops if sum(map(bool, numbered[i][1])) > 1), 0)
    names = numbered[at][1] if numbered else []
    last = max((i for _, row in numbered[at:] for i, cell in enumerate(row) if cell), default=-1)
    return Sheet(title, tuple(names[: last + 1]), [(number, row[: last + 1]) for number, row in numbered[at + 1 :]])


def _words(value: Any) -> str:
    """The value as people write it: no `.0` behind whole numbers, no midnight behind dates."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.15g}" if abs(value) < 1e15 else str(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, (date, time)):
        return value.isoformat() if isinstance(value, date) else value.isoformat("minutes")
    if isinstance(value, timedelta):
        hours, seconds = divmod(int(value.total_seconds()), 3600)
        return f"{hours}:{seconds // 60:02d}"
    return markup.clean(str(value)).strip()
