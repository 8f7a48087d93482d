"""The decision matrix with a pilot at hand: measured scores in place of assumed ones, both kept.

Takes a `Profile` and a `Comparison`; gives "what the articles would have told you" beside "what your data say". Knows
nothing about how anything was measured. Each approach is represented by the most accurate contender that counts as it.
An approach that was not run is left out of the measured matrix, never guessed; a measure that one of the others lacks
leaves its row as assumed, and says so. A measure of the team's own is a row of its own.
"""

from collections.abc import Mapping, Sequence
from itertools import permutations

import numpy as np

from bakeoff.decide.advise.factors import APPROACHES, NAMES, TITLES, Factor, Standing, read_factors
from bakeoff.decide.advise.matrix import N_DRAWS, Matrix, Row, decision_matrix, judged
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.situation.targets import TIMES_TARGET, Target, targets
from bakeoff.decide.verdict.claims import FLATTERS_SILENCE
from bakeoff.errors import RunFolderError
from bakeoff.measure.comparison import Comparison, Estimate
from bakeoff.measures import BY_NAME, Measure
from bakeoff.records import Record
from bakeoff.sentences import listed

# Upper bounds of the scores 5, 4, 3 and 2. Shortfalls are differences of fractions (0.02 is 2 points).
SHORT_OF_BEST, SHORT_OF_TARGET = (0.02, 0.05, 0.10, 0.20), (0.0, 0.02, 0.05, 0.10)
TIMES_BEST = (1.25, 2.0, 4.0, 10.0)
FRACTIONS = ("share", "ratio")
"""Units of measures that are scored by differences; the others are scored by ratios."""
Z_95 = 1.96
TINY = 1e-12


class MeasuredMatrix(Record):
    """The assumed matrix, the one with measurements (None with fewer than two approaches run), and what was missing.

    `standing` is the contender that represents each approach in the measured one.
    """

    assumed: Matrix
    measured: Matrix | None
    standing: dict[str, str]
    notes: tuple[str, ...] = ()


class Reading(Record):
    """One measure of the contenders of a matrix, in the order of their approaches: values and standard errors.

    `silent` are pairs (a, b) of places: a may earn nothing over b, as it declined more and is not more accurate.
    """

    measure: Measure
    slice: str = ""
    contenders: tuple[str, ...]
    values: tuple[float, ...]
    errors: tuple[float, ...]
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
) -> MeasuredMatrix:
    """Both matrices. Raises RunFolderError where the comparison has no contenders, ConfigError as decision_matrix.

    `assumed_of` is the contender that the assumed matrix takes for each approach. Of contenders that are equally
    accurate the one with the lowest `total_usd` represents its approach.
    """
    if not comparison.entrants:
        raise RunFolderError("The comparison names no contenders.", "finish the run: bakeoff run CONFIG --resume")
    table = read_factors() if factors is None else factors
    assumed = decision_matrix(profile, assumed_of, table, seed)
    standing = representatives(comparison, total_usd or {})
    notes = _standing_notes(comparison, standing)
    if len(standing) < 2:
        lacking = "with fewer than two approaches measured there is nothing to compare"
        return MeasuredMatrix(assumed=assumed, measured=None, standing=standing, notes=(*notes, lacking))
    rows, samples = _Rows(profile, comparison, standing, seed).all(table, assumed.rows, notes)
    measured = judged(rows, list(standing), seed, samples)
    return MeasuredMatrix(assumed=assumed, measured=measured, standing=standing, notes=tuple(notes))


def representatives(comparison: Comparison, total_usd: Mapping[str, float]) -> dict[str, str]:
    """The most accurate contender of each approach that was run, the cheapest of those that are equal."""
    accuracy = comparison.values("accuracy")
    standing: dict[str, str] = {}
    for approach in APPROACHES:
        names = [one.name for one in comparison.entrants if one.approach == approach]
        if names:
            standing[approach] = max(
                names, key=lambda name: (accuracy.get(name, -1.0), -total_usd.get(name, float("inf")))
            )
    return standing


def _standing_notes(comparison: Comparison, standing: Mapping[str, str]) -> list[str]:
    notes = []
    for approach in APPROACHES:
        names = [one.name for one in comparison.entrants if one.approach == approach]
        if not names:
            notes.append(f"no contender of the run counts as {TITLES[approach]}: it is not in the measured matrix")
        elif len(names) > 1:
            notes.append(
                f"{NAMES[approach]} is represented by {standing[approach]}, the most accurate of {listed(names)}"
            )
    return notes


class _Rows:
    """Makes the rows of a measured matrix."""

    def __init__(self, profile: Profile, comparison: Comparison, standing: Mapping[str, str], seed: int) -> None:
        self._profile = profile
        self._comparison = comparison
        self._standing = standing
        self._goals = targets(profile)
        self._rng = np.random.default_rng(seed)

    def all(
        self, table: Sequence[Factor], assumed: Sequence[Row], notes: list[str]
    ) -> tuple[list[Row], dict[str, np.ndarray]]:
        """Every row, and drawn scores of those that were measured; what was not is added to the notes."""
        rows, samples = [], {}
        for factor, row in zip(table, assumed, strict=True):
            reading = self._reading(BY_NAME[factor.measure], factor.slice) if factor.measure else None
            if factor.measure and reading is None:
                notes.append(
                    f"{row.title}: {factor.measure} was not measured for every approach; the row stays as assumed"
                )
            rows.append(self._measured(row, reading) if reading else row)
            if reading:
                samples[row.factor] = self._drawn(reading)
        for measure in self._comparison.own_measures:
            reading = self._reading(measure) if measure.better else None
            if reading:
                rows.append(self._measured(self._own_row(measure), reading))
                samples[measure.name] = self._drawn(reading)
        return rows, samples

    def _own_row(self, measure: Measure) -> Row:
        """The row of a measure of the team's own, weighed as the profile weighs the measure, else 1."""
        weight = self._profile.measure_weights.by_measure().get(measure.name, 1.0)
        return Row(factor=measure.name, title=measure.title, articles={}, weight=weight, basis="unknown")

    def _reading(self, measure: Measure, part: str = "") -> Reading | None:
        """The measure of every approach; None where one of them has no value."""
        names = tuple(self._standing.values())
        whole = [self._comparison.estimate(name, measure.name) for name in names]
        estimates = [one.slices.get(part, Estimate()) if part else one for one in whole]
        if any(one.value is None for one in estimates):
            return None
        scales = [self._scale(measure, one) for one in estimates]
        pairs = list(zip(scales, estimates, strict=True))
        return Reading(
            measure=measure,
            slice=part,
            contenders=names,
            values=tuple(scale * (one.value or 0.0) for scale, one in pairs),
            errors=tuple(
                scale * (one.high - one.low) / (2 * Z_95) if one.low is not None and one.high is not None else 0.0
                for scale, one in pairs
            ),
            silent=self._silent(names) if measure.name in FLATTERS_SILENCE else (),
        )

    def _scale(self, measure: Measure, estimate: Estimate) -> float:
        """A limit that the team gave is one on the slow end: the 95th percentile in place of the median."""
        p95 = estimate.detail.get("p95")
        return p95 / estimate.value if self._target(measure) and p95 and estimate.value else 1.0

    def _target(self, measure: Measure) -> float | None:
        """A target counts only where the team gave it: otherwise approaches are compared with the best of them."""
        target: Target | None = self._goals.get(measure.name)
        return target.value if target and target.given else None

    def _silent(self, names: Sequence[str]) -> tuple[tuple[int, int], ...]:
        """Pairs of places (a, b): a declined significantly more than b, and no paired test calls it more accurate."""
        return tuple(
            (names.index(a), names.index(b))
            for a, b in permutations(names, 2)
            if _declined_more(self._comparison, a, b) and not self._comparison.beats(a, b)
        )

    def _drawn(self, reading: Reading) -> np.ndarray:
        """Scores of values resampled within their intervals, shape (N_DRAWS, n_approaches); no share leaves 0..1."""
        drawn = self._rng.normal(reading.values, reading.errors, (N_DRAWS, len(reading.values)))
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
                "rules_out": (),
            }
        )


def _declined_more(comparison: Comparison, a: str, b: str) -> bool:
    """By intervals that do not overlap: a comparison holds no paired test of declining."""
    low, high = comparison.estimate(a, "abstention").low, comparison.estimate(b, "abstention").high
    return low is not None and high is not None and low > high


def _earned(values: np.ndarray, reading: Reading) -> np.ndarray:
    """The values (..., n_approaches) without what silence earned: no better than those it earns nothing over."""
    worse = np.maximum if reading.lower_is_better else np.minimum
    earned = values.copy()
    for i, j in reading.silent:
        earned[..., i] = worse(earned[..., i], values[..., j])
    return earned


def graded(values: np.ndarray, measure: Measure, target: float | None) -> np.ndarray:
    """Scores 1 to 5 of values (..., n_approaches): against the target, or against the best of them without one."""
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
    """Why an approach earned nothing over others, empty where silence made none look better."""
    sign = -1 if reading.lower_is_better else 1
    over: dict[str, list[str]] = {}
    for i, j in reading.silent:
        if sign * (reading.values[i] - reading.values[j]) > 0:
            over.setdefault(reading.contenders[i], []).append(reading.contenders[j])
    return "".join(
        f"; {name} counts no better than {' or '.join(others)}: it declined significantly more and is not more accurate"
        for name, others in over.items()
    )


def _written(value: float, measure: Measure) -> str:
    """Shares with a decimal, as scores turn on single points; other units as everywhere."""
    return f"{100 * value:.1f} %" if measure.unit in FRACTIONS else measure.write(value)
