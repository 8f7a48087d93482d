"""Reads the sheets of a spreadsheet (xlsx, xls, ods) that hold questions, as rows with the names of their columns.

Takes bytes, gives the rows with their numbers as the program shows them, and notes on sheets that are left out. Cells
are read as they are displayed, as in documents (`formats.sheets`), those of hidden rows and columns, too.
"""

from collections.abc import Sequence
from typing import NamedTuple

from bakeoff.formats.part import UnreadableError
from bakeoff.formats.sheets import book
from bakeoff.formats.sheets.sheet import NEVER_CALCULATED
from bakeoff.questions.rows.columns import header
from bakeoff.sentences import first_few

SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
MOST_ROWS_ABOVE = 10  # titles and blank rows above the header


class Sheet(NamedTuple):
    """One sheet: the names of its columns, and its filled rows below them with their numbers, from 1."""

    title: str
    names: tuple[str, ...]
    rows: list[tuple[int, list[str]]]


def read_sheets(suffix: str, content: bytes) -> tuple[list[Sheet], list[str]]:
    """The sheets with a column of questions, or else the first one with any rows, and a note on the others.

    Raises UnreadableError for a broken or password-protected file, and for one with formulas whose values it does not
    hold: their questions would seem to have no answer.
    """
    displayed, problems = book.displayed(suffix, content)
    for problem in problems:
        if problem.reason.endswith(NEVER_CALCULATED):
            raise UnreadableError(f"it has {problem.reason}, whose values it does not hold", problem.remedy)
    filled = [sheet for sheet in map(_sheet, displayed) if sheet.rows]
    read = [sheet for sheet in filled if _asks(sheet.names)] or filled[:1]
    hidden = [sheet.title for sheet in displayed if sheet.is_hidden]
    others = [sheet.title for sheet in filled if sheet not in read] + hidden
    notes = [f"Sheets without questions, and hidden ones, are not read: {first_few(others)}."] if others else []
    return read, [*notes, *(f"check: {problem.reason}" for problem in problems if problem.is_read)]


def _asks(names: Sequence[str]) -> bool:
    return "text" in header(names, {}).positions


def _sheet(displayed: book.Sheet) -> Sheet:
    """The sheet with its header: the first row near the top that names a question, or else the first of two cells."""
    numbered = [(number + 1, [*row]) for number, row in sorted(displayed.cells.items()) if any(row)]
    tops = [i for i, (number, _) in enumerate(numbered) if number <= MOST_ROWS_ABOVE + 1]
    at = next((i for i in tops if _asks(numbered[i][1])), None)
    if at is None:
        at = next((i for i in tops if sum(map(bool, numbered[i][1])) > 1), 0)
    width = max((i + 1 for _, row in numbered[at:] for i, cell in enumerate(row) if cell), default=0)
    whole = [(number, [*row[:width], *[""] * (width - len(row))]) for number, row in numbered[at:]]
    return Sheet(displayed.title, tuple(whole[0][1]) if whole else (), whole[1:])
