"""The decision matrix after a pilot: measured scores instead of assumed ones. Both matrices are kept.

Takes a `Profile` and a `Comparison`, gives the articles' advice and what the data say. Knows nothing about how anything
was measured. The most accurate contender of each approach represents it. An approach that was not run is left out of
the measured matrix. If one approach lacks a measure, or its interval says next to nothing, that row stays as assumed
and a note says so. Each measure of the team's own that has a weight is a row.
"""

from collections.abc import Mapping, Sequence
from itertools import permutations

import numpy as np

from bakeoff.decide.advise.factors import Factor, read_factors
from bakeoff.decide.advise.matrix import N_DRAWS, Matrix, Row, decision_matrix, judged
from bakeoff.decide.situation.approaches import APPROACHES, NAMES, TITLES, Standing
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.situation.targets import TIMES_TARGET, Target, targets
from bakeoff.decide.verdict.claims import FLATTERS_SILENCE
from bakeoff.errors import RunFolderError
from bakeoff.measure.comparison import Comparison, Estimate
from bakeoff.measures import BY_NAME, Measure
from bakeoff.records import Record
from bakeoff.sentences import counted, listed

# Upper bounds of the scores 5, 4, 3 and 2 (docs/matrix.md). Shortfalls are differences of fractions: 0.02 is 2 points.
SHORT_OF_BEST, SHORT_OF_TARGET = (0.02, 0.05, 0.10, 0.20), (0.0, 0.02, 0.05, 0.10)
TIMES_BEST = (1.25, 2.0, 4.0, 10.0)
FRACTIONS = ("share", "ratio")
"""Units of measures that are scored by differences. The others are scored by ratios."""
WIDEST = 0.75
"""A share whose 95 % interval is wider than this part of the scale gives no scores: three answers alike are enough."""
OWN_ROW = "own:"
"""Begins the factor of a row of the team's own measure, so that it is not one of the table."""
Z_95 = 1.96
TINY = 1e-12


class MeasuredMatrix(Record):
    """The assumed matrix, the measured one (None if fewer than two approaches were run), and notes on what is missing.

    `standing` is the contender that represents each approach in the measured matrix.
    """

    assumed: Matrix
    measured: Matrix | None
    standing: dict[str, str]
    notes: tuple[str, ...] = ()


class Reading(Record):
    """One measure's values for the contenders of a matrix, in the order of their approaches.

    `below` and `above` are standard errors on either side, since intervals of shares near 0 or 1 reach to one side.

    `silent` are pairs (a, b) of positions: a must not score better than b, because a declined more and is not more
    accurate.
    """

    measure: Measure
    slice: str = ""
    contenders: tuple[str, ...]
    values: tuple[float, ...]
    below: tuple[float, ...]
    above: tuple[float, ...]
    silent: tuple[tuple[int, int], ...] = ()

    @property
    def lower_is_better(self) -> bool:
        return self.measure.better == "lower"


def measured_matrix(
    profile: Profile,
    comparison: Comparison,
    assumed_of: Standing,
    total_usd: Mapping[str, float] | None = None,
    factors: Sequence[Factor] | None = None,
    seed: int = 0,
    needs: Mapping[str, Mapping[str, str]] | None = None,
) -> MeasuredMatrix:
    """Both matrices. Raises RunFolderError if the comparison has no contenders, ConfigError like `decision_matrix`.

    `assumed_of` is the contender that represents each approach in the assumed matrix. Of equally accurate contenders,
    the one with the lowest `total_usd` represents its approach. `needs` are those that each contender cannot meet, with
    reasons, as in the verdict: they rule its approach out of the measured matrix.
    """
    if not comparison.entrants:
        raise RunFolderError("The comparison has no contenders.", "finish the run: bakeoff run CONFIG --resume")
    table = read_factors() if factors is None else factors
    assumed = decision_matrix(profile, assumed_of, table, seed)
    standing = representatives(comparison, total_usd or {})
    notes = _standing_notes(comparison, standing)
    if len(standing) < 2:
        too_few = "fewer than two approaches were measured, so there is nothing to compare"
        return MeasuredMatrix(assumed=assumed, measured=None, standing=standing, notes=(*notes, too_few))
    rows, samples = _Rows(profile, comparison, standing, seed).all(table, assumed.rows, notes)
    unmet = {approach: next(iter((needs or {}).get(name, {}).values()), "") for approach, name in standing.items()}
    ruled_out = {approach: why for approach, why in unmet.items() if why}
    measured = judged(rows, list(standing), seed, samples, ruled_out)
    return MeasuredMatrix(assumed=assumed, measured=measured, standing=standing, notes=tuple(notes))


def representatives(comparison: Comparison, total_usd: Mapping[str, float]) -> dict[str, str]:
    """The most accurate contender of each approach that was run; of equally accurate ones, the cheapest."""
    accuracy = comparison.values("accuracy")
    standing: dict[str, str] = {}
    for approach in APPROACHES:
        names = [entrant.name for entrant in comparison.entrants if entrant.approach == approach]
        if names:
            standing[approach] = max(
                names, key=lambda name: (accuracy.get(name, -1.0), -total_usd.get(name, float("inf")))
            )
    return standing


def _standing_notes(comparison: Comparison, standing: Mapping[str, str]) -> list[str]:
    notes = []
    for approach in APPROACHES:
        names = [entrant.name for entrant in comparison.entrants if entrant.approach == approach]
        if not names:
            notes.append(f"no contender of the run counts as {TITLES[approach]}, so it is not in the measured matrix")
        elif len(names) > 1:
            notes.append(
                f"{NAMES[approach]} is represented by {standing[approach]}, the most accurate of {listed(names)}"
            )
    return notes


class _Rows:
    """Builds the rows of a measured matrix."""

    def __init__(self, profile: Profile, comparison: Comparison, standing: Mapping[str, str], seed: int) -> None:
        self._profile = profile
        self._comparison = comparison
        self._standing = standing
        self._goals = targets(profile)
        self._rng = np.random.default_rng(seed)

    def all(
        self, table: Sequence[Factor], assumed: Sequence[Row], notes: list[str]
    ) -> tuple[list[Row], dict[str, np.ndarray]]:
        """Every row, and the drawn scores (N_DRAWS, n_approaches) of measured rows. Missing measures add a note."""
        rows, samples = [], {}
        for factor, row in zip(table, assumed, strict=True):
            reading = self._reading(BY_NAME[factor.measure], factor.slice) if factor.measure else None
            if factor.measure and isinstance(reading, str):
                notes.append(f"{row.title}: {reading}, so the row stays as assumed")
            rows.append(self._measured(row, reading) if isinstance(reading, Reading) else row)
            if isinstance(reading, Reading):
                samples[row.factor] = self._drawn(reading)
        weights = self._profile.measure_weights.by_measure()
        for measure in self._comparison.own_measures:
            if not measure.better or not weights.get(measure.name):
                continue
            reading = self._reading(measure)
            if isinstance(reading, str):
                notes.append(f"{measure.title}: {reading}, so it has no row")
                continue
            row = _own_row(measure, weights[measure.name])
            rows.append(self._measured(row, reading))
            samples[row.factor] = self._drawn(reading)
        return rows, samples

    def _reading(self, measure: Measure, part: str = "") -> Reading | str:
        """The measure of every approach, or why it gives no scores."""
        names = tuple(self._standing.values())
        whole = [self._comparison.estimate(name, measure.name) for name in names]
        estimates = [estimate.slices.get(part, Estimate()) if part else estimate for estimate in whole]
        if any(estimate.value is None for estimate in estimates):
            return f"{measure.name} was not measured for every approach"
        wide = [_wide(name, estimate) for name, estimate in zip(names, estimates, strict=True)]
        if measure.unit == "share" and any(wide):
            return f"{measure.name} says next to nothing ({listed(list(filter(None, wide)))})"
        scales = [self._scale(measure, estimate) for estimate in estimates]
        pairs = list(zip(scales, estimates, strict=True))
        return Reading(
            measure=measure,
            slice=part,
            contenders=names,
            values=tuple(scale * (estimate.value or 0.0) for scale, estimate in pairs),
            below=tuple(scale * _standard_errors(estimate)[0] for scale, estimate in pairs),
            above=tuple(scale * _standard_errors(estimate)[1] for scale, estimate in pairs),
            silent=self._silent(names) if measure.name in FLATTERS_SILENCE else (),
        )

    def _scale(self, measure: Measure, estimate: Estimate) -> float:
        """The factor from the median to the 95th percentile if the team gave a limit for the measure; otherwise 1."""
        p95 = estimate.detail.get("p95")
        return p95 / estimate.value if self._target(measure) and p95 and estimate.value else 1.0

    def _target(self, measure: Measure) -> float | None:
        """The team's own target; without one (None) the approaches are compared with the best of them."""
        target: Target | None = self._goals.get(measure.name)
        return target.value if target and target.given else None

    def _silent(self, names: Sequence[str]) -> tuple[tuple[int, int], ...]:
        """Pairs of positions (a, b): a declined significantly more than b and is not significantly more accurate."""
        return tuple(
            (names.index(a), names.index(b))
            for a, b in permutations(names, 2)
            if _declined_more(self._comparison, a, b) and not self._comparison.beats(a, b)
        )

    def _drawn(self, reading: Reading) -> np.ndarray:
        """Scores of values resampled within their intervals, shape (N_DRAWS, n_approaches). Shares stay in 0..1."""
        drawn = np.array(reading.values) + two_piece(np.array(reading.below), np.array(reading.above), self._rng)
        drawn = np.clip(drawn, 0.0, 1.0 if reading.measure.unit == "share" else None)
        return graded(_earned(drawn, reading), reading.measure, self._target(reading.measure))

    def _measured(self, row: Row, reading: Reading) -> Row:
        measure, target = reading.measure, self._target(reading.measure)
        scores = graded(_earned(np.array(reading.values), reading), measure, target)
        pairs = zip(reading.contenders, reading.values, strict=True)
        values = ", ".join(f"{name} {_written(value, measure)}" for name, value in pairs)
        against = "the best of them" if target is None else f"the {_written(target, measure)} required"
        where = f" on {reading.slice} facts" if reading.slice else ""
        title = measure.name.removesuffix("_ms").removesuffix("_s").replace("_", " ")
        return row.model_copy(
            update={
                "basis": "measured",
                "value": values,
                "scores": {name: float(score) for name, score in zip(self._standing, scores, strict=True)},
                "why": f"measured {title}{where}: {values}; compared with {against}{_silence(reading)}",
            }
        )


def _own_row(measure: Measure, weight: float) -> Row:
    """The row of a measure of the team's own, before it is measured."""
    return Row(factor=f"{OWN_ROW}{measure.name}", title=measure.title, articles={}, weight=weight, basis="unknown")


def _wide(name: str, estimate: Estimate) -> str:
    """The contender with its number of answers and its interval, if that covers nearly the whole scale; else empty."""
    if estimate.low is None or estimate.high is None or estimate.high - estimate.low <= WIDEST:
        return ""
    low, high = f"{100 * estimate.low:.0f}", f"{100 * estimate.high:.0f}"
    return f"{name}: 95 % interval {low} to {high} % from {counted(estimate.n, 'answer')}"


def _standard_errors(estimate: Estimate) -> tuple[float, float]:
    """How far the 95 % interval reaches below and above the value, each divided by 1.96; 0 without an interval."""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return 0.0, 0.0
    return max(estimate.value - estimate.low, 0.0) / Z_95, max(estimate.high - estimate.value, 0.0) / Z_95


def two_piece(below: np.ndarray, above: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Deviations of shape (N_DRAWS, n) from a normal distribution with another standard deviation on either side.

    Source: the two-piece normal distribution, Wallis 2014, doi:10.1214/13-STS417.
    """
    far = np.abs(rng.standard_normal((N_DRAWS, len(below))))
    up = rng.random(far.shape) * (below + above) >= below
    return np.where(up, far * above, -far * below)


def _declined_more(comparison: Comparison, a: str, b: str) -> bool:
    """Whether the two intervals do not overlap. A comparison has no paired test of declining."""
    low, high = comparison.estimate(a, "abstention").low, comparison.estimate(b, "abstention").high
    return low is not None and high is not None and low > high


def _earned(values: np.ndarray, reading: Reading) -> np.ndarray:
    """The values (..., n_approaches), each made no better than the values that `silent` says it must not beat."""
    worse = np.maximum if reading.lower_is_better else np.minimum
    earned = values.copy()
    for i, j in reading.silent:
        earned[..., i] = worse(earned[..., i], values[..., j])
    return earned


def graded(values: np.ndarray, measure: Measure, target: float | None) -> np.ndarray:
    """Scores 1 to 5 of values (..., n_approaches), relative to the target, or to the best value if there is none."""
    lower = measure.better == "lower"
    if measure.unit in FRACTIONS:
        good = -values if lower else np.minimum(values, 1.0)
        wanted = -target if target is not None and lower else target
        distance = (good.max(axis=-1, keepdims=True) if wanted is None else wanted) - good
        edges = SHORT_OF_BEST if target is None else SHORT_OF_TARGET
    else:
        least = values.min(axis=-1, keepdims=True) if lower else values.max(axis=-1, keepdims=True)
        reference = least if target is None else target
        ratio = (values, reference) if lower else (reference, values)
        distance = ratio[0] / np.maximum(ratio[1], TINY)
        edges = TIMES_BEST if target is None else TIMES_TARGET
    return 5.0 - np.searchsorted(edges, np.round(distance, 9), side="left")


def _silence(reading: Reading) -> str:
    """Which approaches earned nothing by declining, as the end of a sentence; empty if none looked better by it."""
    sign = -1 if reading.lower_is_better else 1
    over: dict[str, list[str]] = {}
    for i, j in reading.silent:
        if sign * (reading.values[i] - reading.values[j]) > 0:
            over.setdefault(reading.contenders[i], []).append(reading.contenders[j])
    return "".join(
        f"; {name} counts no better than {' or '.join(others)}, because it declined significantly more and is not more "
        "accurate"
        for name, others in over.items()
    )


def _written(value: float, measure: Measure) -> str:
    """Shares with one decimal, because a single point can change a score; other units as everywhere."""
    return f"{100 * value:.1f} %" if measure.unit in FRACTIONS else measure.write(value)
