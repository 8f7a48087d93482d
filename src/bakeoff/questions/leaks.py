"""Test questions that nearly copy a training question, and which of them give the answer away.

Takes questions with their splits. Answers are compared by the grader: written otherwise, an answer leaks all the same.
"""

from collections.abc import Sequence
from itertools import groupby

from bakeoff.questions.facts import nth_agrees
from bakeoff.questions.near_copies import similar_pairs
from bakeoff.records import Question, Record
from bakeoff.sentences import first_few

NEAR_COPY, ALMOST_EXACT = 0.7, 0.9


class Leak(Record):
    """A test question and its nearest copy in train. `excused` where the copy does not give the answer away.

    That is so for another phrasing of the same fact, which the slices `seen` and `changed` are there for, unless it is
    almost exact; and for a question in nearly the same words that has other answers.
    """

    test_id: str
    train_id: str
    similarity: float
    excused: bool


def leaks(questions: Sequence[Question], threshold: float = NEAR_COPY) -> list[Leak]:
    """Every test question that has a near-copy in train, with the nearest one: first the leaks, then the excused."""
    tests = [one for one in questions if one.split == "test"]
    train = [one for one in questions if one.split == "train"]
    pairs = similar_pairs([one.text for one in tests], [one.text for one in train], threshold)
    found = [
        _worst(tests[i], sorted(((similarity, train[j]) for _, j, similarity in copies), key=lambda copy: -copy[0]))
        for i, copies in groupby(pairs, key=lambda pair: pair[0])
    ]
    return sorted(found, key=lambda leak: (leak.excused, -leak.similarity, leak.test_id))


def _worst(test: Question, copies: Sequence[tuple[float, Question]]) -> Leak:
    """The nearest copy that is not excused, else the nearest."""
    nearest, excused = copies[0], True
    for n, (similarity, copy) in enumerate(copies):
        if not _excused(n, test, copy, similarity):
            nearest, excused = (similarity, copy), False
            break
    return Leak(test_id=test.id, train_id=nearest[1].id, similarity=nearest[0], excused=excused)


def _excused(n: int, test: Question, train: Question, similarity: float) -> bool:
    if test.fact == train.fact and similarity < ALMOST_EXACT:
        return True
    return (similarity < 1 or "changed" in (test.slice, train.slice)) and not nth_agrees(n, test, train)


def leak_notes(found: Sequence[Leak], questions: Sequence[Question]) -> list[str]:
    """The pairs that are excused for their answers alone although their questions are almost word for word the same."""
    by_id = {one.id: one for one in questions}
    doubtful = [
        f"{leak.test_id} and {leak.train_id}"
        for leak in found
        if leak.excused
        and leak.similarity >= ALMOST_EXACT
        and "changed" not in (by_id[leak.test_id].slice, by_id[leak.train_id].slice)
    ]
    if not doubtful:
        return []
    return [
        "Almost word for word the same in test and training, excused as their answers differ: "
        f"{first_few(doubtful)}. Check that they ask for different things."
    ]
