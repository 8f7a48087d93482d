"""Values per question to estimates and paired contrasts, both clustered by fact.

Takes one value per question (and the fact each question asks for), gives 95 % intervals, paired differences and the
finding they support. Knows nothing about prices, models or files. Phrasings of one fact succeed and fail together, so
the independent observations are facts, not questions. Where answers could not be graded (`graded.py`), an interval
reaches from the lower end with all of them wrong to the upper end with all of them right, and a finding holds for both.

Sources: clustered standard errors for evaluations, Miller 2024, arXiv:2411.00640; the score interval, Wilson 1927, with
its sample size divided by the design effect (Kish 1965); paired proportions, Agresti and Min 2005,
doi:10.1002/sim.1781; exact paired test by flipping the signs of whole facts (`sign_flips.py`); several contrasts of
different tests, Holm 1979 (of the same test: `contrasts.py`); equivalence by two one-sided tests, Schuirmann 1987.
"""

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any, Literal, NamedTuple

import numpy as np

from bakeoff.measure.bounds import incomplete_beta, observations
from bakeoff.measure.comparison import Estimate
from bakeoff.measure.graded import Graded, Ranged, Values, combined, exactly
from bakeoff.measure.sign_flips import drawn_flip_p, exact_flip_p
from bakeoff.measure.traffic import expected_variance, kish
from bakeoff.records import Contrast

CONFIDENCE = 0.95
MARGIN = 0.02
POWER = 0.8
N_RESAMPLES = 2000
Z = NormalDist()
NORMAL = Z.inv_cdf(0.5 + CONFIDENCE / 2)

Facts = Mapping[str, str]
Shifts = Mapping[str, np.ndarray]
"""The change of each contender's mean for redrawn dev sets. A contender that is not in it does not change."""
NO_SHIFT = np.zeros(1)


def share_estimate(values: Values, fact_of: Facts, weights: Values | None = None) -> Estimate:
    """The (weighted) mean of values in 0..1 with a score interval, which stays in 0..1 and never has zero width."""
    if weights is not None:
        values = {key: value for key, value in values.items() if weights[key] > 0}
    if not values:
        return Estimate()
    ids, array = list(values), np.array(list(values.values()))
    weight = np.array([weights[key] if weights else 1.0 for key in ids])
    rows = rows_of(ids, fact_of)
    sums = np.column_stack([np.bincount(rows, weights=column) for column in (array * weight, weight)])
    mean, error = _ratio(sums)
    mean = min(1.0, max(0.0, mean))  # values corrected by labels may have a mean outside
    n_facts, variance = len(sums), mean * (1 - mean)
    # At 0 or 1 (or if facts cancel out) the data show no spread. Each fact then counts as one observation.
    n_observations = variance / error**2 if error > 0 and variance > 0 else float(n_facts)
    most = float(len(values)) if weights is None else 1 / expected_variance(array, weight, rows)
    low, high = wilson(mean, min(n_observations, most), t_quantile(0.5 + CONFIDENCE / 2, n_facts - 1))
    n_effective = min(observations(mean, low, high, NORMAL), most)
    return Estimate(value=mean, low=low, high=high, n=len(values), n_effective=n_effective)


def graded_share(
    of: Graded, fact_of: Facts, weights: Values | None = None, shift: np.ndarray | None = None
) -> Estimate:
    """The share of graded answers. Its interval covers the unsure ones: from none of them to all of them.

    `shift` is as in `widened`. The value counts each unsure answer half; `unsure` says how many there are.
    """
    sides, shift = combined([(1.0, of)]), NO_SHIFT if shift is None else shift
    middle = widened(share_estimate(sides.values, fact_of, weights), shift)
    if sides.is_known:
        return middle
    low, high = (widened(share_estimate(side, fact_of, weights), shift) for side in (sides.low, sides.high))
    doubt = ((high.value or 0.0) - (low.value or 0.0)) / 2
    least = min(side.n_effective for side in (low, middle, high))
    ends = {"low": low.low, "high": high.high, "n_effective": least}
    return middle.model_copy(update={**ends, "unsure": sides.n_unsure, "doubt": doubt})


def widened(estimate: Estimate, shift: np.ndarray) -> Estimate:
    """The estimate of a share with a second source of variation in its interval, independent of the test questions.

    `shift` is how much the value changes in repetitions of the second source. The distances of both intervals' ends
    from the value are added in quadrature. Source: Zou and Donner 2008, doi:10.1002/sim.3095.
    """
    if estimate.value is None or estimate.low is None or estimate.high is None or not shift.any():
        return estimate
    low, high = _ends(estimate.value, estimate.low, estimate.high, shift)
    n_effective = min(estimate.n_effective, observations(estimate.value, low, high, NORMAL))
    return estimate.model_copy(update={"low": max(0.0, low), "high": min(1.0, high), "n_effective": n_effective})


def _ends(value: float, low: float, high: float, shift: np.ndarray) -> tuple[float, float]:
    """The ends of an interval around the value after adding the distances that the shift reaches."""
    down, up = (float(end) for end in np.quantile(shift, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]))
    return value - math.hypot(value - low, min(0.0, down)), value + math.hypot(high - value, max(0.0, up))


def mean_estimate(values: Values, fact_of: Facts, weights: Values | None = None) -> Estimate:
    """The (weighted) mean of any values (costs, tokens), with an interval from the clustered standard error."""
    if not values:
        return Estimate()
    return _symmetric(_weighted_sums(values, fact_of, weights), len(values))


def graded_ratio(numerator: Graded, denominator: Graded, fact_of: Facts) -> Estimate:
    """The ratio of two shares of graded answers, with an interval that covers the unsure ones of both."""
    above, below = combined([(1.0, numerator)]), combined([(1.0, denominator)])
    middle = ratio_estimate(above.values, below.values, fact_of)
    low, high = ratio_estimate(above.low, below.high, fact_of), ratio_estimate(above.high, below.low, fact_of)
    return middle.model_copy(update={"low": low.low, "high": high.high, "unsure": above.n_unsure})


def ratio_estimate(numerator: Values, denominator: Values, fact_of: Facts) -> Estimate:
    """The ratio of two means over the same questions. Has no value if the denominator's mean is zero."""
    ids = [key for key in numerator if key in denominator]
    if not ids or sum(denominator[key] for key in ids) == 0:
        return Estimate(n=len(ids))
    top, bottom = np.array([numerator[key] for key in ids]), np.array([denominator[key] for key in ids])
    return _symmetric(_by_fact(ids, fact_of, top, bottom), len(ids))


def quantile_estimate(values: Sequence[float], quantile: float, seed: int = 0) -> Estimate:
    """A quantile of independent values (latencies), with a bootstrap interval."""
    if not values:
        return Estimate()
    array = np.asarray(values)
    picks = np.random.default_rng(seed).integers(0, len(array), (N_RESAMPLES, len(array)))
    low, high = np.quantile(np.quantile(array[picks], quantile, axis=1), [0.025, 0.975])
    return Estimate(value=float(np.quantile(array, quantile)), low=float(low), high=float(high), n=len(array))


def paired_shift(shifts: Shifts, a: str, b: str) -> np.ndarray:
    """How much the difference a - b changes with other dev sets: both contenders had the same ones."""
    return np.asarray(shifts.get(a, NO_SHIFT) - shifts.get(b, NO_SHIFT))


def paired(
    a: str,
    b: str,
    differences: Values | Ranged,
    fact_of: Facts,
    measure: str,
    margin: float = MARGIN,
    weights: Values | None = None,
    shift: np.ndarray = NO_SHIFT,
) -> Contrast | None:
    """The contrast of two contenders from their per-question differences in -1..1. None if there are no differences.

    `weights` say how much each question counts. `shift` is how much the difference changes with other dev sets: it
    widens the interval as in `widened`, and lowers the normal score of the exact p-value in proportion to the standard
    error.

    Where answers are unsure, the interval reaches from the lower end of the lowest differences to the upper end of the
    highest ones, the p-value is the larger one (1 if the sign is not known), and 'tied' holds only if both are.

    `more_questions` is that of this pair alone, whatever was found, so that `with_holm` can tell where it matters.
    """
    test = PairedTest.of(a, b, differences, fact_of, measure, margin, weights, shift)
    if test is None:
        return None
    p = test.p([side.p_alone() for side in test.sides])
    return test.contrast(p, p, NORMAL).model_copy(update={"more_questions": test.more_questions(NORMAL)})


class PairedSide(NamedTuple):
    """The differences of two contenders with what is unsure at one end: mean, interval, and whether they are tied.

    `sums` are those of each fact by its name. `exact_p` is None if flips have to be drawn. `error` is the standard
    error, `strength` that without the variation of dev divided by it. `not_lower_p` is the one-sided p-value of the
    first contender being lower by the margin or more.
    """

    sums: Mapping[str, float]
    mean: float
    low: float
    high: float
    tied: bool
    not_lower_p: float
    exact_p: float | None
    error: float
    strength: float

    def p_alone(self, drawn: float | None = None) -> float:
        """The p-value without a family. `drawn` is that of flips, for sums that are not whole numbers."""
        if self.exact_p is not None:
            return weakened(self.exact_p, self.strength)
        if drawn is None:
            drawn = drawn_flip_p(np.array(list(self.sums.values())))
        return weakened(drawn, self.strength)


class PairedTest(NamedTuple):
    """The test of two contenders: one side if every answer is sure, else the lowest and the highest differences."""

    a: str
    b: str
    measure: str
    margin: float
    n: int
    n_unsure: int
    sides: tuple[PairedSide, ...]
    n_differ: int

    @classmethod
    def of(
        cls,
        a: str,
        b: str,
        differences: Values | Ranged,
        fact_of: Facts,
        measure: str,
        margin: float = MARGIN,
        weights: Values | None = None,
        shift: np.ndarray = NO_SHIFT,
    ) -> "PairedTest | None":
        """The arguments of `paired`."""
        ranged = differences if isinstance(differences, Ranged) else exactly(differences)
        if weights is not None:
            ranged = ranged.only({key for key in ranged.values if weights[key] > 0})
        if not ranged.values:
            return None
        given = (ranged.values,) if ranged.is_known else (ranged.low, ranged.high)
        scales = {key: ranged.scales.get(key, 1.0) for key in ranged.values}
        sides = tuple(_side(side, fact_of, margin, weights, shift, scales) for side in given)
        n_differ = sum(any(side[key] for side in given) for key in ranged.values)
        return cls(a, b, measure, margin, len(ranged.values), ranged.n_unsure, sides, n_differ)

    @property
    def has_sign(self) -> bool:
        """Whether the sign of the difference does not depend on what is unsure."""
        return len(self.sides) == 1 or self.sides[0].mean > 0 or self.sides[-1].mean < 0

    def p(self, of_sides: Sequence[float]) -> float:
        """The larger p-value of both ends; 1 if the sign is not known."""
        return max(of_sides) if self.has_sign else 1.0

    def contrast(self, p: float, p_adjusted: float, critical: float, span: float = 1.0) -> Contrast:
        """What the test shows, in the unit that was measured, which `span` units of its differences are."""
        low, high = self.sides[0], self.sides[-1]
        tied = low.tied and high.tied
        finding = finding_of(p_adjusted, tied)
        return Contrast(
            a=self.a, b=self.b, measure=self.measure, difference=span * (low.mean + high.mean) / 2,
            low=span * low.low, high=span * high.high, p=p, p_adjusted=p_adjusted, n=self.n, unsure=self.n_unsure,
            differ=self.n_differ, tied=tied, finding=finding,
            more_questions=self.more_questions(critical) if finding == "open" else 0,
        )  # fmt: skip

    def more_questions(self, critical: float) -> int:
        """For the less clear side. 0 if more grades would help, not more questions."""
        nearest = min(self.sides, key=lambda side: abs(side.mean))
        return questions_needed(nearest.mean, nearest.error, self.margin, self.n, critical) if self.has_sign else 0


def _side(
    differences: Values, fact_of: Facts, margin: float, weights: Values | None, shift: np.ndarray, scales: Values
) -> PairedSide:
    ids, array = list(differences), np.array(list(differences.values()))
    scale = np.array([scales[key] for key in ids])
    weight = np.array([weights[key] if weights else 1.0 for key in ids])
    rows = rows_of(ids, fact_of)
    sums = np.column_stack([np.bincount(rows, weights=column) for column in (array * weight, weight)])
    moments = _moments(sums, weights is not None)._replace(added=float(np.average(scale**2, weights=weight)))
    centre, error = _ratio(sums) if weights else map(float, adjusted_difference(moments))
    least = _least_error(array, weight, scale, rows) if weights else 0.0
    # The larger of both: residuals of a few heavy facts say little, but these (changed documents) may also vary more.
    of_test, spread = max(error, least), float(np.std(shift))
    half = t_quantile(0.5 + CONFIDENCE / 2, len(sums) - 1) * of_test
    low, high = _ends(centre, centre - half, centre + half, shift)
    total = math.hypot(of_test, spread)
    return PairedSide(
        sums=dict(zip(dict.fromkeys(fact_of[key] for key in ids), sums[:, 0], strict=True)),
        mean=float(sums[:, 0].sum() / sums[:, 1].sum()),
        low=max(-1.0, low),
        high=min(1.0, high),
        tied=bool(is_tied(moments, margin, spread, least)),
        not_lower_p=not_lower_p(moments, margin, spread, least),
        exact_p=exact_flip_p(sums[:, 0]),
        error=total,
        strength=of_test / total,
    )


def _least_error(differences: np.ndarray, weights: np.ndarray, scales: np.ndarray, rows: np.ndarray) -> float:
    """The standard error that follows from the weights and from how often answers differ at all.

    `scales` say how far each difference can reach: differences in units of it are taken to vary alike. Questions vary
    by what is at stake in them besides. As in `adjusted_difference`, half a fact is added on either side.
    """
    n, size, total = len(differences), len(differences) / (rows.max() + 1), float(weights.sum())
    units = np.divide(differences, scales, out=np.zeros(n), where=scales > 0)
    variance = (n * float(units.var()) + size) / (n + size)
    reach = weights * scales
    within = variance * expected_variance(units, reach, rows) * (float(reach.sum()) / total) ** 2
    between = np.bincount(rows, weights=units.mean() * (reach - weights * float(reach.sum()) / total)) / total
    return math.sqrt(within + float(between @ between))


def weakened(p: float, factor: float) -> float:
    """A two-sided p-value with its normal score multiplied by a factor of at most 1."""
    if factor >= 1 or p >= 1:
        return p
    return min(1.0, 2 * Z.cdf(factor * Z.inv_cdf(max(p / 2, 1e-300))))


def with_holm(family: Sequence[Contrast]) -> list[Contrast]:
    """The contrasts of one family with Holm-adjusted p-values and the findings these support."""
    adjusted = holm([contrast.p for contrast in family])
    return [_adjusted(contrast, p) for contrast, p in zip(family, adjusted, strict=True)]


def _adjusted(contrast: Contrast, p: float) -> Contrast:
    finding = finding_of(p, contrast.tied)
    more = contrast.more_questions if finding == "open" else 0
    return contrast.model_copy(update={"p_adjusted": p, "finding": finding, "more_questions": more})


def questions_needed(difference: float, error: float, margin: float, n: int, critical: float = NORMAL) -> int:
    """The additional questions needed for 80 % power to exceed the critical score: that of the pair's own family.

    `error` is the standard error of the difference over n questions.
    """
    effect = max(abs(difference), margin)
    needed = ((critical + Z.inv_cdf(POWER)) * error / effect) ** 2 * n
    return max(0, math.ceil(needed) - n)


def finding_of(p_adjusted: float, tied: bool) -> Literal["different", "tied", "open"]:
    """What a test supports."""
    if tied:
        return "tied"
    return "different" if p_adjusted < 1 - CONFIDENCE else "open"


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjusted p-values, in the order given.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, running = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = running
    return adjusted


def wilson(share: float, n: float, z: float) -> tuple[float, float]:
    """Wilson's score interval for a share of n observations."""
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def t_quantile(probability: float, degrees: int) -> float:
    """The quantile of Student's t, by Hill's expansion around the normal (1970, CACM algorithm 396)."""
    v = max(degrees, 1)
    z = Z.inv_cdf(probability)
    if v <= 2:  # closed forms
        tail = 2 * probability - 1
        return math.tan(math.pi * tail / 2) if v == 1 else tail * math.sqrt(2 / (1 - tail * tail))
    z2 = z * z
    return z * (
        1
        + (z2 + 1) / (4 * v)
        + (5 * z2**2 + 16 * z2 + 3) / (96 * v**2)
        + (3 * z2**3 + 19 * z2**2 + 17 * z2 - 15) / (384 * v**3)
        + (79 * z2**4 + 776 * z2**3 + 1482 * z2**2 - 1920 * z2 - 945) / (92160 * v**4)
    )


def t_tail(t: float, degrees: int) -> float:
    """The chance that Student's t exceeds `t`."""
    v = max(degrees, 1)
    beyond = incomplete_beta(v / (v + t * t), v / 2, 0.5) / 2
    return beyond if t > 0 else 1 - beyond


def _weighted_sums(values: Values, fact_of: Facts, weights: Values | None) -> np.ndarray:
    """For each fact the sum of weight x value and the sum of weights: shape (n_facts, 2)."""
    ids = list(values)
    weight = np.array([weights[key] if weights else 1.0 for key in ids])
    return _by_fact(ids, fact_of, np.array([values[key] for key in ids]) * weight, weight)


def _by_fact(ids: Sequence[str], fact_of: Facts, *columns: np.ndarray) -> np.ndarray:
    """Sums of each column over the questions of a fact: shape (n_facts, n_columns)."""
    rows = rows_of(ids, fact_of)
    return np.column_stack([np.bincount(rows, weights=column) for column in columns])


def rows_of(ids: Sequence[str], fact_of: Facts) -> np.ndarray:
    """The number of each question's fact, in order of first appearance."""
    row_of: dict[str, int] = {}
    return np.array([row_of.setdefault(fact_of[key], len(row_of)) for key in ids], dtype=int)


def _ratio(sums: np.ndarray) -> tuple[float, float]:
    """Sum of the first column divided by the sum of the second, with its clustered standard error (linearised)."""
    top, bottom = (float(total) for total in sums.sum(axis=0))
    value = top / bottom
    n = len(sums)
    residuals = sums[:, 0] - value * sums[:, 1]
    error = math.sqrt(n / (n - 1) * float(residuals @ residuals)) / abs(bottom) if n > 1 else 0.0
    return value, error


class Moments(NamedTuple):
    """Sums over the facts of a paired difference, each a number or an array over redrawn pilots.

    `added` is the square of the difference in the half facts that are added on either side: what a question can reach.
    """

    n_facts: int
    differences: Any
    sizes: Any
    squared_differences: Any
    differences_by_size: Any
    squared_sizes: Any
    n_equal: Any = None
    added: Any = 1.0

    @property
    def n_observations(self) -> Any:
        """The number of facts; if questions are weighted, the number of facts of equal weight that say as much."""
        return self.n_facts if self.n_equal is None else self.n_equal


def _moments(sums: np.ndarray, is_weighted: bool = False) -> Moments:
    d, m = sums[:, 0], sums[:, 1]
    totals = [float(total) for total in (d.sum(), m.sum(), d @ d, d @ m, m @ m)]
    return Moments(len(sums), *totals)._replace(n_equal=kish(m) if is_weighted else None)


def adjusted_difference(of: Moments) -> tuple[Any, Any]:
    """Centre and clustered error of a paired difference, with Agresti and Min's half observation added to each cell.

    Without it, two contenders that never differed would have an interval of zero width. The observations are facts, so
    half a fact of mean size is added, not half a question.
    """
    size = of.sizes / of.n_facts
    n = of.sizes + 2 * size
    centre = of.differences / n
    squares = of.squared_differences - 2 * centre * of.differences_by_size + centre**2 * of.squared_sizes
    correction = of.n_facts / (of.n_facts - 1) if of.n_facts > 1 else 1.0
    return centre, np.sqrt(np.maximum(correction * squares, 0.0) + of.added * size**2) / n


def is_tied(of: Moments, margin: float, spread: float = 0.0, least: float = 0.0) -> Any:
    """Whether the mean difference is within the margin, by two one-sided tests at 5 %.

    `spread` is the standard deviation over dev sets, `least` the least standard error that weights allow.

    If the true mean difference equalled the margin, single differences of -1, 0 and 1 would have a variance of at least
    margin x (1 - margin). This minimum is used so that a few questions without any difference do not count as a tie.
    Half an observation is the continuity correction.
    """
    distance = margin - np.abs(of.differences / of.sizes) - 0.5 / of.n_observations
    return distance > t_quantile(CONFIDENCE, of.n_facts - 1) * _error_at(of, margin, spread, least)


def not_lower_p(of: Moments, margin: float, spread: float = 0.0, least: float = 0.0) -> float:
    """The one-sided p-value of a mean difference of -margin or less: one of the two tests of `is_tied`."""
    distance = margin + float(of.differences / of.sizes) - 0.5 / of.n_observations
    return t_tail(float(distance / _error_at(of, margin, spread, least)), of.n_facts - 1)


def _error_at(of: Moments, margin: float, spread: float, least: float) -> Any:
    """The standard error of a mean difference, at least that which a true difference of `margin` implies."""
    _, error = adjusted_difference(of)
    of_margin = np.sqrt(margin * (1 - margin) * of.squared_sizes) / of.sizes
    return np.maximum(np.hypot(np.maximum(error, least), spread), of_margin)


def _symmetric(sums: np.ndarray, n: int) -> Estimate:
    value, error = _ratio(sums)
    half = t_quantile(0.5 + CONFIDENCE / 2, len(sums) - 1) * error
    return Estimate(value=value, low=value - half, high=value + half, n=n)
