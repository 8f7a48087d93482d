"""Reads a question file (CSV, TSV, JSON, JSON lines, YAML, spreadsheet) into records: cells with their columns' names.

Takes a path. Does not know which column fills which field, nor the formats of other tools.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from bakeoff.apart.process import ApartError, call
from bakeoff.corpus.sources.folders import content_of
from bakeoff.errors import InputError
from bakeoff.files.spreadsheet_csv import FORMULA, first_seen
from bakeoff.files.strict_yaml import text_yaml
from bakeoff.files.unreadable import unreadable
from bakeoff.formats.parse import check_kind, decode
from bakeoff.formats.part import UnreadableError
from bakeoff.formats.tables.csv_rows import csv_rows
from bakeoff.questions.rows import workbook
from bakeoff.questions.rows.header_row import MOST_ROWS_ABOVE, header_at
from bakeoff.sentences import kind_of_value

DELIMITERS = ",;\t"
MOST_BYTES = 200_000_000
MOST_COLUMNS = 16_384
"""As many as a sheet of a spreadsheet has."""
MOST_NAMES = 200_000
"""Of columns, where records name different ones: those of each different record count."""
SWALLOWED_ROWS = 2  # if a cell has at least this many lines that look like rows, a quote is missing


class RawRow(NamedTuple):
    """One record of the file: its line (or its place in a list), from 1, and its cells with their columns' names.

    `marks` are of empty cells of a spreadsheet: (place of the column, 0) of one that is crossed out, or the number of
    the row with which the cell is merged in place of the 0.
    """

    line: int
    names: tuple[str, ...]
    values: Sequence[Any]
    marks: Sequence[tuple[int, int]] = ()


class Table(NamedTuple):
    """The records of one file, in order. There is at least one. `encoding` is empty for plain UTF-8.

    `unit` says what `RawRow.line` counts. `notes` say how a file of another tool was read.
    """

    path: Path
    encoding: str
    records: list[RawRow]
    unit: str = "line"
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of the file, in order: those of its header row, or all keys of its JSON lines."""
        headers = dict.fromkeys(record.names for record in self.records)
        return next(iter(headers)) if len(headers) == 1 else tuple(dict.fromkeys(n for names in headers for n in names))


def read_table(path: Path) -> Table:
    """The records of a file. Raises InputError if it cannot be read or has no records."""
    suffix = path.suffix.lower()
    if suffix not in (*_READERS, *workbook.SUFFIXES):
        raise InputError(
            f"{path}: questions are read from .csv and .jsonl files, and from .tsv, .json, .yaml, .xlsx and .ods.",
            "export them to one of these (a spreadsheet: save as .xlsx, or as CSV in UTF-8)",
        )
    content = _content(path)
    try:
        unit, encoding, notes, rows = call(f"{__name__}:records_in", str(path), content)
    except ApartError as error:
        raise InputError(f"{path}: {error.message}.", error.remedy) from error
    if not rows:
        raise InputError(
            f"{path}: no questions in it.", "write a header row and one question per row, or one JSON object per line"
        )
    return Table(
        path,
        encoding,
        [RawRow(line, tuple(names), values, marks) for line, names, values, marks in rows],
        unit,
        (*notes,),
    )


def records_in(name: str, content: bytes) -> tuple[str, str, Sequence[str], list[RawRow]]:
    """(what records are counted by, encoding, notes, records), as they are read in a process of its own."""
    path = Path(name)
    suffix = path.suffix.lower()
    try:
        if suffix in workbook.SUFFIXES:
            sheets, notes = workbook.read_sheets(suffix, content)
            records = [
                RawRow(number, sheet.names, row, sheet.marks.get(number, ()))
                for sheet in sheets
                for number, row in sheet.rows
            ]
            return "row", "", [f"{path.name}: {note}" for note in notes], list(_in_bounds(path, "row", records))
        unit, reader = _READERS[suffix]
        text, encoding = decode(content)
        read = reader(path, text.replace("\r\n", "\n").replace("\r", "\n"))
        return unit, encoding, (), list(_in_bounds(path, unit, read))
    except UnreadableError as error:
        raise InputError(f"{path}: {error.message}.", error.remedy) from error


def _in_bounds(path: Path, unit: str, records: Iterable[RawRow]) -> Iterator[RawRow]:
    """The records. Raises InputError at the first one with which there are too many columns to look at each name."""
    headers, columns, n_names = set[tuple[str, ...]](), set[str](), 0
    for record in records:
        if record.names not in headers:
            headers.add(record.names)
            columns.update(record.names)
            n_names += len(record.names)
            if len(record.names) > MOST_COLUMNS or len(columns) > MOST_COLUMNS or n_names > MOST_NAMES:
                found = f"{len(columns):,} columns" + (
                    f", and {len(headers):,} records that each name others or another order" if len(headers) > 1 else ""
                )
                raise InputError(
                    f"{path}, {unit} {record.line}: up to here there are {found}. There may be {MOST_COLUMNS:,} "
                    "columns, and the same ones in most records.",
                    "check the delimiter, or leave out columns that hold no question, answer or source",
                )
        yield record


def _content(path: Path) -> bytes:
    """The file's bytes. Raises InputError if it cannot be opened or is another kind of file than its ending says."""
    try:
        content, _ = content_of(path, MOST_BYTES)
    except UnreadableError as error:
        if isinstance(error.__cause__, OSError):
            what = f"Cannot read {path}"
            raise InputError(*unreadable(what, error.__cause__, "check the path")) from error
        raise InputError(f"{path}: {error.message}.", error.remedy) from error
    try:
        check_kind(path.suffix.lower(), content)
    except UnreadableError as error:
        raise InputError(
            f"{path}: {error.message}.", "save it as CSV in UTF-8, or as one JSON object per line"
        ) from error
    return content


def _csv_records(path: Path, text: str) -> Iterator[RawRow]:
    rows = csv_rows(text, "\t" if path.suffix.lower() == ".tsv" else DELIMITERS, strict=True)
    above = [*islice(rows, MOST_ROWS_ABOVE + 1)]
    at = header_at([cells for _, cells in above])
    names = above[at][1] if above else []
    for line, cells in chain(above[at + 1 :], rows):
        if any(cell.strip() for cell in cells[len(names) :]):
            raise InputError(
                f"{path}, line {line}: {len(cells)} cells under {len(names)} columns.",
                "put quotes around cells that contain the delimiter of the columns",
            )
        _refuse_swallowed_rows(path, line, cells, len(names))
        whole = [*cells, *[""] * (len(names) - len(cells))]
        # The apostrophe that spreadsheets, and exports for them, put before a text that looks like a formula.
        shown = [cell[1:] if cell[:1] == "'" and first_seen(cell[1:]) in FORMULA else cell for cell in whole]
        yield RawRow(line, tuple(names), shown)


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


def _line_records(path: Path, text: str) -> Iterator[RawRow]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            item = _json(line)
        except (ValueError, RecursionError) as error:
            at = f"{error.msg} at column {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)
            raise InputError(
                f"{path}, line {number}: not valid JSON ({at}).", "write one complete JSON object per line"
            ) from error
        yield _record(path, f"line {number}", number, item)


def _json_records(path: Path, text: str) -> Iterator[RawRow]:
    """The objects of a JSON file: those of its list, of the only list of objects in it, or one per line."""
    try:
        content = _json(text)
    except (ValueError, RecursionError) as error:
        if text.lstrip().startswith("{") and isinstance(error, json.JSONDecodeError) and error.msg == "Extra data":
            yield from _line_records(path, text)
            return
        raise InputError(f"{path}: not valid JSON ({error}).", "export the file again") from error
    yield from _item_records(path, content)


def _yaml_records(path: Path, text: str) -> Iterator[RawRow]:
    try:
        content = text_yaml(text)
    except yaml.YAMLError as error:
        raise InputError(
            f"{path}: not valid YAML ({' '.join(str(error).split())}).", "fix the place it names"
        ) from error
    yield from _item_records(path, content)


def _item_records(path: Path, content: Any) -> Iterator[RawRow]:
    for number, item in enumerate(_items(content), 1):
        yield _record(path, f"item {number}", number, item)


def _items(content: Any) -> Sequence[Any]:
    """The list, the only list of objects that an object holds, the rows of an object of columns, or the object."""
    if isinstance(content, list):
        return content
    if not isinstance(content, dict):
        return [] if content is None else [content]
    lists = [value for key, value in content.items() if _is_of_objects(value) and key not in _PARTS_OF_ONE]
    return lists[0] if len(lists) == 1 else _transposed(content) or [content]


# Lists under these names are parts of one record: the messages of a conversation, the paragraphs of an article.
_PARTS_OF_ONE = ("comments", "messages", "turns", "paragraphs", "contexts", "sources", "answers")


def _is_of_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _transposed(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of columns {"question": [...], "answer": [...]} or {"question": {"0": ...}}; empty if it is neither."""
    columns = [[*value.values()] if isinstance(value, dict) else value for value in content.values()]
    if len(columns) < 2 or not all(isinstance(column, list) for column in columns) or len(set(map(len, columns))) > 1:
        return []
    return [dict(zip(content, row, strict=True)) for row in zip(*columns, strict=True)]


def _record(path: Path, place: str, number: int, item: Any) -> RawRow:
    if not isinstance(item, dict):
        raise InputError(
            f"{path}, {place}: {kind_of_value(item)} instead of an object.",
            'write lines such as {"question": "...", "answers": ["..."]}',
        )
    return RawRow(number, tuple(map(str, item)), list(item.values()))


def _json(text: str) -> Any:
    """The JSON value, decimals as they are written (3.10). NaN, which pandas writes for a missing value, is none."""
    return json.loads(text, parse_constant=lambda _: None, parse_float=str)


_READERS: Mapping[str, tuple[str, Callable[[Path, str], Iterator[RawRow]]]] = {
    ".csv": ("line", _csv_records),
    ".tsv": ("line", _csv_records),
    ".jsonl": ("line", _line_records),
    ".ndjson": ("line", _line_records),
    ".json": ("item", _json_records),
    ".yaml": ("item", _yaml_records),
    ".yml": ("item", _yaml_records),
}
"""By the ending of a file: what its records are counted by, and what reads them."""
