"""The decision matrix with a pilot at hand: measured scores in place of assumed ones, both kept.

Takes a `Profile` and the content of `comparison.json`; gives "what the articles would have told you" beside "what your
data say". Knows nothing about how anything was measured. A contender that was not run is left out of the measured
matrix, never guessed; a measure that one of the others lacks leaves its row as assumed, and says so.
"""

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any

import numpy as np

from bakeoff.decide.advise.factors import APPROACHES, CONTENDER_OF, TITLES, Factor, read_factors
from bakeoff.decide.advise.matrix import N_DRAWS, Matrix, Row, decision_matrix, judged
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.situation.targets import LOWER_IS_BETTER, TIMES_TARGET, Target, targets
from bakeoff.decide.verdict.claims import FLATTERS_SILENCE
from bakeoff.decide.verdict.decide import beats
from bakeoff.errors import RunFolderError
from bakeoff.records import Record

RATIOS = ("latency_ms", "cost_per_1k", "setup_s")
# Upper bounds of the scores 5, 4, 3 and 2. Shortfalls are differences of fractions (0.02 is 2 points).
SHORT_OF_BEST, SHORT_OF_TARGET = (0.02, 0.05, 0.10, 0.20), (0.0, 0.02, 0.05, 0.10)
TIMES_BEST = (1.25, 2.0, 4.0, 10.0)
Z_95 = 1.96


class MeasuredMatrix(Record):
    """The assumed matrix, the one with measurements (None with fewer than two approaches run), and what was missing."""

    assumed: Matrix
    measured: Matrix | None
    notes: tuple[str, ...] = ()


class Reading(Record):
    """One measure of the approaches, in their order: values, and standard errors from their 95 % intervals.

    `silent` are pairs (a, b) of places: a may earn nothing over b, as it declined more and is not more accurate.
    """

    values: tuple[float, ...]
    errors: tuple[float, ...]
    silent: tuple[tuple[int, int], ...] = ()


def measured_matrix(
    profile: Profile, comparison: Mapping[str, Any], factors: Sequence[Factor] | None = None, seed: int = 0
) -> MeasuredMatrix:
    """Both matrices. Raises RunFolderError where the comparison has no contenders, ConfigError as decision_matrix."""
    table = read_factors() if factors is None else factors
    assumed = decision_matrix(profile, table, seed)
    contenders = comparison.get("contenders")
    if not isinstance(contenders, Mapping):
        raise RunFolderError("The comparison names no contenders.", "finish the run: bakeoff run CONFIG --resume")
    approaches = [name for name in APPROACHES if CONTENDER_OF[name] in contenders]
    notes = [
        f"{CONTENDER_OF[name]} was not run: {TITLES[name]} is not in the measured matrix"
        for name in APPROACHES
        if name not in approaches
    ]
    if len(approaches) < 2:
        return MeasuredMatrix(
            assumed=assumed,
            measured=None,
            notes=(*notes, "with fewer than two approaches measured there is nothing to compare"),
        )
    goals, rng = targets(profile), np.random.default_rng(seed)
    rows, samples = [], {}
    for factor, row in zip(table, assumed.rows, strict=True):
        found = _reading(factor, contenders, approaches, goals) if factor.measure else None
        if found and factor.measure in FLATTERS_SILENCE:
            found = found.model_copy(update={"silent": _silent(comparison, approaches)})
        if factor.measure and found is None:
            notes.append(f"{row.title}: {factor.measure} was not measured for every approach; the row stays as assumed")
        if found is None:
            rows.append(row)
            continue
        goal = _given(goals.get(factor.measure))
        rows.append(_measured_row(row, factor, found, approaches, goal))
        samples[factor.name] = graded(_drawn(found, factor.measure, rng), factor.measure, goal)
    return MeasuredMatrix(assumed=assumed, measured=judged(rows, approaches, seed, samples), notes=tuple(notes))


def _given(target: Target | None) -> float | None:
    """A target counts only where the team gave it: otherwise approaches are held against the best of them."""
    return target.value if target and target.given else None


def _reading(
    factor: Factor, contenders: Mapping[str, Any], approaches: Sequence[str], goals: Mapping[str, Target]
) -> Reading | None:
    """The factor's measure of every approach; None where one of them has no value."""
    values, errors = [], []
    for name in approaches:
        entry = contenders[CONTENDER_OF[name]].get(factor.measure) or {}
        if factor.slice:
            entry = (entry.get("slices") or {}).get(factor.slice) or {}
        value, low, high = entry.get("value"), entry.get("low"), entry.get("high")
        if value is None:
            return None
        p95 = (entry.get("detail") or {}).get("p95")
        scale = p95 / value if _given(goals.get(factor.measure)) and p95 and value else 1.0
        values.append(float(value) * scale)
        errors.append(scale * (high - low) / (2 * Z_95) if low is not None and high is not None else 0.0)
    return Reading(values=tuple(values), errors=tuple(errors))


def _silent(comparison: Mapping[str, Any], approaches: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Pairs of places (a, b): a declined measurably more than b, and no paired test calls it more accurate."""
    names = [CONTENDER_OF[name] for name in approaches]
    return tuple(
        (names.index(a), names.index(b))
        for a, b in permutations(names, 2)
        if _declined_more(comparison["contenders"][a], comparison["contenders"][b])
        and not beats({"contrasts": [], **comparison}, a, b)
    )


def _declined_more(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """By intervals that do not overlap: a comparison holds no paired test of declining."""
    low, high = ((entry.get("abstention") or {}).get(end) for entry, end in ((one, "low"), (other, "high")))
    return low is not None and high is not None and low > high


def _earned(values: np.ndarray, measure: str, silent: Sequence[tuple[int, int]]) -> np.ndarray:
    """The values (..., n_approaches) without what silence earned: no better than those it earns nothing over."""
    worse = np.maximum if measure in LOWER_IS_BETTER else np.minimum
    earned = values.copy()
    for i, j in silent:
        earned[..., i] = worse(earned[..., i], values[..., j])
    return earned


def _drawn(reading: Reading, measure: str, rng: np.random.Generator) -> np.ndarray:
    """Values resampled within their intervals, shape (N_DRAWS, n_approaches); no share leaves 0..1."""
    drawn = rng.normal(reading.values, reading.errors, (N_DRAWS, len(reading.values)))
    drawn = np.clip(drawn, 0.0, None if measure in (*RATIOS, "retention") else 1.0)
    return _earned(drawn, measure, reading.silent)


def graded(values: np.ndarray, measure: str, target: float | None) -> np.ndarray:
    """Scores 1 to 5 of values (..., n_approaches): against the target, or against the best of them without one."""
    if measure in RATIOS:
        reference = values.min(axis=-1, keepdims=True) if target is None else target
        distance = values / np.maximum(reference, 1e-12)
        edges = TIMES_BEST if target is None else TIMES_TARGET
    else:
        good = -values if measure in LOWER_IS_BETTER else np.minimum(values, 1.0)
        wanted = -target if target is not None and measure in LOWER_IS_BETTER else target
        reference = good.max(axis=-1, keepdims=True) if wanted is None else wanted
        distance = reference - good
        edges = SHORT_OF_BEST if target is None else SHORT_OF_TARGET
    return 5.0 - np.searchsorted(edges, np.round(distance, 9), side="left")


def _measured_row(row: Row, factor: Factor, reading: Reading, approaches: Sequence[str], target: float | None) -> Row:
    scores = graded(_earned(np.array(reading.values), factor.measure, reading.silent), factor.measure, target)
    told = ", ".join(
        f"{CONTENDER_OF[name]} {_written(value, factor.measure)}"
        for name, value in zip(approaches, reading.values, strict=True)
    )
    against = "the best of them" if target is None else f"the {_written(target, factor.measure)} required"
    where = f" on {factor.slice} facts" if factor.slice else ""
    silence = _silence(reading, factor.measure, approaches)
    name = factor.measure.replace("_ms", "").replace("_s", "").replace("_", " ")
    return row.model_copy(
        update={
            "basis": "measured",
            "value": told,
            "scores": {name: float(score) for name, score in zip(approaches, scores, strict=True)},
            "why": f"measured {name}{where}: {told}; held against {against}{silence}",
            "rules_out": (),
        }
    )


def _silence(reading: Reading, measure: str, approaches: Sequence[str]) -> str:
    """Why an approach earned nothing over others, empty where silence made none look better."""
    over: dict[str, list[str]] = {}
    for i, j in reading.silent:
        gain = (
            reading.values[j] - reading.values[i]
            if measure in LOWER_IS_BETTER
            else reading.values[i] - reading.values[j]
        )
        if gain <= 0:
            continue
        over.setdefault(CONTENDER_OF[approaches[i]], []).append(CONTENDER_OF[approaches[j]])
    return "".join(
        f"; {name} counts no better than {' or '.join(others)}: it declined measurably more and is not more accurate"
        for name, others in over.items()
    )


def _written(value: float, measure: str) -> str:
    if measure == "latency_ms":
        return f"{value:,.0f} ms"
    if measure == "cost_per_1k":
        return f"{value:.3g} USD"
    return f"{value:,.0f} s" if measure == "setup_s" else f"{100 * value:.1f} %"
