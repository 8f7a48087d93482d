"""Which questions ask for the same thing: facts for the questions that are given none.

Takes questions, gives questions with facts. Answers are compared by the grader, so that '3 years' is '36 months'.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby

from bakeoff.grading.grade import equivalent, grade
from bakeoff.questions.labels import POLAR, answer_labels
from bakeoff.questions.near_copies import NEAR_COPY, similar_pairs, words
from bakeoff.questions.same_answer import content_words, same_answer_groups
from bakeoff.records import Question

# Alike questions with the same answer and source ask for the same thing. Where that proves little (no source, no
# answer, or yes and no), the words that carry meaning must be the same too.
SAME_FACT, SAME_UNANSWERABLE_FACT = 0.5, 0.8
NEAREST = 10  # how many of the most alike questions are held against the grader, which takes half a millisecond
_INFERRED = "fact-of-"


def with_facts(questions: Sequence[Question]) -> tuple[list[Question], list[str]]:
    """Every question with a fact (its own, that of a question that asks the same, or a new one), and a note on it."""
    labels = answer_labels(questions)
    groups = defaultdict(list)
    for question in questions:
        groups[_group(question, labels)].append(question)
    facts = {question.id: question.fact for question in questions}
    for group in groups.values():
        if not all(question.fact for question in group):
            facts |= _inferred(group, _threshold(group[0], labels))
    facts = _joined(facts, same_answer_groups(questions))
    complete = [one if one.fact else one.model_copy(update={"fact": facts[one.id]}) for one in questions]
    inferred = [facts[one.id] for one in questions if one.answerable and not one.fact]
    if not inferred:
        return complete, []
    known = {one.fact for one in questions if one.answerable and one.fact}
    n_grouped = len(inferred) - len({*inferred} - known)
    return complete, [
        f"{len(inferred)} answerable questions name no fact: by words, answers and sources they ask for "
        f"{len({*inferred})} facts (grouped with another that asks the same: {n_grouped}). "
        "A column 'fact' says it for certain."
    ]


def is_inferred(fact: str) -> bool:
    """Whether the fact was made here, as the question file names none."""
    return fact.startswith(_INFERRED)


def _group(question: Question, labels: Mapping[str, str]) -> Hashable:
    """What the questions of one fact have in common: their sources and, where those prove little, their words."""
    if question.id in labels:
        return labels[question.id]
    sources = frozenset(span.source for span in question.source_spans)
    proven = sources and question.answerable and not _is_polar(question)
    return sources, question.answerable, None if proven else content_words(question.text)


def _threshold(question: Question, labels: Mapping[str, str]) -> float:
    """How alike in words questions of one group must be; those with one label only where they are near-copies."""
    if question.id in labels:
        return NEAR_COPY
    return SAME_FACT if question.answerable else SAME_UNANSWERABLE_FACT


def _joined(facts: Mapping[str, str], groups: Iterable[Sequence[Question]]) -> dict[str, str]:
    """The facts with those of each group made one, that which the file names if it names just one; named ones stay."""
    becomes: dict[str, str] = {}

    def last(fact: str) -> str:
        while fact in becomes:
            fact = becomes[fact]
        return fact

    for group in groups:
        of_group = sorted({last(facts[question.id]) for question in group})
        named = [fact for fact in of_group if not is_inferred(fact)]
        if len(named) < 2:
            target = (named or of_group)[0]
            becomes |= {fact: target for fact in of_group if fact != target}
    return {name: last(fact) for name, fact in facts.items()}


def _inferred(group: Iterable[Question], threshold: float) -> dict[str, str]:
    """The fact of each question that has none: that of the most alike question before it with the same answer."""
    order = sorted(group, key=lambda one: (not one.fact, one.id))
    facts = {question.id: question.fact for question in order}
    earlier = dict(_alike(order, threshold))
    for i, question in enumerate(order):
        if not question.fact:
            near = [order[j] for j in earlier.get(i, ())]
            same = next((other for n, other in enumerate(near) if nth_agrees(n, question, other)), None)
            facts[question.id] = facts[same.id] if same else f"{_INFERRED}{question.id}"
    return facts


def _alike(order: Sequence[Question], threshold: float) -> Iterator[tuple[int, list[int]]]:
    """For each position the earlier ones that are alike in words, most alike first."""
    texts = [question.text for question in order]
    for i, pairs in groupby(similar_pairs(texts, texts, threshold), key=lambda pair: pair[0]):
        yield i, [j for _, j in sorted((-found, j) for _, j, found in pairs if j < i)]


def _is_polar(question: Question) -> bool:
    first = {word for answer in question.answers for word in words(answer)[:1]}
    return question.kind == "yesno" or not first.isdisjoint(POLAR)


def same_answers(a: Question, b: Question) -> bool:
    """Whether the two accept the same, by the grader: in other words, with other aliases or in other units."""
    return same_wording(a, b) or (a.answerable and b.answerable and _graded_same(a.answers, b.answers))


def nth_agrees(n: int, question: Question, other: Question) -> bool:
    """Whether the n-th most alike question accepts the same; the grader is slow and asked about the first few only."""
    return same_answers(question, other) if n < NEAREST else same_wording(question, other)


def same_wording(a: Question, b: Question) -> bool:
    """Whether the two accept an answer in the same words, or both none."""
    return bool(_normalised(a.answers) & _normalised(b.answers)) or not (a.answers or b.answers)


@lru_cache(maxsize=100_000)
def _graded_same(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    return equivalent(a[0], b[0]) or grade(a[0], b).correct or grade(b[0], a).correct


@lru_cache(maxsize=100_000)
def _normalised(answers: tuple[str, ...]) -> frozenset[str]:
    return frozenset(" ".join(words(answer)) or answer for answer in answers)
