"""Sensitivity: how often each contender would win if the numbers or the weights were a little different.

Takes the content of comparison.json, redrawn pilots, a profile and what costs are made of; gives shares of wins and the
smallest changes that flip the verdict. Knows nothing about models or files.

Two rules are looked at, on pilots redrawn as other questions might have made them. The verdict's own; and a weighted
sum of all measures, its weights drawn around the profile's (Dirichlet).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bakeoff.decide.cost.model import CostInputs, total_usd
from bakeoff.decide.situation.profile import MeasureWeights, Profile
from bakeoff.decide.verdict.rule import NOBODY, winners
from bakeoff.measure.resample import N_DRAWS, Redrawn
from bakeoff.records import Record

CONCENTRATION = (
    20.0  # of the Dirichlet: with the default weights, from 4 tenths of a weight to once the weight either way
)
SHARES = ("accuracy", "hallucination", "freshness", "consistency", "retention")
TINY = 1e-9
LOWER_IS_BETTER = ("hallucination", "latency_ms", "cost_per_1k", "setup_s")
FACTORS = np.geomspace(0.01, 100.0, 161)
COST_FIELDS = (
    "queries_per_month",
    "horizon_months",
    "engineering_usd_per_day",
    "serving_usd_per_hour",
    "training_usd_per_hour",
    "input_usd_per_million_tokens",
    "output_usd_per_million_tokens",
)
LONGEST_HORIZON = 120

Comparison = Mapping[str, Any]


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
    candidates: Sequence[str],
    inputs: Mapping[str, CostInputs],
    redrawn: Redrawn,
) -> Sensitivity:
    """Both shares of wins and every flip within a factor of 100.

    `redrawn` holds those that broke no hard limit; `candidates` are the winner, first, and those between which cost
    decided, none without a winner; `inputs` are what each one's cost is made of.
    """
    eligible = redrawn.names
    if not eligible:
        return Sensitivity(rule_wins={}, weighted_wins={}, flips=())
    return Sensitivity(
        rule_wins=rule_wins(redrawn, {name: total_usd(one) for name, one in inputs.items()}, profile.margin),
        weighted_wins=weighted_wins(with_intervals(redrawn, comparison, eligible), profile.measure_weights, eligible),
        flips=(
            *weight_flips(comparison, profile.measure_weights, eligible),
            *cost_flips(inputs, candidates),
        ),
    )


def with_intervals(
    redrawn: Redrawn, comparison: Comparison, eligible: Sequence[str], seed: int = 0
) -> dict[str, np.ndarray]:
    """Every weighted measure of the eligible in each redrawn pilot, (draw, contender).

    Those without a value for each question (times and costs, retention) are drawn one by one, by their intervals. A
    measure that a contender lacks is left out.
    """
    rng = np.random.default_rng(seed)
    drawn = {}
    for name in MeasureWeights.model_fields:
        if _complete(comparison, name, eligible):
            noise = rng.standard_normal((N_DRAWS, len(eligible)))
            drawn[name] = redrawn.means[name] if name in redrawn.means else _alone(comparison, name, eligible, noise)
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


def rule_wins(redrawn: Redrawn, total_usd: Mapping[str, float], margin: float) -> dict[str, float]:
    """How often each contender wins by the verdict's rule; unknown costs count as the dearest."""
    names = redrawn.names
    cost = np.array([total_usd.get(name, np.inf) for name in names])
    base = names.index("base") if "base" in names else None
    found = winners(redrawn.means["accuracy"], redrawn.ahead, redrawn.tied, cost, base, margin)
    return _shares(found, names)


def weighted_wins(
    drawn: Mapping[str, np.ndarray], weights: MeasureWeights, eligible: Sequence[str], seed: int = 0
) -> dict[str, float]:
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


def cost_flips(inputs: Mapping[str, CostInputs], candidates: Sequence[str]) -> list[Flip]:
    """The smallest change of volume, horizon or a price that makes another candidate cheaper than the first."""
    costed = [name for name in candidates if name in inputs]
    if len(costed) < 2 or costed[0] != candidates[0]:
        return []
    flips = []
    for field in COST_FIELDS:
        value = float(getattr(inputs[costed[0]], field))
        for factor in _nearest_first() if value else ():
            becomes = value * factor
            if field == "horizon_months":
                becomes = max(1.0, round(becomes))
                if becomes > LONGEST_HORIZON:
                    continue
            totals = {name: total_usd(_changed(inputs[name], field, becomes / value)) for name in costed}
            cheapest = min(costed, key=lambda name: totals[name])
            if totals[cheapest] < totals[costed[0]]:
                flips.append(Flip(input=field, factor=becomes / value, becomes=becomes, winner=cheapest))
                break
    return flips


def _changed(inputs: CostInputs, field: str, factor: float) -> CostInputs:
    value = getattr(inputs, field) * factor
    return inputs.model_copy(update={field: round(value) if field == "horizon_months" else value})


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


def _shares(found: np.ndarray, eligible: Sequence[str]) -> dict[str, float]:
    """Shares of all draws; a draw without a winner counts for nobody."""
    counts = np.bincount(found[found != NOBODY], minlength=len(eligible)) / len(found)
    return {name: float(share) for name, share in zip(eligible, counts, strict=True)}


def _nearest_first() -> list[float]:
    """Factors from the smallest change to the largest."""
    return [float(factor) for factor in sorted(FACTORS, key=lambda one: abs(np.log(one))) if abs(factor - 1) > 1e-9]
