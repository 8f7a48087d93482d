"""How the gate spends its error: at most 5 % that any of all promotions to come, however many, is a mistake.

Takes the tests made so far, gives the level of the next one. Knows nothing about what is tested.

Each round tests one hypothesis: "the candidate is no better" or, for one that costs less, "the candidate is worse by
the margin or more". Round t has the level

    level(t) = ERROR * share(t) + (level(t - 1) if round t - 1 rejected its hypothesis, else 0)

This is the online fallback procedure (Tian and Ramdas 2021, "Online control of the familywise error rate", Statistical
Methods in Medical Research; the fallback procedure: Wiens and Dmitrienko 2005). A level is lost only by a test that
showed nothing: after one that did, it is used again. The levels of true hypotheses up to the first false rejection sum
to at most ERROR, so the chance of any false rejection is at most ERROR, however the tests depend on each other.
What stops a candidate that passed its test (a slice, a person) changes nothing: it only makes promotions rarer.

The shares sum to 1 over all rounds: FIRST for round 1, and for t > 1

    share(t) = (1 - FIRST) * t^-1.5 / REST        REST = 2^-1.5 + 3^-1.5 + ... = zeta(1.5) - 1

Why these numbers. 300 questions shall show a true difference of 10 points in the first round in 80 of 100 cases, even
if 40 % of the answers differ. That takes a level of .033, so FIRST is .7: the next tenth above. The rest is divided by
a power of the round, because power depends on the logarithm of the level: to halve it costs a few points. The exponent
has to be above 1 for a finite sum; of 1.1, 1.25, 1.5, 1.75 and 2, 1.5 gives the highest mean power over 20 rounds and
the highest in round 20. Power of the test alone, 10 points better on 300 questions, after rounds that all showed
nothing:

    answers that differ    round 1     2     3     5    10    20
    15 %                      1.00   .97   .96   .93   .88   .81
    25 %                       .95   .76   .69   .60   .49   .38
    40 %                       .80   .47   .40   .31   .22   .14
"""

from collections.abc import Sequence
from typing import NamedTuple

ERROR = 0.05
FIRST = 0.7
DECAY = 1.5
REST = 1.6123753486854883
"""The sum of t^-DECAY over all t > 1."""


class Spent(NamedTuple):
    """One test that was made: its p-value and its level."""

    p: float
    level: float

    @property
    def is_shown(self) -> bool:
        """Whether the test rejected its hypothesis."""
        return self.p <= self.level


def share(test: int) -> float:
    """The share of the error of a test, which are counted from 1.

    >>> [round(share(test), 4) for test in (1, 2, 20)]
    [0.7, 0.0658, 0.0021]
    """
    return FIRST if test == 1 else (1 - FIRST) * test**-DECAY / REST


def next_level(spent: Sequence[Spent]) -> float:
    """The level of the test after these, which are in their order."""
    recovered = spent[-1].level if spent and spent[-1].is_shown else 0.0
    return ERROR * share(len(spent) + 1) + recovered
