"""Question files (CSV, JSON lines) to questions.

Takes paths, gives records; `locate_evidence` then finds what they quote in the documents. Knows nothing about splits or
models. What is wrong in a file is told with its line and the remedy.
"""

import csv
import hashlib
import io
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple, get_args

from bakeoff.errors import InputError
from bakeoff.locate import locate_evidence
from bakeoff.records import Question, Slice, SourceSpan, Split
from bakeoff.similar import similar_pairs, words

__all__ = ["COLUMNS", "asked_per_month", "locate_evidence", "read_questions"]

# field -> the column names that are read as it, the first one present wins. Case, blanks and hyphens do not matter.
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
    "fact": ("fact", "intent", "group", "fact_id", "topic_id"),
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
SPLIT_NAMES = {**{name: name for name in get_args(Split)}, "validation": "dev", "valid": "dev", "val": "dev"}
TRUE, FALSE = ("true", "yes", "y", "1"), ("false", "no", "n", "0", "")
MONTH_DAYS = 365.25 / 12
LEAST_PERIOD_DAYS = 28  # a shorter log says little about a month
MANY = " | "
SHOWN = 5
# Questions without a fact of their own join another's when answers and sources agree and the words do so far. With no
# answers to compare (unanswerable ones), they must be near-copies.
SAME_FACT, SAME_UNANSWERABLE_FACT = 0.5, 0.8


class Row(NamedTuple):
    """One record of a file as it stands there, with its columns under Bakeoff's names."""

    path: Path
    line: int
    cells: Mapping[str, Any]

    @property
    def place(self) -> str:
        return f"{self.path.name} line {self.line}"


# --- reading ----------------------------------------------------------------------------------------------------------


def read_questions(paths: Sequence[Path]) -> list[Question]:
    """The questions of all files, in order; `source_spans` name whole documents until `locate_evidence` has been asked.

    Raises InputError where a file cannot be read as questions, naming the lines and what to do.
    """
    rows = [row for path in paths for row in _rows(path)]
    _refuse(
        rows, lambda row: not _text(row, "text"), "have no question text", "fill the question column or remove them"
    )
    _refuse(
        rows,
        lambda row: not _answers(row) and not _unanswerable(row),
        "have no answer",
        "fill in the answers, or mark a question that the documents cannot answer with kind=unanswerable",
    )
    _refuse(
        rows,
        lambda row: bool(_answers(row)) and _unanswerable(row),
        "are marked unanswerable and have answers all the same",
        "remove the mark or the answers",
    )
    questions = [_question(row) for row in rows]
    _refuse_duplicates(rows, questions)
    return _with_facts(questions)


def _rows(path: Path) -> list[Row]:
    readers: dict[str, Callable[[Path, str], Iterator[Row]]] = {
        ".csv": _csv_rows,
        ".jsonl": _json_rows,
        ".ndjson": _json_rows,
    }
    if path.suffix.lower() not in readers:
        raise InputError(f"{path}: questions are read from .csv and .jsonl files.", "export them to one of the two")
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = "it is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
        raise InputError(
            f"{path}: the questions cannot be read ({reason}).", "check the path, or save it as UTF-8"
        ) from error
    rows = list(readers[path.suffix.lower()](path, content))
    if not rows:
        raise InputError(
            f"{path}: no questions in it.", "give a header row and one question a row, or a JSON object a line"
        )
    return rows


def _csv_rows(path: Path, content: str) -> Iterator[Row]:
    header = content.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter)
    try:
        names = next(reader, [])
        fields = _fields(path, names)
        begun = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if len(cells) > len(names):
                    raise InputError(
                        f"{path}, line {begun}: {len(cells)} cells under {len(names)} columns.",
                        f"put quotes around a cell that holds {delimiter!r}",
                    )
                by_name = dict(zip(names, cells, strict=False))
                yield Row(path, begun, {field: by_name.get(name, "") for field, name in fields.items()})
            begun = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: no valid CSV ({error}).", "check its quotes") from error


def _json_rows(path: Path, content: str) -> Iterator[Row]:
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        try:
            item = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputError(
                f"{path}, line {number}: no valid JSON ({error.msg} at column {error.colno}).",
                "write one whole JSON object a line",
            ) from error
        if not isinstance(item, dict):
            raise InputError(
                f"{path}, line {number}: a {type(item).__name__} instead of an object.",
                'write lines such as {"question": "...", "answers": ["..."]}',
            )
        yield Row(
            path, number, {field: item[name] for field, name in _fields(path, list(item), f", line {number}").items()}
        )


def _fields(path: Path, names: Sequence[str], place: str = "") -> dict[str, str]:
    """Which column each field is read from. Raises InputError without a column for the question."""
    known = {re.sub(r"[\s-]+", "_", name.strip().lower()): name for name in reversed(names)}
    fields = {
        field: next(known[spelling] for spelling in spellings if spelling in known)
        for field, spellings in COLUMNS.items()
        if any(spelling in known for spelling in spellings)
    }
    if "text" not in fields and names:
        raise InputError(
            f"{path}{place}: no column holds the question. Found: {', '.join(names)}.",
            f"name it {' or '.join(COLUMNS['text'][:3])}; answers go under {' or '.join(COLUMNS['answers'][:3])}",
        )
    return fields


# --- cells ------------------------------------------------------------------------------------------------------------


def _text(row: Row, field: str) -> str:
    value = row.cells.get(field)
    return "" if value is None else " ".join(str(value).split())


def _many(row: Row, field: str) -> list[str]:
    """The values of a cell that may hold several: a JSON list, or text cut at ' | '."""
    value = row.cells.get(field)
    if isinstance(value, Mapping):  # SQuAD: {"text": [...], "answer_start": [...]}
        value = value.get("text")
    if isinstance(value, str) and re.match(r"\s*\[.*\]\s*$", value, re.S):
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            value = [value]
    items = value.split(MANY) if isinstance(value, str) else value if isinstance(value, list) else [value]
    texts = [item.get("text") if isinstance(item, Mapping) else item for item in items]
    return list(dict.fromkeys(" ".join(str(text).split()) for text in texts if text is not None and str(text).strip()))


def _answers(row: Row) -> list[str]:
    return _many(row, "answers")


def _unanswerable(row: Row) -> bool:
    if "unanswerable" in (_text(row, "kind").lower(), _text(row, "slice").lower()):
        return True
    return _flag(row, "unanswerable") is True or _flag(row, "answerable") is False


def _flag(row: Row, field: str) -> bool | None:
    text = _text(row, field).lower()
    if field not in row.cells or not text:
        return None
    if text not in TRUE + FALSE:
        raise InputError(f"{row.place}: {field} is {text!r}.", "write true or false")
    return text in TRUE


def _asked(row: Row) -> int:
    text = _text(row, "asked") or "1"
    match = re.fullmatch(r"(\d{1,3}(?:,\d{3})+|\d+)(?:\.0*)?", text)
    if match is None:
        raise InputError(
            f"{row.place}: asked is {text!r}.", "write how often it was asked as a whole number, 0 or more"
        )
    return int(match[1].replace(",", ""))


def _asked_on(row: Row) -> date | None:
    text = _text(row, "asked_on")
    try:
        return date.fromisoformat(re.split("[T ]", text)[0]) if text else None
    except ValueError as error:
        raise InputError(
            f"{row.place}: date is {text!r}.",
            "write the day as 2026-03-31 (a time may follow), or give the column another name if it is not meant",
        ) from error


def _choice(row: Row, field: str, allowed: Mapping[str, str]) -> Any:
    text = _text(row, field).lower()
    if text and text not in allowed:
        raise InputError(f"{row.place}: {field} is {text!r}.", f"write one of {', '.join(allowed)}, or leave it empty")
    return allowed.get(text)


def _question(row: Row) -> Question:
    text = _text(row, "text")
    slices = {name: name for name in get_args(Slice)}
    return Question(
        id=_text(row, "id") or "q-" + hashlib.sha256(text.encode()).hexdigest()[:10],
        text=text,
        answers=tuple(_answers(row)),
        kind=_text(row, "kind").lower(),
        fact=_text(row, "fact"),
        slice=_choice(row, "slice", slices),
        split=_choice(row, "split", SPLIT_NAMES),
        asked=_asked(row),
        asked_on=_asked_on(row),
        source_spans=tuple(SourceSpan(source=source) for source in _many(row, "source")),
        evidence=_quotes(row),
    )


def _quotes(row: Row) -> str:
    """The quotes, one a line; a cell of a CSV file holds one, whatever its characters."""
    value = row.cells.get("evidence")
    return "\n".join(_many(row, "evidence")) if isinstance(value, list) else _text(row, "evidence")


def asked_per_month(questions: Sequence[Question]) -> int | None:
    """How many questions users ask in a month, by the log's dates and counts.

    None where no question has a date, or the dates lie within four weeks.
    """
    dated = [(question.asked_on, question.asked) for question in questions if question.asked_on]
    if not dated:
        return None
    days = (max(day for day, _ in dated) - min(day for day, _ in dated)).days + 1
    asked = sum(count for _, count in dated)
    return round(asked / days * MONTH_DAYS) if asked and days >= LEAST_PERIOD_DAYS else None


# --- what no row says alone -------------------------------------------------------------------------------------------


def _refuse(rows: Sequence[Row], wrong: Callable[[Row], bool], problem: str, remedy: str) -> None:
    places = [row.place for row in rows if wrong(row)]
    if places:
        raise InputError(f"{_listed(places)} {problem}.", remedy)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _refuse_duplicates(rows: Sequence[Row], questions: Sequence[Question]) -> None:
    places = defaultdict(list)
    for row, question in zip(rows, questions, strict=True):
        places[question.id].append(row)
    twice = {name: found for name, found in places.items() if len(found) > 1}
    if twice:
        told = [f"{name} ({_listed([row.place for row in found])})" for name, found in twice.items()]
        made = any(not _text(row, "id") for found in twice.values() for row in found)
        raise InputError(
            f"Question ids must be unique; these are not: {_listed(told)}.",
            "merge rows with the same question (add up asked)"
            + (" or give them ids" if made else ", or give one a new id"),
        )


def _with_facts(questions: Sequence[Question]) -> list[Question]:
    """Every question with a fact: its own, or that of a question that asks the same thing, or a new one."""
    groups = defaultdict(list)
    for question in sorted(questions, key=lambda one: one.id):
        answers = frozenset(" ".join(words(answer)) for answer in question.answers)
        groups[answers, frozenset(span.source for span in question.source_spans)].append(question)
    facts: dict[str, str] = {}
    for group in groups.values():
        if not all(question.fact for question in group):
            facts |= _inferred(group, SAME_FACT if group[0].answers else SAME_UNANSWERABLE_FACT)
    return [one if one.fact else one.model_copy(update={"fact": facts[one.id]}) for one in questions]


def _inferred(group: Sequence[Question], threshold: float) -> dict[str, str]:
    """The fact of each question that has none: that of the most similar question before it, if similar enough."""
    facts = {question.id: question.fact for question in group if question.fact}
    order = sorted(group, key=lambda one: (not one.fact, one.id))
    texts = [question.text for question in order]
    closest: dict[int, tuple[float, int]] = {}
    for i, j, found in similar_pairs(texts, texts, threshold):
        if j < i:
            closest[i] = max(closest.get(i, (0.0, j)), (found, j), key=lambda pair: (pair[0], -pair[1]))
    for i, question in enumerate(order):
        if not question.fact:
            facts[question.id] = facts[order[closest[i][1]].id] if i in closest else f"fact-of-{question.id}"
    return facts
