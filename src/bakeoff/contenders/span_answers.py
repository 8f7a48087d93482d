"""Span answers: retrieve, then mark the answer in one of the passages with a trained reader.

Takes questions, gives answers that are spans of the first passage they cite, letter for letter, with their place in it.
Knows nothing about how the reader was trained.
Source: Chen et al. 2017, arXiv:1704.00051 (DrQA).
"""

from collections.abc import Sequence
from typing import Protocol

from bakeoff.contenders.declining import declines
from bakeoff.models.kept.clock import now
from bakeoff.models.spans.best import Span
from bakeoff.models.spans.windows import Passage
from bakeoff.protocols import Retriever
from bakeoff.records import Answer, Hit, Question, Usage
from bakeoff.retrieval.visible import hits_for


class Reads(Protocol):
    """A span reader."""

    def read(self, asked: Sequence[tuple[str, Sequence[Passage]]]) -> list[Span | None]:
        """The best span for each question; None if its passages have no text."""


class SpanAnswers:
    """A retriever and a span reader. The answer is the best span of the best k passages, compared on one scale.

    Its confidence is how much more likely the span is than no answer, as a difference of logarithms.
    """

    def __init__(
        self, name: str, retriever: Retriever, reader: Reads, k: int, decline_below: float | None = None
    ) -> None:
        self.name = name
        self._retriever = retriever
        self._reader = reader
        self._k = k
        self._decline_below = decline_below

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer for each question, in order. The passage with the span is cited first."""
        begun = now()
        every = hits_for(self._retriever, questions, self._k)
        asked = [(question.text, passages_of(hits)) for question, hits in zip(questions, every, strict=True)]
        spans = self._reader.read(asked)
        usage = Usage(seconds=(now() - begun) / max(1, len(questions)))
        return [
            self._answer(question, hits, span, usage)
            for question, hits, span in zip(questions, every, spans, strict=True)
        ]

    def _answer(self, question: Question, hits: Sequence[Hit], span: Span | None, usage: Usage) -> Answer:
        if span is None:
            return Answer(question_id=question.id, contender=self.name, usage=usage, abstained=True)
        source = hits[span.passage]
        text = source.chunk.shown[span.start : span.end]
        return Answer(
            question_id=question.id,
            contender=self.name,
            text=text,
            citations=(source, *(hit for hit in hits if hit is not source)),
            span=(span.start, span.end),
            usage=usage,
            confidence=span.score,
            abstained=declines(text, span.score, self._decline_below),
        )


def passages_of(hits: Sequence[Hit]) -> list[Passage]:
    """The passages as the reader reads them."""
    return [Passage(hit.chunk.shown, hit.chunk.heading) for hit in hits]
