"""The judged answers of graded_answers.csv to questions of the public sets, with the questions read from $BAKEOFF_DATA.

The project contains no copies of the sets, so these rows have the name of the set and the question's id there. Takes
the file and the folder of the sets; gives cases. `pass_1` and `pass_2` are the verdicts of two judges who did not see
each other's or the rules': right, wrong, declined, unsure ("cannot tell"). `first_met` is what the rules said when they
first saw the answer.
"""

import csv
import json
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks import public_pilots

GRADED = Path(__file__).parents[1] / "tests" / "reference" / "graded_answers.csv"
COLUMNS = (
    *("question", "accepted", "answer", "correct", "note", "kind"),
    *("set", "question_id", "pass_1", "pass_2", "first_met"),
)


@dataclass(frozen=True)
class Case:
    """One judged answer. No accepted answer: the documents hold none, and to decline is correct."""

    set: str
    question: str
    accepted: tuple[str, ...]
    answer: str
    kind: str
    note: str
    pass_1: str
    pass_2: str
    first_met: str

    @property
    def batch(self) -> str:
        return self.note.split(";")[0]

    @property
    def correct(self) -> bool | None:
        """What both judges say. None if they disagree, if one cannot tell, or if the second is still missing."""
        first, second = (value_of(verdict, bool(self.accepted)) for verdict in (self.pass_1, self.pass_2))
        return first if first == second else None


def value_of(verdict: str, answerable: bool) -> bool | None:
    """Whether a judge calls the answer correct. To decline is correct if the documents hold no answer."""
    if verdict in ("", "unsure"):
        return None
    return verdict == "right" or (verdict == "declined" and not answerable)


def rows() -> list[dict[str, str]]:
    """Every row of the file, those of other answers included."""
    with GRADED.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def cases(source: Path) -> list[Case]:
    """The rows that name a set, in the order of the file."""
    read = []
    for row in rows():
        if row["set"]:
            question = questions(row["set"], source)[row["question_id"]]
            accepted = tuple(question.get("answers", ()))
            kept = {name: row[name] for name in ("set", "answer", "kind", "note", "pass_1", "pass_2", "first_met")}
            read.append(Case(question=question["question"], accepted=accepted, **kept))
    return read


@cache
def questions(name: str, source: Path) -> dict[str, dict]:
    """The questions of a set's pilot by id, as public_pilots.py writes them."""
    with tempfile.TemporaryDirectory() as folder:
        public_pilots.SETS[name](source, Path(folder))
        lines = (Path(folder) / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return {row["id"]: row for row in map(json.loads, lines)}
