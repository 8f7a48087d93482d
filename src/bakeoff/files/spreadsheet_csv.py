"""Rows to CSV that a spreadsheet can open without running anything.

Numbers stay plain numbers; a text that a spreadsheet would take for a formula gets an apostrophe before it. Knows
nothing about what the rows hold.
Source: OWASP, "CSV Injection", https://owasp.org/www-community/attacks/CSV_Injection.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence

Cell = str | int | float | bool | None
Rows = list[list[Cell]]

FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
BREAKS = ("\t", "\r", "\n")
PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def harmless(cell: Cell) -> Cell:
    """The cell, with an apostrophe before a text that a spreadsheet would run; a number is one however it is held."""
    if not isinstance(cell, str) or PLAIN_NUMBER.fullmatch(cell):
        return cell
    is_risky = cell.startswith(BREAKS) or first_seen(cell) in FORMULA
    return f"'{cell}" if is_risky else cell


def first_seen(text: str) -> str:
    """The first character that is no blank, control or format character: spreadsheets trim those before they look."""
    return next((one for one in text if not one.isspace() and unicodedata.category(one) not in ("Cc", "Cf")), "")


def rows_of(records: Iterable[object], fields: Sequence[str]) -> Rows:
    """A line of heads and a row for each record, of these fields."""
    return [[*fields], *([getattr(one, field) for field in fields] for one in records)]


def written(rows: Iterable[Sequence[Cell]]) -> str:
    """The rows as CSV: every text in quotes, so that a line break within one is no new row; numbers without."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC).writerows(
        [harmless(cell) for cell in row] for row in rows
    )
    return text.getvalue()
