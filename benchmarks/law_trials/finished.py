"""The law that is read from the answers of a finished run.

Takes its folder, gives graded answers. Trains nothing.
"""

from pathlib import Path

from bakeoff.files import jsonl
from bakeoff.measure.score import rightness
from bakeoff.records import Answer, Question
from bakeoff.runs.folder import RunFolder

from .rule import Outcome

CONTENDERS = ("base", "tuned", "rag", "hybrid")


def contenders(run: Path) -> list[Outcome]:
    """Law 2: whether each contender answered each answerable question of the documents' domain correctly.

    Raises SystemExit if the run lacks one of the contenders.
    """
    folder = RunFolder(run)
    asked = {
        one.id: one
        for one in folder.questions()
        if one.split == "test" and one.answerable and one.slice in ("seen", "unseen")
    }
    outcomes = []
    for name in CONTENDERS:
        path = run / "answers" / f"{name}.jsonl"
        if not path.exists():
            raise SystemExit(f"{run} has no answers of {name}; law 2 needs {', '.join(CONTENDERS)}")
        answers = [answer for answer in jsonl.read(path, Answer) if answer.question_id in asked]
        outcomes += [_outcome(name, asked[answer.question_id], answer) for answer in answers]
    return outcomes


def _outcome(arm: str, question: Question, answer: Answer) -> Outcome:
    """A declined answer, by its text or by its confidence, is not right."""
    value = 0.0 if answer.abstained else rightness(question, answer.text)
    return Outcome(arm=arm, unit=question.fact, question=question.id, value=value, text=answer.text)
