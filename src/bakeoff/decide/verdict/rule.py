"""The verdict's rule for one pilot or many resampled ones: first significant differences in accuracy, then cost.

Takes arrays over (pilot, contender), gives the winner of each pilot. Knows nothing about profiles, sentences or files.
The steps:

1. A contender is out if the paired test finds at least one other more accurate.
2. If a baseline (a base model, not tuned and shown nothing) remains, there is no winner: nothing was shown to be worth
   building. The exception: all remaining contenders are tied with it, within the margin.
3. The most accurate remaining contender leads. The cheapest whose accuracy is within the margin of the leader's wins. A
   contender without a correct answer cannot win.
"""

from collections.abc import Sequence

import numpy as np

NOBODY = -1
TINY = 1e-12


def unbeaten(ahead: np.ndarray) -> np.ndarray:
    """Which contenders no other is significantly more accurate than, shape (pilot, contender).

    `ahead[p, i, j]` is true if i is significantly more accurate than j in pilot p.
    """
    return np.logical_not(ahead.any(axis=1))


def winners(
    accuracy: np.ndarray,
    ahead: np.ndarray,
    tied: np.ndarray,
    cost: np.ndarray,
    baselines: Sequence[int],
    margin: float,
) -> np.ndarray:
    """The position of the winner of each pilot, shape (pilot,); NOBODY if there is none.

    `accuracy` is (pilot, contender). `ahead` and `tied` are (pilot, contender, contender). `cost` is (contender,), in
    US dollars, infinite if unknown. `baselines` are the positions of the base models. `margin` is a share: 0.02 is 2
    points.
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
