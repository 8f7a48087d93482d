"""p-values of several paired tests at once, adjusted by what the largest of them would be by chance.

Takes the sum of differences of each fact for each pair of contenders. The signs of whole facts are flipped at random,
the same flips for all pairs, so that pairs keep their correlation: pairs that share a contender, or hardly differ,
cost little. Each sum is divided by its standard deviation under flips. Knows nothing about contenders or questions.

Sources: the step-down method with the maximum of test statistics, Westfall and Young 1993, "Resampling-based multiple
testing", algorithm 4.1; Romano and Wolf 2005, doi:10.1198/016214504000000539; one added to both counts, Phipson and
Smyth 2010, doi:10.2202/1544-6115.1585.
"""

from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

Z = NormalDist()
N_FLIPS = 10_000
CHUNK = 1 << 24
"""How many signs are in memory at once."""
LEVEL = 0.05
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


class Normal(NamedTuple):
    """Scores by chance as sizes of normal scores of the same probability: (n_flips, n_pairs) each.

    A pair that differs on few facts has few scores, each of many flips. `scores` gives them the size that they reach
    or exceed as often; `own` the size of the rarest of equal ones, so that the pair itself is tested as by all flips.
    """

    scores: np.ndarray
    own: np.ndarray


def as_normal(by_chance: np.ndarray) -> Normal:
    """Each column's scores replaced by the sizes of normal scores with the same ranks."""
    n_flips = len(by_chance)
    normal = np.array([Z.inv_cdf(0.5 + rank / (2 * (n_flips + 1))) for rank in range(1, n_flips + 1)])
    columns = [(np.sort(column), column) for column in by_chance.T]
    least = [np.searchsorted(ranked, column * (1 - TIE), side="left") for ranked, column in columns]
    most = [np.searchsorted(ranked, column * (1 + TIE), side="right") - 1 for ranked, column in columns]
    return Normal(normal[np.array(least).T], normal[np.array(most).T])


def step_down(
    observed: np.ndarray, by_chance: np.ndarray, own: np.ndarray | None = None, level: float = LEVEL
) -> Adjusted:
    """Adjusted p-values of the observed scores (n_pairs,), given scores by chance (n_flips, n_pairs).

    The largest score is compared with the largest by chance, the next with the largest of the others by chance, and so
    on. No p-value is smaller than that of a larger score. `own` are the scores of each pair where it is tested itself,
    if they are other ones, never smaller. `level` is that of `critical`.
    """
    order = np.argsort(-observed, kind="stable")
    largest, own = _largest_from(by_chance[:, order]), (by_chance if own is None else own)[:, order]
    p = np.maximum.accumulate(p_values(observed[order], np.maximum(largest, own)))
    return _in_order(order, p, _critical(largest, own, p < level, [level] * len(p)))


def gate(
    observed: np.ndarray, by_chance: np.ndarray, own: np.ndarray | None = None, kept: float = 1.0, level: float = LEVEL
) -> Adjusted:
    """As `step_down`, but after the first significant pair the others have only the share `kept` of the level.

    What is no longer used can go to other tests. The first pair must also be significant at what is kept if any one of
    the other pairs had been the first, so that significant pairs never make another one harder to show.
    """
    order = np.argsort(-observed, kind="stable")
    by_chance, own = by_chance[:, order], (by_chance if own is None else own)[:, order]
    largest = _largest_from(by_chance)
    p = p_values(observed[order], np.maximum(largest, own))
    p[1:] /= kept
    without = [np.maximum(own[:, 0], np.delete(by_chance, i, axis=1).max(axis=1)) for i in range(1, len(p))]
    p[:1] = max([*p[:1], *(p_values(observed[order[:1]], of[:, None])[0] / kept for of in without)])
    p = np.minimum(1.0, np.maximum.accumulate(p))
    return _in_order(order, p, _critical(largest, own, p < level, [level, *[kept * level] * (len(p) - 1)]))


def _largest_from(by_chance: np.ndarray) -> np.ndarray:
    """For each flip the largest score from each column on."""
    return np.maximum.accumulate(by_chance[:, ::-1], axis=1)[:, ::-1]


def p_values(observed: np.ndarray, by_chance: np.ndarray) -> np.ndarray:
    """How often each column by chance reaches its observed score: (n_pairs,)."""
    return (1 + (by_chance >= observed * (1 - TIE)).sum(axis=0)) / (1 + len(by_chance))


def _critical(largest: np.ndarray, own: np.ndarray, is_clear: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """The quantile of the step at which a pair is tested; all open pairs are at the first step that failed."""
    steps = [rank if is_clear[rank] else int(is_clear.sum()) for rank in range(len(is_clear))]
    at = [np.maximum(largest[:, step], own[:, rank]) for rank, step in enumerate(steps)]
    return np.array([np.quantile(scores, 1 - levels[step]) for scores, step in zip(at, steps, strict=True)])


def _in_order(order: np.ndarray, p: np.ndarray, critical: np.ndarray) -> Adjusted:
    given = Adjusted(np.empty(len(order)), np.empty(len(order)))
    given.p[order], given.critical[order] = p, critical
    return given
