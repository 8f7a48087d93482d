"""Summarises split questions: counts, and warnings if there are too few or they do not fit together.

Takes questions with their splits, gives counts and warnings. Knows nothing about documents or models.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import NormalDist, median

from bakeoff.questions.facts.facts import CORRECT, is_inferred
from bakeoff.questions.facts.labels import answer_labels
from bakeoff.questions.facts.near_copies import wording
from bakeoff.questions.facts.same_gold import same_answers, says_the_other
from bakeoff.questions.splits.splits import MEASURED
from bakeoff.questions.splits.untrained import untrained_kinds, untrained_labels
from bakeoff.records import Question, Record
from bakeoff.sentences import first_few, listed
from bakeoff.writing.words import count_words

DISCORDANT = 0.3
SIGNIFICANCE, POWER = 0.05, 0.8
FEW, VERY_FEW = 100, 30
LONG_ANSWER = 12  # words
IN_COLUMN = "Fix the column 'fact', or remove it if it holds topics."
GROUPED_REMEDY = f"Bakeoff has put these together, no column has. {CORRECT}"
SHOWN = 60  # characters of a question in a warning
ONE_WAY = ("general", "unanswerable")
"""Slices of which consistency is not measured."""
BESIDE_VERDICT = {"changed": "test about the update", "general": "test of general knowledge"}
"""Slices of the test that do not count for the verdict, in words."""


class QuestionSummary(Record):
    """The numbers of questions, and warnings about what they are not enough for.

    `counts` is by split, then slice. `phrasings` is the number of facts by their number of phrasings. `asked_share` is
    each slice's share (0 to 1) of all that users asked, without general questions. `n_test` is the number of test
    questions that a verdict is based on. `detectable_difference` (0 to 1) is the smallest true difference in accuracy
    that these would show. `n_labels` is the number of distinct answers if they are labels of a closed set, else 0.
    `n_synthetic` are the questions that nobody asked and no person accepted (in train only), `n_accepted` those that a
    person accepted.
    """

    n_questions: int
    n_facts: int
    counts: dict[str, dict[str, int]]
    phrasings: dict[int, int]
    asked_share: dict[str, float]
    n_test: int
    detectable_difference: float | None
    warnings: tuple[str, ...]
    n_labels: int = 0
    n_synthetic: int = 0
    n_accepted: int = 0


def summarise(questions: Sequence[Question]) -> QuestionSummary:
    """The summary of questions that have their splits and slices."""
    counts: dict[str, dict[str, int]] = {split: {} for split in ("train", "dev", "test")}
    for (split, name), n in sorted(
        Counter((str(question.split), str(question.slice)) for question in questions).items()
    ):
        counts.setdefault(split, {})[name] = n
    asked = Counter[str]()
    for question in questions:
        by_users = question.slice != "general" and question.synthetic is None
        asked[str(question.slice)] += question.asked if by_users else 0
    asked_so = {(q.fact, q.slice == "changed", wording(q.text)) for q in questions if q.slice != "general"}
    facts = Counter((fact, is_changed) for fact, is_changed, _ in asked_so)
    n_test = sum(counts["test"].get(name, 0) for name in MEASURED)
    labels = answer_labels(questions)
    has_sources = any(question.source_spans for question in questions)
    return QuestionSummary(
        n_questions=len(questions),
        n_facts=len({fact for fact, _ in facts}),
        counts=counts,
        phrasings=dict(sorted(Counter(facts.values()).items())),
        asked_share={name: n / asked.total() for name, n in sorted(asked.items()) if n},
        n_test=n_test,
        detectable_difference=detectable_difference(n_test),
        warnings=(
            *_warnings(counts, n_test, bool(labels), bool(labels) and not has_sources),
            *_lacking_phrasings(questions, bool(labels)),
            *untrained_labels(questions, labels),
            *untrained_kinds(questions),
            *_mixed_facts(questions),
            *_long_answers(questions),
        ),
        n_labels=len({*labels.values()}),
        n_synthetic=sum(question.is_unreviewed for question in questions),
        n_accepted=sum(question.synthetic is not None and question.synthetic.accepted for question in questions),
    )


def counted_tests(questions: Iterable[Question]) -> str:
    """How many test questions there are, by what they are for.

    >>> counted_tests([])
    '0 test'
    """
    slices = Counter(str(question.slice) for question in questions if question.split == "test")
    parts = [f"{sum(slices[name] for name in MEASURED):,} test"]
    parts += [f"{slices[name]:,} {what}" for name, what in BESIDE_VERDICT.items() if slices[name]]
    return listed(parts)


def label_note(questions: Sequence[Question]) -> list[str]:
    """A note that the answers are labels, and how they are split. Empty if they are not labels."""
    labels = answer_labels(questions)
    if not labels:
        return []
    whatever = ", whatever their sources" if any(question.source_spans for question in questions) else ""
    return [
        f"The answers look like labels: {len({*labels.values()})} distinct answers for {len(labels):,} questions. "
        f"The questions of each label are split{whatever}. 'seen' means that the label was trained on."
    ]


def detectable_difference(n: int, discordant: float = DISCORDANT) -> float | None:
    """The smallest difference in accuracy (0 to 1) that n paired questions show with 80 % power at the 5 % level.

    The test is two-sided. `discordant` is the share of questions that exactly one of two contenders answers correctly.
    It is at least as large as the difference. None if n is too small to show any difference. Questions are assumed to
    be independent: with several phrasings of few facts, the smallest difference that shows is larger.
    Source: Connor 1987, Sample size for testing differences in proportions for the paired-sample design, Biometrics 43:
    207-211, n = (z_a sqrt(p) + z_b sqrt(p - d^2))^2 / d^2, solved for d.
    """
    z_a, z_b = NormalDist().inv_cdf(1 - SIGNIFICANCE / 2), NormalDist().inv_cdf(POWER)

    def shown(difference: float) -> bool:
        p = max(discordant, difference)
        return n * difference**2 >= (z_a * math.sqrt(p) + z_b * math.sqrt(p - difference**2)) ** 2

    if not shown(1.0):
        return None
    low, high = 0.0, 1.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (low, middle) if shown(middle) else (middle, high)
    return high


def _mixed_facts(questions: Sequence[Question]) -> list[str]:
    """A warning of facts whose questions mostly have different answers: these may be topics, or a mistake."""
    facts = defaultdict(list)
    for question in questions:
        if question.answerable:
            facts[question.fact, question.slice == "changed"].append(question)
    mixed = [phrasings for (fact, _), phrasings in facts.items() if _mostly_differ(phrasings, _rule(fact))]
    named = [one for one in mixed if not is_inferred(one[0].fact)]
    grouped = [one for one in mixed if is_inferred(one[0].fact)]
    return [
        f"Most questions of one fact have different answers: {first_few(_facts(some))}. A fact groups phrasings of one "
        f"question; splits and intervals depend on that. {remedy}"
        for some, remedy in ((named, IN_COLUMN), (grouped, GROUPED_REMEDY))
        if some
    ]


def _facts(mixed: Sequence[Sequence[Question]]) -> list[str]:
    """Each fact once; of one that was inferred, its first questions."""
    names = dict.fromkeys(phrasings[0].fact for phrasings in mixed)
    texts = {one[0].fact: " / ".join(f"'{question.text[:SHOWN]}'" for question in one[:2]) for one in reversed(mixed)}
    return [f"{name} ({texts[name]})" if is_inferred(name) else name for name in names]


def _rule(fact: str) -> Callable[[Question, Question], bool]:
    """When two answers of a fact are one. Bakeoff itself groups questions where one answer says the other and more."""
    if not is_inferred(fact):
        return same_answers
    return lambda a, b: same_answers(a, b) or says_the_other(a, b)


def _mostly_differ(phrasings: Sequence[Question], is_same: Callable[[Question, Question], bool]) -> bool:
    """Whether there is no answer that more than half of the questions share.

    Source: Boyer and Moore 1991, MJRTY: a fast majority vote algorithm, doi:10.1007/978-94-011-3488-0_5.
    """
    if len(phrasings) < 2:
        return False
    candidate, lead = phrasings[0], 0
    for question in phrasings:
        candidate = question if lead == 0 else candidate
        lead += 1 if is_same(candidate, question) else -1
    return 2 * sum(is_same(candidate, question) for question in phrasings) <= len(phrasings)


def _long_answers(questions: Sequence[Question]) -> list[str]:
    """A warning if half of the accepted answers are too long to be graded well by rules."""
    lengths = [
        min(count_words(answer) for answer in question.answers)
        for question in questions
        if question.split == "test" and question.slice in MEASURED and question.answers
    ]
    if not lengths or median(lengths) < LONG_ANSWER:
        return []
    return [
        f"Half of the accepted answers have {median(lengths):.0f} words or more. Rules can call few answers to such "
        "questions right or wrong. Give short accepted answers, or label about 100 answers after the run: "
        "bakeoff label RUN."
    ]


def _lacking_phrasings(questions: Sequence[Question], labelled: bool) -> list[str]:
    """A warning of what cannot be seen because too few facts are asked in two ways. The same words are no other way."""
    asked = {(q.fact, wording(q.text)) for q in questions if q.split == "test" and q.slice not in ONE_WAY}
    is_asked_twice = len({fact for fact, _ in asked}) < len(asked)
    trained = {(q.fact, wording(q.text)) for q in questions if q.split == "train" and q.slice != "changed"}
    known = {fact for fact, _ in trained}
    is_learned = any(
        q.split == "test" and q.slice == "seen" and q.fact in known and (q.fact, wording(q.text)) not in trained
        for q in questions
    )
    if labelled or (is_asked_twice and is_learned):
        return []
    unknown = [] if is_asked_twice else ["consistency cannot be measured"]
    unknown += [] if is_learned else ["a tuned model could not show what it learned"]
    where = "the test" if is_learned else "train and test"
    return [
        f"No fact is asked in two ways in {where}: {', and '.join(unknown)}. Add other phrasings of the same "
        "questions, with the same fact."
    ]


def _warnings(
    counts: Mapping[str, Mapping[str, int]], n_test: int, labelled: bool, classified: bool = False
) -> list[str]:
    test, dev, train = counts["test"], counts["dev"], counts["train"]
    smallest = detectable_difference(n_test)
    shows = (
        f"only differences of {100 * smallest:.0f} points or more would show"
        if smallest
        else "no difference would show"
    )
    warnings = []
    asked = f"Only {n_test} test question{'s' if n_test != 1 else ''}"
    if n_test < VERY_FEW:
        warnings.append(f"{asked}: too few for a verdict ({shows}). Add questions.")
    elif n_test < FEW:
        warnings.append(f"{asked}: {shows}. With 100 or more, a verdict is more likely.")
    if not test.get("unanswerable"):
        warnings.append(
            "No unanswerable questions in test: the test cannot show whether a contender declines when it should. "
            + (
                "Add messages that have none of the labels, with kind=out of scope."
                if classified
                else "Add questions that the documents do not answer, with kind=unanswerable."
            )
        )
    if not test.get("unseen") and not labelled:
        warnings.append(
            "No unseen fact in test: the test cannot show how contenders do on facts that were not trained on. "
            "Add facts."
        )
    if not sum(dev.values()):
        warnings.append("No dev questions: no threshold for declining or routing can be fitted. Add questions.")
    else:
        missing = [name for name in MEASURED if test.get(name) and not dev.get(name)]
        without = {"unanswerable": "no contender gets a threshold for declining"}
        other = "routers and thresholds, if there are any, are fitted without them"
        warnings += [f"No {name} questions in dev: {without.get(name, other)}." for name in missing]
    if not any(n for name, n in train.items() if name != "changed"):
        warnings.append("No question is left to train on: the tuned contenders cannot be built. Add questions.")
    return warnings
