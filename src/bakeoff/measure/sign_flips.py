"""The paired test by sign flips: if two contenders are alike, each fact's difference could as well have the other sign.

Takes the sums of differences by fact, gives p-values. Knows no questions and no contenders. Source: McNemar 1947, whose
exact test this is with one question of 0 or 1 for each fact, here with whole facts flipped.
"""

import math

import numpy as np

from bakeoff.measure.max_t import N_FLIPS, flipped, p_values, scores

MOST_STEPS = 10**6
"""Sign flips with more possible sums, times different sizes, are drawn."""


def sign_flip_p(fact_sums: np.ndarray) -> float:
    """Two-sided p-value of the sum when each fact's sign is flipped. With one 0/1 question per fact: McNemar's test."""
    exact = exact_flip_p(fact_sums)
    return drawn_flip_p(fact_sums) if exact is None else exact


def drawn_flip_p(fact_sums: np.ndarray, n_flips: int = N_FLIPS) -> float:
    """By random flips."""
    column = fact_sums[:, None]
    return float(p_values(scores(column), flipped(column, n_flips))[0])


def exact_flip_p(fact_sums: np.ndarray) -> float | None:
    """By all flips, for sums that are whole numbers (or halves, as from the grid's effects) and not too large."""
    doubled = 2 * fact_sums[fact_sums != 0]
    whole = np.rint(doubled).astype(int)
    if not np.allclose(doubled, whole):
        return None
    whole = whole[whole != 0]  # a sum that is 0 but for rounding
    unit = max(1, int(np.gcd.reduce(whole)))
    sizes = np.abs(whole) // unit
    if len(np.unique(sizes)) * int(sizes.sum()) > MOST_STEPS:
        return None
    return _exact_sign_flip(sizes, abs(int(whole.sum())) // unit)


def _exact_sign_flip(sizes: np.ndarray, observed: int) -> float:
    """P(|sum of +-sizes| >= observed). Sums over facts of equal size are binomial; different sizes are convolved."""
    chances = np.ones(1)
    for size, n in zip(*np.unique(sizes, return_counts=True), strict=True):
        steps = np.zeros(2 * size * n + 1)  # the possible sums run from -size * n to size * n in steps of 2 * size
        steps[:: 2 * size] = _heads(int(n))
        chances = np.convolve(chances, steps)
    reach = (len(chances) - 1) // 2
    sums = np.arange(-reach, reach + 1)
    return min(1.0, float(chances[np.abs(sums) >= observed].sum()))


def _heads(n: int) -> np.ndarray:
    """The probabilities of 0 to n heads in n fair coin tosses.

    Uses logarithms, because 2^-n alone would underflow to 0.
    """
    log_factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    return np.exp(log_factorials[n] - log_factorials - log_factorials[::-1] - n * math.log(2))
