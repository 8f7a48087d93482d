"""The judged answers of graded_answers.csv to questions of the public sets, with the questions read from $BAKEOFF_DATA.

The project contains no copies of the sets, so these rows have the name of the set and the question's id there, and
what an answer quotes from the set is a reference (quotations.py). Takes the file and the folder of the sets; gives
cases. `pass_1` and `pass_2` are the verdicts of two judges who did not see each other's or the rules': right, wrong,
declined, unsure ("cannot tell"). `first_met` is what the rules said when they first saw the answer. Batches 1 and 2
have neither, only the judgement of one judge who wrote the rules too.
"""

import csv
import hashlib
import json
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks import public_pilots
from benchmarks.quotations import Quotations

GRADED = Path(__file__).parents[1] / "tests" / "reference" / "graded_answers.csv"
COLUMNS = (
    *("question", "accepted", "answer", "correct", "note", "kind"),
    *("set", "question_id", "pass_1", "pass_2", "first_met"),
)
TEXTS = {"cookbook_docs": "55adb58da724bb54", "squad": "5475ba3d1754b4d3", "timeqa": "fd29cecea7c0b6ee"}
"""What the texts of each set that the answers quote hash to."""


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
    by_one_judge: str = ""

    @property
    def batch(self) -> str:
        return self.note.split(";")[0]

    @property
    def correct(self) -> bool | None:
        """What both judges say, or the only one of an early batch. None if they disagree or one cannot tell."""
        if not self.pass_1:
            return {"1": True, "0": False}[self.by_one_judge]
        first, second = (value_of(verdict, bool(self.accepted)) for verdict in (self.pass_1, self.pass_2))
        return first if first == second else None


def value_of(verdict: str, answerable: bool) -> bool | None:
    """Whether a judge calls the answer correct. To decline is correct if the documents hold no answer."""
    if verdict in ("", "unsure"):
        return None
    return verdict == "right" or (verdict == "declined" and not answerable)


def rows() -> list[dict[str, str]]:
    """Every row of the file as it is stored, those of other answers included."""
    with GRADED.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def rebuilt(row: dict[str, str], source: Path) -> dict[str, str]:
    """The row with the answer as it was given."""
    return row | {"answer": quotations(row["set"], source).rebuild(row["answer"])} if row["set"] else row


def cases(source: Path) -> list[Case]:
    """The answers that two judges judge, in the order of the file."""
    return [_case(row, source) for row in rows() if row["set"] and row["pass_1"]]


def early_cases(source: Path) -> list[Case]:
    """The answers to questions of the sets in batches 1 and 2, which one judge judged."""
    return [_case(row, source) for row in rows() if row["set"] and not row["pass_1"]]


def _case(row: dict[str, str], source: Path) -> Case:
    question = questions(row["set"], source)[row["question_id"]]
    row = rebuilt(row, source)
    kept = {name: row[name] for name in ("set", "answer", "kind", "note", "pass_1", "pass_2", "first_met")}
    accepted = tuple(question.get("answers", ()))
    return Case(question=question["question"], accepted=accepted, by_one_judge=row["correct"], **kept)


@cache
def questions(name: str, source: Path) -> dict[str, dict]:
    """The questions of a set by id, as public_pilots.py writes them. Of SQuAD all, not only those of the pilot."""
    if name == "squad":
        articles = public_pilots.squad_articles(source)
        return {row["id"]: row for article in articles for row in public_pilots.squad_questions(article)}
    with tempfile.TemporaryDirectory() as folder:
        public_pilots.SETS[name](source, Path(folder))
        return {row["id"]: row for row in _lines(Path(folder) / "questions.jsonl")}


@cache
def quotations(name: str, source: Path) -> Quotations:
    """The texts of a set. ValueError if they are not those that the answers quote."""
    texts = _texts(name, source)
    digest = hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()[:16]
    if digest != TEXTS[name]:
        raise ValueError(f"the texts of {name} hash to {digest}, those that the answers quote to {TEXTS[name]}")
    return Quotations(texts)


def _texts(name: str, source: Path) -> dict[str, str]:
    """The documents of a set's pilot, the questions and their accepted answers, by short names."""
    with tempfile.TemporaryDirectory() as temporary:
        public_pilots.SETS[name](source, Path(temporary))
        folder = Path(temporary) / "documents"
        texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.md"))}
        for number, row in enumerate(_lines(folder / "docs.jsonl") if name == "cookbook_docs" else ()):
            texts[f"section {number}"] = f"{row['title']}\n{row['text']}"
    for key, row in questions(name, source).items():
        texts[f"question {key}"] = "\n".join([row["question"], *row.get("answers", ())])
    return texts


def _lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
