"""Numbers that are known as a range: which mean a range allows, and the range of assumed days of work.

Takes a value and the ends of its 95 % range. Gives means and medians of the two-piece normal distribution that costs
are drawn from (`decide/cost/draws.py`). Knows nothing about contenders.
"""

from collections.abc import Iterable
from numbers import Real
from typing import Any

Z_95 = 1.959964
HALF = 0.3989423 / Z_95
"""The mean of the positive part of a standard normal number, in units of 1.96 of them: density at 0 / 1.96."""
DAYS_DOUBT = (0.5, 2.0)
"""Assumed days of work may be half or double: a judgement. Software projects overrun by about a third on average, with
a long tail (Jorgensen and Molokken-Ostvold 2006, doi:10.1016/j.infsof.2005.07.002)."""

MOST_DAYS = 100_000.0
"""More days of work than this (about 400 years) are a slip."""

ALLOWED = f"give 0 or more, {MOST_DAYS:,.0f} at most"

Ends = tuple[float, float]
Days = float | Ends
"""Days of work in a profile: a number, or a range."""


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


def mean_days(days: Days) -> float:
    """The number, or the middle of a range."""
    return sum(days) / 2 if isinstance(days, tuple) else days


def low_days(days: Days) -> float:
    """The number, or the low end of a range."""
    return days[0] if isinstance(days, tuple) else days


def assumed_days(default: float, parts: Iterable[Days] = ()) -> tuple[float, Ends]:
    """The mean and the range of days that nobody stated: half to double, but not below the stated days of its parts."""
    given = list(parts)
    days = max([default, *map(mean_days, given)])
    low, high = DAYS_DOUBT
    ends = max([low * days, *map(low_days, given)]), high * days
    return max(days, least_mean(ends)), ends


def checked_days(name: str, days: Any) -> Any:
    """Days as a profile gives them, a list as a tuple. Raises ValueError that says what is wrong with them."""
    if not isinstance(days, list | tuple):
        if not _is_number(days):
            raise ValueError(f"'{name}' is {days!r}: give days as a number, or as a range such as [5, 12]")
        if not 0 <= days <= MOST_DAYS:
            raise ValueError(f"'{name}' is {days:g} days: {ALLOWED}")
        return days
    if len(days) != 2 or not all(map(_is_number, days)):
        raise ValueError(f"'{name}' is {list(days)!r}: a range of days is two numbers, such as [5, 12]")
    low, high = days
    if not (0 <= low <= MOST_DAYS and 0 <= high <= MOST_DAYS):
        raise ValueError(f"'{name}' is from {low:g} to {high:g} days: {ALLOWED}")
    if low > high:
        raise ValueError(f"'{name}' is from {low:g} to {high:g} days: write the lower first, [{high:g}, {low:g}]")
    return float(low), float(high)


def _is_number(days: Any) -> bool:
    """Whether it is a number, infinite ones included. A number as text is none."""
    return isinstance(days, Real) and not isinstance(days, bool)
