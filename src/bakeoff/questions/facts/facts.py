"""Infers facts for questions without one: it decides which questions ask for the same thing.

Takes questions, gives questions with facts. The grader compares answers, so that '3 years' equals '36 months'.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from bakeoff.questions.facts.labels import POLAR, answer_labels
from bakeoff.questions.facts.near_copies import NEAR_COPY, similar_pairs, words
from bakeoff.questions.facts.same_answer import content_words, same_answer_groups
from bakeoff.questions.facts.same_gold import same_answers, same_wording
from bakeoff.questions.facts.same_place import same_place_groups
from bakeoff.records import Document, Question

# Similar questions with the same answer and source ask for the same thing. Without a source, without an answer, or with
# a yes or no, that shows little: then the content words must be the same too.
SAME_FACT, SAME_UNANSWERABLE_FACT = 0.5, 0.8
NEAREST = 10  # this many of the most similar questions are compared by the grader, which takes half a millisecond each
_INFERRED = "fact-of-"
BY_ALL = "By words, answers, sources and the places of the answers"
CORRECT = "To correct this, write a table of them with bakeoff init --facts facts.csv, or add a column 'fact'."


def with_facts(questions: Sequence[Question]) -> tuple[list[Question], list[str]]:
    """All questions, in order, each with a fact, and a note if some got a fact that the files name.

    A question without a fact gets that of a question that asks for the same thing, or a new one.
    """
    labels = answer_labels(questions)
    groups = defaultdict(list)
    for question in questions:
        groups[_group(question, labels)].append(question)
    facts = {question.id: question.fact for question in questions}
    for group in groups.values():
        if not all(question.fact for question in group):
            facts |= _inferred(group, _threshold(group[0], labels))
    facts = _joined(facts, same_answer_groups(questions))
    complete = [
        question if question.fact else question.model_copy(update={"fact": facts[question.id]})
        for question in questions
    ]
    inferred = [facts[question.id] for question in questions if question.answerable and not question.fact]
    n_named = sum(not is_inferred(fact) for fact in inferred)
    if not n_named:
        return complete, []
    return complete, [
        f"{n_named} of the {_counted(len(inferred), 'answerable question')} without a fact ask for a fact that other "
        f"questions name, and get it. {CORRECT}"
    ]


def with_same_places(questions: Sequence[Question], documents: Sequence[Document]) -> tuple[list[Question], list[str]]:
    """All questions, in order, where those whose answers stand at the same place are one fact (`same_place`).

    Takes questions with located evidence. Facts that the files name are kept. If facts were inferred, a note counts
    them, after all steps.
    """
    facts = {question.id: question.fact for question in questions}
    joined = _joined(facts, same_place_groups(questions, documents))
    complete = [
        question if joined[question.id] == question.fact else question.model_copy(update={"fact": joined[question.id]})
        for question in questions
    ]
    inferred = [joined[question.id] for question in questions if question.answerable and is_inferred(question.fact)]
    if not inferred:
        return complete, []
    n_grouped = len(inferred) - len({fact for fact in inferred if is_inferred(fact)})
    return complete, [
        f"{_counted(len(inferred), 'answerable question')} {'has' if len(inferred) == 1 else 'have'} no fact. "
        f"{BY_ALL if documents else 'By words and labels'} they ask for {_counted(len({*inferred}), 'fact')} "
        f"(grouped with another question that asks for the same: {n_grouped}). {CORRECT}"
    ]


def _counted(n: int, what: str) -> str:
    return f"{n} {what}{'s' if n != 1 else ''}"


def is_inferred(fact: str) -> bool:
    """Whether the fact was inferred here, because the question file gives none."""
    return fact.startswith(_INFERRED)


def _group(question: Question, labels: Mapping[str, str]) -> Hashable:
    """A key that all questions of a fact share: the label, or the sources and, if these show little, the words."""
    if question.id in labels:
        return labels[question.id]
    sources = frozenset(span.source for span in question.source_spans)
    proven = sources and question.answerable and not is_polar(question)
    return sources, question.answerable, None if proven else content_words(question.text)


def _threshold(question: Question, labels: Mapping[str, str]) -> float:
    """The least similarity (0 to 1) of questions of one fact. Questions with a label must be near-copies."""
    if question.id in labels:
        return NEAR_COPY
    return SAME_FACT if question.answerable else SAME_UNANSWERABLE_FACT


def _joined(facts: Mapping[str, str], groups: Iterable[Sequence[Question]]) -> dict[str, str]:
    """The facts by question id, with the facts of each group merged.

    A fact named in the file is kept. Groups with two or more named facts are not merged.
    """
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
    """The facts of the group by question id. A question without one gets that of the most similar earlier question
    with the same answer, or a new one.
    """
    order = sorted(group, key=lambda question: (not question.fact, question.id))
    facts = {question.id: question.fact for question in order}
    earlier = dict(_alike(order, threshold))
    for i, question in enumerate(order):
        if not question.fact:
            near = [order[j] for j in earlier.get(i, ())]
            same = next((other for n, other in enumerate(near) if nth_agrees(n, question, other)), None)
            facts[question.id] = facts[same.id] if same else f"{_INFERRED}{question.id}"
    return facts


def _alike(order: Sequence[Question], threshold: float) -> Iterator[tuple[int, list[int]]]:
    """(position, earlier positions of similar questions, most similar first)."""
    texts = [question.text for question in order]
    for i, pairs in groupby(similar_pairs(texts, texts, threshold), key=lambda pair: pair[0]):
        yield i, [j for _, j in sorted((-similarity, j) for _, j, similarity in pairs if j < i)]


def is_polar(question: Question) -> bool:
    """Whether it is answered with yes or no."""
    first = {word for answer in question.answers for word in words(answer)[:1]}
    return question.kind == "yesno" or not first.isdisjoint(POLAR)


def nth_agrees(n: int, question: Question, other: Question) -> bool:
    """Whether the n-th most similar question accepts the same answer. The slow grader compares the first few only."""
    return same_answers(question, other) if n < NEAREST else same_wording(question, other)
