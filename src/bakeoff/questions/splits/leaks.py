"""Finds test questions that nearly copy a training question, and decides which of them leak the answer.

Takes questions with their splits. The grader compares answers, so an answer written differently also leaks.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby

from bakeoff.questions.facts.facts import nth_agrees
from bakeoff.questions.facts.near_copies import NEAR_COPY, jaccard, similar_pairs
from bakeoff.questions.facts.same_answer import same_answer_groups
from bakeoff.questions.facts.same_place import same_place_groups
from bakeoff.questions.naming import named, named_by
from bakeoff.records import Document, Question, Record
from bakeoff.sentences import first_few

ALMOST_EXACT = 0.9


class Leak(Record):
    """A test question and its nearest copy in train. `excused` if the copy does not leak the answer.

    A copy is excused if it is another phrasing of the same fact (which the slices `seen` and `changed` are for), unless
    it is almost exact. It is also excused if it has nearly the same words but other answers. `similarity` is from 0 to
    1. `same_answer` marks a pair under two facts that has the same sources and the same long or rare answers, or the
    same answer at the same place of a document.
    """

    test_id: str
    train_id: str
    similarity: float
    excused: bool
    same_answer: bool = False

    @property
    def line(self) -> str:
        """The pair as a message, by ids."""
        return self.line_with({})

    def line_with(self, texts: Mapping[str, str]) -> str:
        """The pair as a message. `texts` are those of the questions by id."""
        test, train = (named_by(key, texts.get(key)) for key in (self.test_id, self.train_id))
        if self.same_answer:
            return (
                f"test question {test} has the same answer and source as training question {train}, under another fact"
            )
        return f"test question {test} nearly copies training question {train}"


def leaks(
    questions: Sequence[Question], threshold: float = NEAR_COPY, documents: Sequence[Document] = ()
) -> list[Leak]:
    """Every test question that has a near-copy in train, with its nearest copy. Leaks come first, then excused ones.

    With the documents, questions of two facts whose answer stands at the same place are leaks too. Both groups are
    sorted by similarity, highest first.
    """
    tests = [question for question in questions if question.split == "test"]
    train = [question for question in questions if question.split == "train"]
    pairs = (
        (i, j, similarity)
        for i, j, similarity in similar_pairs(
            [question.text for question in tests], [question.text for question in train], threshold
        )
        # Phrasings about an update are trained on after the update. Only the changed questions are asked then.
        if train[j].slice != "changed" or tests[i].slice == "changed"
    )
    copied = [
        _worst(tests[i], sorted(((similarity, train[j]) for _, j, similarity in copies), key=lambda copy: -copy[0]))
        for i, copies in groupby(pairs, key=lambda pair: pair[0])
    ]
    leaked = {leak.test_id for leak in copied if not leak.excused}
    same = [leak for leak in _same_answers(_same(questions, documents)) if leak.test_id not in leaked]
    same_ids = {leak.test_id for leak in same}
    both = [leak for leak in copied if leak.test_id not in same_ids] + same
    return sorted(both, key=lambda leak: (leak.excused, -leak.similarity, leak.test_id))


def _same(questions: Sequence[Question], documents: Sequence[Document]) -> list[list[Question]]:
    """Groups of questions that ask for the same, by their answers and sources or by the place of the answer."""
    return [*same_answer_groups(questions), *same_place_groups(questions, documents)]


def _same_answers(groups: Sequence[Sequence[Question]]) -> list[Leak]:
    """Test questions in a group with training questions of other facts only, and the nearest one. Each test question
    is there once.
    """
    same: dict[str, Leak] = {}
    for group in groups:
        train = [question for question in group if question.split == "train"]
        for test in (question for question in group if question.split == "test"):
            others = [question for question in train if question.fact != test.fact]
            if others and len(others) == len(train):
                copy = max(others, key=lambda question: (jaccard(test.text, question.text), question.id))
                alike = jaccard(test.text, copy.text)
                leak = Leak(test_id=test.id, train_id=copy.id, similarity=alike, excused=False, same_answer=True)
                same.setdefault(test.id, leak)
    return list(same.values())


def dev_notes(questions: Sequence[Question], documents: Sequence[Document]) -> list[str]:
    """A note on questions in dev with the same answer at the same place as those of another fact in another split."""
    pairs = {}
    for group in _same(questions, documents):
        for dev in (question for question in group if question.split == "dev"):
            other = next((q for q in group if q.split not in ("", "dev") and q.fact != dev.fact), None)
            if other:
                pairs[dev.id] = f"{named(dev)} in dev and {named(other)} in {other.split}"
    if not pairs:
        return []
    return [
        "These questions have the same answer at the same place of a document, but stand under two facts in different "
        f"splits: {first_few(list(pairs.values()))}. Give them one fact in the column 'fact'."
    ]


def _worst(test: Question, copies: Sequence[tuple[float, Question]]) -> Leak:
    """The nearest copy that is not excused. If all are excused, the nearest one."""
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


def leak_notes(pairs: Sequence[Leak], questions: Sequence[Question]) -> list[str]:
    """A note on pairs of almost identical questions that are excused only because their answers differ."""
    by_id = {question.id: question for question in questions}
    doubtful = [
        f"{named(by_id[leak.test_id])} and {named(by_id[leak.train_id])}"
        for leak in pairs
        if leak.excused
        and leak.similarity >= ALMOST_EXACT
        and "changed" not in (by_id[leak.test_id].slice, by_id[leak.train_id].slice)
    ]
    if not doubtful:
        return []
    return [
        "Almost identical questions in test and training that do not count as leaks, because their answers differ: "
        f"{first_few(doubtful)}. Check that they ask for different things."
    ]
