"""Remembering: a contender that need not repeat itself.

Takes a contender and answers it gave before, gives those again and asks it for the rest. The router's test answers are
those of the contenders behind it, so they are not generated twice; their usage is what it was.
"""

from collections.abc import Iterable, Sequence

from bakeoff.protocols import Contender
from bakeoff.records import Answer, Question


class Remembering:
    """The contender, with what it said already."""

    def __init__(self, contender: Contender, given: Iterable[Answer]) -> None:
        self.name = contender.name
        self._contender = contender
        self._given = {answer.question_id: answer for answer in given if answer.error is None}

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in order."""
        new = [question for question in questions if question.id not in self._given]
        fresh = {answer.question_id: answer for answer in (self._contender.answer(new) if new else [])}
        return [self._given.get(question.id) or fresh[question.id] for question in questions]
