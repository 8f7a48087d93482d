"""Training questions to training examples, for the model without and the model with retrieval.

Takes questions, a retriever and a template; gives prompts with the completions wanted. Knows nothing about training.
Source of the second kind: Zhang et al. 2024, "RAFT: Adapting Language Model to Domain Specific RAG" (distractors in
every prompt, the right passage absent from some).

How many examples are to be declined is one setting for both kinds. A small model that is shown many of them writes "I
don't know" whenever no single answer is likelier, that is nearly always; the threshold calibrated on dev is what
decides on declining (docs/results/training.md).
"""

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from bakeoff.models.prompts import DECLINE, PromptTemplate
from bakeoff.protocols import Retriever
from bakeoff.questions.evidence import evidence_hit, holds_evidence
from bakeoff.records import Chunk, Question
from bakeoff.tuning.lora import Example

Shown = tuple[Question, list[Chunk]]
Fitting = Callable[[str, Sequence[str]], int]  # a question and passages to how many of these the model has room for
T = TypeVar("T")


def closed_book_examples(
    questions: Sequence[Question], template: PromptTemplate, declining: float, seed: int
) -> list[Example]:
    """Each question with its first accepted answer, or with declining where it has none.

    Of the latter at most so many are taken that they make up the share `declining` of all.
    """
    answered = [question for question in questions if question.answerable]
    others = [question for question in questions if not question.answerable]
    others = _at_most(_enough(len(answered), declining), others, random.Random(seed))
    return [
        *(Example(prompt=template.render(one.text), completion=one.answers[0]) for one in answered),
        *(Example(prompt=template.render(one.text), completion=DECLINE) for one in others),
    ]


def grounded_examples(
    questions: Sequence[Question],
    retriever: Retriever,
    template: PromptTemplate,
    k: int,
    declining: float,
    seed: int,
    n_fitting: Fitting,
) -> list[Example]:
    """Each question with the k passages retrieval gives it (those that fit), as it will see them when it serves.

    The share `declining` of the examples is to be declined: questions without an answer and those whose right passage
    retrieval missed, drawn where they are too many. Where they are too few, others lose their right passages.
    """

    def shown(question: Question, chunks: Sequence[Chunk]) -> Sequence[Chunk]:
        return chunks[: n_fitting(question.text, [chunk.passage for chunk in chunks[:k]])]

    def example(question: Question, chunks: Sequence[Chunk], completion: str) -> Example:
        passages = [chunk.passage for chunk in shown(question, chunks)]
        return Example(prompt=template.render(question.text, passages), completion=completion)

    draw = random.Random(seed)
    found = retriever.search([question.text for question in questions], 2 * k)
    supported: list[Shown] = []
    unsupported: list[Shown] = []
    for question, hits in zip(questions, found, strict=True):
        chunks = [hit.chunk for hit in hits]
        answers = question.answerable and evidence_hit(question, shown(question, chunks)) is not False
        (supported if answers else unsupported).append((question, chunks))
    unsupported = _at_most(_enough(len(supported), declining), unsupported, draw)
    missing = round(declining * (len(supported) + len(unsupported))) - len(unsupported)
    robbed = _at_most(missing, [one for one in supported if evidence_hit(*one)], draw)
    unsupported += [(question, _without_evidence(question, chunks)) for question, chunks in robbed]
    lost = {question.id for question, _ in robbed}
    return [
        *(example(*one, one[0].answers[0]) for one in supported if one[0].id not in lost),
        *(example(*one, DECLINE) for one in unsupported),
    ]


def _enough(n_others: int, share: float) -> int:
    """How many make up this share of a whole that has so many others."""
    return round(share * n_others / (1 - share))


def _at_most(n: int, items: list[T], draw: random.Random) -> list[T]:
    """At most n of the items, drawn, in their order."""
    if len(items) <= n:
        return items
    return [items[i] for i in sorted(draw.sample(range(len(items)), max(0, n)))]


def _without_evidence(question: Question, chunks: Sequence[Chunk]) -> list[Chunk]:
    return [chunk for chunk in chunks if not holds_evidence(question, chunk)]
