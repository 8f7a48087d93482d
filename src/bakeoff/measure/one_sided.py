"""One-sided tests of a pair: is one contender better, not worse by the margin, worse?

Takes a `PairedTest`, gives p-values of the first contender at its lowest: with every unsure answer counted against it.
Knows nothing about what is decided with them.

Better and worse are tested by flipping the signs of whole facts, as `PairedTest` does. The sum under flips is as often
above as below zero by the same amount, so half of the two-sided p-value is the chance of a sum as large with this sign.
"Not worse by the margin" is one of the two one-sided tests of a tie (Schuirmann 1987), with the least variance that a
true difference of the margin implies. Flips would not do there: differences of -1, 0 and 1, moved by the margin, are
not symmetric, and if all of them are 0 a handful would show that nothing was lost.
"""

import numpy as np

from bakeoff.measure.sign_flips import drawn_flip_p
from bakeoff.measure.statistics import PairedSide, PairedTest, Z, questions_needed

N_FLIPS = 100_000
"""Where flips have to be drawn: levels become small after many rounds."""


def better_p(test: PairedTest) -> float:
    """The one-sided p-value of the first contender not being better."""
    side = test.sides[0]
    return _halved(side) if side.mean > 0 else 1.0


def worse_p(test: PairedTest) -> float:
    """The one-sided p-value of the first contender not being worse, at its lowest."""
    side = test.sides[0]
    return _halved(side) if side.mean < 0 else 1.0


def not_worse_p(test: PairedTest) -> float:
    """The one-sided p-value of the first contender being worse by the test's margin or more."""
    return test.sides[0].not_lower_p


def more_to_show(test: PairedTest, level: float, margin: float = 0.0) -> int | None:
    """How many more questions would show a difference above -margin with 80 % power if it stays as it is.

    None if more questions would not: the difference, with unsure answers counted against the first contender, is below.
    """
    side = test.sides[0]
    distance = side.mean + margin
    if distance <= 0:
        return None
    return questions_needed(distance, side.error, 0.0, test.n, Z.inv_cdf(1 - level))


def _halved(side: PairedSide) -> float:
    if side.exact_p is not None:
        return side.p_alone() / 2
    return side.p_alone(drawn_flip_p(np.array(list(side.sums.values())), N_FLIPS)) / 2
