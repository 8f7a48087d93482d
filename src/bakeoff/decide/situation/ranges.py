"""Numbers that are known as a range: which mean a range allows, and the range of assumed days of work.

Takes a value and the ends of its 95 % range. Gives means and medians of the two-piece normal distribution that costs
are drawn from (`decide/cost/draws.py`). Knows nothing about contenders.
"""

Z_95 = 1.959964
HALF = 0.3989423 / Z_95
"""The mean of the positive part of a standard normal number, in units of 1.96 of them: density at 0 / 1.96."""
DAYS_DOUBT = (0.5, 2.0)
"""Assumed days of work may be half or double: a judgement. Software projects overrun by about a third on average, with
a long tail (Jorgensen and Molokken-Ostvold 2006, doi:10.1016/j.infsof.2005.07.002)."""

Ends = tuple[float, float]


def median_of(mean: float, ends: Ends, above: float = HALF, below: float = HALF) -> float:
    """The median of the two-piece normal with this mean and 95 % of its draws between the ends.

    A draw is m + (high - m) z / 1.96 for z > 0 and m - (m - low) |z| / 1.96 otherwise. With a and b the means of the
    positive and of the negative part of z / 1.96 (both 0.2035), its mean is m + a (high - m) - b (m - low), which is
    the wanted mean for m = (mean - a high - b low) / (1 - a - b). A range that is too lopsided for its mean has no
    such m; then m is the end of the range that comes closest.
    """
    low, high = min(ends[0], mean), max(ends[1], mean)
    return min(high, max(low, (mean - above * high - below * low) / (1 - above - below)))


def least_mean(ends: Ends) -> float:
    """The lowest mean that such draws can have: that with the median at the low end."""
    low, high = ends
    return low + HALF * (high - low)


def doubtful(days: float, least: float = 0.0) -> Ends:
    """The range of assumed days, which is not below the days that are known to be needed."""
    low, high = DAYS_DOUBT
    return max(least, low * days), high * days
