"""Finds the header of a table, what stands above it, and whether its rows are texts of their own.

Takes rows of cells. Knows no file format and no part.
"""

import statistics
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from bakeoff.formats import markup

TEXT_FIELDS = ("text", "content", "body")
# Columns about a text rather than about what it describes. They go to the metadata only.
_BOOKKEEPING = frozenset(
    (
        *("id", "key", "title", "source", "access", "updated_at", "updated", "created", "created_at", "date", "url"),
        *("link", "lang", "language", "locale", "author", "section", "category", "tags", "labels", "status", "version"),
    )
)
_OF_DOCUMENTS = frozenset(("source", "access", "updated_at"))  # with one of these, each row is a document
_LEAST_TEXT = 60  # characters: a column of shorter cells holds values, not texts
_TITLE_ROWS = 10  # at most so many rows stand above a header
_ROWS_SEEN = 50


class Table(NamedTuple):
    """A table: the lines above its header (the first is its title), its columns and its other rows.

    `has_texts` if each row is a text of its own; then `facts` are the columns that say something beside it.
    """

    title: str
    notes: list[str]
    headers: list[str]
    rows: Sequence[Sequence[str]]
    has_texts: bool
    facts: list[str]


def table_of(rows: Sequence[Sequence[str]]) -> Table:
    """The table in these rows. Rows without any value must not be among them."""
    start = _header_row(rows)
    above = [markup.one_line(" ".join(cell for cell in row if cell.strip())) for row in rows[:start]]
    headers = _headers(rows[start]) if rows else []
    below = rows[start + 1 :]
    fields = [header.casefold() for header in headers]
    text_field = next((field for field in TEXT_FIELDS if field in fields), "")
    facts = [header for header in headers if header.casefold() not in (*TEXT_FIELDS, *_BOOKKEEPING)]
    facts = [] if _OF_DOCUMENTS & {*fields} else [one for one in facts if not one.startswith("column ")]
    has_texts = bool(text_field) and (not facts or _are_texts(below, fields.index(text_field)))
    return Table(next(iter(above), ""), above[1:], headers, below, has_texts, facts)


def _header_row(rows: Sequence[Sequence[str]]) -> int:
    """The number of the row that names the columns: the first that is about as full as most rows."""
    n_filled = [sum(bool(cell.strip()) for cell in row) for row in rows[:_ROWS_SEEN]]
    usual = max(Counter(n_filled).items(), key=lambda item: (item[1], item[0]), default=(0, 0))[0]
    if usual < 2:
        return 0
    for number, (row, n) in enumerate(zip(rows[:_TITLE_ROWS], n_filled, strict=False)):
        names_all_but_the_first = not row[0].strip() and n == len(row) - 1
        if n >= max(2, 0.6 * usual) or names_all_but_the_first:
            return number
        below = "".join(rows[number + 1]) if usual == 2 and number + 1 < len(rows) else ""
        if any(map(str.isdigit, below)):  # of two columns, a header may name only one
            return number
    return 0


def _headers(row: Sequence[str]) -> list[str]:
    """Unique column names. A column without a name is called by its number."""
    headers: list[str] = []
    for number, cell in enumerate(row, 1):
        header = markup.one_line(cell) or f"column {number}"
        headers.append(header if header not in headers else f"{header} {number}")
    return headers


def _are_texts(rows: Sequence[Sequence[str]], column: int) -> bool:
    """Whether the cells of a column are texts rather than values."""
    lengths = [len(row[column]) for row in rows[:_ROWS_SEEN] if column < len(row) and row[column].strip()]
    return bool(lengths) and statistics.median(lengths) >= _LEAST_TEXT
