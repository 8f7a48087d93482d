"""Splits the text of a CSV or TSV file into rows of cells, each with the line on which it begins.

Takes decoded text. Knows no column, no document and no question.
"""

import csv
import io
import re
from collections.abc import Iterator
from typing import NamedTuple

from bakeoff.formats.part import UnreadableError

DELIMITERS = ",;\t|"
_MOST_SWALLOWED = 1000  # lines that are looked at below an open quote
_LOOKED_BACK = 30  # rows above it that say how many cells a row has


def csv_rows(text: str, delimiters: str = DELIMITERS, strict: bool = False) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of every row that is not empty, header first. Lines count from 1.

    A first line such as `sep=;` (written by Excel) sets the delimiter. Without one, the delimiter that fits best is
    used. Cells can be of any length. Raises UnreadableError if the text cannot be split into rows, and with `strict`
    also if a quote is never closed.
    """
    n_skipped, table, delimiter = _opened(text, delimiters)
    escape = _escape(table, delimiter)
    reader = csv.reader(io.StringIO(table, newline=""), delimiter=delimiter, strict=strict, escapechar=escape)
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


class Rows(NamedTuple):
    """The rows of a table, empty ones too, and the lines where a quote opens that is not closed in its row."""

    rows: list[list[str]]
    open_quotes: list[int]


def rows_with_open_quotes(text: str, delimiters: str = DELIMITERS) -> Rows:
    """All rows. Where a quote that is never closed would swallow the rows below it, each line is read as a row."""
    n_skipped, table, delimiter = _opened(text, delimiters)
    escape = _escape(table, delimiter)
    lines = _Lines(table)
    rows: list[list[str]] = []
    open_quotes: list[int] = []
    while True:
        begun = lines.position
        reader = csv.reader(lines, delimiter=delimiter, strict=True, escapechar=escape)
        try:
            for cells in reader:
                rows.append(cells)
                begun = lines.position
            break
        except csv.Error:
            cells, n_lines, is_open = _loosely(lines, begun, delimiter, _usual_width(rows[-_LOOKED_BACK:]))
            rows.append(cells)
            if is_open:
                open_quotes.append(begun + 1 + n_skipped)
            lines.position = begun + n_lines
    return Rows(rows, open_quotes)


def _usual_width(rows: list[list[str]]) -> int:
    """How many cells most rows have, apart from titles and notes of one cell; 0 without such rows."""
    widths = [len(cells) for cells in rows if len(cells) > 1]
    return max(widths, key=lambda width: (widths.count(width), width), default=0)


class _Lines:
    """The lines of a table, from a position that can be set back."""

    def __init__(self, table: str) -> None:
        self.lines = table.splitlines(keepends=True) if "\n" in table else [table]
        self.position = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if self.position >= len(self.lines):
            raise StopIteration
        self.position += 1
        return self.lines[self.position - 1]


def _loosely(lines: _Lines, begun: int, delimiter: str, width: int) -> tuple[list[str], int, bool]:
    """(cells, lines, whether a quote is open) of the row that begins on a line and is no valid CSV."""
    reach = lines.lines[begun : begun + _MOST_SWALLOWED]
    reader = csv.reader(reach, delimiter=delimiter)
    cells = next(reader)
    swallowed = reach[1 : reader.line_num]
    n_rows = sum(line.count(delimiter) == width - 1 for line in swallowed)
    if swallowed and width > 1 and 2 * n_rows >= len(swallowed):
        plain = next(csv.reader(reach[:1], delimiter=delimiter, quoting=csv.QUOTE_NONE))
        return [cell.strip().strip('"') for cell in plain], 1, True
    return cells, reader.line_num, reader.line_num == len(reach)


def _opened(text: str, delimiters: str) -> tuple[int, str, str]:
    """(lines before the table, the table, its delimiter)."""
    if csv.field_size_limit() < len(text):
        csv.field_size_limit(len(text))
    first, _, rest = text.partition("\n")
    named = re.fullmatch(r'"?sep=([^\w\s]|\t)?"?\s*', first, re.IGNORECASE)
    n_skipped, table = (1, rest) if named else (0, text)
    return n_skipped, table, (named and named[1]) or _delimiter(table, delimiters)


def _escape(table: str, delimiter: str) -> str | None:
    """The backslash, if it stands before quotes inside cells, as databases write them; not if it only ends a path."""
    within = re.search(rf'\\"[^{re.escape(delimiter)}\n"]', table) is not None
    return "\\" if within and not re.search(r'[^\n,;\t|]""[^\n,;\t|]', table) else None


def _delimiter(text: str, delimiters: str) -> str:
    """The delimiter that splits the most of the first 30 lines into as many cells as the header has.

    Above the header, a title may stand alone on its line: then the most common number of cells counts.
    """
    sample = [line for line in text[:20_000].split("\n") if line.strip()][:30]

    def fit(delimiter: str) -> tuple[int, int, int]:
        widths = [len(row) for row in csv.reader(sample, delimiter=delimiter) if row]
        first = widths[0] if widths else 0
        usual = max(set(widths), key=widths.count, default=0)
        n_usual = widths.count(usual) if usual > 1 else 0
        return (widths.count(first) if first > 1 else 0), n_usual, first

    return max(delimiters, key=fit)
