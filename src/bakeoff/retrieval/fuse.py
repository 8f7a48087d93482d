"""Sorts scores into rankings, and fuses rankings into one.

Takes row numbers with scores, or the hits of several searches; gives them best first. Knows nothing about tables, texts
or models.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from bakeoff.records import Hit

RRF_K = 60  # Source: Cormack, Clarke, Buettcher 2009, Reciprocal Rank Fusion
EQUAL = 0.5
DECIMALS = 5  # smaller differences between scores are rounding errors of the matrix product, not relevance


class Ranking(NamedTuple):
    """Row numbers (int64), best first, and their scores; both of shape (n,)."""

    rows: np.ndarray
    scores: np.ndarray

    @classmethod
    def of(cls, scored: Sequence[tuple[int, float]], order: np.ndarray) -> "Ranking":
        """(row, score) pairs sorted by score. Equal scores are sorted by `order`, which has a number for each row."""
        rows = np.array([row for row, _ in scored], np.int64)
        return sorted_ranking(rows, np.array([score for _, score in scored], np.float64), order)


Fuse = Callable[[Ranking, Ranking, np.ndarray, float], Ranking]
"""Takes the two rankings, the order of equal scores and the weight of the second ranking."""


def sorted_ranking(rows: np.ndarray, scores: np.ndarray, order: np.ndarray, decimals: int = DECIMALS) -> Ranking:
    rounded = np.round(scores, decimals)
    best = np.lexsort((order[rows], -rounded))
    return Ranking(rows[best], rounded[best])


def top(
    scores: np.ndarray,
    k: int,
    order: np.ndarray,
    exact: Callable[[np.ndarray], np.ndarray] | None = None,
    rows: np.ndarray | None = None,
) -> Ranking:
    """The k best rows. `scores` has a score for each row, or for each of `rows`; rows with -inf are never returned.

    `exact` gives the exact scores of rows, where `scores` are rounded differently from call to call.
    """
    if not len(scores):
        return Ranking.of([], order)
    n_kept = min(k, len(scores))
    least = np.partition(scores, len(scores) - n_kept)[len(scores) - n_kept] - 10.0**-DECIMALS
    kept = np.flatnonzero((scores >= least) & (scores > -np.inf))
    chosen = kept if rows is None else rows[kept]
    ranking = sorted_ranking(chosen, exact(chosen) if exact else scores[kept], order)
    return Ranking(ranking.rows[:k], ranking.scores[:k])


def fused_by_score(first: Ranking, second: Ranking, order: np.ndarray, second_weight: float = EQUAL) -> Ranking:
    """Convex combination, with equal weights not tuned: the mean of both scores.

    Each score is scaled to 0..1 over the candidates of its ranking. A row that is not in a ranking scores 0 there.
    Source: Bruch, Gai, Ingber 2023, An Analysis of Fusion Functions for Hybrid Retrieval.
    """
    parts = [_scaled(first.scores) * (1 - second_weight), _scaled(second.scores) * second_weight]
    return _summed(first, second, parts, order)


def fused_by_rank(first: Ranking, second: Ranking, order: np.ndarray, second_weight: float = EQUAL) -> Ranking:
    """Reciprocal rank fusion: a row's score is the sum of 1 / (RRF_K + rank) over the rankings that contain it.

    With unequal weights, the parts of the sum are multiplied by twice the weight.

    Source: Cormack, Clarke, Buettcher 2009, Reciprocal Rank Fusion.
    """
    parts = [
        2 * weight / (RRF_K + np.arange(1, len(ranking.rows) + 1))
        for ranking, weight in ((first, 1 - second_weight), (second, second_weight))
    ]
    return _summed(first, second, parts, order)


def _scaled(scores: np.ndarray) -> np.ndarray:
    """The scores scaled so that the lowest is 0 and the highest is 1. All are 1 if they are equal."""
    spread = np.ptp(scores) if len(scores) else 0.0
    return (scores - scores.min()) / spread if spread > 0 else np.ones(len(scores))


def _summed(first: Ranking, second: Ranking, parts: Sequence[np.ndarray], order: np.ndarray) -> Ranking:
    rows, inverse = np.unique(np.concatenate((first.rows, second.rows)), return_inverse=True)
    scores = np.bincount(inverse, np.concatenate(parts), minlength=len(rows))
    return sorted_ranking(rows, scores, order, decimals=9)


def fused_hits(searches: Sequence[Sequence[Hit]], k: int) -> list[Hit]:
    """The best k chunks of several searches for the same question, best first, by reciprocal rank fusion.

    A chunk's score is the sum of 1 / (RRF_K + rank) over the searches that found it. Of equal scores, the chunk that an
    earlier search found, or found earlier, is first.

    Source: Cormack, Clarke, Buettcher 2009; over rewordings of one question: Rackauckas 2024, arXiv:2402.03367.
    """
    chunks = {hit.chunk.id: hit.chunk for hits in searches for hit in hits}
    scores = dict.fromkeys(chunks, 0.0)
    for hits in searches:
        for rank, hit in enumerate(hits, 1):
            scores[hit.chunk.id] += 1 / (RRF_K + rank)
    best = sorted(chunks, key=lambda id: -round(scores[id], 12))[:k]
    return [Hit(chunk=chunks[id], score=scores[id], rank=rank) for rank, id in enumerate(best, 1)]
