"""Contenders that answer with a label of a closed set: their examples, what they lack, and their answers.

A recipe takes training questions whose kind is 'label', and gives a function from texts to labels with the chance that
each is right. Questions without a label are out of scope: nothing is learned from them, they are declined by the
threshold for all contenders. Does not know how labels are chosen.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from bakeoff.contenders.declining import is_below
from bakeoff.contenders.recipe import Material
from bakeoff.errors import RunFolderError
from bakeoff.files import jsonl
from bakeoff.files.unreadable import unreadable
from bakeoff.models.kept.clock import now
from bakeoff.questions.facts.labels import LABEL
from bakeoff.records import Answer, Question, Record, Usage

LABELS = "labels.json"
NONE = -1
"""In place of the number of a label: no label that is known is right."""
BESIDE = ("changed", "general")
TOO_LONG = "The question does not fit into the model's context. -> ask a shorter one"
FEWEST = 20
"""With fewer dev examples in scope, a chance is fitted on training examples, each left out in turn where possible."""
R = TypeVar("R", bound=Record)


class Examples(NamedTuple):
    """Texts, and the number of each one's label in `labels`."""

    labels: tuple[str, ...]
    texts: tuple[str, ...]
    numbers: np.ndarray


class Chosen(NamedTuple):
    """For each text the number of its label, the chance that it is right (0 to 1), and the tokens that were read.

    The number is `NONE` for a text that is too long.
    """

    numbers: np.ndarray
    chances: np.ndarray
    n_tokens: Sequence[int] = ()


Classify = Callable[[Sequence[str]], Chosen]


class LabelSet(Record):
    """The labels that a contender can answer with, in the order of their numbers."""

    labels: tuple[str, ...]


def training_examples(material: Material) -> Examples:
    """The training questions with their first label. Labels are in alphabetical order."""
    known = [question for question in material.train if question.kind == LABEL and question.answerable]
    labels = tuple(sorted({question.answers[0] for question in known}))
    return _examples(labels, known)


def dev_examples(material: Material, labels: Sequence[str]) -> Examples:
    """The dev questions. One that is out of scope, or has a label that was not trained on, has the number `NONE`."""
    return _examples(tuple(labels), [question for question in material.dev if question.slice not in BESIDE])


def _examples(labels: tuple[str, ...], questions: Sequence[Question]) -> Examples:
    number = {label: i for i, label in enumerate(labels)}
    numbers = np.array([number.get("".join(question.answers[:1]), NONE) for question in questions], dtype=int)
    return Examples(labels, tuple(question.text for question in questions), numbers)


def why_no_labels(material: Material) -> str | None:
    """Why labels cannot be learned from these training questions, or None."""
    known = [question for question in material.train if question.answerable]
    if not known:
        return "there are no training questions with a label"
    if any(question.kind != LABEL for question in known):
        return "the accepted answers are not labels of a closed set (set task: classify if they are)"
    labels = {question.answers[0] for question in known}
    if len(labels) == 1:
        return f"all training questions have the label '{labels.pop()}': there is nothing to tell it from"
    return None


def write_labels(folder: Path, labels: Sequence[str]) -> None:
    """Stores the labels in a contender's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    jsonl.write_text(folder / LABELS, LabelSet(labels=tuple(labels)).model_dump_json(indent=1) + "\n")


def read_labels(folder: Path) -> tuple[str, ...]:
    """The labels of a contender's folder. Raises RunFolderError if they are missing or broken."""
    return read_record(folder / LABELS, LabelSet).labels


def known_labels(folder: Path) -> tuple[str, ...]:
    """The labels of a contender's folder; none if it answers with other texts."""
    return read_labels(folder) if (folder / LABELS).exists() else ()


def read_record(path: Path, kind: type[R]) -> R:
    """A record of a contender's folder. Raises RunFolderError if it is missing or broken."""
    try:
        return kind.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunFolderError(
            *unreadable(f"Cannot read {path}", error, "restore the file, or start a new run")
        ) from error


class LabelAnswers:
    """The contender: answers with a label, and declines only where the chance that it is right is below a threshold.

    A label that reads like a refusal ('unknown') is an answer.
    """

    def __init__(self, name: str, labels: Sequence[str], classify: Classify, decline_below: float | None) -> None:
        self.name = name
        self._labels, self._classify, self._threshold = tuple(labels), classify, decline_below

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in order."""
        if not questions:
            return []
        begun = now()
        chosen = self._classify([question.text for question in questions])
        seconds = (now() - begun) / len(questions)
        n_tokens = chosen.n_tokens or [0] * len(questions)
        return [
            self._answer(question, int(number), float(chance), Usage(prompt_tokens=n, seconds=seconds))
            for question, number, chance, n in zip(questions, chosen.numbers, chosen.chances, n_tokens, strict=True)
        ]

    def _answer(self, question: Question, number: int, chance: float, usage: Usage) -> Answer:
        if number == NONE:
            return Answer(question_id=question.id, contender=self.name, usage=usage, error=TOO_LONG)
        label = self._labels[number]
        return Answer(
            question_id=question.id,
            contender=self.name,
            text=label,
            usage=usage,
            confidence=chance,
            is_chance=True,
            abstained=is_below(chance, self._threshold),
        )
