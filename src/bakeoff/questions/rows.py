"""Question files (CSV, JSON lines) to rows whose columns have Bakeoff's names.

Takes a path. Knows what columns are called, but not what stands in them.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bakeoff.errors import InputError
from bakeoff.formats.csv_rows import csv_rows
from bakeoff.formats.parse import check_kind, decode
from bakeoff.formats.part import UnreadableError

# field -> the column names that are read as it, the first one present wins. Case, blanks and hyphens do not matter.
# No fact is read from a help desk's 'group' or 'intent': they hold topics, with many facts each.
COLUMNS: dict[str, tuple[str, ...]] = {
    "text": ("question", "query", "prompt", "text", "question_text", "utterance", "user_question"),
    "answers": (
        "answers",
        "answer",
        "expected",
        "expected_answer",
        "reference",
        "references",
        "reference_answer",
        "ground_truth",
        "ground_truths",
        "correct_answer",
        "correct_answers",
        "gold",
        "gold_answer",
    ),
    "id": ("id", "question_id", "qid", "query_id"),
    "fact": ("fact", "fact_id", "topic_id"),
    "source": ("source", "sources", "document", "doc", "url", "file", "path", "doc_id", "document_id"),
    "evidence": ("evidence", "quote", "context", "passage", "quotes"),
    "asked": ("asked", "count", "frequency", "volume", "n_asked"),
    "asked_on": ("date", "asked_on", "asked_at", "timestamp", "created_at"),
    "kind": ("kind", "type", "answer_type", "question_type"),
    "slice": ("slice",),
    "split": ("split", "set", "fold"),
    "answerable": ("answerable", "is_answerable"),
    "unanswerable": ("is_impossible", "unanswerable", "is_unanswerable", "impossible"),
}
DELIMITERS = ",;\t"
SWALLOWED_ROWS = 2  # so many lines of a cell that look like rows are rows


class Row(NamedTuple):
    """One record of a file as it stands there; only `answers` may come from several columns."""

    path: Path
    line: int
    cells: Mapping[str, Sequence[Any]]

    @property
    def place(self) -> str:
        return f"{self.path.name} line {self.line}"


def read_rows(path: Path) -> tuple[list[Row], list[str]]:
    """The rows of a file, in order, and notes on how it was read. Raises InputError where it cannot be read as rows."""
    readers: dict[str, Callable[[Path, str], Iterator[Row]]] = {
        ".csv": _csv_rows,
        ".jsonl": _json_rows,
        ".ndjson": _json_rows,
    }
    suffix = path.suffix.lower()
    if suffix not in readers:
        raise InputError(f"{path}: questions are read from .csv and .jsonl files.", "export them to one of the two")
    try:
        text, encoding = decode(_content(path))
        rows = list(readers[suffix](path, text))
    except UnreadableError as error:
        raise InputError(f"{path}: {error.message}.", error.remedy) from error
    if not rows:
        raise InputError(
            f"{path}: no questions in it.", "give a header row and one question a row, or a JSON object a line"
        )
    notes = [f"{path.name} is not plain UTF-8; it was read as {encoding}."] if encoding else []
    n_columns = max(len(row.cells.get("answers", ())) for row in rows)
    if n_columns > 1:
        notes.append(f"{path.name}: {n_columns} columns are read as accepted answers of the same question.")
    return rows, notes


def _content(path: Path) -> bytes:
    """The file's bytes. Raises InputError where it cannot be opened, or is another kind of file than its name says."""
    try:
        content = path.read_bytes()
        check_kind(path.suffix.lower(), content)
    except OSError as error:
        raise InputError(f"{path}: the questions cannot be read ({error.strerror}).", "check the path") from error
    except UnreadableError as error:
        raise InputError(f"{path}: {error.message}.", "save it as CSV in UTF-8, or as a JSON object a line") from error
    return content


def _csv_rows(path: Path, text: str) -> Iterator[Row]:
    rows = csv_rows(text, DELIMITERS, strict=True)
    _, names = next(rows, (0, []))
    columns = _columns(path, names)
    for line, cells in rows:
        if any(cell.strip() for cell in cells[len(names) :]):
            raise InputError(
                f"{path}, line {line}: {len(cells)} cells under {len(names)} columns.",
                "put quotes around a cell that holds the character between the columns",
            )
        _refuse_swallowed_rows(path, line, cells, len(names))
        filled = [*cells, *[""] * (len(names) - len(cells))]
        yield Row(path, line, {field: [filled[i] for i in found] for field, found in columns.items()})


def _refuse_swallowed_rows(path: Path, line: int, cells: Sequence[str], n_columns: int) -> None:
    """Raises InputError where the lines of one cell look like rows: as many columns, and no blank after a delimiter."""
    for cell in cells:
        lines = cell.strip().splitlines()[1:]
        for mark in DELIMITERS if n_columns > 1 and len(lines) >= SWALLOWED_ROWS else "":
            if all(one.count(mark) == n_columns - 1 and f"{mark} " not in one for one in lines):
                raise InputError(
                    f"{path}, line {line}: one cell holds {len(lines)} lines that look like rows: {lines[0][:60]!r}.",
                    "close the quote that opens in this row, or write a quote inside a quoted cell twice",
                )


def _json_rows(path: Path, text: str) -> Iterator[Row]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except (ValueError, RecursionError) as error:
            at = f"{error.msg} at column {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)
            raise InputError(
                f"{path}, line {number}: no valid JSON ({at}).", "write one whole JSON object a line"
            ) from error
        if not isinstance(item, dict):
            raise InputError(
                f"{path}, line {number}: a {type(item).__name__} instead of an object.",
                'write lines such as {"question": "...", "answers": ["..."]}',
            )
        columns, values = _columns(path, list(item), f", line {number}"), list(item.values())
        yield Row(path, number, {field: [values[i] for i in found] for field, found in columns.items()})


def _columns(path: Path, names: Sequence[str], place: str = "") -> dict[str, list[int]]:
    """The positions of the columns that each field is read from. Raises InputError without one for the question."""
    known = [re.sub(r"[\s-]+", "_", name.strip().lower()) for name in names]
    columns = {
        field: [known.index(spelling)]
        for field, spellings in COLUMNS.items()
        for spelling in reversed(spellings)
        if spelling in known
    }
    if answers := _answer_columns(known):
        columns["answers"] = answers
    if "text" not in columns and names:
        raise InputError(
            f"{path}{place}: no column holds the question. Found: {', '.join(names)}.",
            f"name it {' or '.join(COLUMNS['text'][:3])}; answers go under {' or '.join(COLUMNS['answers'][:3])}",
        )
    return columns


def _answer_columns(known: Sequence[str]) -> list[int]:
    """All columns of the first name for answers that is there; without one, those with a number after such a name."""
    for ending in (r"(\.\d+)?", r"[_.]?\d+"):
        for spelling in COLUMNS["answers"]:
            found = [i for i, name in enumerate(known) if re.fullmatch(re.escape(spelling) + ending, name)]
            if found:
                return found
    return []
