"""A team's own contender, held to the contract: one answer a question, in order, under its configured name.

Takes an object with `answer(questions)`; fills in what such an object may leave out and the measures need. Knows
nothing about how it answers.
"""

import time
from collections.abc import Sequence
from typing import Any

from bakeoff.errors import ContenderError
from bakeoff.grading.grade import is_abstention
from bakeoff.records import Answer, Question


class Custom:
    """Wraps a contender whose class was named by its import path."""

    def __init__(self, name: str, inner: Any) -> None:
        self.name = name
        self._inner = inner

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """The inner contender's answers, named by the configuration.

        One whose text says "I don't know" counts as declined; one without a time of its own took its share of the
        call. Raises ContenderError where they are not one for each question, in order, and for whatever the inner
        contender raises.
        """
        begun = time.perf_counter()
        answers = self._answers(questions)
        seconds = (time.perf_counter() - begun) / max(1, len(questions))
        asked, answered = [one.id for one in questions], [one.question_id for one in answers]
        if asked != answered:
            raise ContenderError(
                f"'{self.name}' was asked {len(asked)} questions and answered {len(answered)}, or in another order.",
                "answer(questions) must return one Answer for each question, in their order, with its question_id",
            )
        return [self._completed(one, seconds) for one in answers]

    def _answers(self, questions: Sequence[Question]) -> list[Answer]:
        try:
            answers = list(self._inner.answer(questions))
        except Exception as error:  # a team's own code may raise anything; Ctrl-C is no Exception
            raise ContenderError(
                f"'{self.name}' failed with {type(error).__name__}: {error}",
                "mend its answer(questions), then go on with: bakeoff run CONFIG --resume",
            ) from error
        other = next((type(one).__name__ for one in answers if not isinstance(one, Answer)), None)
        if other:
            raise ContenderError(
                f"'{self.name}' answered with a {other} in place of an Answer.",
                "answer(questions) must return a list of bakeoff.records.Answer, one for each question",
            )
        return answers

    def _completed(self, answer: Answer, seconds: float) -> Answer:
        usage = answer.usage if answer.usage.seconds else answer.usage.model_copy(update={"seconds": seconds})
        abstained = answer.abstained or (answer.error is None and is_abstention(answer.text))
        return answer.model_copy(update={"contender": self.name, "usage": usage, "abstained": abstained})
