"""Questions whose answers are labels to train, dev and test, within each label.

Takes questions by label, gives the split of each that brings none. Knows nothing about documents: in classification a
held-out document would be a label that nothing was trained on.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby

from bakeoff.questions.draw import Draw
from bakeoff.records import Question, Split

Facts = dict[str, list[Question]]


def split_by_label(
    by_label: Mapping[str, Sequence[Question]], test_fraction: float, dev_fraction: float, draw: Draw
) -> dict[str, Split]:
    """The splits by question id: about these fractions of each label's facts to test and dev, one or more to train.

    A fact goes whole to one split; one of which some question brings a split goes there. What rounding leaves over in
    one label is made up in the next, so that the fractions hold over all labels, many rare ones among them.
    """
    splits: dict[str, Split] = {}
    wanted = {"test": 0.0, "dev": 0.0}
    for label in draw.order(by_label, "labels"):
        facts = _facts(by_label[label])
        free = [fact for fact in draw.order(facts, "label") if not _given(facts[fact])]
        splits |= {one.id: given for of_fact in facts.values() if (given := _given(of_fact)) for one in of_fact}
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
        splits |= {one.id: part for fact, part in zip(free, parts, strict=True) for one in facts[fact]}
    return splits


def _facts(questions: Sequence[Question]) -> Facts:
    ordered = sorted(questions, key=lambda one: (one.fact, one.id))
    return {fact: list(of_fact) for fact, of_fact in groupby(ordered, key=lambda one: one.fact)}


def _given(questions: Sequence[Question]) -> Split | None:
    """The split that one of the questions brings; test for those that the file marks as unseen."""
    marked: Split | None = "test" if any(one.slice == "unseen" for one in questions) else None
    return next((one.split for one in questions if one.split), marked)
