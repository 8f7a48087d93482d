"""Remembering: a contender that reuses answers it gave before.

Takes a contender and its earlier answers. Returns those, and asks the contender only for the others. The router's test
answers come from the contenders behind it, so they are not generated twice. Reused answers keep their original usage.
"""

from collections.abc import Iterable, Sequence

from bakeoff.protocols import Contender
from bakeoff.records import Answer, Question


class Remembering:
    """A contender together with its earlier answers."""

    def __init__(self, contender: Contender, given: Iterable[Answer]) -> None:
        self.name = contender.name
        self._contender = contender
        self._given = {answer.question_id: answer for answer in given if answer.error is None}

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in order."""
        new = [question for question in questions if question.id not in self._given]
        fresh = {answer.question_id: answer for answer in (self._contender.answer(new) if new else [])}
        return [self._given.get(question.id) or fresh[question.id] for question in questions]
