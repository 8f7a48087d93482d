"""Reads question files (CSV, JSON lines) into rows, with each cell under the field that its column fills.

Takes a path, then the columns that a user maps. Does not check the values of the cells.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bakeoff.errors import InputError
from bakeoff.formats.csv_rows import csv_rows
from bakeoff.formats.parse import check_kind, decode
from bakeoff.formats.part import UnreadableError
from bakeoff.questions.columns import COLUMNS, Header, header, how_to_map

DELIMITERS = ",;\t"
SWALLOWED_ROWS = 2  # if a cell has at least this many lines that look like rows, a quote is missing


class RawRow(NamedTuple):
    """One record of the file: its line (from 1), and its cells with the names of their columns."""

    line: int
    names: tuple[str, ...]
    values: Sequence[Any]


class Table(NamedTuple):
    """The records of one file, in order. There is at least one. `encoding` is empty for plain UTF-8."""

    path: Path
    encoding: str
    records: list[RawRow]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of the file, in order: those of its header row, or all keys of its JSON lines."""
        headers = dict.fromkeys(record.names for record in self.records)
        return next(iter(headers)) if len(headers) == 1 else tuple(dict.fromkeys(n for names in headers for n in names))


class Row(NamedTuple):
    """One record with its cells under the fields they fill. Only `answers` can have cells from several columns."""

    path: Path
    line: int
    cells: Mapping[str, Sequence[Any]]

    @property
    def place(self) -> str:
        return f"{self.path.name} line {self.line}"


class RowsRead(NamedTuple):
    """The rows of one file in order, notes on how the file was read, and its columns.

    `unused` are the columns that are read as no field, those with the longest texts first.
    """

    rows: list[Row]
    notes: list[str]
    header: Header
    unused: tuple[str, ...] = ()


def read_table(path: Path) -> Table:
    """The records of a file. Raises InputError if it cannot be read or has no records."""
    readers: dict[str, Callable[[Path, str], Iterator[RawRow]]] = {
        ".csv": _csv_records,
        ".jsonl": _json_records,
        ".ndjson": _json_records,
    }
    suffix = path.suffix.lower()
    if suffix not in readers:
        raise InputError(f"{path}: questions are read from .csv and .jsonl files.", "export them to one of the two")
    try:
        text, encoding = decode(_content(path))
        records = list(readers[suffix](path, text))
    except UnreadableError as error:
        raise InputError(f"{path}: {error.message}.", error.remedy) from error
    if not records:
        raise InputError(
            f"{path}: no questions in it.", "write a header row and one question per row, or one JSON object per line"
        )
    return Table(path, encoding, records)


def rows_of(table: Table, columns: Mapping[str, str]) -> RowsRead:
    """The table's rows. `columns` maps fields to column names; columns that the table does not have are ignored.

    Raises InputError if no column holds the question.
    """
    headers = {names: header(names, columns) for names in dict.fromkeys(record.names for record in table.records)}
    for record in table.records:
        if record.names and "text" not in headers[record.names].positions:
            _refuse_without_question(table, record, headers[record.names])
    rows = [
        Row(table.path, line, {field: [values[i] for i in at] for field, at in headers[names].positions.items()})
        for line, names, values in table.records
    ]
    name = table.path.name
    notes = [f"{name} is not plain UTF-8; it was read as {table.encoding}."] if table.encoding else []
    n_columns = max(len(row.cells.get("answers", ())) for row in rows)
    if n_columns > 1:
        notes.append(f"{name}: {n_columns} columns are read as accepted answers of the same question.")
    merged = _merged(table.names, list(headers.values()))
    return RowsRead(rows, notes, merged, _unused(table, merged))


def _unused(table: Table, read_as: Header) -> tuple[str, ...]:
    """The names of the unused columns with any text, those with the most words first."""
    names = {read_as.names[i] for i in read_as.unused}
    n_words = dict.fromkeys((name for name in read_as.names if name in names), 0)
    for record in table.records:
        for name, value in zip(record.names, record.values, strict=False):
            if name in names and value is not None:
                n_words[name] += len(str(value).split())
    return tuple(sorted((name for name, n in n_words.items() if n), key=lambda name: -n_words[name]))


def _merged(names: tuple[str, ...], headers: Sequence[Header]) -> Header:
    """One header for records with different columns: a field is read from every column that any record reads."""
    if len(headers) == 1:
        return headers[0]
    positions: dict[str, list[int]] = {}
    for single in headers:
        for field, at in single.positions.items():
            positions[field] = list(
                dict.fromkeys([*positions.get(field, []), *(names.index(single.names[i]) for i in at)])
            )
    return Header(names, positions, frozenset().union(*(single.mapped for single in headers)))


def _refuse_without_question(table: Table, record: RawRow, read_as: Header) -> None:
    mapping = how_to_map("question", _unused(table, read_as))
    place = "" if table.path.suffix.lower() == ".csv" else f", line {record.line}"
    raise InputError(
        f"{table.path}{place}: no column holds the question. The columns are: {', '.join(record.names)}.",
        f"name it {' or '.join(COLUMNS['text'][:3])} (answers go under {' or '.join(COLUMNS['answers'][:3])})"
        + (f", or {mapping}" if mapping else ""),
    )


def _content(path: Path) -> bytes:
    """The file's bytes. Raises InputError if it cannot be opened or is another kind of file than its ending says."""
    try:
        content = path.read_bytes()
        check_kind(path.suffix.lower(), content)
    except OSError as error:
        raise InputError(f"{path}: the questions cannot be read ({error.strerror}).", "check the path") from error
    except UnreadableError as error:
        raise InputError(
            f"{path}: {error.message}.", "save it as CSV in UTF-8, or as one JSON object per line"
        ) from error
    return content


def _csv_records(path: Path, text: str) -> Iterator[RawRow]:
    rows = csv_rows(text, DELIMITERS, strict=True)
    _, names = next(rows, (0, []))
    for line, cells in rows:
        if any(cell.strip() for cell in cells[len(names) :]):
            raise InputError(
                f"{path}, line {line}: {len(cells)} cells under {len(names)} columns.",
                "put quotes around cells that contain the delimiter of the columns",
            )
        _refuse_swallowed_rows(path, line, cells, len(names))
        yield RawRow(line, tuple(names), [*cells, *[""] * (len(names) - len(cells))])


def _refuse_swallowed_rows(path: Path, line: int, cells: Sequence[str], n_columns: int) -> None:
    """Raises InputError if the lines of one cell look like rows: as many columns, and no space after a delimiter."""
    for cell in cells:
        lines = cell.strip().splitlines()[1:]
        for mark in DELIMITERS if n_columns > 1 and len(lines) >= SWALLOWED_ROWS else "":
            if all(inner.count(mark) == n_columns - 1 and f"{mark} " not in inner for inner in lines):
                raise InputError(
                    f"{path}, line {line}: one cell holds {len(lines)} lines that look like rows: {lines[0][:60]!r}.",
                    "close the quote that begins in this row; inside a quoted cell, write a quote twice",
                )


def _json_records(path: Path, text: str) -> Iterator[RawRow]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except (ValueError, RecursionError) as error:
            at = f"{error.msg} at column {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)
            raise InputError(
                f"{path}, line {number}: not valid JSON ({at}).", "write one complete JSON object per line"
            ) from error
        if not isinstance(item, dict):
            raise InputError(
                f"{path}, line {number}: a {type(item).__name__} instead of an object.",
                'write lines such as {"question": "...", "answers": ["..."]}',
            )
        yield RawRow(number, tuple(item), list(item.values()))
