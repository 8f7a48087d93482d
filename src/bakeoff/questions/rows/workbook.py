"""Reads the sheets of a spreadsheet (xlsx, xls, ods) that hold questions, as rows with the names of their columns.

Takes bytes, gives the rows with their numbers as the program shows them, and notes on sheets that are left out. Cells
are read as they are displayed, as in documents (`formats.sheets`), those of hidden rows and columns, too.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from bakeoff.formats.part import UnreadableError
from bakeoff.formats.sheets import book
from bakeoff.formats.sheets.sheet import NEVER_CALCULATED
from bakeoff.questions.rows.header_row import MOST_ROWS_ABOVE, asks, header_at
from bakeoff.sentences import counted, first_few

SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")


class Sheet(NamedTuple):
    """One sheet: the names of its columns, and its filled rows below them with their numbers, from 1.

    `marks` are of empty cells, by the number of their row (`table.RawRow`). `hidden` are the numbers of hidden rows.
    """

    title: str
    names: tuple[str, ...]
    rows: list[tuple[int, list[str]]]
    marks: Mapping[int, Sequence[tuple[int, int]]] = MappingProxyType({})
    hidden: Sequence[int] = ()


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
    read = [sheet for sheet in filled if asks(sheet.names)] or filled[:1]
    hidden = [sheet.title for sheet in displayed if sheet.is_hidden]
    others = [sheet.title for sheet in filled if sheet not in read] + hidden
    notes = [f"Sheets without questions, and hidden ones, are not read: {first_few(others)}."] if others else []
    n_hidden = [number for sheet in read for number in sheet.hidden]
    if n_hidden:
        shown = first_few([f"row {number}" for number in n_hidden])
        notes.append(f"{counted(len(n_hidden), 'hidden row')} read, too ({shown}). Delete what should not be asked.")
    return read, [*notes, *(f"check: {problem.reason}" for problem in problems if problem.is_read)]


def _sheet(displayed: book.Sheet) -> Sheet:
    """The sheet with its header: the first row near the top that names a question, or else the first of two cells."""
    numbered = [(number + 1, [*row]) for number, row in sorted(displayed.cells.items()) if any(row)]
    tops = [i for i, (number, _) in enumerate(numbered) if number <= MOST_ROWS_ABOVE + 1]
    at = header_at([numbered[i][1] for i in tops]) if tops else 0
    width = max((i + 1 for _, row in numbered[at:] for i, cell in enumerate(row) if cell), default=0)
    whole = [(number, [*row[:width], *[""] * (width - len(row))]) for number, row in numbered[at:]]
    read = whole[1:]
    marks: dict[int, list[tuple[int, int]]] = {}
    for row, column in sorted(displayed.struck):
        marks.setdefault(row + 1, []).append((column, 0))
    for top, bottom, column in displayed.merged:
        for row in range(top + 1, min(bottom, len(displayed.cells)) + 1):
            marks.setdefault(row + 1, []).append((column, top + 1))
    hidden = [number for number, _ in read if number - 1 in displayed.hidden_rows]
    return Sheet(displayed.title, tuple(whole[0][1]) if whole else (), read, marks, hidden)
