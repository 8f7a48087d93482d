"""Reads a file of answers that were given elsewhere: by a system of the team's own, or in a run of another tool.

Takes a file (JSON lines, JSON, CSV, YAML, a spreadsheet), gives one `RecordedAnswer` for each row. Several names are
accepted for each column; other columns are not read. Knows no question of a run.
"""

import ast
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from bakeoff.contenders.citing import Source
from bakeoff.contenders.reply_citations import sources_in
from bakeoff.errors import InputError
from bakeoff.models.spending.tokens import MOST_COUNTED
from bakeoff.questions.rows.table import RawRow, Table, read_table
from bakeoff.records import Record
from bakeoff.sentences import first_few

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "question_id"),
    "question": ("question", "user_input", "query", "input", "prompt"),
    "answer": ("answer", "response", "output", "actual_output", "text", "result"),
    "contexts": ("contexts", "retrieved_contexts", "retrieval_context", "context", "citations", "sources"),
    "latency_ms": ("latency_ms", "latencyms"),
    "latency_s": ("latency_s", "latency", "seconds"),
    "cost_usd": ("cost_usd", "cost"),
    "prompt_tokens": ("prompt_tokens", "input_tokens"),
    "completion_tokens": ("completion_tokens", "output_tokens"),
    "error": ("error",),
}
"""The names of columns for each field, the likeliest first. Case, blanks and hyphens do not matter."""
NUMBERS = ("latency_ms", "latency_s", "cost_usd", "prompt_tokens", "completion_tokens")
NUMBER_COLUMNS = frozenset(name for field in NUMBERS for name in COLUMNS[field])


class RecordedSource(Record):
    """What an answer cites, as `citing.Source`."""

    names: tuple[str, ...] = ()
    text: str = ""


class RecordedAnswer(Record):
    """One answer: to the question of this id or this text. A number that was not recorded is None."""

    id: str = ""
    question: str = ""
    answer: str = ""
    contexts: tuple[RecordedSource, ...] = ()
    latency_ms: float | None = Field(default=None, ge=0)
    cost_usd: float | None = Field(default=None, ge=0)
    prompt_tokens: int | None = Field(default=None, ge=0, le=MOST_COUNTED)
    completion_tokens: int | None = Field(default=None, ge=0, le=MOST_COUNTED)
    error: str = ""

    @property
    def sources(self) -> list[Source]:
        """What it cites."""
        return [Source(one.names, one.text) for one in self.contexts]


def read_recorded(path: Path) -> list[RecordedAnswer]:
    """The answers of a file, in order.

    Raises InputError if the file cannot be read, has no column of answers or none that says which question is meant,
    holds a number that is none, or two different answers to one question.
    """
    table = read_table(path)
    columns = _columns(table)
    answers = [_answer(row, columns, table) for row in table.records]
    _refuse_two(answers, path)
    return answers


def _columns(table: Table) -> dict[str, str]:
    """The name in the file for each field. Raises InputError if one is missing that is needed."""
    known = {_plain(name): name for name in table.names}
    columns = {
        field: known[name] for field, names in COLUMNS.items() if (name := next((n for n in names if n in known), ""))
    }
    if "answer" not in columns or not {"id", "question"} & columns.keys():
        raise InputError(
            f"{table.path}: recorded answers need a column with the answer and one with the question or its id; it has "
            f"{first_few(table.names)}.",
            f"name them {' or '.join(COLUMNS['answer'][:3])}, and {' or '.join((*COLUMNS['question'][:2], 'id'))}",
        )
    return columns


def _plain(name: str) -> str:
    return name.strip().casefold().replace(" ", "_").replace("-", "_")


def _answer(row: RawRow, columns: Mapping[str, str], table: Table) -> RecordedAnswer:
    cells = dict(zip(row.names, row.values, strict=False))
    texts = {
        field: _text(cells.get(columns[field])) for field in ("id", "question", "answer", "error") if field in columns
    }
    place = f"{table.path}, {table.unit} {row.line}"
    if not texts.get("id") and not texts.get("question"):
        raise InputError(f"{place}: no question and no id.", "say which question the answer is to, or remove the row")
    numbers = {
        field: _number(cells.get(columns[field]), columns[field], place) for field in NUMBERS if field in columns
    }
    seconds = numbers.pop("latency_s", None)
    if numbers.get("latency_ms") is None and seconds is not None:
        numbers["latency_ms"] = 1000 * seconds
    counts = {field: numbers.pop(field) for field in ("prompt_tokens", "completion_tokens") if field in numbers}
    whole = {field: None if count is None else round(count) for field, count in counts.items()}
    contexts = [*map(_recorded, sources_in(parsed(cells.get(columns.get("contexts", "")))))]
    return RecordedAnswer.model_validate({**texts, **numbers, **whole, "contexts": contexts})


def _recorded(source: Source) -> RecordedSource:
    return RecordedSource(names=source.names, text=source.text)


def _text(value: Any) -> str:
    return "" if value is None else value.strip() if isinstance(value, str) else str(value)


def parsed(value: Any) -> Any:
    """A list, also one that is written in a cell as JSON or by Python."""
    if isinstance(value, str) and value.strip().startswith("["):
        for parse in (json.loads, ast.literal_eval):
            try:
                return parse(value.strip())
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                continue
    return value


def _number(value: Any, column: str, place: str) -> float | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if not is_amount(value):
        raise InputError(
            f"{place}: '{column}' is {value!r}, which is no number of 0 or more.", "write the number alone, or nothing"
        )
    return float(value)


def is_amount(value: Any) -> bool:
    """Whether a value is a number of 0 or more, or a text that holds nothing else."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return False
    return math.isfinite(number) and number >= 0


def question_key(text: str) -> str:
    """A question's text as it is compared: without differences of case and white space."""
    return " ".join(text.casefold().split())


def _refuse_two(answers: list[RecordedAnswer], path: Path) -> None:
    """Raises InputError for two different answers to one id, or to one text whatever the ids."""
    first: dict[tuple[str, str], RecordedAnswer] = {}
    for answer in answers:
        keys = [("id", answer.id), ("text", question_key(answer.question))]
        if any(first.setdefault(key, answer).answer != answer.answer for key in keys if key[1]):
            raise InputError(
                f"{path}: two different answers to one question: {(answer.question or answer.id)[:80]!r}.",
                "keep the answers of one system in a file, each question once",
            )
