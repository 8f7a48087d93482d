"""Scores to rankings, and two rankings to one.

Takes row numbers with scores, gives them best first. Knows nothing about tables, texts or models.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

RRF_K = 60  # Source: Cormack, Clarke, Buettcher 2009, Reciprocal Rank Fusion
DECIMALS = 5  # finer differences between scores are rounding in the matrix product, not relevance


class Ranking(NamedTuple):
    """Row numbers, best first, and their scores."""

    rows: np.ndarray
    scores: np.ndarray

    @classmethod
    def of(cls, scored: Sequence[tuple[int, float]], order: np.ndarray) -> "Ranking":
        """Sorted by score, equal ones by `order` (a number for each row)."""
        rows = np.array([row for row, _ in scored], np.int64)
        return sorted_ranking(rows, np.array([score for _, score in scored], np.float64), order)


def sorted_ranking(rows: np.ndarray, scores: np.ndarray, order: np.ndarray, decimals: int = DECIMALS) -> Ranking:
    rounded = np.round(scores, decimals)
    best = np.lexsort((order[rows], -rounded))
    return Ranking(rows[best], rounded[best])


def top(scores: np.ndarray, k: int, order: np.ndarray) -> Ranking:
    """The k best rows of one score for each row; rows of -inf never."""
    n_kept = min(k, len(scores))
    least = np.partition(scores, len(scores) - n_kept)[len(scores) - n_kept] - 10.0**-DECIMALS
    rows = np.flatnonzero((scores >= least) & (scores > -np.inf))
    found = sorted_ranking(rows, scores[rows], order)
    return Ranking(found.rows[:k], found.scores[:k])


def fused_by_score(first: Ranking, second: Ranking, order: np.ndarray) -> Ranking:
    """Convex combination: the mean of both scores, each scaled to 0..1 over its own candidates, 0 where not among them.

    Source: Bruch, Gai, Ingber 2023, An Analysis of Fusion Functions for Hybrid Retrieval. Equal weights, not tuned.
    """
    return _summed(first, second, [_scaled(first.scores) / 2, _scaled(second.scores) / 2], order)


def fused_by_rank(first: Ranking, second: Ranking, order: np.ndarray) -> Ranking:
    """Reciprocal rank fusion: a row scores the sum of 1 / (RRF_K + rank) over the rankings it is in."""
    return _summed(first, second, [1.0 / (RRF_K + np.arange(1, len(one.rows) + 1)) for one in (first, second)], order)


def _scaled(scores: np.ndarray) -> np.ndarray:
    """Lowest to 0, highest to 1; all to 1 where they are equal."""
    spread = np.ptp(scores) if len(scores) else 0.0
    return (scores - scores.min()) / spread if spread > 0 else np.ones(len(scores))


def _summed(first: Ranking, second: Ranking, parts: Sequence[np.ndarray], order: np.ndarray) -> Ranking:
    rows, inverse = np.unique(np.concatenate((first.rows, second.rows)), return_inverse=True)
    scores = np.bincount(inverse, np.concatenate(parts), minlength=len(rows))
    return sorted_ranking(rows, scores, order, decimals=9)
