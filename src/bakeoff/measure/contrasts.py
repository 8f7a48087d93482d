"""Paired contrasts of several contenders on the same questions, tested as one family.

Takes graded values by contender and question, and the pairs to compare. Gives contrasts with plain (not simultaneous)
95 % intervals, and findings by p-values that hold for the whole family: the chance of calling any two equal contenders
different is at most 5 %. Knows nothing about prices, models or files.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from bakeoff.measure.graded import Graded, Ranged, Values, combined, known
from bakeoff.measure.max_t import Adjusted, flipped, scores, step_down
from bakeoff.measure.statistics import (
    MARGIN,
    Facts,
    PairedTest,
    Shifts,
    finding_of,
    paired_shift,
)
from bakeoff.records import Contrast

Pair = tuple[str, str]


def contrasts(
    values: Mapping[str, Values | Graded],
    fact_of: Facts,
    measure: str,
    pairs: Sequence[Pair] | None = None,
    margin: float = MARGIN,
    weights: Values | None = None,
    span: float = 1.0,
    shifts: Shifts | None = None,
) -> list[Contrast]:
    """The contrasts a - b of these pairs, which are one family, each on the questions that both answered.

    `pairs` are all pairs of contenders if None. `margin` is a share of `span`, the distance between the smallest and
    the largest possible value. `weights` say how much each question counts (its traffic, its slice's share); None:
    all alike. `shifts` are as in `widened`. A pair without a common question is left out.
    """
    chosen = list(combinations(values, 2)) if pairs is None else list(pairs)
    tests = [
        PairedTest.of(
            a, b, difference(values[a], values[b], span), fact_of, measure, margin, weights,
            paired_shift(shifts or {}, a, b) / span,
        )
        for a, b in chosen
    ]  # fmt: skip
    return [_scaled(contrast, span) for contrast in as_family([test for test in tests if test is not None], margin)]


def as_family(tests: Sequence[PairedTest], margin: float = MARGIN) -> list[Contrast]:
    """The contrasts of tests on the same facts, with p-values and `more_questions` of the whole family."""
    adjusted = adjusted_family(tests)
    return [
        concluded(test, float(p), float(critical), margin)
        for test, p, critical in zip(tests, adjusted.p, adjusted.critical, strict=True)
    ]


def adjusted_family(tests: Sequence[PairedTest]) -> Adjusted:
    """The adjusted p-values by the flips of whole facts. Where answers are unsure, the larger one of both ends."""
    if len(tests) == 1:
        return _alone(tests[0])
    sides = [_of_side(tests, side) for side in ((0, -1) if any(len(test.sides) > 1 for test in tests) else (0,))]
    single = np.array([test.contrast.p for test in tests])
    return Adjusted(np.max([single, *(side.p for side in sides)], axis=0), np.max([s.critical for s in sides], axis=0))


def _alone(test: PairedTest) -> Adjusted:
    """A single pair keeps its exact p-value."""
    columns = fact_columns([test.sides[0].sums])
    return Adjusted(np.array([test.contrast.p]), step_down(np.zeros(1), flipped(columns)).critical)


def _of_side(tests: Sequence[PairedTest], side: int) -> Adjusted:
    columns = fact_columns([test.sides[side].sums for test in tests])
    strength = np.array([test.sides[side].strength * test.has_sign for test in tests])
    return step_down(strength * scores(columns), flipped(columns))


def fact_columns(sums: Sequence[Mapping[str, float]]) -> np.ndarray:
    """The sums of each fact for each pair: (n_facts, n_pairs). 0 where a pair has no question about a fact."""
    row_of: dict[str, int] = {}
    for column in sums:
        for fact in column:
            row_of.setdefault(fact, len(row_of))
    table = np.zeros((len(row_of), len(sums)))
    for k, column in enumerate(sums):
        table[[row_of[fact] for fact in column], k] = list(column.values())
    return table


def concluded(test: PairedTest, p: float, critical: float, margin: float) -> Contrast:
    """The contrast with the p-value of its family, and what that supports."""
    finding = finding_of(p, test.contrast.tied)
    more = test.more_questions(margin, critical) if finding == "open" else 0
    return test.contrast.model_copy(update={"p_adjusted": p, "finding": finding, "more_questions": more})


def difference(a: Values | Graded, b: Values | Graded, span: float = 1.0) -> Ranged:
    """a - b for each question that both answered, in units of `span`."""
    sides = [side if isinstance(side, Graded) else known(side) for side in (a, b)]
    return combined([(1 / span, sides[0]), (-1 / span, sides[1])])


def _scaled(contrast: Contrast, span: float) -> Contrast:
    """A contrast of values in 0..1, converted to the unit they were measured in."""
    return contrast.model_copy(update={key: span * getattr(contrast, key) for key in ("difference", "low", "high")})
