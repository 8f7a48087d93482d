"""Turns the records of question files into rows, with each cell under the field that its column fills.

Takes tables and the columns that a user maps. Does not check the values of the cells.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bakeoff.errors import InputError
from bakeoff.questions.rows.addresses import only_addresses
from bakeoff.questions.rows.columns import (
    SEPARATE,
    USUAL,
    Header,
    Mapped,
    answer_like,
    header,
    how_to_map,
    other_separator,
    shown,
)
from bakeoff.questions.rows.one_text import check_cell
from bakeoff.questions.rows.table import RawRow, Table
from bakeoff.sentences import counted, first_few, listed


class WhyEmpty(NamedTuple):
    """What a row without a question seems to be, such as a total, and what to do about it. Empty words: not known."""

    words: str = ""
    remedy: str = "fill the question column or remove the rows"


class Row(NamedTuple):
    """One record with its cells under the fields they fill. Only `answers` can have cells from several columns."""

    path: Path
    line: int
    cells: Mapping[str, Sequence[Any]]
    unit: str = "line"
    has_label: bool = False
    """Whether its answers are labels of a closed set: then 'unknown' is one of them, and no missing answer."""

    why_empty: WhyEmpty = WhyEmpty()

    @property
    def place(self) -> str:
        return f"{self.path.name} {self.unit} {self.line}"


class RowsRead(NamedTuple):
    """The rows of one file in order, notes on how the file was read, and its columns.

    `unused` are the columns that are read as no field, those with the longest texts first.
    """

    rows: list[Row]
    notes: list[str]
    header: Header
    unused: tuple[str, ...] = ()


def rows_of(table: Table, columns: Mapped) -> RowsRead:
    """The table's rows. `columns` maps fields to column names; columns that the table does not have are ignored.

    Raises InputError if no column holds the question.
    """
    addresses = _address_columns(table)
    headers = {
        names: header(names, columns, addresses) for names in dict.fromkeys(record.names for record in table.records)
    }
    for record in table.records:
        if record.names and "text" not in headers[record.names].positions:
            _refuse_without_question(table, record, headers[record.names], columns)
    records, crossed_out = _without_crossed_out(table, headers)
    rows = [
        Row(
            table.path,
            record.line,
            {field: [record.values[i] for i in at] for field, at in headers[record.names].positions.items()},
            table.unit,
            why_empty=_why_empty(record, headers[record.names]),
        )
        for record in records
    ]
    for row, record in zip(rows, records, strict=True):
        for field, at in headers[record.names].positions.items():
            for i in at:
                check_cell(row.place, record.names[i], field, record.values[i])
    name = table.path.name
    notes = [f"{name} is not plain UTF-8; it was read as {table.encoding}."] if table.encoding else []
    merged = _merged(table.names, list(headers.values()))
    notes += [*table.notes, *crossed_out, *_answer_notes(name, rows, merged, addresses)]
    return RowsRead(rows, notes, merged, _unused(table, merged))


def _without_crossed_out(table: Table, headers: Mapping[tuple[str, ...], Header]) -> tuple[list[RawRow], list[str]]:
    """The records whose question and answers are not crossed out, and a note that names the others.

    Without its answer, such a question would be asked as one that the documents cannot answer.
    """
    out: dict[str, list[str]] = {"question": [], "answer": []}
    kept = []
    for record in table.records:
        struck = {column for column, row in record.marks if not row}
        at = headers[record.names].positions
        answered = [i for i in at.get("answers", ()) if str(record.values[i]).strip()]
        if struck.intersection(at.get("text", ())):
            out["question"].append(f"{table.unit} {record.line}")
        elif not answered and struck.intersection(at.get("answers", ())):
            out["answer"].append(f"{table.unit} {record.line}")
        else:
            kept.append(record)
    if not kept:
        raise InputError(
            f"{table.path}: every question or answer is crossed out.", "format the cells without strikethrough"
        )
    notes = [
        f"{table.path.name}: {counted(len(places), 'question')} left out, since the {what} is crossed out "
        f"({first_few(places)}). If it still holds, format the cell without strikethrough; "
        + ("else delete the row." if what == "question" else "if the documents cannot answer it, clear the cell.")
        for what, places in out.items()
        if places
    ]
    return kept, notes


_TOTAL = re.compile(
    r"(?:(?:grand|sub|overall)[ -]?)?totals?\b|sum\b|average\b|mean\b|count\b|(?:zwischen|gesamt)?summe\b|gesamt\b|"
    r"(?:sous-)?total\b|somme\b|suma\b|totale\b|totaal\b|razem\b|итого\b",
    re.IGNORECASE,
)


def _why_empty(record: RawRow, read_as: Header) -> WhyEmpty:
    """Why a record has no question, as far as its cells show it."""
    at = read_as.positions.get("text", [])
    if any(record.values[i] not in (None, "") for i in at):
        return WhyEmpty()
    merged = [row for column, row in record.marks if row and column in at]
    if merged:
        remedy = "unmerge the cells, and write the question into each row or remove the rows below it"
        return WhyEmpty(f"merged with row {merged[0]}", remedy)
    cells = [value.strip() for value in record.values if isinstance(value, str) and value.strip()]
    return WhyEmpty("looks like a total", "remove rows of totals") if any(map(_TOTAL.match, cells)) else WhyEmpty()


def _address_columns(table: Table) -> list[str]:
    """The columns that are called like answers, but hold only addresses."""
    return [
        column
        for column in answer_like(table.names)
        if only_addresses(
            value
            for record in table.records
            for name, value in zip(record.names, record.values, strict=False)
            if name == column
        )
    ]


def _answer_notes(name: str, rows: Sequence[Row], read_as: Header, addresses: Sequence[str]) -> list[str]:
    """Notes on which of several columns that are called like answers were read."""
    n_columns = max(len(row.cells.get("answers", ())) for row in rows)
    notes = [f"{name}: {n_columns} columns are read as accepted answers of the same question."] if n_columns > 1 else []
    mapped = "answers" in read_as.mapped
    skipped = [] if mapped else [column for column in addresses if column in _names(read_as.unused, read_as)]
    if skipped:
        column = skipped[0]
        notes.append(
            f"{name}: {_columns(skipped)} only addresses, so {'it is' if len(skipped) == 1 else 'they are'} not read "
            f"as answers. If the addresses are the answers: columns: {{answers: {column}}}; if they name the "
            f"documents: columns: {{source: {column}}}."
        )
    used = _names(read_as.positions.get("answers", []), read_as)
    others = [column for column in answer_like(_names(read_as.unused, read_as)) if column not in skipped]
    if used and others and not mapped:
        notes.append(
            f"{name}: the accepted answers are read from {listed(map(repr, used))}, not from "
            f"{listed(map(repr, others))}. If that is wrong: columns: {{answers: {others[0]}}}."
        )
    return notes


def _names(positions: Sequence[int], read_as: Header) -> list[str]:
    return [read_as.names[i] for i in positions]


def _columns(names: Sequence[str]) -> str:
    return f"the column {names[0]!r} holds" if len(names) == 1 else f"the columns {listed(map(repr, names))} hold"


CHATS = (
    "chats are read with one message of a user and one answer in each: "
    '{"messages": [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}]}; write other threads '
    "as a table with the columns question and answers"
)


def _names_of(table: Table, holds: Callable[[Any], bool]) -> set[str]:
    """The columns with a value of which this is true. Each value is looked at once: a sheet can have 1,000 columns."""
    pairs = (pair for record in table.records for pair in zip(record.names, record.values, strict=False))
    return {name for name, value in pairs if holds(value)}


def _is_nested(value: Any) -> bool:
    """Whether a value holds keys, or a list of something else than texts and numbers, as a thread does."""
    return isinstance(value, Mapping) or (
        isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value)
    )


def _unused(table: Table, read_as: Header) -> tuple[str, ...]:
    """The names of the unused columns with any text, those with the most words first. Those that nest are left out."""
    names = {read_as.names[i] for i in read_as.unused} - _names_of(table, _is_nested)
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


def _refuse_without_question(table: Table, record: RawRow, read_as: Header, columns: Mapped) -> None:
    is_text = table.path.suffix.lower() in (".csv", ".tsv")
    if is_text and (found := other_separator(record.names, columns)):
        raise InputError(f"{table.path}: no column holds the question: {found}.", SEPARATE)
    of_lists = _names_of(table, lambda value: isinstance(value, list))
    mapping = how_to_map("question", [name for name in _unused(table, read_as) if name not in of_lists])
    threads = _names_of(table, _is_nested).intersection(_names(read_as.unused, read_as))
    place = "" if is_text else f", {table.unit} {record.line}"
    raise InputError(
        f"{table.path}{place}: no column holds the question. The columns are: {shown(record.names)}.",
        f"name it {' or '.join(USUAL['text'])} (answers go under {' or '.join(USUAL['answers'])})"
        + (f"; {CHATS}" if threads else f", or {mapping}" if mapping else ""),
    )
