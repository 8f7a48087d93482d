"""Remembering: a contender that reuses answers it gave before.

Takes a contender and its earlier answers. Returns those, and asks the contender only for the others. The router's test
answers come from the contenders behind it, so they are not generated twice. Reused answers keep their original usage.
The earlier answers may show any document, so they are reused only for those who may see all of them.
"""

from collections.abc import Iterable, Sequence

from bakeoff.contenders.built import Given
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
        new = [question for question in questions if self._known(question) is None]
        fresh = iter(self._contender.answer(new) if new else [])
        return [self._known(question) or next(fresh) for question in questions]

    def _known(self, question: Question) -> Answer | None:
        return self._given.get(question.id) if question.access is None else None


def remembering(contender: Contender, given: Given | None) -> Contender:
    """The contender with the answers that `given` returns for it; itself if there are none."""
    return contender if given is None else Remembering(contender, given(contender.name))
