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
from bakeoff.learn.known_facts import Found, find_facts
from bakeoff.learn.remembered import Remembered
from bakeoff.learn.reviewed import Reviewed
from bakeoff.learn.unreviewed import still_trained
from bakeoff.questions.facts.label_set import like_known
from bakeoff.questions.splits.leaks import leaks
from bakeoff.questions.splits.splits import assign_splits
from bakeoff.questions.splits.synthetic import apart
from bakeoff.records import Document, Question, Split
from bakeoff.sentences import first_few

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
    earlier: Mapping[str, Remembered] | None = None,
) -> Combined:
    """The questions of a round. `retired` are tested facts that were used often enough: now they are trained on.

    New facts that were drawn at random are for test and dev, since only a random sample tells how good answers are in
    use; what users complained about is for training and dev. The first question that asked for a fact decides. What
    `earlier` rounds noted stays as it is: fact and split of a question from use never change, except for retired facts.
    Unreviewed synthetic questions decide nothing: what only they ask for is new, and they go where they give nothing
    away (`still_trained`).
    """
    earlier = earlier or {}
    standing, made = apart(standing)
    taken, notes = admitted(reviewed, standing)
    taken = sorted(taken, key=lambda one: one.as_question().id not in earlier)  # stable: then by time
    asked = like_known([one.as_question() for one in taken], standing)
    known = [_retired(_as_noted(question, earlier), retired) for question in standing]
    found = find_facts(known, asked, documents, {key: of.fact for key, of in earlier.items()})
    new = {question.id for question in asked}
    fixed = {question.id for question in standing} | earlier.keys()
    sampled = {one.as_question().id for one in taken if one.sampled}
    placed = _placed(_with_splits(found.questions, earlier, retired), sampled, seed)
    left, more_notes = _without_leaks(placed, fixed, documents, seed, retired)
    there = frozenset(new) & {question.id for question in left}
    now = {question.id: question.fact for question in left}
    named = {question.fact: now[question.id] for question in asked if question.fact and question.id in now}
    kept, made_notes = still_trained(made, left, documents, named)
    return Combined((*left, *kept), there, (*notes, *_notes(found, asked), *more_notes, *made_notes))


def _retired(question: Question, retired: Collection[str]) -> Question:
    if question.fact not in retired or question.split != "test" or question.slice == "general":
        return question
    return question.model_copy(update={"split": "train"})


def _as_noted(question: Question, earlier: Mapping[str, Remembered]) -> Question:
    """A question that an earlier round trained on is never tested again, whatever the release says."""
    was_trained = question.id in earlier and earlier[question.id].split == "train"
    return question.model_copy(update={"split": "train"}) if was_trained else question


def _with_splits(
    questions: Sequence[Question], earlier: Mapping[str, Remembered], retired: Collection[str]
) -> list[Question]:
    """The questions, those of earlier rounds with the splits that they have had since."""
    return [
        _retired(question.model_copy(update={"split": earlier[question.id].split}), retired)
        if question.id in earlier and question.split is None
        else question
        for question in questions
    ]


def _placed(questions: Sequence[Question], sampled: Collection[str], seed: int) -> list[Question]:
    """Every question with its split: its own, that of its fact, or that of a new fact by who asked for it first."""
    by_fact: dict[str, list[Question]] = defaultdict(list)
    for question in questions:
        by_fact[question.fact].append(question)
    splits: dict[str, Split] = {}
    for fact, phrasings in by_fact.items():
        before: set[Split | None] = {question.split for question in phrasings if question.split is not None}
        where = _split_of_known(before) if before else _split_of_new(fact, phrasings[0].id in sampled, seed)
        splits |= {question.id: where for question in phrasings if question.split is None}
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
    questions: Sequence[Question],
    fixed: Collection[str],
    documents: Sequence[Document],
    seed: int,
    retired: Collection[str],
) -> tuple[list[Question], list[str]]:
    """The questions without near-copies between training and test that new or retired ones bring, and notes.

    A new training question that nearly copies a known test question is left out. A new fact whose test question nearly
    copies a training question joins it in training; a new wording of a known fact is left out. Near-copies of what
    retired go into training with it, whole facts, and theirs with them.
    """
    left, dropped, joined = list(questions), set[str](), set[str](retired)
    while True:
        by_id = {question.id: question for question in left}
        held = {question.fact for question in left if question.id in fixed}
        drop, move = set[str](), set[str]()
        for leak in (leak for leak in leaks(left, documents=documents) if not leak.excused):
            train, test = by_id[leak.train_id], by_id[leak.test_id]
            if train.id not in fixed and test.id in fixed:
                drop.add(train.id)
            elif test.fact not in held or (test.id in fixed and train.fact in joined):
                move.add(test.fact)
            elif test.id not in fixed:
                drop.add(test.id)
        if not drop and move <= joined:
            break
        dropped, joined = dropped | drop, joined | move
        left = [question for question in left if question.id not in drop]
        splits: dict[str, Split] = {
            q.id: "train" for q in left if q.fact in move and q.split == "test" and q.slice != "general"
        }
        left = _sliced(left, splits, seed)
    gone = [question for question in questions if question.id in dropped]
    notes = _leak_notes(gone, {q.fact for q in left if q.fact in joined - set(retired) and q.id in fixed})
    return left, notes


def _leak_notes(dropped: Sequence[Question], joined: Collection[str]) -> list[str]:
    notes = []
    if dropped:
        named = first_few([f"“{question.text}”" for question in dropped], "; ")
        notes.append(f"{len(dropped)} reviewed questions nearly copy one on the other side of the test: {named}.")
    if joined:
        notes.append(
            f"{len(joined)} facts go into training, since they are nearly the same as facts that the gate has used "
            f"often enough: {first_few(sorted(joined))}."
        )
    return notes


def _notes(found: Found, asked: Sequence[Question]) -> list[str]:
    """What was set aside when facts were looked for."""
    texts, notes = {question.id: question.text for question in asked}, []
    if found.contradicting:
        pairs = [
            f"“{texts[key]}” ({_answer(question)}) against “{known.text}” ({_answer(known)})"
            for question in asked
            if (key := question.id) in found.contradicting and (known := found.contradicting[key])
        ]
        notes.append(
            f"{len(pairs)} reviewed questions have another answer than a known question that asks for the same and are "
            f"set aside: {first_few(pairs, '; ')}. Correct the review; if it asks for something else, write the "
            "question so that it says so."
        )
    if found.unclear:
        pairs = [f"“{texts[key]}”: “{one.text}” or “{two.text}”" for key, (one, two) in found.unclear.items()]
        notes.append(
            f"{len(pairs)} reviewed questions could ask for either of two known facts and are set aside: "
            f"{first_few(pairs, '; ')}. Merge each with the right one in the review."
        )
    return notes


def _answer(question: Question) -> str:
    return question.answers[0] if question.answers else "no answer"
