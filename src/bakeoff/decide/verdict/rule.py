"""The verdict's rule, on one pilot or on many redrawn ones: accuracy as far as differences are significant, then cost.

Takes arrays over (pilot, contender), gives the winner of each. Knows nothing about profiles, sentences or files. In
this order:

1. A contender is out if the paired test finds at least one other more accurate.
2. Where a baseline (a model as it comes) is left, nothing was shown to be worth building and nobody wins; unless all
   that are left are tied with it, within the margin.
3. The most accurate of those left leads, and the cheapest within the margin of its accuracy wins. Nobody wins who was
   never right.
"""

from collections.abc import Sequence

import numpy as np

NOBODY = -1
TINY = 1e-12


def unbeaten(ahead: np.ndarray) -> np.ndarray:
    """(pilot, contender): no other is significantly more accurate; `ahead[p, i, j]` says that i is ahead of j."""
    return np.logical_not(ahead.any(axis=1))


def winners(
    accuracy: np.ndarray,
    ahead: np.ndarray,
    tied: np.ndarray,
    cost: np.ndarray,
    baselines: Sequence[int],
    margin: float,
) -> np.ndarray:
    """The winner of each pilot, NOBODY where there is none.

    `accuracy` is (pilot, contender); `ahead` and `tied` are (pilot, contender, contender); `cost` is (contender,) and
    infinite where it is not known; `baselines` are the places of the models as they come.
    """
    left = unbeaten(ahead)
    is_undecided = np.zeros(len(left), dtype=bool)
    for base in baselines:
        others = left & ~tied[:, base]
        others[:, base] = False
        is_undecided |= left[:, base] & others.any(axis=1)
    left &= ~is_undecided[:, None]
    best = np.where(left, accuracy, -np.inf).max(axis=1)
    near = left & (accuracy >= best[:, None] - margin - TINY)
    lowest = np.where(near, cost, np.inf).min(axis=1)
    cheapest = near & (cost <= lowest[:, None])
    return np.where(best > 0, np.where(cheapest, accuracy, -np.inf).argmax(axis=1), NOBODY)
