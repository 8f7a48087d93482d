"""Which questions ask for the same thing: facts for the questions that are given none.

Takes questions, gives questions with facts. Answers are compared by the grader, so that '3 years' is '36 months'.
"""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby

from bakeoff.grading.grade import equivalent, grade
from bakeoff.grading.normalise import word_set
from bakeoff.questions.near_copies import similar_pairs, words
from bakeoff.records import Question

# Alike questions with the same answer and source ask for the same thing. Where that proves little (no source, no
# answer, or yes and no), the words that carry meaning must be the same too.
SAME_FACT, SAME_UNANSWERABLE_FACT = 0.5, 0.8
NEAREST = 10  # how many of the most alike questions are held against the grader, which takes half a millisecond
_POLAR = word_set("yes no true false")
_FUNCTION_WORDS = word_set("""
    a an the of on in at for to is are was were be been it its this that these those there what which who whose when
    where how do does did can could may might will would shall should have has had i you we they my your our their me us
    one please and if s
""")


def with_facts(questions: Sequence[Question]) -> tuple[list[Question], list[str]]:
    """Every question with a fact (its own, that of a question that asks the same, or a new one), and a note on it."""
    groups = defaultdict(list)
    for question in questions:
        groups[_group(question)].append(question)
    facts: dict[str, str] = {}
    for group in groups.values():
        if not all(question.fact for question in group):
            facts |= _inferred(group)
    found = [one if one.fact else one.model_copy(update={"fact": facts[one.id]}) for one in questions]
    inferred = [facts[one.id] for one in questions if one.answerable and not one.fact]
    if not inferred:
        return found, []
    return found, [
        f"Facts inferred from words and answers: {len(set(inferred))}, for {len(inferred)} answerable questions that "
        "name none. A column 'fact' says it for sure."
    ]


def _group(question: Question) -> Hashable:
    """What the questions of one fact have in common: their sources and, where those prove little, their words."""
    sources = frozenset(span.source for span in question.source_spans)
    proven = sources and question.answerable and not _is_polar(question)
    return sources, question.answerable, None if proven else content_words(question.text)


def _inferred(group: Iterable[Question]) -> dict[str, str]:
    """The fact of each question that has none: that of the most alike question before it with the same answer."""
    order = sorted(group, key=lambda one: (not one.fact, one.id))
    facts = {question.id: question.fact for question in order}
    earlier = dict(_alike(order))
    for i, question in enumerate(order):
        if not question.fact:
            near = [order[j] for j in earlier.get(i, ())]
            same = next((other for n, other in enumerate(near) if nth_agrees(n, question, other)), None)
            facts[question.id] = facts[same.id] if same else f"fact-of-{question.id}"
    return facts


def _alike(order: Sequence[Question]) -> Iterator[tuple[int, list[int]]]:
    """For each position the earlier ones that are alike in words, most alike first."""
    texts = [question.text for question in order]
    threshold = SAME_FACT if order[0].answerable else SAME_UNANSWERABLE_FACT
    for i, pairs in groupby(similar_pairs(texts, texts, threshold), key=lambda pair: pair[0]):
        yield i, [j for _, j in sorted((-found, j) for _, j, found in pairs if j < i)]


def _is_polar(question: Question) -> bool:
    first = {word for answer in question.answers for word in words(answer)[:1]}
    return question.kind == "yesno" or not first.isdisjoint(_POLAR)


def content_words(text: str) -> frozenset[str]:
    """The words that carry meaning, without their English endings."""
    found = [word for word in words(text) if word not in _FUNCTION_WORDS]
    return frozenset(re.sub(r"(ies|es|s|ed|ing|y|e)$", "", word) if len(word) > 4 else word for word in found)


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
