"""The judged answers of one training, with the prompts that the contender's model gets. Knows nothing about models."""

from typing import NamedTuple

from bakeoff.records import Prompt, Record
from bakeoff.tuning.packing import Example


class Judged(Record):
    """A prompt with a liked answer, a disliked one, or both."""

    prompt: Prompt
    liked: str = ""
    disliked: str = ""

    @property
    def example(self) -> Example:
        """With its liked answer, or the disliked one if it has no other."""
        return Example(prompt=self.prompt, completion=self.liked or self.disliked)

    @property
    def examples(self) -> list[Example]:
        """All of its answers, the liked one first."""
        return [Example(prompt=self.prompt, completion=text) for text in (self.liked, self.disliked) if text]


class PreferenceLesson(NamedTuple):
    """What is trained on and what is held out: pairs for DPO, single answers for KTO."""

    train: list[Judged]
    held: list[Judged]
