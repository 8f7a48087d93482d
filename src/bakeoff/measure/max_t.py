"""p-values of several paired tests at once, adjusted by what the largest of them would be by chance.

Takes the sum of differences of each fact for each pair of contenders. The signs of whole facts are flipped at random,
the same flips for all pairs, so that pairs keep their correlation: pairs that share a contender, or hardly differ,
cost little. Each sum is divided by its standard deviation under flips. Knows nothing about contenders or questions.

Sources: the step-down method with the maximum of test statistics, Westfall and Young 1993, "Resampling-based multiple
testing", algorithm 4.1; Romano and Wolf 2005, doi:10.1198/016214504000000539; one added to both counts, Phipson and
Smyth 2010, doi:10.2202/1544-6115.1585.
"""

from statistics import NormalDist
from typing import NamedTuple

import numpy as np

Z = NormalDist()
N_FLIPS = 10_000
CHUNK = 1 << 24
"""How many signs are in memory at once."""
TIE = 1e-5
"""Scores that differ by less than this share are equal: they are computed in single precision."""


class Adjusted(NamedTuple):
    """p-values of a family, adjusted, in the order of the pairs; and the score that each pair has to exceed.

    `critical` is, for a pair that is not significant, the score it needs while the other open pairs stay as they are.
    """

    p: np.ndarray
    critical: np.ndarray


def scores(sums: np.ndarray) -> np.ndarray:
    """Each column's total divided by its standard deviation when the signs of its rows are flipped: (n_pairs,)."""
    norms = np.sqrt((sums * sums).sum(axis=0))
    return np.divide(np.abs(sums.sum(axis=0)), norms, out=np.zeros(sums.shape[1]), where=norms > 0)


def flipped(sums: np.ndarray, n_flips: int = N_FLIPS, seed: int = 0) -> np.ndarray:
    """The scores of `sums` (n_facts, n_pairs) under random flips: (n_flips, n_pairs). All pairs have the same flips."""
    sums = sums[sums.any(axis=1)]
    n_facts = len(sums)
    norms = np.sqrt((sums * sums).sum(axis=0))
    unit = np.divide(sums, norms, out=np.zeros(sums.shape), where=norms > 0).astype(np.float32)
    rng = np.random.default_rng(seed)
    given = np.zeros((n_flips, sums.shape[1]), dtype=np.float32)
    step = max(1, CHUNK // max(1, n_facts))
    for start in range(0, n_flips, step):
        n = min(step, n_flips - start)
        bits = np.frombuffer(rng.bytes(n * (-(-n_facts // 8))), dtype=np.uint8).reshape(n, -1)
        signs = np.unpackbits(bits, axis=1, count=n_facts).astype(np.float32)
        given[start : start + n] = np.abs(2 * (signs @ unit) - unit.sum(axis=0))
    return given


def as_normal(by_chance: np.ndarray) -> np.ndarray:
    """Each column's scores replaced by the sizes of normal scores with the same ranks; equal ones get the largest."""
    n_flips = len(by_chance)
    normal = np.array([Z.inv_cdf(0.5 + rank / (2 * (n_flips + 1))) for rank in range(1, n_flips + 1)])
    ranks = [np.searchsorted(np.sort(column), column * (1 + TIE), side="right") - 1 for column in by_chance.T]
    return normal[np.array(ranks).T]


def step_down(observed: np.ndarray, by_chance: np.ndarray, level: float = 0.05) -> Adjusted:
    """Adjusted p-values of the observed scores (n_pairs,), given scores by chance (n_flips, n_pairs).

    The largest score is compared with the largest by chance, the next with the largest of the others by chance, and so
    on. No p-value is smaller than that of a larger score.
    """
    n_flips, n_pairs = by_chance.shape
    if not n_pairs:
        return Adjusted(np.zeros(0), np.zeros(0))
    order = np.argsort(-observed, kind="stable")
    largest = np.maximum.accumulate(by_chance[:, order[::-1]], axis=1)[:, ::-1]
    reached = (largest >= observed[order] * (1 - TIE)).sum(axis=0)
    p, critical = np.empty(n_pairs), np.empty(n_pairs)
    p[order] = np.maximum.accumulate((1 + reached) / (1 + n_flips))
    n_clear = int((p < level).sum())
    of_open = np.quantile(largest[:, min(n_clear, n_pairs - 1)], 1 - level)
    critical[order] = [np.quantile(largest[:, rank], 1 - level) if rank < n_clear else of_open
                       for rank in range(n_pairs)]  # fmt: skip
    return Adjusted(p, critical)
