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


def fused(first: Ranking, second: Ranking, order: np.ndarray) -> Ranking:
    """Reciprocal rank fusion: a row scores the sum of 1 / (RRF_K + rank) over the rankings it is in."""
    rows, inverse = np.unique(np.concatenate((first.rows, second.rows)), return_inverse=True)
    ranks = np.concatenate([np.arange(1, len(ranking.rows) + 1) for ranking in (first, second)])
    scores = np.bincount(inverse, 1.0 / (RRF_K + ranks), minlength=len(rows))
    return sorted_ranking(rows, scores, order, decimals=12)
