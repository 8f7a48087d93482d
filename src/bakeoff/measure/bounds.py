"""One-sided bounds of a share, and how many more questions would show that it reaches a goal.

Takes a share and the number of independent observations it rests on (`Estimate.n_effective`). A bound at level .95 lies
on the wrong side of the true share in at most 5 of 100 tests. Knows nothing about questions, facts or goals of a
profile.

Sources: Clopper and Pearson 1934, doi:10.1093/biomet/26.4.404, for a number of observations that need not be whole
(Korn and Graubard 1998, Survey Methodology 24); the incomplete beta function by its continued fraction (Lentz 1976;
DLMF 8.17.22).
"""

import math
from typing import Literal

LEVEL = 0.95
MOST = 10**9
"""Nobody asks more questions than this."""

Side = Literal["low", "high"]
"""'low' is the bound below a share (for goals such as "at least 80 %"), 'high' the one above (for "at most 5 %")."""


def share_bound(share: float, n_effective: float, level: float = LEVEL, side: Side = "low") -> float:
    """The bound of a share in 0..1 on one side. 0 or 1 if there are no observations.

    >>> round(share_bound(0.9, 10), 3)
    0.606
    """
    if side == "high":
        return 1 - share_bound(1 - share, n_effective, level)
    successes = share * n_effective
    if successes <= 0:
        return 0.0
    return beta_quantile(1 - level, successes, n_effective - successes + 1)


def meets(share: float, n_effective: float, goal: float, level: float = LEVEL, side: Side = "low") -> bool:
    """Whether the bound shows that the goal is reached."""
    if side == "high":
        return meets(1 - share, n_effective, 1 - goal, level)
    successes = share * n_effective
    if successes <= 0:
        return goal <= 0
    return incomplete_beta(goal, successes, n_effective - successes + 1) <= 1 - level


def more_for_bound(
    share: float, n_effective: float, n: int, goal: float, level: float = LEVEL, side: Side = "low"
) -> int | None:
    """How many more questions than `n` would show the goal if the share stays as it is. None if it never would.

    Each further question counts as much as those asked so far: n_effective / n observations.
    """
    if meets(share, n_effective, goal, level, side):
        return 0
    is_beyond = share > goal if side == "low" else share < goal
    if not is_beyond or n_effective <= 0 or n <= 0:
        return None
    too_few, enough = n, 2 * n
    while not meets(share, n_effective * enough / n, goal, level, side):
        too_few, enough = enough, 2 * enough
        if enough > MOST:
            return None
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if meets(share, n_effective * middle / n, goal, level, side):
            enough = middle
        else:
            too_few = middle
    return enough - n


def beta_quantile(probability: float, a: float, b: float) -> float:
    """The quantile of the beta distribution with the parameters a, b > 0, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if incomplete_beta(middle, a, b) < probability:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function: the distribution function of the beta distribution."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(1 - x, b, a)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(front) / a / _continued_fraction(x, a, b)


def _continued_fraction(x: float, a: float, b: float) -> float:
    """1 + d1 / (1 + d2 / (1 + ...)), by Lentz's method."""
    value = front = 1.0
    back = 0.0
    for i in range(1, 1000 + int(10 * math.sqrt(a + b))):
        m = i // 2
        if i % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        back = 1 / (1 + term * back)
        front = 1 + term / front
        value *= front * back
        if abs(front * back - 1) < 1e-13:
            break
    return value


def observations(share: float, low: float, high: float, z: float) -> float:
    """How many independent observations have a score interval (Wilson 1927) around the share of this width.

    `low` and `high` may lie outside 0..1. 0 if the interval is so wide that it says nothing.
    """
    half = (high - low) / 2
    if half >= 0.5:
        return 0.0
    binomial, square = share * (1 - share), half * half
    if square == 0:
        return math.inf
    linear = binomial - 2 * square
    root = math.sqrt(linear * linear + 4 * square * (0.25 - square))
    return z * z * (linear + root) / (2 * square)
