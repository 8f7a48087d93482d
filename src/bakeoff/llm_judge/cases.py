"""Which answers a judge model judges: long ones, and those of which the rules are unsure.

Takes questions and the contenders' answers, gives cases, one for each distinct text to a question. Knows no model.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bakeoff.grading.grade import grade
from bakeoff.grading.terms import terms
from bakeoff.grading.wording import content
from bakeoff.measure.labels import Unit
from bakeoff.records import Answer, Question

CERTAIN = frozenset(("same", "declined", "empty", "label", "signs", "letter"))
"""Rules that leave nothing to judge, also for long answers."""
RULED_KINDS = ("label", "list", "yesno", "numeric", "date")
"""Kinds of questions whose answers are not long, however many words an accepted one has."""


@dataclass(frozen=True)
class Case:
    """One text to judge. `reason` is why: 'long', or what the rules are unsure of. `contenders` gave it."""

    question: Question
    text: str
    reason: str
    contenders: tuple[str, ...]

    @property
    def unit(self) -> Unit:
        return Unit(self.question.id, self.text)


def cases(questions: Sequence[Question], answers: Iterable[Answer], long_from: int) -> list[Case]:
    """The texts to judge, in the order of the questions. Failed and withheld answers are not judged.

    `answers` are those of all contenders. Answers to other questions are ignored.
    """
    contenders: dict[Unit, dict[str, None]] = {}
    for answer in answers:
        if answer.error is None and not answer.abstained and answer.text.strip():
            unit = Unit(answer.question_id, answer.text.strip())
            contenders.setdefault(unit, {})[answer.contender] = None
    texts: dict[str, list[str]] = {}
    for unit in contenders:
        texts.setdefault(unit.question_id, []).append(unit.text)
    return [
        Case(question, text, reason, tuple(contenders[Unit(question.id, text)]))
        for question in questions
        for text in texts.get(question.id, ())
        if (reason := reason_to_judge(question, text, long_from))
    ]


def reason_to_judge(question: Question, text: str, long_from: int) -> str:
    """Why a text is judged: 'long', or what the rules are unsure of. Empty if the rules decide."""
    graded = grade(text, question.answers, question.kind)
    if graded.verdict == "unsure":
        return graded.reason or "unsure"
    return "long" if is_long(question, long_from) and graded.rule not in CERTAIN else ""


def is_long(question: Question, long_from: int) -> bool:
    """Whether the shortest accepted answer has at least so many content words."""
    if not question.answerable or question.kind in RULED_KINDS:
        return False
    return min(len(content(terms(answer))) for answer in question.answers) >= long_from
