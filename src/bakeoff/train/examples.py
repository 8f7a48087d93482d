"""Training questions to training examples, for the model without and the model with retrieval.

Takes questions, a retriever and a template; gives prompts with the completions wanted. Knows nothing about training.
Source of the second kind: Zhang et al. 2024, "RAFT: Adapting Language Model to Domain Specific RAG" (distractors in
every prompt, the right passage absent from some).
"""

import random
from collections.abc import Sequence

from bakeoff.evidence import evidence_hit, holds_evidence
from bakeoff.prompts import DECLINE, PromptTemplate
from bakeoff.protocols import Retriever
from bakeoff.records import Chunk, Question
from bakeoff.train.lora import Example


def closed_book_examples(questions: Sequence[Question], template: PromptTemplate) -> list[Example]:
    """Each question with its first accepted answer, or with declining where it has none."""
    return [Example(prompt=template.render(question.text), completion=_wanted(question)) for question in questions]


def grounded_examples(
    questions: Sequence[Question],
    retriever: Retriever,
    template: PromptTemplate,
    k: int,
    without_evidence: float,
    seed: int,
) -> list[Example]:
    """Each question with the k passages retrieval gives it, as it will see them when it serves.

    From a share `without_evidence` of the questions the right passages are taken away; there, and wherever retrieval
    missed them by itself, the completion wanted is to decline.
    """
    draw = random.Random(seed)
    found = retriever.search([question.text for question in questions], 2 * k)
    examples = []
    for question, hits in zip(questions, found, strict=True):
        chunks = [hit.chunk for hit in hits]
        if question.answerable and draw.random() < without_evidence:
            chunks = [chunk for chunk in chunks if not holds_evidence(question, chunk)]
        examples.append(_grounded(question, chunks[:k], template))
    return examples


def _grounded(question: Question, chunks: Sequence[Chunk], template: PromptTemplate) -> Example:
    supported = evidence_hit(question, chunks) is not False
    return Example(
        prompt=template.render(question.text, [chunk.passage for chunk in chunks]),
        completion=_wanted(question) if supported else DECLINE,
    )


def _wanted(question: Question) -> str:
    return question.answers[0] if question.answerable else DECLINE
