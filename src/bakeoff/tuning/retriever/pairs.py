"""Training questions to pairs for tuning retrieval: each with a passage that answers, and wrong ones that look right.

Takes questions, the untuned index and the chunks of documents. Knows nothing about models. Sources: Karpukhin et al.
2020, "Dense Passage Retrieval", arXiv:2004.04906 (hard negatives: the best hits that do not answer). What answers is
decided by the project's one rule (`tuning/withheld.py`): a passage that may hold the answer is never a negative.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from bakeoff.protocols import Retriever
from bakeoff.questions.evidence.evidence import holds_evidence
from bakeoff.records import Chunk, Question
from bakeoff.tuning.withheld import holds_answer

FEWEST = 20
"""With fewer pairs nothing is tuned: a batch would hold most of them."""
DEPTH = 30
"""So many hits of a question are looked through for negatives."""
ChunksOf = Callable[[str], Sequence[Chunk]]
"""The source of a document to its chunks."""


class Pair(NamedTuple):
    """A question, a passage that holds its evidence, and the best wrong passages that the untuned index finds."""

    question: Question
    positive: Chunk
    negatives: tuple[Chunk, ...]


def trainable(questions: Sequence[Question]) -> list[Question]:
    """The questions that can become pairs: those with an answer and with evidence."""
    return [question for question in questions if question.answerable and question.source_spans]


def mined(questions: Sequence[Question], retriever: Retriever, chunks_of: ChunksOf, n_negatives: int) -> list[Pair]:
    """A pair for each question whose evidence is in a chunk, in order; with fewer negatives where few are found."""
    asked = trainable(questions)
    pairs = []
    for question, hits in zip(asked, retriever.search([one.text for one in asked], DEPTH), strict=True):
        found = [hit.chunk for hit in hits]
        positive = _positive(question, found, chunks_of)
        if positive is not None:
            pairs.append(Pair(question, positive, tuple(_first(n_negatives, _wrong(question, found)))))
    return pairs


def answers(question: Question, chunk: Chunk) -> bool:
    """Whether the passage overlaps the question's evidence, or may hold one of its accepted answers."""
    return holds_evidence(question, chunk) or holds_answer(question, chunk)


def _wrong(question: Question, chunks: Sequence[Chunk]) -> Iterator[Chunk]:
    return (chunk for chunk in chunks if not answers(question, chunk))


def _first(n: int, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """The first n chunks. The rest are not even looked at, since that takes time."""
    return (chunk for _, chunk in zip(range(n), chunks, strict=False))


def _positive(question: Question, found: Sequence[Chunk], chunks_of: ChunksOf) -> Chunk | None:
    """The chunk with most of the evidence. Of a whole document, the first found one that holds the answer."""
    sources = dict.fromkeys(span.source for span in question.source_spans)
    chunks = [chunk for source in sources for chunk in chunks_of(source)]
    overlaps = {chunk.id: _overlap(question, chunk) for chunk in chunks}
    best = max(chunks, key=lambda chunk: overlaps[chunk.id], default=None)
    if best is not None and overlaps[best.id]:
        return best
    rank: Mapping[str, int] = {chunk.id: number for number, chunk in enumerate(found)}
    ordered = sorted(chunks, key=lambda chunk: rank.get(chunk.id, len(rank)))
    return next((chunk for chunk in ordered if holds_answer(question, chunk) and holds_evidence(question, chunk)), None)


def _overlap(question: Question, chunk: Chunk) -> int:
    """The number of characters of the evidence in the chunk; 0 for evidence that is a whole document."""
    spans = [
        (span.start, span.end)
        for span in question.source_spans
        if span.source == chunk.source and span.start is not None and span.end is not None
    ]
    return sum(max(0, min(chunk.end, end) - max(chunk.start, start)) for start, end in spans)
