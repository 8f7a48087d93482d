"""How well retrieval finds the evidence of dev questions, measured without an index, after every epoch.

Takes dev questions, the untuned index and chunks. Gives a pool of passages that stands for all of them: every chunk
where there are few, else the evidence and what the untuned index finds. The same pool and the same fusion with BM25
measure the untuned and each tuned embedder. Of a passage, the embedder in training reads the first 256 tokens
(`embedder.LONGEST`), where an index reads all. Knows nothing about models.
"""

from collections.abc import Callable, Sequence
from itertools import islice, zip_longest
from typing import Any, NamedTuple, Protocol

import numpy as np

from bakeoff.questions.evidence.evidence import evidence_hit, holds_evidence
from bakeoff.records import Chunk, Hit, Question
from bakeoff.retrieval.fuse import Ranking, fused_by_score, sorted_ranking, top
from bakeoff.retrieval.searching import CANDIDATES
from bakeoff.tuning.retriever.training import Quality

FEWEST = 5
"""With fewer dev questions that have evidence, nothing can be said about an epoch."""
MOST_QUESTIONS = 200
MOST_PASSAGES = 1500
"""Of the pool: embedding it takes about as long as training on a few hundred pairs."""


class Index(Protocol):
    """What the pool needs of an index."""

    @property
    def n_chunks(self) -> int: ...

    def dense_weight(self, query: str) -> float: ...

    def search_bm25(self, queries: Sequence[str], k: int) -> list[list[Hit]]: ...

    def search_dense(self, queries: Sequence[str], k: int) -> list[list[Hit]]: ...


class Pool(NamedTuple):
    """The passages, ordered by place; those from number `n_embedded` on are only ranked by BM25. `gold` (questions,
    passages) says which hold evidence; `bm25` is each question's ranking, `dense_weights` what the other one counts.
    """

    questions: list[Question]
    chunks: list[Chunk]
    n_embedded: int
    gold: np.ndarray
    bm25: list[Ranking]
    dense_weights: list[float]

    @property
    def embedded(self) -> list[Chunk]:
        return self.chunks[: self.n_embedded]

    def quality(self, questions: np.ndarray, passages: np.ndarray, k: int) -> Quality:
        """The quality with these vectors of the questions and of the embedded passages, fused as the index does."""
        cosines = np.full((len(self.questions), len(self.chunks)), -np.inf)
        cosines[:, : self.n_embedded] = questions @ passages.T
        order = np.arange(len(self.chunks))
        ranks = []
        for scores, bm25, gold, weight in zip(cosines, self.bm25, self.gold, self.dense_weights, strict=True):
            fused = fused_by_score(bm25, top(scores, CANDIDATES, order), order, weight)
            ranks.append(first_rank(gold[fused.rows].tolist()))
        return quality_of(ranks, k)


def with_evidence(dev: Sequence[Question]) -> list[Question]:
    """The dev questions that can be measured: at most 200, in order, those with an answer and with evidence."""
    return [one for one in dev if one.answerable and one.source_spans][:MOST_QUESTIONS]


def pool_of(dev: Sequence[Question], index: Index, every_chunk: Callable[[], Sequence[Chunk]], gold: Any) -> Pool:
    """The pool. `every_chunk` gives all chunks, `gold` those of a document by its source."""
    questions = with_evidence(dev)
    texts = [question.text for question in questions]
    lexical = index.search_bm25(texts, CANDIDATES)
    if index.n_chunks <= MOST_PASSAGES:
        embedded = {chunk.id: chunk for chunk in every_chunk()}
    else:
        sources = dict.fromkeys(span.source for question in questions for span in question.source_spans)
        near = {chunk.id: chunk for source in sources for chunk in gold(source) if _is_evidence(questions, chunk)}
        found = zip_longest(*index.search_dense(texts, CANDIDATES), *lexical)  # the best hit of each, then the second
        others = {hit.chunk.id: hit.chunk for rank in found for hit in rank if hit is not None}
        embedded = dict(islice((near | others).items(), max(MOST_PASSAGES, len(near))))
    extra = {hit.chunk.id: hit.chunk for hits in lexical for hit in hits if hit.chunk.id not in embedded}
    chunks = [*_in_place(embedded.values()), *_in_place(extra.values())]
    number = {chunk.id: i for i, chunk in enumerate(chunks)}
    holds = np.array([[holds_evidence(question, chunk) for chunk in chunks] for question in questions])
    bm25 = [_ranking(hits, number) for hits in lexical]
    return Pool(questions, chunks, len(embedded), holds, bm25, list(map(index.dense_weight, texts)))


def _is_evidence(questions: Sequence[Question], chunk: Chunk) -> bool:
    return any(holds_evidence(question, chunk) for question in questions)


def _in_place(chunks: Any) -> list[Chunk]:
    return sorted(chunks, key=lambda chunk: (chunk.source, chunk.start))


def _ranking(hits: Sequence[Hit], number: dict[str, int]) -> Ranking:
    rows = np.array([number[hit.chunk.id] for hit in hits], np.int64)
    return sorted_ranking(rows, np.array([hit.score for hit in hits]), np.arange(len(number)))


def quality_of_hits(questions: Sequence[Question], hits: Sequence[Sequence[Hit]], k: int) -> Quality:
    """The quality of rankings that are there already."""
    held = [
        [bool(evidence_hit(question, [hit.chunk])) for hit in found]
        for question, found in zip(questions, hits, strict=True)
    ]
    return quality_of([first_rank(flags) for flags in held], k)


def first_rank(holds: Sequence[bool]) -> int | None:
    """The rank of the first passage with evidence, from 1; None if there is none."""
    return next((rank for rank, held in enumerate(holds, 1) if held), None)


def quality_of(ranks: Sequence[int | None], k: int) -> Quality:
    """The quality of the ranks at which evidence was found first.

    >>> quality_of([1, 2, None, 4], k=3).found
    0.5
    """
    return Quality(
        found=float(np.mean([rank is not None and rank <= k for rank in ranks])),
        mean_reciprocal_rank=float(np.mean([1 / rank if rank else 0.0 for rank in ranks])),
    )
