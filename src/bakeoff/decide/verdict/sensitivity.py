"""Sensitivity: how often each contender would win if the numbers or the weights were a little different.

Takes a `Comparison`, resampled pilots, a profile and cost inputs. Gives shares of wins and the smallest changes that
flip the verdict. Knows nothing about models or files.

It applies two rules to pilots resampled over their questions: the verdict's rule, and a weighted sum of all measures
with weights drawn around the profile's (Dirichlet distribution).
"""

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from bakeoff.decide.cost.model import CostInputs, total_usd
from bakeoff.decide.situation.profile import MeasureWeights, Profile
from bakeoff.decide.verdict.rule import NOBODY, winners
from bakeoff.measure.comparison import Comparison, Estimate
from bakeoff.measure.resample import N_DRAWS, Redrawn
from bakeoff.measures import Measure
from bakeoff.records import Record

CONCENTRATION = 20.0
"""Of the Dirichlet distribution. With the default weights, the standard deviation of a weight is 0.4 to 1 times it."""
FRACTIONS = ("share", "ratio")
"""Units of measures that are summed unchanged. The others are summed by their logarithm."""
TINY = 1e-9
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

Measures = Mapping[str, Measure]


class Flip(Record):
    """The smallest change of one input that makes another contender win.

    `factor` multiplies the current value; `becomes` is the new value in the input's unit.
    """

    input: str
    factor: float
    becomes: float
    winner: str


class Sensitivity(Record):
    """Shares of wins by contender, and the flips. Draws without a winner make `rule_wins` sum to less than 1."""

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

    `redrawn` holds the contenders that break no hard limit. `candidates` are the winner, first, and the contenders that
    it beat on cost; empty if there is no winner. `inputs` are each contender's cost inputs.
    """
    eligible, weights = redrawn.names, profile.measure_weights
    if not eligible:
        return Sensitivity(rule_wins={}, weighted_wins={}, flips=())
    measures = weighed(weights, comparison)
    baselines = [entrant.name for entrant in comparison.entrants if entrant.is_baseline]
    drawn = with_intervals(redrawn, comparison, eligible, measures)
    costs = {name: total_usd(cost_inputs) for name, cost_inputs in inputs.items()}
    return Sensitivity(
        rule_wins=rule_wins(redrawn, costs, profile.margin, baselines),
        weighted_wins=weighted_wins(drawn, weights, eligible, measures),
        flips=(*weight_flips(comparison, weights, eligible, measures), *cost_flips(inputs, candidates)),
    )


def weighed(weights: MeasureWeights, comparison: Comparison) -> dict[str, Measure]:
    """The measures that have a weight, by name: Bakeoff's and the team's own."""
    known = comparison.measure_of
    return {name: known[name] for name in weights.by_measure() if name in known and known[name].better}


def with_intervals(
    redrawn: Redrawn, comparison: Comparison, eligible: Sequence[str], measures: Measures, seed: int = 0
) -> dict[str, np.ndarray]:
    """Every weighted measure of the eligible contenders in each resampled pilot, shape (draw, contender).

    Measures without per-question values (times, costs, retention) are drawn from their intervals, each on its own. A
    measure that one contender lacks is left out.
    """
    rng = np.random.default_rng(seed)
    drawn = {}
    for name, measure in measures.items():
        if _complete(comparison, name, eligible):
            noise = rng.standard_normal((N_DRAWS, len(eligible)))
            drawn[name] = redrawn.means[name] if name in redrawn.means else _alone(comparison, measure, eligible, noise)
    return drawn


def _alone(comparison: Comparison, measure: Measure, eligible: Sequence[str], noise: np.ndarray) -> np.ndarray:
    """A measure drawn from its intervals, shape (draw, contender). Logarithms keep times and costs positive."""
    estimates = [comparison.estimate(name, measure.name) for name in eligible]
    values = _values(comparison, measure.name, eligible)
    if measure.unit in FRACTIONS:
        return values + _spread(estimates) * noise
    return values * np.exp(_spread([_logarithm(estimate) for estimate in estimates]) * noise)


def _logarithm(estimate: Estimate) -> Estimate:
    low, high = (None if end is None else math.log(max(end, TINY)) for end in (estimate.low, estimate.high))
    return Estimate(low=low, high=high)


def rule_wins(
    redrawn: Redrawn, total_usd: Mapping[str, float], margin: float, baselines: Collection[str]
) -> dict[str, float]:
    """How often each contender wins by the verdict's rule. An unknown cost counts as infinite."""
    names = redrawn.names
    cost = np.array([total_usd.get(name, np.inf) for name in names])
    places = [i for i, name in enumerate(names) if name in baselines]
    won_by = winners(redrawn.least, redrawn.ahead, redrawn.tied, cost, places, margin)
    return _shares(won_by, names)


def weighted_wins(
    drawn: Mapping[str, np.ndarray],
    weights: MeasureWeights,
    eligible: Sequence[str],
    measures: Measures,
    seed: int = 0,
) -> dict[str, float]:
    """How often each contender has the highest weighted sum of scaled measures. Weights and measures are both drawn."""
    weight_of = weights.by_measure()
    names = [name for name in measures if weight_of[name] > 0 and name in drawn]
    if not names:
        return {}
    scaled = np.stack([_scaled(drawn[name], measures[name]) for name in names], axis=2)
    given = np.array([weight_of[name] for name in names])
    sampled = np.random.default_rng(seed).dirichlet(CONCENTRATION * given / given.sum(), N_DRAWS)
    return _shares(np.einsum("dcm,dm->dc", scaled, sampled).argmax(axis=1), eligible)


def weight_flips(
    comparison: Comparison, weights: MeasureWeights, eligible: Sequence[str], measures: Measures
) -> list[Flip]:
    """For each measure, the smallest change of its weight that gives another contender the highest weighted sum."""
    weight_of = weights.by_measure()
    names = [name for name in measures if weight_of[name] > 0 and _complete(comparison, name, eligible)]
    if len(eligible) < 2 or not names:
        return []
    scaled = np.stack([_scaled(_values(comparison, name, eligible)[None], measures[name])[0] for name in names], axis=1)
    given = np.array([weight_of[name] for name in names])
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
    """Whether every eligible contender has a value of the measure."""
    return all(comparison.estimate(name, measure).value is not None for name in eligible)


def _values(comparison: Comparison, measure: str, eligible: Sequence[str]) -> np.ndarray:
    return np.array([comparison.estimate(name, measure).value for name in eligible], dtype=float)


def _spread(estimates: Sequence[Estimate]) -> np.ndarray:
    """Standard errors from the 95 % intervals; 0 without an interval."""
    return np.array([
        (estimate.high - estimate.low) / 3.92 if estimate.low is not None and estimate.high is not None else 0.0
        for estimate in estimates
    ])  # fmt: skip


def _scaled(values: np.ndarray, measure: Measure) -> np.ndarray:
    """Values scaled to 0..1 per row over the contenders, 1 the best. Fractions are clipped; others use logarithms."""
    if measure.unit in FRACTIONS:
        clipped = np.clip(values, 0.0, 1.0)
        return 1.0 - clipped if measure.better == "lower" else clipped
    logs = np.log(np.maximum(values, TINY))
    top, bottom = logs.max(axis=1, keepdims=True), logs.min(axis=1, keepdims=True)
    distance = top - logs if measure.better == "lower" else logs - bottom
    return distance / np.maximum(top - bottom, np.log(2.0))


def _shares(won_by: np.ndarray, eligible: Sequence[str]) -> dict[str, float]:
    """The share of all draws that each contender won. Draws without a winner count for no contender."""
    counts = np.bincount(won_by[won_by != NOBODY], minlength=len(eligible)) / len(won_by)
    return {name: float(share) for name, share in zip(eligible, counts, strict=True)}


def _nearest_first() -> list[float]:
    """Factors, sorted from the smallest change to the largest."""
    return [
        float(factor) for factor in sorted(FACTORS, key=lambda factor: abs(np.log(factor))) if abs(factor - 1) > 1e-9
    ]
