"""Writes rows as CSV that a spreadsheet can open without running formulas.

Numbers stay plain numbers. A text that a spreadsheet would run as a formula gets an apostrophe in front. Knows nothing
about the meaning of the rows.
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
    """The cell, with an apostrophe in front if a spreadsheet would run it. Numbers, also written as text, stay.

    >>> harmless("=SUM(A1)"), harmless("-1.5")
    ("'=SUM(A1)", '-1.5')
    """
    if not isinstance(cell, str) or PLAIN_NUMBER.fullmatch(cell):
        return cell
    return f"'{cell}" if is_risky(cell) else cell


def is_risky(text: str) -> bool:
    """Whether a spreadsheet could run a text, which is no number, as a formula."""
    return text.startswith(BREAKS) or first_seen(text) in FORMULA


def first_seen(text: str) -> str:
    """The first character that is not a space, control or format character: spreadsheets trim those first."""
    return next((c for c in text if not c.isspace() and unicodedata.category(c) not in ("Cc", "Cf")), "")


def rows_of(records: Iterable[object], fields: Sequence[str]) -> Rows:
    """A header row with the names of the fields, then one row per record."""
    return [[*fields], *([getattr(record, field) for field in fields] for record in records)]


def written(rows: Iterable[Sequence[Cell]]) -> str:
    """The rows as CSV. Texts are quoted, so that a line break in a text does not start a new row; numbers are not."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC).writerows(
        [harmless(cell) for cell in row] for row in rows
    )
    return text.getvalue()
