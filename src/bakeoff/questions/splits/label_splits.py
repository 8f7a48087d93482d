"""Splits questions whose answers are labels into train, dev and test, separately for each label.

Takes questions by label, gives the split of each. Ignores documents: in classification, holding out a document could
mean that nothing is trained on its label.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby

from bakeoff.questions.splits.draw import Draw
from bakeoff.records import Question, Split

Facts = dict[str, list[Question]]


def split_by_label(
    by_label: Mapping[str, Sequence[Question]], test_fraction: float, dev_fraction: float, draw: Draw
) -> dict[str, Split]:
    """The split of each question by id: about these fractions of each label's facts in test and dev, the rest in train.

    At least one fact of each label is trained on. All questions of a fact go to the same split; if a question of the
    fact has a split already, all go there. Rounding errors are carried over to the next label, so that the fractions
    hold over all labels, even if many labels are rare.
    """
    splits: dict[str, Split] = {}
    wanted = {"test": 0.0, "dev": 0.0}
    for label in draw.order(by_label, "labels"):
        facts = _facts(by_label[label])
        free = [fact for fact in draw.order(facts, "label") if not _given(facts[fact])]
        splits |= {
            question.id: given for of_fact in facts.values() if (given := _given(of_fact)) for question in of_fact
        }
        n_trained = sum(_given(of_fact) == "train" for of_fact in facts.values())
        n_left = len(free) if n_trained else len(free) - 1
        parts: list[Split] = []
        for part, fraction in (("test", test_fraction), ("dev", dev_fraction)):
            wanted[part] += fraction * len(free)
            n = max(min(round(wanted[part]), n_left), 0)
            wanted[part] -= n
            n_left -= n
            parts += [part] * n  # type: ignore[list-item]
        parts += ["train"] * (len(free) - len(parts))
        splits |= {question.id: part for fact, part in zip(free, parts, strict=True) for question in facts[fact]}
    return splits


def _facts(questions: Sequence[Question]) -> Facts:
    ordered = sorted(questions, key=lambda question: (question.fact, question.id))
    return {fact: list(of_fact) for fact, of_fact in groupby(ordered, key=lambda question: question.fact)}


def _given(questions: Sequence[Question]) -> Split | None:
    """The split that one of the questions already has, or test if the file marks one as unseen. None otherwise."""
    marked: Split | None = "test" if any(question.slice == "unseen" for question in questions) else None
    return next((question.split for question in questions if question.split), marked)
