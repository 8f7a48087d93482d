"""Sensitivity: how often each contender would win if the numbers or the weights were a little different.

Takes the content of comparison.json, a profile and a way to cost contenders under a changed profile; gives shares of
wins and the smallest changes that flip the verdict. Knows nothing about models or files.

Two rules are looked at, on pilots redrawn as other questions might have made them. The verdict's own (accuracy as far
as it is told apart, then cost); and a weighted sum of all measures, its weights drawn around the profile's (Dirichlet).
"""

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from statistics import NormalDist, fmean
from typing import Any

import numpy as np

from bakeoff.compare import CONFIDENCE, Facts, Values
from bakeoff.decide.profile import MeasureWeights, Profile
from bakeoff.records import Record

N_DRAWS = 4000
CONCENTRATION = 20.0  # of the Dirichlet: weights vary by about a fifth of the whole
SHARES = ("accuracy", "hallucination", "freshness", "consistency", "retention")
TINY = 1e-9
LOWER_IS_BETTER = ("hallucination", "latency_ms", "cost_per_1k", "setup_s")
FACTORS = np.geomspace(0.01, 100.0, 161)

DEAREST = sys.float_info.max  # of a contender whose cost is not known

Comparison = Mapping[str, Any]
Costing = Callable[[Profile], Mapping[str, float]]
Redrawn = Mapping[str, np.ndarray]


class Flip(Record):
    """The smallest change of one input that makes another contender win; `factor` multiplies the present value."""

    input: str
    factor: float
    becomes: float
    winner: str


class Sensitivity(Record):
    """Shares of wins by contender, and the flips found; what `rule_wins` lacks to 1 are draws without a winner."""

    rule_wins: dict[str, float]
    weighted_wins: dict[str, float]
    flips: tuple[Flip, ...]


def sensitivity(
    comparison: Comparison,
    profile: Profile,
    eligible: Sequence[str],
    candidates: Sequence[str],
    costing: Costing,
    drawn: Redrawn,
) -> Sensitivity:
    """Both shares of wins and every flip within a factor of 100.

    `eligible` broke no hard limit; `candidates` are the winner, first, and those it is tied with, none without one.
    """
    return Sensitivity(
        rule_wins=rule_wins(drawn, eligible, costing(profile)),
        weighted_wins=weighted_wins(drawn, profile.measure_weights, eligible),
        flips=(
            *weight_flips(comparison, profile.measure_weights, eligible),
            *cost_flips(profile, candidates, costing),
        ),
    )


def redrawn(
    comparison: Comparison,
    eligible: Sequence[str],
    per_question: Mapping[str, Mapping[str, Values]],
    fact_of: Facts,
    seed: int = 0,
) -> Redrawn:
    """Pilots as they might have come out: for each measure N_DRAWS rows of one value for each eligible contender.

    `per_question` is measure -> contender -> question id -> value. Its measures are drawn together, by the covariance
    of their means over facts: contenders that answered the same questions rise and fall together. The other measures
    are drawn one by one, normal with their interval's width. A measure that a contender lacks is left out.
    """
    if not eligible:
        return {}
    rng = np.random.default_rng(seed)
    measured = [name for name in MeasureWeights.model_fields if _complete(comparison, name, eligible)]
    paired = [name for name in measured if name in per_question]
    drawn = {}
    if paired:
        covariance = _covariance([per_question[name][one] for name in paired for one in eligible], fact_of)
        noise = rng.multivariate_normal(np.zeros(len(covariance)), covariance, N_DRAWS, method="eigh")
        for i, name in enumerate(paired):
            columns = noise[:, i * len(eligible) : (i + 1) * len(eligible)]
            drawn[name] = _values(comparison, name, eligible) + columns
    for name in measured:
        if name not in drawn:
            noise = rng.standard_normal((N_DRAWS, len(eligible)))
            drawn[name] = _alone(comparison, name, eligible, noise)
    return drawn


def _alone(comparison: Comparison, measure: str, eligible: Sequence[str], noise: np.ndarray) -> np.ndarray:
    """A measure drawn from its intervals: times and costs by their logarithm, so that none falls below zero."""
    entries = [comparison["contenders"][name][measure] for name in eligible]
    values = _values(comparison, measure, eligible)
    if measure in SHARES:
        return values + _spread(entries) * noise
    logs = [
        {key: math.log(max(one[key], TINY)) if one.get(key) is not None else None for key in ("low", "high")}
        for one in entries
    ]
    return values * np.exp(_spread(logs) * noise)


def _covariance(columns: Sequence[Values], fact_of: Facts) -> np.ndarray:
    """The covariance of the columns' means, clustered by fact: (n_columns, n_columns)."""
    row_of = {fact: i for i, fact in enumerate(sorted({fact_of[key] for column in columns for key in column}))}
    residuals = np.zeros((len(row_of), len(columns)))
    for j, column in enumerate(columns):
        mean = fmean(column.values()) if column else 0.0
        for key, value in column.items():
            residuals[row_of[fact_of[key]], j] += (value - mean) / len(column)
    n = len(row_of)
    return residuals.T @ residuals * (n / max(1, n - 1))


def rule_wins(drawn: Redrawn, eligible: Sequence[str], total_usd: Mapping[str, float]) -> dict[str, float]:
    """How often each contender wins by the verdict's rule: the cheapest of those that no other is told apart above.

    Told apart is a paired difference beyond its standard error times the normal quantile that Bonferroni's correction
    over the pairs asks for (Holm's first step). One whose cost is not known counts as the dearest.
    """
    if "accuracy" not in drawn:
        return {}
    accuracy = drawn["accuracy"]
    ahead = accuracy[:, None, :] - accuracy[:, :, None]  # (draw, contender, other): by how much the other is ahead
    n_pairs = max(1, len(eligible) * (len(eligible) - 1) // 2)
    beyond = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / 2 / n_pairs) * ahead.std(axis=0) + TINY
    unbeaten = ~(ahead > beyond).any(axis=2)
    costs = np.array([total_usd.get(name, DEAREST) for name in eligible])
    winners = np.where(unbeaten, costs, np.inf).argmin(axis=1)
    if "base" in eligible and len(eligible) > 1:  # the verdict names nobody where not even base is told apart
        winners = winners[~unbeaten.all(axis=1)]
    return _shares(winners, eligible)


def weighted_wins(drawn: Redrawn, weights: MeasureWeights, eligible: Sequence[str], seed: int = 0) -> dict[str, float]:
    """How often each contender has the highest weighted sum of scaled measures, weights and measures both drawn."""
    names = [name for name, weight in weights.model_dump().items() if weight > 0 and name in drawn]
    if not names:
        return {}
    scaled = np.stack([_scaled(drawn[name], name) for name in names], axis=2)
    given = np.array([getattr(weights, name) for name in names])
    sampled = np.random.default_rng(seed).dirichlet(CONCENTRATION * given / given.sum(), N_DRAWS)
    return _shares(np.einsum("dcm,dm->dc", scaled, sampled).argmax(axis=1), eligible)


def weight_flips(comparison: Comparison, weights: MeasureWeights, eligible: Sequence[str]) -> list[Flip]:
    """For each measure the smallest change of its weight that changes who has the highest weighted sum."""
    names = [
        name for name, weight in weights.model_dump().items() if weight > 0 and _complete(comparison, name, eligible)
    ]
    if len(eligible) < 2 or not names:
        return []
    scaled = np.stack([_scaled(_values(comparison, name, eligible)[None], name)[0] for name in names], axis=1)
    given = np.array([getattr(weights, name) for name in names])
    leader = int((scaled @ given).argmax())
    flips = []
    for j, name in enumerate(names):
        for factor in _nearest_first():
            changed = given.copy()
            changed[j] *= factor
            now = int((scaled @ changed).argmax())
            if now != leader:
                flips.append(Flip(input=f"weight of {name}", factor=factor, becomes=changed[j], winner=eligible[now]))
                break
    return flips


def cost_flips(profile: Profile, candidates: Sequence[str], costing: Costing) -> list[Flip]:
    """The smallest change of volume or horizon that makes another of the tied contenders cheaper than the first."""
    if len(candidates) < 2:
        return []
    winner = candidates[0]
    flips = []
    for field in ("queries_per_month", "horizon_months"):
        value = getattr(profile, field)
        for factor in _nearest_first():
            changed = max(1, round(value * factor)) if field == "horizon_months" else value * factor
            if field == "horizon_months" and changed > 120:
                continue
            costs = costing(profile.model_copy(update={field: changed}))
            cheapest = min(candidates, key=lambda name: (costs.get(name, DEAREST), name))
            if cheapest != winner:
                flips.append(Flip(input=field, factor=changed / value, becomes=float(changed), winner=cheapest))
                break
    return flips


def _complete(comparison: Comparison, measure: str, eligible: Sequence[str]) -> bool:
    """Every eligible contender has a value of the measure."""
    return all(comparison["contenders"][name][measure]["value"] is not None for name in eligible)


def _values(comparison: Comparison, measure: str, eligible: Sequence[str]) -> np.ndarray:
    return np.array([comparison["contenders"][name][measure]["value"] for name in eligible], dtype=float)


def _spread(entries: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """Standard errors from the 95 % intervals; 0 for what was measured once."""
    return np.array([
        (one["high"] - one["low"]) / 3.92 if one.get("low") is not None and one.get("high") is not None else 0.0
        for one in entries
    ])  # fmt: skip


def _scaled(values: np.ndarray, measure: str) -> np.ndarray:
    """Values to 0..1 over the contenders of each row, 1 the best; fractions stay as they are, the rest by logarithm."""
    if measure in SHARES:
        clipped = np.clip(values, 0.0, 1.0)
        return 1.0 - clipped if measure in LOWER_IS_BETTER else clipped
    logs = np.log(np.maximum(values, TINY))
    span = logs.max(axis=1, keepdims=True) - logs.min(axis=1, keepdims=True)
    return (logs.max(axis=1, keepdims=True) - logs) / np.maximum(span, np.log(2.0))


def _shares(winners: np.ndarray, eligible: Sequence[str]) -> dict[str, float]:
    """Shares of all draws; a draw without a winner counts for nobody."""
    counts = np.bincount(winners, minlength=len(eligible)) / N_DRAWS
    return {name: float(share) for name, share in zip(eligible, counts, strict=True)}


def _nearest_first() -> list[float]:
    """Factors from the smallest change to the largest."""
    return [float(factor) for factor in sorted(FACTORS, key=lambda one: abs(np.log(one))) if abs(factor - 1) > 1e-9]
