"""Splits the text of a CSV or TSV file into rows of cells, each with the line on which it begins.

Takes decoded text. Knows no column, no document and no question.
"""

import csv
import io
import re
from collections.abc import Iterator

from bakeoff.formats.part import UnreadableError

DELIMITERS = ",;\t|"


def csv_rows(text: str, delimiters: str = DELIMITERS, strict: bool = False) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of every row that is not empty, header first. Lines count from 1.

    A first line such as `sep=;` (written by Excel) sets the delimiter. Without one, the delimiter that fits best is
    used. Cells can be of any length. Raises UnreadableError if the text cannot be split into rows, and with `strict`
    also if a quote is never closed.
    """
    if csv.field_size_limit() < len(text):
        csv.field_size_limit(len(text))
    first, _, rest = text.partition("\n")
    named = re.fullmatch(r'"?sep=([^\w\s]|\t)?"?\s*', first, re.IGNORECASE)
    n_skipped, table = (1, rest) if named else (0, text)
    delimiter = (named and named[1]) or _delimiter(table, delimiters)
    reader = csv.reader(io.StringIO(table, newline=""), delimiter=delimiter, strict=strict)
    begun = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield begun + n_skipped, cells
            begun = reader.line_num + 1
    except csv.Error as error:
        reason = "a quote is never closed" if "end of data" in str(error) else str(error)
        raise UnreadableError(
            f"the row that begins on line {begun + n_skipped} is not valid CSV ({reason})",
            "check its quotes (a quote inside a quoted cell is written twice), or save it again as CSV in UTF-8",
        ) from error


def _delimiter(text: str, delimiters: str) -> str:
    """The delimiter that splits the most of the first 30 lines into as many cells as the header has."""
    sample = [line for line in text[:20_000].split("\n") if line.strip()][:30]

    def fit(delimiter: str) -> tuple[int, int]:
        rows = [row for row in csv.reader(sample, delimiter=delimiter) if row]
        width = len(rows[0]) if rows else 0
        return (sum(len(row) == width for row in rows) if width > 1 else 0), width

    return max(delimiters, key=fit)
