"""The units of labelling: every distinct text that was given for a test question, with the contenders that gave it.

Takes questions and answers. Gives units with the rules' grade. Does not know which of them are labelled, or in which
order. Only answers before an update to questions about the documents are units, since the measures that the verdict
compares cover these. Withheld, empty and failed answers and plain refusals are none: their values are known.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from bakeoff.grading.grade import grade
from bakeoff.grading.label import is_refusal
from bakeoff.grading.rulings import Verdict
from bakeoff.measure.labels import Unit
from bakeoff.measures import IN_DOMAIN
from bakeoff.questions.facts.labels import label_keys
from bakeoff.records import Answer, Question

PLAIN = 6
"""A refusal of up to so many words is plain: people agree with rules on "I don't know.", and their time is short."""


class GradedUnit(NamedTuple):
    """One unit, the contenders that gave this text, and the rules' verdict, with the reason where it is 'unsure'."""

    unit: Unit
    question: Question
    contenders: tuple[str, ...]
    verdict: Verdict
    reason: str


def is_unit(answer: Answer, labels: Collection[str] = ()) -> bool:
    """Whether a label can say more than is known: it is a text, no plain refusal, and no threshold withheld it."""
    if answer.error is not None or not answer.text.strip():
        return False
    if is_refusal(answer.text, labels):
        return len(answer.text.split()) > PLAIN
    return not answer.abstained


def is_labelled(question: Question) -> bool:
    """Whether answers to the question are units."""
    return question.split == "test" and question.slice in IN_DOMAIN


def unit_of(answer: Answer) -> Unit:
    return Unit(answer.question_id, answer.text.strip())


def units_of(questions: Iterable[Question], answers: Mapping[str, Sequence[Answer]]) -> list[GradedUnit]:
    """The units of the test questions that measures of the verdict cover, in the order of questions and contenders.

    `answers` are those of the test by contender.
    """
    asked = {question.id: question for question in questions if is_labelled(question)}
    labels = label_keys(asked.values())
    givers: dict[Unit, list[str]] = {}
    for name, given in answers.items():
        for answer in given:
            if answer.question_id in asked and is_unit(answer, labels):
                givers.setdefault(unit_of(answer), []).append(name)
    places = {question_id: place for place, question_id in enumerate(asked)}
    ordered = sorted(givers, key=lambda unit: places[unit.question_id])
    return [_graded(unit, asked[unit.question_id], tuple(givers[unit]), labels) for unit in ordered]


def _graded(unit: Unit, question: Question, contenders: tuple[str, ...], labels: Collection[str]) -> GradedUnit:
    ruling = grade(unit.text, question.answers, question.kind, labels)
    return GradedUnit(unit, question, contenders, ruling.verdict, ruling.reason)
