"""Retrieval in two steps: a retriever finds candidates, a reranker puts them into a better order.

Takes a retriever and whatever scores a question with a passage. Documents that the caller may not see are left out by
the retriever, before the candidates are chosen. Source: Nogueira and Cho 2019, arXiv:1901.04085.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from bakeoff.protocols import LabelledRetriever
from bakeoff.records import Hit, Labels


class Scores(Protocol):
    """Scores (question, passage) pairs: a float for each, higher for a better passage."""

    def scores(self, texts: Sequence[tuple[str, str]]) -> np.ndarray: ...


class Reranked:
    """A retriever whose first `candidates` hits are put into the order of the reranker's scores."""

    def __init__(self, retriever: LabelledRetriever, reranker: Scores, candidates: int) -> None:
        self._retriever = retriever
        self._reranker = reranker
        self._candidates = candidates

    def search(self, queries: Sequence[str], k: int) -> list[list[Hit]]:
        """The best k of the candidates for each query, best first. Equal scores keep the retriever's order."""
        return self._best(queries, self._retriever.search(queries, max(k, self._candidates)), k)

    def search_visible(self, queries: Sequence[str], k: int, access: tuple[str, ...]) -> list[list[Hit]]:
        """The same from the documents without labels and those with at least one of these."""
        found = self._retriever.search_visible(queries, max(k, self._candidates), access)
        return self._best(queries, found, k)

    def search_vectors(
        self, queries: Sequence[str], vectors: np.ndarray, k: int, access: Labels = None
    ) -> list[list[Hit]]:
        """The same, with these vectors in place of the queries' in the search for candidates.

        Raises AttributeError if the retriever cannot search by vectors.
        """
        found = self._retriever.search_vectors(queries, vectors, max(k, self._candidates), access)  # type: ignore[attr-defined]
        return self._best(queries, found, k)

    def _best(self, queries: Sequence[str], hits_of_queries: Sequence[Sequence[Hit]], k: int) -> list[list[Hit]]:
        pairs = [
            (query, hit.chunk.passage) for query, hits in zip(queries, hits_of_queries, strict=True) for hit in hits
        ]
        scores = self._reranker.scores(pairs)
        best, start = [], 0
        for hits in hits_of_queries:
            best.append(reordered(hits, scores[start : start + len(hits)])[:k])
            start += len(hits)
        return best


def reordered(hits: Sequence[Hit], scores: np.ndarray) -> list[Hit]:
    """The hits by these scores, best first, with the scores and new ranks."""
    order = np.argsort(-scores, kind="stable")
    return [Hit(chunk=hits[i].chunk, score=float(scores[i]), rank=rank) for rank, i in enumerate(order.tolist(), 1)]
