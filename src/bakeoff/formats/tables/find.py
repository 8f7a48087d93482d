"""Finds the tables in rows of cells: their headers, what stands above them, and whether their rows are texts.

Takes rows of cells, empty ones among them. Knows no file format and no part.
"""

import re
import statistics
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from bakeoff.formats import markup
from bakeoff.formats.restricting import INVISIBLE
from bakeoff.formats.tables.headers import combined, has_no_header, is_key, is_number, is_second_row, numbered
from bakeoff.formats.tables.keys import is_of_keys, key_line
from bakeoff.formats.tables.sections import Row, sections_of, stands_alone

TEXT_FIELDS = ("text", "content", "body")
# Columns about a text rather than about what it describes. They go to the metadata only.
_BOOKKEEPING = frozenset(
    (
        *("id", "key", "title", "source", "access", "updated_at", "updated", "created", "created_at", "date", "url"),
        *("link", "lang", "language", "locale", "author", "section", "category", "tags", "labels", "status", "version"),
        *("uuid", "slug", "path", "file", "filename", "file_name", "format", "chunk", "page", "index", "score", "rank"),
    )
)
_KEY = re.compile(r"(?:_|(?<=[a-z])(?=[A-Z]))(?:id|at|url|link|by|hash)$", re.IGNORECASE)
_OF_DOCUMENTS = frozenset(("source", "access", "updated_at"))  # with one of these, each row is a document
_LEAST_TEXT = 60  # characters: a column of shorter cells holds values, not texts
_TITLE_ROWS = 10  # at most so many rows stand above a header
_ROWS_SEEN = 50

_Rows = Sequence[Sequence[str]]


class Table(NamedTuple):
    """A table: the lines above its header (the first is its title), its columns and its other rows.

    `has_texts` if each row is a text of its own; then `facts` are the columns that say something beside it.
    """

    title: str
    notes: list[str]
    headers: list[str]
    rows: _Rows
    has_texts: bool
    facts: list[str]


def tables_of(rows: _Rows) -> list[Table]:
    """The tables in these rows, in order. After an empty row, a new header begins a new table."""
    blocks: list[list[Sequence[str]]] = [[]]
    for row in rows:
        if any(cell.strip() for cell in row):
            blocks[-1].append(row)
        elif blocks[-1]:
            blocks.append([])
    blocks = [block for block in blocks if block]
    whole = _table([row for block in blocks for row in block])
    if len(blocks) < 2 or whole.has_texts:
        return [whole] if blocks else []
    groups: list[list[list[Sequence[str]]]] = []
    for block in blocks:
        if groups and not _begins_table(groups[-1], block):
            groups[-1].append(block)
        else:
            groups.append([block])
    return _with_their_titles([[row for block in group for row in block] for group in groups])


def facts_of(names: Sequence[str]) -> list[str]:
    """Of the fields of documents, those that say something beside a text."""
    if _OF_DOCUMENTS & {name.casefold() for name in names}:
        return []
    known = {*TEXT_FIELDS, *_BOOKKEEPING}
    return [name for name in names if name.casefold() not in known and not _KEY.search(name)]


def with_one_header(rows: _Rows, n_header: int = 0) -> list[list[str]]:
    """The rows of a table with its header in one row. `n_header` rows are known to be its header; 0 if none is."""
    plain = [[*row] for row in rows]
    if n_header > 1 and len(plain) > n_header:
        header = plain[0]
        for below in plain[1:n_header]:
            header = combined(header, below)
        return [header, *plain[n_header:]]
    if n_header == 0 and len(plain) > 2 and is_second_row(plain[0], plain[1], plain[2:]):
        return [combined(plain[0], plain[1]), *plain[2:]]
    return plain


def _begins_table(group: Sequence[_Rows], block: _Rows) -> bool:
    """Whether the rows below an empty row begin with a header of their own."""
    above = [row for rows in group for row in rows]
    n_titles = next((i for i, row in enumerate(block[:_TITLE_ROWS]) if _n_filled(row) > 1), 0)
    first, below = block[n_titles], block[n_titles + 1 :]
    if not below or _n_filled(first) < 2 or any(map(is_number, first)):
        return False
    widest_above, widest = max(map(_n_filled, above)), max(map(_n_filled, block))
    named = any(is_number(row[i]) and cell.strip() for row in below for i, cell in enumerate(first) if i < len(row))
    return _n_filled(first) >= 0.6 * widest and (named or (widest != widest_above and len(below) > 1))


def _with_their_titles(groups: Sequence[_Rows]) -> list[Table]:
    """The tables of the groups. Rows that are no table stand above the table that follows them."""
    tables: list[Table] = []
    above: list[Sequence[str]] = []
    for number, group in enumerate(groups):
        narrow = all(_n_filled(row) < (3 if is_key(row[0]) else 2) for row in group)
        if narrow and number + 1 < len(groups):
            above.extend(group)
            continue
        table = _table(group)
        lines = [*map(_line, above), *filter(None, [table.title]), *table.notes]
        tables.append(table._replace(title=next(iter(lines), ""), notes=lines[1:]))
        above = []
    return tables


def _table(rows: _Rows) -> Table:
    if rows and all(is_key(row[0]) and _n_filled(row) < 3 for row in rows):
        lines = [_line(row) for row in rows]
        return Table("", lines, [], [], has_texts=False, facts=[])
    start = header_row(rows)
    above = [_line(row) for row in rows[:start]]
    if is_of_keys(rows[start:]) and not any(cell.strip().casefold() in TEXT_FIELDS for cell in rows[start]):
        lines = [*above, *map(key_line, rows[start:])]
        return Table(above[0] if above else "", lines[1:] if above else lines, [], [], has_texts=False, facts=[])
    headers, below = _headers(rows[start:])
    if start and is_second_row(rows[start - 1], rows[start], below):
        groups = combined(rows[start - 1], rows[start])
        headers, above = _unique(groups), above[:-1]
    fields = [header.casefold() for header in headers]
    text_field = next((field for field in TEXT_FIELDS if field in fields), "")
    facts = [one for one in facts_of(headers) if not one.startswith("column ")]
    has_texts = bool(text_field) and (not facts or _are_texts(below, fields.index(text_field)))
    if not has_texts:
        headers, below = _in_sections(headers, below)
    return Table(next(iter(above), ""), above[1:], headers, below, has_texts, facts)


def _in_sections(headers: list[str], rows: _Rows) -> tuple[list[str], _Rows]:
    """The names and rows. If rows name the sections of the table, a first column without a name has these."""
    if not rows or not stands_alone(_padded(rows[0], headers)):
        return headers, rows
    found = sections_of([_padded(row, headers) for row in rows])
    if not any(section for section, _ in found):
        return headers, rows
    return ["", *headers], [[section, *row.cells] for section, row in found]


def _padded(row: Sequence[str], headers: Sequence[str]) -> Row:
    return Row([*row, *[""] * (len(headers) - len(row))])


def _line(row: Sequence[str]) -> str:
    return markup.one_line(" ".join(cell for cell in row if cell.strip()))


def _n_filled(row: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)


def header_row(rows: _Rows) -> int:
    """The number of the row that names the columns: the first that is about as full as most rows."""
    n_filled = [_n_filled(row) for row in rows[:_ROWS_SEEN]]
    usual = max(Counter(n_filled).items(), key=lambda item: (item[1], item[0]), default=(0, 0))[0]
    if usual < 2:
        return 0
    for number, (row, n) in enumerate(zip(rows[: min(_TITLE_ROWS, len(rows) - 1)], n_filled, strict=False)):
        if n < usual and is_key(row[0]):
            continue
        names_all_but_the_first = not row[0].strip() and n == len(row) - 1
        if n >= max(2, 0.6 * usual) or names_all_but_the_first:
            return number
        below = "".join(rows[number + 1])
        if usual == 2 and any(map(str.isdigit, below)):  # of two columns, a header may name only one
            return number
    return 0


def _headers(rows: _Rows) -> tuple[list[str], _Rows]:
    """Unique column names, and the rows below them."""
    if not rows:
        return [], rows
    if has_no_header(rows):
        return numbered(max(map(len, rows))), rows
    if len(rows) > 2 and is_second_row(rows[0], rows[1], rows[2:]):
        return _unique(combined(rows[0], rows[1])), rows[2:]
    return _unique(rows[0]), rows[1:]


def _unique(row: Sequence[str]) -> list[str]:
    """The names, each once. A column without a name is called by its number."""
    headers: list[str] = []
    for number, cell in enumerate((cell.translate(INVISIBLE) for cell in row), 1):
        header = markup.one_line(cell) or f"column {number}"
        headers.append(header if header not in headers else f"{header} {number}")
    return headers


def _are_texts(rows: _Rows, column: int) -> bool:
    """Whether the cells of a column are texts rather than values."""
    lengths = [len(row[column]) for row in rows[:_ROWS_SEEN] if column < len(row) and row[column].strip()]
    return bool(lengths) and statistics.median(lengths) >= _LEAST_TEXT
