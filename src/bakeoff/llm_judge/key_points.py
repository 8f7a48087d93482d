"""The key points of a question: the claims that an answer must state to be right. `key_points.csv` of a run holds them.

Takes questions, gives key points; reads and writes the file, which people may correct. Asks no model: what only a model
can tell is left open.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import field_validator

from bakeoff.errors import InputError
from bakeoff.files.jsonl import write_text
from bakeoff.files.small import small_file
from bakeoff.files.spreadsheet_csv import written
from bakeoff.files.unreadable import unreadable
from bakeoff.formats.parse import decode
from bakeoff.formats.part import UnreadableError
from bakeoff.llm_judge.cases import is_long
from bakeoff.llm_judge.prompts import PROMPT_VERSION, SHOWN_ANSWERS
from bakeoff.records import Question, Record
from bakeoff.sentences import first_few

COLUMNS = ("question_id", "question", "accepted_answers", "key_point", "taken_from")
By = Literal["question file", "accepted answer", "model", "accepted answer, because the model gave none"]
BETWEEN, SEPARATORS = " | ", ",;\t"
_HIDES_A_FORMULA = re.compile(r"^[\s']+(?=[=+@＝＋－＠-])")


class KeyPoints(Record):
    """The key points of one question, each on one line, and where they come from. An unanswerable question has none."""

    points: tuple[str, ...] = ()
    by: str

    @field_validator("points")
    @classmethod
    def _on_one_line(cls, points: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_one_line(point) for point in points)


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
    if not path.exists():
        return {}
    names, rows = _table(path)
    missing = [name for name in ("question_id", "key_point") if name not in names]
    if missing and rows:
        raise InputError(f"{path}: the columns {first_few(missing)} are missing.", _remedy(path))
    by_id = {question.id: question for question in questions}
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


def _table(path: Path) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """The columns, and the rows with their lines and cells by column; rows without a cell are left out.

    Spreadsheets may have written it with other separators and in another encoding.
    """
    try:
        text, _ = decode(small_file(path))
        header = text.partition("\n")[0]
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(SEPARATORS, key=header.count), strict=True)
        names = [name.strip().lower() for name in next(reader, [])]
        rows = [(reader.line_num, dict(zip(names, map(_one_line, row), strict=False))) for row in reader]
    except (OSError, UnreadableError, csv.Error) as error:
        raise InputError(*unreadable(f"{path} cannot be read", error, _remedy(path))) from error
    return names, [(line, cells) for line, cells in rows if any(cells.values())]


def _answers(question: Question) -> str:
    return _one_line(BETWEEN.join(question.answers))


def _one_line(text: str) -> str:
    """The text as it comes back from a file: on one line, without an apostrophe that only hides a formula."""
    return _HIDES_A_FORMULA.sub("", " ".join(text.split()))


def _remedy(path: Path) -> str:
    return f"correct these rows, or delete {path.name}: the key points are then taken again"
