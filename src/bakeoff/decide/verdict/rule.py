"""The verdict's rule, on one pilot or on many redrawn ones: accuracy as far as it is told apart, then cost.

Takes arrays over (pilot, contender), gives the winner of each. Knows nothing about profiles, sentences or files. In
this order:

1. Whoever is measurably less accurate than any other is out.
2. Where the base model is left, nothing was shown to be worth building and nobody wins; unless all that are left are
   tied with it, within the margin.
3. The most accurate of those left leads, and the cheapest within the margin of its accuracy wins. Nobody wins who was
   never right.
"""

import numpy as np

NOBODY = -1
TINY = 1e-12


def unbeaten(ahead: np.ndarray) -> np.ndarray:
    """(pilot, contender): no other is told apart above it; `ahead[p, i, j]` says that i is above j."""
    return np.logical_not(ahead.any(axis=1))


def winners(
    accuracy: np.ndarray, ahead: np.ndarray, tied: np.ndarray, cost: np.ndarray, base: int | None, margin: float
) -> np.ndarray:
    """The winner of each pilot, NOBODY where there is none.

    `accuracy` is (pilot, contender); `ahead` and `tied` are (pilot, contender, contender); `cost` is (contender,) and
    infinite where it is not known; `base` is the base model's place.
    """
    left = unbeaten(ahead)
    if base is not None:
        others = left & ~tied[:, base]
        others[:, base] = False
        left &= ~(left[:, base] & others.any(axis=1))[:, None]
    best = np.where(left, accuracy, -np.inf).max(axis=1)
    near = left & (accuracy >= best[:, None] - margin - TINY)
    lowest = np.where(near, cost, np.inf).min(axis=1)
    cheapest = near & (cost <= lowest[:, None])
    return np.where(best > 0, np.where(cheapest, accuracy, -np.inf).argmax(axis=1), NOBODY)
