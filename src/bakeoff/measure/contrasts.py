"""Paired contrasts of several contenders on the same questions, tested as one family.

Takes graded values by contender and question, and the pairs to compare. Gives contrasts with plain (not simultaneous)
95 % intervals, and findings by p-values that hold for the whole family: the chance of calling any two equal contenders
different is at most 5 %. Knows nothing about prices, models or files.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import NamedTuple

import numpy as np

from bakeoff.measure.graded import Graded, Ranged, Values, combined, known
from bakeoff.measure.max_t import Adjusted, flipped, p_values, scores, step_down
from bakeoff.measure.statistics import (
    MARGIN,
    Facts,
    PairedTest,
    Shifts,
    paired_shift,
)
from bakeoff.records import Contrast

Pair = tuple[str, str]
Span = float | Mapping[str, float]
Method = Callable[[np.ndarray, np.ndarray, np.ndarray | None], Adjusted]
"""Adjusts observed scores (n_pairs,), given scores by chance (n_flips, n_pairs), as `max_t.step_down` does."""


def contrasts(
    values: Mapping[str, Values | Graded],
    fact_of: Facts,
    measure: str,
    pairs: Sequence[Pair] | None = None,
    margin: float = MARGIN,
    weights: Values | None = None,
    span: Span = 1.0,
    shifts: Shifts | None = None,
) -> list[Contrast]:
    """The contrasts a - b of these pairs, which are one family, each on the questions that both answered.

    `pairs` are all pairs of contenders if None. `margin` is a share of `span`, the distance between the smallest and
    the largest possible value, given by question where less is at stake in some than in others: then the largest one
    counts. `weights` say how much each question counts (its traffic, its slice's share); None:
    all alike. `shifts` are as in `widened`. A pair without a common question is left out.
    """
    tests = tests_of(values, fact_of, measure, pairs, margin, weights, span, shifts)
    return as_family(tests, whole(span))


def tests_of(
    values: Mapping[str, Values | Graded],
    fact_of: Facts,
    measure: str,
    pairs: Sequence[Pair] | None = None,
    margin: float = MARGIN,
    weights: Values | None = None,
    span: Span = 1.0,
    shifts: Shifts | None = None,
) -> list[PairedTest]:
    """The test of each pair alone, in units of the whole `span`; the arguments are those of `contrasts`."""
    chosen = list(combinations(values, 2)) if pairs is None else list(pairs)
    tests = [
        PairedTest.of(
            a, b, difference(values[a], values[b], span), fact_of, measure, margin, weights,
            paired_shift(shifts or {}, a, b) / whole(span),
        )
        for a, b in chosen
    ]  # fmt: skip
    return [test for test in tests if test is not None]


class Tested(NamedTuple):
    """p-values of each pair alone and in its family, and its critical score, in the order of the tests."""

    alone: np.ndarray
    adjusted: np.ndarray
    critical: np.ndarray


def as_family(tests: Sequence[PairedTest], span: float = 1.0, method: Method = step_down) -> list[Contrast]:
    """The contrasts of tests on the same facts, with p-values and `more_questions` of the whole family."""
    return [
        test.contrast(float(alone), float(adjusted), float(critical), span)
        for test, alone, adjusted, critical in zip(tests, *tested(tests, method), strict=True)
    ]


def tested(tests: Sequence[PairedTest], method: Method = step_down) -> Tested:
    """The p-values by the flips of whole facts. Where answers are unsure, the larger one of both ends.

    No pair has a smaller p-value than alone, and a single one has that.
    """
    if not tests:
        return Tested(np.zeros(0), np.zeros(0), np.zeros(0))
    ends = (0, -1) if any(len(test.sides) > 1 for test in tests) else (0,)
    sides = [_tested_side(tests, end, method) for end in ends]
    alone, adjusted, critical = (np.max(column, axis=0) for column in zip(*sides, strict=True))
    return Tested(alone, np.maximum(alone, adjusted) if len(tests) > 1 else alone, critical)


def _tested_side(tests: Sequence[PairedTest], end: int, method: Method) -> Tested:
    columns = fact_columns([test.sides[end].sums for test in tests])
    observed, by_chance = scores(columns), flipped(columns)
    drawn = p_values(observed, by_chance)
    alone = [test.p([test.sides[end].p_alone(float(p))]) for test, p in zip(tests, drawn, strict=True)]
    strength = np.array([test.sides[end].strength * test.has_sign for test in tests])
    return Tested(np.array(alone), *method(strength * observed, by_chance, None))


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


def difference(a: Values | Graded, b: Values | Graded, span: Span = 1.0) -> Ranged:
    """a - b for each question that both answered, in units of the whole `span`."""
    sides, unit = [side if isinstance(side, Graded) else known(side) for side in (a, b)], whole(span)
    found = combined([(1 / unit, sides[0]), (-1 / unit, sides[1])])
    return replace(found, scales={key: own / unit for key, own in span.items()}) if isinstance(span, Mapping) else found


def whole(span: Span) -> float:
    """The largest distance between two values of a question."""
    return max(span.values()) if isinstance(span, Mapping) else span
