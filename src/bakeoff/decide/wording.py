"""Words for differences: their size, their interval, and whether they are significant after correction.

Takes contrasts, gives phrases. Knows nothing about what is compared. Two contenders are significantly different if
their paired test has p < 0.05 after correction (Holm) for all comparisons made, and they are not equal within the
margin. The interval is not corrected. So it can exclude zero although the difference is not significant; the phrases
then say so.
"""

from bakeoff.measure.comparison import reversed_contrast
from bakeoff.records import Contrast
from bakeoff.sentences import NARROW, counted
from bakeoff.sentences import percent as rounded_percent

NOBODY_ANSWERING = "nobody answering"
"""What a contender has to beat, whatever happens today: it is worth 0."""

FEW_DIFFER = 3
"""On so few questions two contenders differ that chance alone may say which of them leads."""


def percent(share: float) -> str:
    """A share as whole percent, as the report's tables round it: '48 %', and '>99 %' where it is not 100 %."""
    return rounded_percent(share).replace(NARROW, " ")


def percent_unlike(share: float, other: float) -> str:
    """A share as percent, with as many digits as it takes not to look like another one: '4.98 %' beside '5 %'."""
    digits = next((n for n in (0, 1, 2) if share == other or f"{100 * share:.{n}f}" != f"{100 * other:.{n}f}"), 3)
    return f"{100 * share:.{digits}f} %" if digits else percent(share)


def money(usd: float) -> str:
    """An amount as a person says it: '12,300 USD', '0.42 USD', '-250 USD'."""
    if abs(usd) >= 1000:
        digits = max(0, len(f"{abs(usd):.0f}") - 3)
        usd = round(usd, -digits)
    return f"{usd:,.0f} USD" if abs(usd) >= 10 else f"{usd:,.2g} USD" if usd else "0 USD"


def differs(n: int) -> str:
    """'differs on 1 question', 'differs on no question'."""
    return f"differs on {counted(n, 'question') if n else 'no question'}"


def excludes_zero(contrast: Contrast) -> bool:
    """Whether the interval of this comparison, not corrected for the others, excludes zero."""
    return contrast.low > 0 or contrast.high < 0


def is_surprising(contrast: Contrast) -> bool:
    """Whether the interval excludes zero although the corrected test finds no significant difference."""
    return contrast.finding == "open" and excludes_zero(contrast)


def not_significant(contrast: Contrast, n_compared: int) -> str:
    """A phrase for a difference that is not significant: 'not significant after correcting for 15 comparisons'."""
    if is_surprising(contrast) and n_compared > 1:
        return f"not significant after correcting for {n_compared} comparisons"
    return "not significant" if excludes_zero(contrast) else "not significantly different from zero"


def interval_words(contrast: Contrast, digits: int = 1) -> str:
    """'95 % interval +3.0 to +38.0' in points; 'unadjusted' comes first if the corrected test disagrees with it."""
    low, high = (signed(value, digits) for value in (contrast.low, contrast.high))
    return f"{'unadjusted ' if is_surprising(contrast) else ''}95 % interval {low} to {high}"


def behind(contrast: Contrast, n_compared: int) -> str:
    """How far b is behind a: '12 points behind (unadjusted interval 3 to 20); not significant after ...'.

    'ahead' instead of 'behind' if b has the higher value.
    """
    if round(100 * contrast.difference) < 0:
        return behind(reversed_contrast(contrast), n_compared).replace(" behind", " ahead", 1)
    points, low, high = (
        f"{round(100 * value) + 0.0:.0f}" for value in (contrast.difference, contrast.low, contrast.high)
    )
    kind = "unadjusted interval " if is_surprising(contrast) else "95 % interval "
    distance = f"{points} {'point' if points == '1' else 'points'} behind ({kind}{low} to {high})"
    return f"{distance}; {not_significant(contrast, n_compared)}" if is_surprising(contrast) else distance


def signed(difference: float, digits: int = 1) -> str:
    """A difference of shares in points: '+22.1'; never '-0.0'."""
    return f"{round(100 * difference, digits) + 0.0:+.{digits}f}"


def net_right(utility: float) -> str:
    """A utility in words: '+22.1 net right answers of 100'."""
    return f"{signed(utility)} net right answers of 100"


def interval_of(contrast: Contrast) -> str:
    """'95 % interval +4.0 to +39.7'; it says so if the test, corrected for several comparisons, does not agree."""
    words = f"95 % interval {signed(contrast.low)} to {signed(contrast.high)}"
    return f"{words}, not significant after correcting for several comparisons" if is_surprising(contrast) else words
