"""Paired differences that may be looked at again and again while questions are added.

Takes the sum of differences and the number of questions of each fact; gives a p-value and an interval that hold at all
looks together: the chance that any of them, however many, calls equal contenders different is at most 5 %. A fact is
one observation. Usual p-values hold for one look only: ten looks at growing data make one of eight equal pairs differ.

The test bets that a difference exists: a fortune of 1 is divided over stakes, each of which is multiplied by
1 + stake x difference at every fact. If there is no difference, no bet is expected to win, so a fortune of 20
is reached in at most 5 of 100 cases, ever (Ville 1939). The stakes are fixed in advance, so the fortune does not depend
on the order of the facts. The price is size: a difference needs about twice the facts of a single look.

Sources: estimating means of bounded random variables by betting, Waudby-Smith and Ramdas 2021, arXiv:2010.09686; fixed
stakes in parallel, Cover 1991, doi:10.1111/j.1467-9965.1991.tb00002.x, and Orabona and Jun 2021, arXiv:2110.14099.
"""

import math
from typing import NamedTuple

import numpy as np

from bakeoff.measure.graded import Ranged, Values
from bakeoff.measure.statistics import CONFIDENCE, MARGIN, Facts, PairedTest, finding_of, rows_of
from bakeoff.records import Contrast

STAKES = np.geomspace(0.01, 0.95, 12)
"""Of the fortune, each bet on either sign. Small ones suit small differences of many facts."""
BOTH_SIGNS = np.concatenate([STAKES, -STAKES])
CRITICAL = 3.1
"""The number of standard errors at which the fortune is about 20."""


class Anytime(NamedTuple):
    """The mean difference with an interval and a p-value that hold at all looks."""

    difference: float
    low: float
    high: float
    p: float


def anytime(sums: np.ndarray, sizes: np.ndarray, confidence: float = CONFIDENCE) -> Anytime:
    """The mean difference of questions in -1..1, given each fact's sum of differences and its number of questions."""
    mean = float(sums.sum() / sizes.sum())
    p = min(1.0, math.exp(-log_fortune(sums, sizes, 0.0)))
    limit = -math.log(1 - confidence)
    low, high = (_end(sums, sizes, mean, end, limit) for end in (-1.0, 1.0))
    return Anytime(mean, low, high, p)


def log_fortune(sums: np.ndarray, sizes: np.ndarray, difference: float, stakes: np.ndarray = BOTH_SIGNS) -> float:
    """The logarithm of the fortune after betting against this mean difference. Its expectation is 1 if it is true.

    With negative `stakes` alone it is at most 1 whenever the mean is this difference or larger: a one-sided test.
    """
    return mixed(log_fortunes(sums, sizes, difference, stakes))


def log_fortunes(sums: np.ndarray, sizes: np.ndarray, difference: float, stakes: np.ndarray) -> np.ndarray:
    """The logarithm of what each stake alone made of 1. Those of two parts of the facts add up."""
    largest = 2 ** math.ceil(math.log2(sizes.max()))  # seldom changes when facts are added
    gains = (sums - difference * sizes) / (largest * (1 + abs(difference)))
    return np.asarray(np.log1p(np.outer(gains, stakes)).sum(axis=0))


def mixed(logarithms: np.ndarray) -> float:
    """The logarithm of the fortune that was divided equally over the stakes."""
    most = float(logarithms.max())
    return most + math.log(float(np.exp(logarithms - most).mean()))


def _end(sums: np.ndarray, sizes: np.ndarray, mean: float, end: float, limit: float) -> float:
    """The difference nearest to `end` that the bets do not reject, by bisection."""
    if log_fortune(sums, sizes, end) < limit:
        return end
    kept, rejected = mean, end
    for _ in range(40):
        middle = (kept + rejected) / 2
        if log_fortune(sums, sizes, middle) < limit:
            kept = middle
        else:
            rejected = middle
    return rejected


def anytime_paired(
    a: str, b: str, differences: Values | Ranged, fact_of: Facts, measure: str, margin: float = MARGIN
) -> Contrast | None:
    """As `statistics.paired`, with interval, p-value and finding that hold at all looks at growing data.

    'tied' means that the interval lies within the margin.
    """
    test = PairedTest.of(a, b, differences, fact_of, measure, margin)
    if test is None:
        return None
    given = (differences.low, differences.high) if isinstance(differences, Ranged) else (differences,)
    low, *_, high = sides = [_of(side, fact_of) for side in (given[0], given[-1])]
    p = test.p([side.p for side in sides])
    is_tied = -margin < low.low and high.high < margin
    return test.contrast(p, p, CRITICAL).model_copy(
        update={
            "low": low.low,
            "high": high.high,
            "tied": is_tied,
            "finding": finding_of(p, is_tied),
            "more_questions": test.more_questions(CRITICAL),
        }
    )


def _of(differences: Values, fact_of: Facts) -> Anytime:
    rows = rows_of(list(differences), fact_of)
    return anytime(np.bincount(rows, weights=np.array(list(differences.values()))), np.bincount(rows).astype(float))
