"""Training questions with the passages retrieved for them, and where these say the answer.

Takes questions and a retriever, gives `SpanQuestion`s. Knows no reader.
"""

import random
import re
from collections.abc import Sequence

from bakeoff.contenders.span_answers import passages_of
from bakeoff.models.spans.windows import SpanQuestion
from bakeoff.protocols import Retriever
from bakeoff.questions.evidence.evidence import evidence_hit, holds_evidence
from bakeoff.records import Hit, Question
from bakeoff.retrieval.visible import hits_for


def span_questions(
    questions: Sequence[Question], retriever: Retriever, k: int, share_unanswered: float, seed: int
) -> list[SpanQuestion]:
    """The questions whose accepted answer stands in a passage that they may see, and a drawn part of those without one.

    Where the evidence of a question is known, only the passages that hold it count. Questions without an answer are at
    most the share `share_unanswered`. Empty if no answer stands in any passage.
    """
    every = hits_for(retriever, questions, k)
    answered, others = [], []
    for question, hits in zip(questions, every, strict=True):
        asked = SpanQuestion(question.text, tuple(passages_of(hits)), _places(question, hits))
        if asked.places:
            answered.append(asked)
        elif not question.answerable and hits:
            others.append(asked)
    draw = random.Random(seed)
    most = round(share_unanswered * len(answered) / (1 - share_unanswered))
    return answered + draw.sample(others, min(most, len(others)))


def _places(question: Question, hits: Sequence[Hit]) -> tuple[tuple[int, int, int], ...]:
    """Every place of an accepted answer as whole words: (number of the passage, start, end) of its shown text."""
    known = evidence_hit(question, [hit.chunk for hit in hits]) is not None
    found = {
        (number, *place)
        for number, hit in enumerate(hits)
        if not known or holds_evidence(question, hit.chunk)
        for answer in question.answers
        for place in places_of(answer, hit.chunk.shown)
    }
    return tuple(sorted(found))


def places_of(answer: str, text: str) -> list[tuple[int, int]]:
    """Where a text says an answer as whole words, whatever their case. None for an answer without letters."""
    wanted = answer.strip().rstrip(".")
    if not re.search(r"\w", wanted):
        return []
    return [found.span() for found in re.finditer(rf"(?<!\w){re.escape(wanted)}(?!\w)", text, re.IGNORECASE)]
