"""Test questions that nearly copy a training question, and which of them give the answer away.

Takes questions with their splits. Answers are compared by the grader: written otherwise, an answer leaks all the same.
"""

from collections.abc import Sequence
from itertools import groupby

from bakeoff.questions.facts import nth_agrees
from bakeoff.questions.near_copies import NEAR_COPY, jaccard, similar_pairs
from bakeoff.questions.same_answer import same_answer_groups
from bakeoff.records import Question, Record
from bakeoff.sentences import first_few

ALMOST_EXACT = 0.9


class Leak(Record):
    """A test question and its nearest copy in train. `excused` where the copy does not give the answer away.

    A copy is excused if it is another phrasing of the same fact, which the slices `seen` and `changed` are there for,
    unless it is almost exact; and if it is a question in nearly the same words that has other answers. `same_answer`
    marks a pair that is alike by its sources and its long or rare answers, not by its words, under two facts.
    """

    test_id: str
    train_id: str
    similarity: float
    excused: bool
    same_answer: bool = False

    @property
    def line(self) -> str:
        """The pair in words."""
        if self.same_answer:
            return (
                f"test question {self.test_id} has the same answer and source as training question {self.train_id}, "
                "under another fact"
            )
        return f"test question {self.test_id} nearly copies training question {self.train_id}"


def leaks(questions: Sequence[Question], threshold: float = NEAR_COPY) -> list[Leak]:
    """Every test question that has a near-copy in train, with the nearest one: first the leaks, then the excused."""
    tests = [one for one in questions if one.split == "test"]
    train = [one for one in questions if one.split == "train"]
    pairs = (
        (i, j, similarity)
        for i, j, similarity in similar_pairs([one.text for one in tests], [one.text for one in train], threshold)
        # Phrasings about an update are trained on after it, and only the changed questions are asked then.
        if train[j].slice != "changed" or tests[i].slice == "changed"
    )
    found = [
        _worst(tests[i], sorted(((similarity, train[j]) for _, j, similarity in copies), key=lambda copy: -copy[0]))
        for i, copies in groupby(pairs, key=lambda pair: pair[0])
    ]
    named = {leak.test_id for leak in found if not leak.excused}
    same = [leak for leak in _same_answers(questions) if leak.test_id not in named]
    found = [leak for leak in found if leak.test_id not in {one.test_id for one in same}] + same
    return sorted(found, key=lambda leak: (leak.excused, -leak.similarity, leak.test_id))


def _same_answers(questions: Sequence[Question]) -> list[Leak]:
    """Test questions with the answers and sources of a training question of another fact, with the one most alike."""
    found = []
    for group in same_answer_groups(questions):
        train = [one for one in group if one.split == "train"]
        for test in (one for one in group if one.split == "test"):
            others = [one for one in train if one.fact != test.fact]
            if others and len(others) == len(train):
                copy = max(others, key=lambda one: (jaccard(test.text, one.text), one.id))
                alike = jaccard(test.text, copy.text)
                found.append(Leak(test_id=test.id, train_id=copy.id, similarity=alike, excused=False, same_answer=True))
    return found


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
