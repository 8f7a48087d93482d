"""Sensitivity: what would turn the choice, and who would lead if all measures were weighed and added up.

Takes a `Comparison`, redrawn pilots, a profile and the rule's choice. Gives the smallest changes of one input that turn
the choice, and how often each contender has the highest weighted sum of all measures, with weights drawn around the
profile's (Dirichlet distribution). How sure the choice itself is: `decide/value/worth.py`. Knows nothing about models
or files.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from bakeoff.decide.cost.model import CostInputs, discounted_months, discounted_queries, total_usd
from bakeoff.decide.situation.profile import MeasureWeights, Profile
from bakeoff.decide.value.worth import NOTHING
from bakeoff.measure.comparison import Comparison, Estimate
from bakeoff.measure.resample import N_DRAWS
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
WRONG_TIMES = "wrong_times"
"""The input of a flip that is the cost of a wrong answer, in right ones."""
RIGHT_USD = "right_usd"
"""The input of a flip that is the value of a right answer."""

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
    """How often each contender has the highest weighted sum of all measures, and the flips of the verdict's rule."""

    weighted_wins: dict[str, float]
    flips: tuple[Flip, ...]


@dataclass(frozen=True)
class Choice:
    """What the rule chose, and from what: the candidates' mean utilities and cost inputs.

    `right_usd` is the value of a right answer, None if it is not known: then `candidates` are the chosen one, first,
    and those shown to be as good, and only their costs differ. If doing nothing is a candidate, `today_usd` is what it
    costs for a question and for a month. `handed` are the shares of questions that contenders decline and hand to
    today's people, empty if those go to nobody. `cost_times` are each contender's mean cost over the draws as a
    multiple of that of its inputs: 1 if not given.
    """

    leader: str
    candidates: Sequence[str]
    utility: Mapping[str, float]
    inputs: Mapping[str, CostInputs]
    right_usd: float | None = None
    today_usd: tuple[float, float] = (0.0, 0.0)
    cost_times: Mapping[str, float] = field(default_factory=dict)
    wrong: Mapping[str, float] = field(default_factory=dict)
    penalty: float = 1.0
    handed: Mapping[str, float] = field(default_factory=dict)


def sensitivity(
    comparison: Comparison,
    profile: Profile,
    eligible: Sequence[str],
    redrawn: Mapping[str, np.ndarray],
    choice: Choice | None,
) -> Sensitivity:
    """The weighted sums in redrawn pilots, and every flip within a factor of 100.

    `redrawn` holds means by measure, (draw, contender), of the `eligible` contenders, which miss no limit. `choice` is
    None if nothing is chosen, not even doing nothing.
    """
    weights = profile.measure_weights
    if not eligible:
        return Sensitivity(weighted_wins={}, flips=())
    measures = weighed(weights, comparison)
    drawn = with_intervals(redrawn, comparison, eligible, measures)
    return Sensitivity(
        weighted_wins=weighted_wins(drawn, weights, eligible, measures),
        flips=(*weight_flips(comparison, weights, eligible, measures), *(value_flips(choice) if choice else ())),
    )


def weighed(weights: MeasureWeights, comparison: Comparison) -> dict[str, Measure]:
    """The measures that have a weight, by name: Bakeoff's and the team's own."""
    known = comparison.measure_of
    return {name: known[name] for name in weights.by_measure() if name in known and known[name].better}


def with_intervals(
    redrawn: Mapping[str, np.ndarray],
    comparison: Comparison,
    eligible: Sequence[str],
    measures: Measures,
    seed: int = 0,
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
            drawn[name] = redrawn[name] if name in redrawn else _alone(comparison, measure, eligible, noise)
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


def value_flips(choice: Choice) -> list[Flip]:
    """The smallest change of the value of a right answer, the volume, the horizon or a price that turns the choice."""
    if choice.leader == NOTHING and not choice.inputs.keys() & set(choice.candidates):
        return []
    flips = [flip] if (flip := _wrong_flip(choice)) is not None else []
    named = [name for name in choice.candidates if name in choice.inputs or (name == NOTHING and choice.right_usd)]
    if len(named) < 2 or choice.leader not in named:
        return flips
    if choice.right_usd:
        for factor in _nearest_first():
            best = _best(choice, named, choice.inputs, choice.right_usd * factor)
            if best != choice.leader:
                usd = choice.right_usd * factor
                flips.append(Flip(input=RIGHT_USD, factor=factor, becomes=usd, winner=best))
                break
    return [*flips, *(flip for field in COST_FIELDS if (flip := _cost_flip(choice, named, field)))]


def _wrong_flip(choice: Choice) -> Flip | None:
    """The smallest change of the cost of a wrong answer that turns the choice; without a value, by utility alone."""
    named = [name for name in choice.utility if name in choice.wrong]
    if choice.right_usd:
        named = [name for name in named if name in choice.candidates and (name in choice.inputs or name == NOTHING)]
    if choice.leader not in named or not choice.penalty:
        return None
    for factor in _nearest_first():
        more = (factor - 1) * choice.penalty
        utility = {name: choice.utility[name] - more * choice.wrong[name] for name in named}
        if choice.right_usd:
            best = _best(replace(choice, utility=utility), named, choice.inputs, choice.right_usd)
        else:
            best = max(named, key=lambda name: (utility[name], name == choice.leader))
        if best != choice.leader:
            return Flip(input=WRONG_TIMES, factor=factor, becomes=factor * choice.penalty, winner=best)
    return None


def _cost_flip(choice: Choice, named: Sequence[str], field: str) -> Flip | None:
    value = float(getattr(_first(choice.inputs, [choice.leader, *named]), field))
    for factor in _nearest_first() if value else ():
        becomes = value * factor
        if field == "horizon_months":
            becomes = max(1.0, round(becomes))
            if becomes > LONGEST_HORIZON:
                continue
        changed = {name: _changed(choice.inputs[name], field, becomes / value) for name in named if name != NOTHING}
        best = _best(choice, named, changed, choice.right_usd or 0.0)
        if best != choice.leader:
            return Flip(input=field, factor=becomes / value, becomes=becomes, winner=best)
    return None


def _first(inputs: Mapping[str, CostInputs], named: Sequence[str]) -> CostInputs:
    """The inputs of the first that has some: the chosen one, unless that is doing nothing."""
    return next(inputs[name] for name in named if name in inputs)


def _best(choice: Choice, named: Sequence[str], inputs: Mapping[str, CostInputs], right_usd: float) -> str:
    """The one with the highest net value over the horizon; the chosen one if it is among the best."""
    c = _first(inputs, [choice.leader, *named])
    queries, months = discounted_queries(c), discounted_months(c)
    per_question, per_month = choice.today_usd
    cost = {name: choice.cost_times.get(name, 1.0) * total_usd(inputs[name]) for name in named if name != NOTHING}
    for name in cost.keys() & choice.handed.keys():
        cost[name] += per_question * queries * choice.handed[name] + per_month * months
    cost[NOTHING] = per_question * queries + per_month * months
    net = {name: right_usd * queries * choice.utility.get(name, 0.0) - cost[name] for name in named}
    return max(named, key=lambda name: (net[name], name == choice.leader))


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
    """The share of all draws that each contender won."""
    counts = np.bincount(won_by, minlength=len(eligible)) / len(won_by)
    return {name: float(share) for name, share in zip(eligible, counts, strict=True)}


def _nearest_first() -> list[float]:
    """Factors, sorted from the smallest change to the largest."""
    return [
        float(factor) for factor in sorted(FACTORS, key=lambda factor: abs(np.log(factor))) if abs(factor - 1) > 1e-9
    ]
