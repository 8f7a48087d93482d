"""The key points of a question: the claims that an answer must state to be right. `key_points.csv` of a run holds them.

Takes questions, gives key points; reads and writes the file, which people may correct. Asks no model: what only a model
can tell is left open.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from bakeoff.errors import InputError
from bakeoff.files.jsonl import write_text
from bakeoff.files.spreadsheet_csv import written
from bakeoff.llm_judge.cases import is_long
from bakeoff.llm_judge.prompts import PROMPT_VERSION, SHOWN_ANSWERS
from bakeoff.questions.table import RawRow, read_table
from bakeoff.records import Question, Record
from bakeoff.sentences import first_few

COLUMNS = ("question_id", "question", "accepted_answers", "key_point", "taken_from")
By = Literal["question file", "accepted answer", "model", "accepted answer, because the model gave none"]
BETWEEN = " | "


class KeyPoints(Record):
    """The key points of one question, in order, and where they come from. An unanswerable question has none."""

    points: tuple[str, ...] = ()
    by: str


def known_points(question: Question, long_from: int) -> KeyPoints | None:
    """The key points that need no model; None for a long accepted answer without key points in the question file.

    A short accepted answer is its own key point, together with the other accepted ones.
    """
    if not question.answerable:
        return KeyPoints(by="accepted answer")
    if question.key_points:
        return KeyPoints(points=question.key_points, by="question file")
    return None if is_long(question, long_from) else whole_answer(question)


def whole_answer(question: Question, by: By = "accepted answer") -> KeyPoints:
    """The accepted answers as one key point."""
    first, *others = (" ".join(answer.split()) for answer in question.answers[:SHOWN_ANSWERS])
    also = f" (or: {'; or: '.join(others)})" if others else ""
    return KeyPoints(points=(f"{first}{also}",), by=by)


def key_of(judge: str, question: Question, points: Sequence[str], text: str) -> str:
    """A fingerprint of what is judged, and by whom. A verdict counts as long as it does not change."""
    content = [PROMPT_VERSION, judge, question.text, list(question.answers), list(points), text]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:24]


def read_key_points(path: Path, questions: Iterable[Question]) -> dict[str, KeyPoints]:
    """The key points in the file, by question id. Empty if there is no file or no row in it.

    Questions whose accepted answers have changed since are left out: their key points are taken again. Raises one
    InputError that names every broken row.
    """
    if not path.exists() or len([line for line in _lines(path) if line.strip()]) <= 1:
        return {}
    table = read_table(path)
    missing = [name for name in ("question_id", "key_point") if name not in table.names]
    if missing:
        raise InputError(f"{path}: the columns {first_few(missing)} are missing.", _remedy(path))
    by_id = {question.id: question for question in questions}
    rows = [(row.line, _cells(row)) for row in table.records]
    problems = [problem for line, cells in rows if (problem := _problem(line, cells, by_id))]
    if problems:
        raise InputError(f"{path}: {len(problems)} broken rows: {first_few(problems, '; ')}.", _remedy(path))
    found: dict[str, KeyPoints] = {}
    for _, cells in rows:
        question = by_id[cells["question_id"]]
        before = found.get(question.id, KeyPoints(by=cells.get("taken_from", "") or "people"))
        if cells.get("accepted_answers", "") in ("", _answers(question)):
            points = dict.fromkeys([*before.points, cells["key_point"]])
            found[question.id] = before.model_copy(update={"points": tuple(points)})
    return found


def write_key_points(path: Path, questions: Iterable[Question], points: Mapping[str, KeyPoints]) -> None:
    """Replaces the file: one row for each key point, in the order of the questions."""
    rows = [
        [question.id, question.text, _answers(question), point, points[question.id].by]
        for question in questions
        if question.id in points
        for point in points[question.id].points
    ]
    write_text(path, written([COLUMNS, *rows]))


def _problem(line: int, cells: Mapping[str, str], by_id: Mapping[str, Question]) -> str:
    """What is wrong with a row; empty if nothing is."""
    name = cells.get("question_id", "")
    if name not in by_id:
        return f"line {line} names the question {name!r}, which the run does not have"
    return "" if cells.get("key_point") else f"line {line} has no key point"


def _cells(row: RawRow) -> dict[str, str]:
    return {
        name: " ".join(str("" if value is None else value).split())
        for name, value in zip(row.names, row.values, strict=False)
    }


def _answers(question: Question) -> str:
    return " ".join(BETWEEN.join(question.answers).split())


def _lines(path: Path) -> list[str]:
    return path.read_bytes().decode(errors="replace").splitlines()


def _remedy(path: Path) -> str:
    return f"correct these rows, or delete {path.name}: the key points are then taken again"
