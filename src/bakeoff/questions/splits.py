"""Questions to train, dev and test: by fact and by document, or within each label where the answers are labels.

Takes questions, gives the same questions with split and slice. Knows nothing about models. The same seed and the same
questions give the same splits, in whatever order they come; a question added later moves few others.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from bakeoff.questions.draw import Draw
from bakeoff.questions.label_splits import split_by_label
from bakeoff.questions.labels import answer_labels, examples_by_label
from bakeoff.records import Question, Slice, Split

MIN_DOCUMENTS = 8  # with fewer, facts are held out instead of documents
PARAPHRASED = 0.05  # with fewer facts asked in two ways there is hardly anything `seen` to test
N_DRAWS = 64
UNANSWERABLE_TRAIN, UNANSWERABLE_DEV = 0.3, 0.2
MEASURED = ("seen", "unseen", "unanswerable")  # what a verdict rests on

Facts = Mapping[str, Sequence[Question]]


def assign_splits(
    questions: Sequence[Question], seed: int, test_fraction: float = 0.4, dev_fraction: float = 0.15
) -> list[Question]:
    """The questions, in order, each with its split and slice. A split that a question brings is kept.

    - Where the answers are labels of a closed set (`answer_labels`), the questions of each label are split, whatever
      their documents; `seen` then says that the label was trained on. Else:
    - Documents with about `test_fraction` of all facts are held out; their facts (`unseen`) go whole to dev or test.
      Where hardly any fact has two phrasings there is little else to test on: dev's share is held out beside it.
    - Of the other facts one phrasing (of four or more: two) is `seen`, in test or dev; at least one stays in train.
    - Unanswerable facts go to train, dev and test whole; general questions are all test. Of a changed fact one phrasing
      (of four or more: two) is tested, the others are there to retrain on.

    Dev gets `dev_fraction` for every `test_fraction` that test gets, of each slice but `changed` and `general`.
    """
    draw = Draw(seed)
    dev_share = dev_fraction / (dev_fraction + test_fraction)
    labels = answer_labels(questions)
    by_label = examples_by_label(questions, labels)
    known = _by_fact(
        one for one in questions if one.answerable and one.slice not in ("changed", "general") and one.id not in labels
    )
    paraphrased = sum(len(phrasings) > 1 for phrasings in known.values()) >= PARAPHRASED * len(known)
    held_fraction = test_fraction if paraphrased else min(test_fraction + dev_fraction, 1.0)
    held, held_sources = _held_out(known, held_fraction, draw)
    unanswerable = _by_fact(one for one in questions if not one.answerable and one.slice not in ("changed", "general"))
    splits: dict[str, Split] = {
        **_split_unseen({fact: known[fact] for fact in held}, dev_share, draw),
        **_split_seen({fact: known[fact] for fact in known if fact not in held}, dev_share, draw),
        **split_by_label(by_label, test_fraction, dev_fraction, draw),
        **_split_unanswerable(unanswerable, held_sources, draw),
        **_split_changed(_by_fact(one for one in questions if one.slice == "changed"), draw),
        **{one.id: "test" for one in questions if one.slice == "general"},
        **{one.id: one.split for one in questions if one.split is not None},
    }
    trained = {one.fact for one in questions if splits[one.id] == "train" and one.slice != "changed"}
    trained |= {one.fact for of_label in by_label.values() if _is_trained(of_label, splits) for one in of_label}
    return [one.model_copy(update={"split": splits[one.id], "slice": _slice(one, trained)}) for one in questions]


def _by_fact(questions: Iterable[Question]) -> dict[str, list[Question]]:
    facts = defaultdict(list)
    for question in sorted(questions, key=lambda one: one.id):
        facts[question.fact].append(question)
    return dict(sorted(facts.items()))


def _is_trained(questions: Sequence[Question], splits: Mapping[str, Split]) -> bool:
    return any(splits[one.id] == "train" for one in questions)


def _slice(question: Question, trained: Collection[str]) -> Slice:
    if question.slice in ("changed", "general"):
        return question.slice
    if not question.answerable:
        return "unanswerable"
    return "seen" if question.fact in trained else "unseen"


def _held_out(facts: Facts, fraction: float, draw: Draw) -> tuple[set[str], set[str]]:
    """The facts that are never trained on, and the documents they come from.

    Of many draws the one is taken whose share of facts, of paraphrased facts and of asked volume comes closest to the
    fraction. Source: rerandomisation, Morgan and Rubin 2012, doi:10.1214/12-AOS1008.
    """
    requested = {fact for fact, phrasings in facts.items() if _only_tested(phrasings)}
    fixed = {fact for fact, phrasings in facts.items() if any(one.split == "train" for one in phrasings)} - requested
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
    """Whether the file wants this fact tested only: all in test or dev, or one 'unseen', and none in train."""
    splits = {one.split for one in phrasings}
    asked_for = None not in splits or any(one.slice == "unseen" for one in phrasings)
    return asked_for and "train" not in splits


def _documents(facts: Facts) -> dict[str, set[str]]:
    """The facts of each document; each fact alone where documents are few, one has most facts, or a fact names none."""
    by_document = defaultdict(set)
    for fact, phrasings in facts.items():
        for source in {span.source for one in phrasings for span in one.source_spans} or {f"fact {fact}"}:
            by_document[source].add(fact)
    n_largest = max(map(len, by_document.values()), default=0)
    if len(by_document) < MIN_DOCUMENTS or n_largest > len(facts) / 2:
        return {f"fact {fact}": {fact} for fact in facts}
    return dict(sorted(by_document.items()))


def _draw_documents(
    order: Sequence[str], by_document: Mapping[str, set[str]], held: set[str], wanted: float
) -> set[str]:
    """Documents in this order as long as each brings the number of held-out facts closer to the wanted one."""
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
        {fact: sum(one.asked for one in phrasings) for fact, phrasings in facts.items()},
    ]
    shares = [
        sum(weight[fact] for fact in held) / (sum(weight.values()) or 1) for weight in weights if any(weight.values())
    ]
    return sum(abs(share - fraction) for share in shares)


def _split_unseen(facts: Facts, dev_share: float, draw: Draw) -> dict[str, Split]:
    order = draw.order(facts, "unseen")
    n_dev = min(round(dev_share * len(order)), max(len(order) - 1, 0))
    return {one.id: "dev" if i < n_dev else "test" for i, fact in enumerate(order) for one in facts[fact]}


def _split_seen(facts: Facts, dev_share: float, draw: Draw) -> dict[str, Split]:
    """Held-back phrasings to test and dev, the rest to train.

    Dev takes its share from facts with four or more phrasings first (two stay in train), then from those with three,
    and only then from those with two, whose second phrasing test goes without.
    """
    splits: dict[str, Split] = {}
    n_held = sum(_n_tested(len(phrasings)) for phrasings in facts.values())
    wanted_dev = round(dev_share * n_held)
    order = draw.order((fact for fact in facts if len(facts[fact]) > 1), "seen")
    for fact in sorted(order, key=lambda fact: -min(len(facts[fact]), 4)):
        phrasings = draw.order((one.id for one in facts[fact]), "phrasings")
        n_dev = int(wanted_dev > 0)
        wanted_dev -= n_dev
        n_test = _n_tested(len(phrasings))
        if n_dev and len(phrasings) in (2, 4):
            n_test -= 1
        splits |= {name: "dev" for name in phrasings[:n_dev]}
        splits |= {name: "test" for name in phrasings[n_dev : n_dev + n_test]}
    return {one.id: splits.get(one.id, "train") for phrasings in facts.values() for one in phrasings}


def _n_tested(n_phrasings: int) -> int:
    return 2 if n_phrasings >= 4 else 1 if n_phrasings >= 2 else 0


def _split_unanswerable(facts: Facts, held_sources: Collection[str], draw: Draw) -> dict[str, Split]:
    """Whole facts; those about held-out documents are not trained on."""
    order = draw.order(facts, "unanswerable")
    about_held = {
        fact for fact in facts if any(s.source in held_sources for one in facts[fact] for s in one.source_spans)
    }
    n_dev = round(UNANSWERABLE_DEV * len(order))
    n_train = len(order) - n_dev - math.ceil((1 - UNANSWERABLE_TRAIN - UNANSWERABLE_DEV) * len(order))
    train = [fact for fact in order if fact not in about_held][: max(n_train, 0)]
    dev = [fact for fact in order if fact not in train][:n_dev]
    splits: dict[str, Split] = {}
    for fact, phrasings in facts.items():
        for one in phrasings:
            splits[one.id] = "train" if fact in train else "dev" if fact in dev else "test"
    return splits


def _split_changed(facts: Facts, draw: Draw) -> dict[str, Split]:
    splits: dict[str, Split] = {}
    for phrasings in facts.values():
        order = draw.order((one.id for one in phrasings), "phrasings")
        n_test = max(_n_tested(len(order)), 1)
        for i, name in enumerate(order):
            splits[name] = "test" if i < n_test else "train"
    return splits
