"""Splits questions into train, dev and test: by fact and document, or within each label if the answers are labels.

Takes questions, gives the same questions with split and slice. Knows nothing about models. The same seed and questions
give the same splits, whatever the order of the questions. Adding a question later moves few others.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from bakeoff.questions.facts.labels import answer_labels, examples_by_label
from bakeoff.questions.facts.near_copies import wording
from bakeoff.questions.splits.draw import Draw
from bakeoff.questions.splits.label_splits import split_by_label
from bakeoff.records import Question, Slice, Split

MIN_DOCUMENTS = 8  # with fewer documents, single facts are held out instead of documents
PARAPHRASED = 0.05  # if a smaller share of facts is asked in two ways, there is too little `seen` to test
N_DRAWS = 64
UNANSWERABLE_TRAIN, UNANSWERABLE_DEV = 0.3, 0.2  # at most, and at least: a threshold for declining needs them in dev
MEASURED = ("seen", "unseen", "unanswerable")  # the slices that a verdict is based on

Facts = Mapping[str, Sequence[Question]]


def assign_splits(
    questions: Sequence[Question], seed: int, test_fraction: float = 0.4, dev_fraction: float = 0.15
) -> list[Question]:
    """The questions, in order, each with its split and slice. A question that already has a split keeps it.

    - If the answers are labels of a closed set (`answer_labels`), the questions of each label are split, whatever
      their documents. `seen` then means that the label was trained on. Otherwise:
    - Documents with about `test_fraction` of all facts are held out. Their facts (`unseen`) go whole to dev or test.
      If hardly any fact has two phrasings, there is little else to test on, and the share of dev is held out too.
    - Of each other fact one phrasing (two of four or more) is `seen`, in test or dev. At least one stays in train.
    - A synthetic question that nobody reviewed is always in train, and decides nothing about the others.
    - Unanswerable facts go whole to train (at most three tenths), dev (at least a fifth) or test. All general questions
      are in test. Of a changed fact one phrasing (two of four or more) is tested; the others are for retraining.

    Else the sizes of dev and test relate as `dev_fraction` to `test_fraction`, in each slice but `changed` and
    `general`.
    """
    every = questions
    questions = [question for question in every if not question.is_unreviewed]
    draw = Draw(seed)
    dev_share = dev_fraction / (dev_fraction + test_fraction)
    labels = answer_labels(questions)
    by_label = examples_by_label(questions, labels)
    known = _by_fact(
        question
        for question in questions
        if question.answerable and question.slice not in ("changed", "general") and question.id not in labels
    )
    paraphrased = sum(len(_wordings(phrasings)) > 1 for phrasings in known.values()) >= PARAPHRASED * len(known)
    held_fraction = test_fraction if paraphrased else min(test_fraction + dev_fraction, 1.0)
    held, held_sources = _held_out(known, held_fraction, draw)
    unanswerable = _by_fact(
        question for question in questions if not question.answerable and question.slice not in ("changed", "general")
    )
    splits: dict[str, Split] = {
        **_split_unseen({fact: known[fact] for fact in held}, dev_share, draw),
        **_split_seen({fact: known[fact] for fact in known if fact not in held}, dev_share, draw),
        **split_by_label(by_label, test_fraction, dev_fraction, draw),
        **_split_unanswerable(
            unanswerable, held_sources, min(UNANSWERABLE_TRAIN, 1 - test_fraction - dev_fraction), dev_share, draw
        ),
        **_split_changed(_by_fact(question for question in questions if question.slice == "changed"), draw),
        **{question.id: "test" for question in questions if question.slice == "general"},
        **{question.id: question.split for question in questions if question.split is not None},
        **{question.id: "train" for question in every if question.is_unreviewed},
    }
    trained = {question.fact for question in every if splits[question.id] == "train" and question.slice != "changed"}
    trained |= {
        question.fact for of_label in by_label.values() if _is_trained(of_label, splits) for question in of_label
    }
    return [
        question.model_copy(update={"split": splits[question.id], "slice": _slice(question, trained)})
        for question in every
    ]


def _by_fact(questions: Iterable[Question]) -> dict[str, list[Question]]:
    facts = defaultdict(list)
    for question in sorted(questions, key=lambda question: question.id):
        facts[question.fact].append(question)
    return dict(sorted(facts.items()))


def _is_trained(questions: Sequence[Question], splits: Mapping[str, Split]) -> bool:
    return any(splits[question.id] == "train" for question in questions)


def _slice(question: Question, trained: Collection[str]) -> Slice:
    if question.slice in ("changed", "general"):
        return question.slice
    if not question.answerable:
        return "unanswerable"
    return "seen" if question.fact in trained else "unseen"


def _held_out(facts: Facts, fraction: float, draw: Draw) -> tuple[set[str], set[str]]:
    """(the facts that are never trained on, the documents they come from).

    Makes `N_DRAWS` random draws and takes the one whose shares of facts, of paraphrased facts and of asked volume are
    closest to the fraction. Source: rerandomisation, Morgan and Rubin 2012, doi:10.1214/12-AOS1008.
    """
    requested = {fact for fact, phrasings in facts.items() if _only_tested(phrasings)}
    fixed = {
        fact for fact, phrasings in facts.items() if any(question.split == "train" for question in phrasings)
    } - requested
    by_document = _documents(facts)
    free = [name for name in by_document if not by_document[name] & fixed]
    draws = [
        _draw_documents(draw.order(free, f"documents {n}"), by_document, requested, fraction * len(facts))
        for n in range(N_DRAWS if free else 0)
    ]
    distances = [
        _distance(facts, {fact for name in chosen for fact in by_document[name]} | requested, fraction)
        for chosen in draws
    ]
    best = draws[distances.index(min(distances))] if draws else set()
    return {fact for name in best for fact in by_document[name]} | requested, best


def _only_tested(phrasings: Sequence[Question]) -> bool:
    """Whether the file marks this fact as test only: all in test or dev, or one 'unseen', and none in train."""
    splits = {question.split for question in phrasings}
    asked_for = None not in splits or any(question.slice == "unseen" for question in phrasings)
    return asked_for and "train" not in splits


def _documents(facts: Facts) -> dict[str, set[str]]:
    """The facts of each document. A fact without a document is alone.

    All facts are alone if there are fewer than `MIN_DOCUMENTS` documents, or if one has more than half of the facts.
    """
    by_document = defaultdict(set)
    for fact, phrasings in facts.items():
        for source in {span.source for question in phrasings for span in question.source_spans} or {f"fact {fact}"}:
            by_document[source].add(fact)
    n_largest = max(map(len, by_document.values()), default=0)
    if len(by_document) < MIN_DOCUMENTS or n_largest > len(facts) / 2:
        return {f"fact {fact}": {fact} for fact in facts}
    return dict(sorted(by_document.items()))


def _draw_documents(
    order: Sequence[str], by_document: Mapping[str, set[str]], held: set[str], wanted: float
) -> set[str]:
    """The documents, in this order, that each bring the number of held-out facts closer to the wanted number."""
    held, chosen = set(held), set()
    for name in order:
        after = len(held | by_document[name])
        if abs(after - wanted) < abs(len(held) - wanted):
            held |= by_document[name]
            chosen.add(name)
    return chosen


def _distance(facts: Facts, held: Collection[str], fraction: float) -> float:
    weights = [
        {fact: 1 for fact in facts},
        {fact: int(len(phrasings) > 1) for fact, phrasings in facts.items()},
        {fact: sum(question.asked for question in phrasings) for fact, phrasings in facts.items()},
    ]
    shares = [
        sum(weight[fact] for fact in held) / (sum(weight.values()) or 1) for weight in weights if any(weight.values())
    ]
    return sum(abs(share - fraction) for share in shares)


def _split_unseen(facts: Facts, dev_share: float, draw: Draw) -> dict[str, Split]:
    order = draw.order(facts, "unseen")
    n_dev = min(round(dev_share * len(order)), max(len(order) - 1, 0))
    return {question.id: "dev" if i < n_dev else "test" for i, fact in enumerate(order) for question in facts[fact]}


def _split_seen(facts: Facts, dev_share: float, draw: Draw) -> dict[str, Split]:
    """Held-back phrasings go to test and dev, the rest to train.

    Dev first takes phrasings of facts with four or more (two stay in train), then of facts with three, and last of
    facts with two, which are then not in test.
    """
    splits: dict[str, Split] = {}
    wordings = {fact: _wordings(phrasings) for fact, phrasings in facts.items()}
    n_held = sum(_n_tested(len(of_fact)) for of_fact in wordings.values())
    wanted_dev = round(dev_share * n_held)
    order = draw.order((fact for fact in facts if len(wordings[fact]) > 1), "seen")
    for fact in sorted(order, key=lambda fact: -min(len(wordings[fact]), 4)):
        phrasings = draw.order(wordings[fact], "phrasings")
        n_dev = int(wanted_dev > 0)
        wanted_dev -= n_dev
        n_test = _n_tested(len(phrasings))
        if n_dev and len(phrasings) in (2, 4):
            n_test -= 1
        splits |= {key: "dev" for name in phrasings[:n_dev] for key in wordings[fact][name]}
        splits |= {key: "test" for name in phrasings[n_dev : n_dev + n_test] for key in wordings[fact][name]}
    return {question.id: splits.get(question.id, "train") for phrasings in facts.values() for question in phrasings}


def _wordings(questions: Sequence[Question]) -> dict[str, list[str]]:
    """The ids of the questions with the same words, which are one phrasing, by the first of them."""
    found: dict[str, list[str]] = {}
    for question in questions:
        found.setdefault(wording(question.text), []).append(question.id)
    return {ids[0]: ids for ids in found.values()}


def _n_tested(n_phrasings: int) -> int:
    return 2 if n_phrasings >= 4 else 1 if n_phrasings >= 2 else 0


def _split_unanswerable(
    facts: Facts, held_sources: Collection[str], train_fraction: float, dev_share: float, draw: Draw
) -> dict[str, Split]:
    """The split of unanswerable questions. Facts are not split up; facts about held-out documents are not in train."""
    order = draw.order(facts, "unanswerable")
    about_held = {
        fact
        for fact in facts
        if any(s.source in held_sources for question in facts[fact] for s in question.source_spans)
    }
    dev_fraction = max(UNANSWERABLE_DEV, (1 - train_fraction) * dev_share)
    n_test = math.ceil((1 - train_fraction - dev_fraction) * len(order) - 1e-9)
    n_dev = min(round(dev_fraction * len(order)), len(order) - n_test)
    train = [fact for fact in order if fact not in about_held][: len(order) - n_test - n_dev]
    dev = [fact for fact in order if fact not in train][:n_dev]
    splits: dict[str, Split] = {}
    for fact, phrasings in facts.items():
        for question in phrasings:
            splits[question.id] = "train" if fact in train else "dev" if fact in dev else "test"
    return splits


def _split_changed(facts: Facts, draw: Draw) -> dict[str, Split]:
    splits: dict[str, Split] = {}
    for phrasings in facts.values():
        wordings = _wordings(phrasings)
        order = draw.order(wordings, "phrasings")
        n_test = max(_n_tested(len(order)), 1)
        for i, name in enumerate(order):
            splits |= {key: "test" if i < n_test else "train" for key in wordings[name]}
    return splits
