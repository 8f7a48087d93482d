"""The examples of one training, and the sample of questions they are made from. Knows nothing about models."""

import random
from collections.abc import Sequence
from typing import Any, NamedTuple

from bakeoff.records import Question
from bakeoff.tuning.packing import Example
from bakeoff.tuning.preferences.lesson import PreferenceLesson


class Lesson(NamedTuple):
    """The examples of one training, its dev examples, and the maximum number of epochs. Or `preferences`: then it has
    no examples, and the settings of the preferences say how many epochs.
    """

    examples: list[Example]
    dev: list[Example]
    max_epochs: int
    preferences: PreferenceLesson | None = None

    @property
    def content(self) -> list[Any]:
        """All of it as JSON values."""
        parts = (self.examples, self.dev, *(self.preferences or ((), ())))
        examples, dev, *judged = ([one.model_dump(mode="json") for one in part] for part in parts)
        return [examples, dev, self.max_epochs, *judged]


def sample(questions: Sequence[Question], most: int | None, seed: int) -> list[Question]:
    """A random sample of at most `most` questions, in their order. All of them if `most` is None."""
    if most is None or len(questions) <= most:
        return list(questions)
    drawn = set(random.Random(seed).sample(range(len(questions)), most))
    return [question for i, question in enumerate(questions) if i in drawn]


def replayed(questions: Sequence[Question], changed: Sequence[Question], seed: int) -> list[Question]:
    """The changed questions, and half as many others, so that the model does not forget what it learned before."""
    facts = {question.fact for question in changed}
    others = [question for question in questions if question.fact not in facts]
    return [*changed, *sample(others, len(changed) // 2, seed)]
