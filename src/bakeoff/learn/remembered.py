"""Which fact and split each question from use has, for ever: what a round used once keeps both.

Takes a deployment's folder and the questions of a round, gives what earlier rounds noted. A round that kept what was
served leaves no questions in a release, so they stand in a file of the deployment.

    deployments/<name>/learned.jsonl
"""

from collections.abc import Iterable
from pathlib import Path

from bakeoff.files import jsonl
from bakeoff.learn.reviewed import FROM_USE
from bakeoff.records import Question, Record, Split

NAME = "learned.jsonl"


class Remembered(Record):
    """The fact and the split of a question from use, by its id."""

    id: str
    fact: str
    split: Split


def remembered(root: Path, known: Iterable[Question] = ()) -> dict[str, Remembered]:
    """What earlier rounds noted, and what a release holds, by question id. Raises RunFolderError for a damaged file."""
    path = root / NAME
    remedy = f"restore {path} from a copy: without it, questions that were trained on could be tested"
    released = {one.id: one for one in _from_use(known)}
    return released | {one.id: one for one in jsonl.read(path, Remembered, remedy)}


def remember(root: Path, questions: Iterable[Question], known: Iterable[Question] = ()) -> None:
    """Notes the questions from use, and known ones that are trained on now and were tested before, all or nothing.

    What was noted stays; only its split can change, from test to training.
    """
    tested = {question.id for question in known if question.split == "test"}
    given = list(questions)
    moved = [question for question in given if question.id in tested and question.split == "train"]
    noted = {one.id: one for one in jsonl.read(root / NAME, Remembered)}
    noted |= {one.id: one for one in (*_from_use(given), *map(_as_remembered, moved))}
    jsonl.write(root / NAME, noted.values())


def _from_use(questions: Iterable[Question]) -> list[Remembered]:
    return [_as_remembered(q) for q in questions if q.id.startswith(FROM_USE) and q.split is not None]


def _as_remembered(question: Question) -> Remembered:
    return Remembered(id=question.id, fact=question.fact, split=question.split or "train")
