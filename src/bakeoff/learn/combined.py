"""The questions of a learning round: those of the release and the reviewed ones, split by fact without leaks.

Takes standing questions, reviewed ones and documents. Gives all questions with split and slice, and notes. Nothing that
is trained on is tested, in other words included: a fact keeps its split for ever, and a new question goes where its
fact is. Knows nothing about models.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bakeoff.learn.admitted import admitted
from bakeoff.learn.known_facts import find_facts
from bakeoff.learn.reviewed import Reviewed
from bakeoff.questions.splits.leaks import leaks
from bakeoff.questions.splits.splits import assign_splits
from bakeoff.records import Document, Question, Split

TESTED, TRAINED = 0.75, 0.8
"""Of new facts that were drawn at random, this share is tested, the rest is dev. Of the others, this share is trained
on, the rest is dev."""


@dataclass(frozen=True)
class Combined:
    """All questions of a round. `new` are the ids of those that the release did not have."""

    questions: tuple[Question, ...]
    new: frozenset[str]
    notes: tuple[str, ...] = ()

    def of(self, split: Split) -> list[Question]:
        """The new questions of a split."""
        return [question for question in self.questions if question.split == split and question.id in self.new]


def combined(
    standing: Sequence[Question],
    reviewed: Sequence[Reviewed],
    documents: Sequence[Document],
    seed: int,
    retired: Collection[str] = (),
) -> Combined:
    """The questions of a round. `retired` are tested facts that were used often enough: now they are trained on.

    New facts that were drawn at random are for test and dev, since only a random sample tells how good answers are in
    use; what users complained about is for training and dev.
    """
    taken, notes = admitted(reviewed, standing)
    asked = [one.as_question() for one in taken]
    known = [_retired(question, retired) for question in standing]
    everything = find_facts(known, asked, documents).questions
    new = {question.id for question in asked}
    sampled = {one.as_question().id for one in taken if one.sampled}
    placed = _without_leaks(_placed(everything, new, sampled, seed), new, documents, seed)
    return Combined(tuple(placed), frozenset(new), tuple(notes))


def _retired(question: Question, retired: Collection[str]) -> Question:
    if question.fact not in retired or question.split != "test" or question.slice == "general":
        return question
    return question.model_copy(update={"split": "train"})


def _placed(questions: Sequence[Question], new: Collection[str], sampled: Collection[str], seed: int) -> list[Question]:
    """Every question with its split: a known fact's own, or that of a new fact."""
    by_fact: dict[str, list[Question]] = defaultdict(list)
    for question in questions:
        by_fact[question.fact].append(question)
    splits: dict[str, Split] = {}
    for fact, phrasings in by_fact.items():
        before: set[Split | None] = {question.split for question in phrasings if question.id not in new}
        is_sampled = any(question.id in sampled for question in phrasings)
        where = _split_of_known(before) if before else _split_of_new(fact, is_sampled, seed)
        splits |= {question.id: where for question in phrasings if question.id in new}
    return _sliced(questions, splits, seed)


def _split_of_known(before: Collection[Split | None]) -> Split:
    """Where a new phrasing of a known fact goes: to training if the fact is trained on, else where it is tested."""
    order: tuple[Split, ...] = ("train", "dev", "test")
    return next((split for split in order if split in before), "test")


def _split_of_new(fact: str, is_sampled: bool, seed: int) -> Split:
    """Where a new fact goes, always the same for the same fact and seed."""
    digest = hashlib.sha256(f"{seed} {fact}".encode()).digest()
    at = int.from_bytes(digest[:8], "big") / 2**64
    if is_sampled:
        return "test" if at < TESTED else "dev"
    return "train" if at < TRAINED else "dev"


def _sliced(questions: Sequence[Question], splits: Mapping[str, Split], seed: int) -> list[Question]:
    """The questions with these splits, and the slices that follow."""
    placed = [q.model_copy(update={"split": splits[q.id]}) if q.id in splits else q for q in questions]
    return assign_splits(placed, seed)


def _without_leaks(
    questions: Sequence[Question], new: Collection[str], documents: Sequence[Document], seed: int
) -> list[Question]:
    """The questions without near-copies between training and test that the new ones bring.

    A new training question that nearly copies a test question is left out. A new test question that nearly copies a
    training question joins it in training, with its fact.
    """
    fact = {question.id: question.fact for question in questions}
    found = [leak for leak in leaks(questions, documents=documents) if not leak.excused]
    dropped = {leak.train_id for leak in found if leak.train_id in new and leak.test_id not in new}
    moved = {fact[leak.test_id] for leak in found if leak.test_id in new and leak.train_id not in dropped}
    left = [question for question in questions if question.id not in dropped]
    splits: dict[str, Split] = {q.id: "train" for q in left if q.fact in moved and q.id in new}
    return _sliced(left, splits, seed) if dropped or moved else left
