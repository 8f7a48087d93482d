"""Factors that are scored by the cost model: budgets, the deadline and the cost over the horizon.

Takes a `Factor` with an `estimate`, a `Profile` and `Estimates`. Gives scores, a sentence, the state of the limit by
approach, and other values of the profile's field. Knows nothing about weights or totals.

An approach loses two scores for each doubling by which it exceeds a limit more than the approach that comes closest.
So a tighter limit never helps the approach that needs more. Of the cost over the horizon, it loses one score for each
doubling of what the cheapest approach costs.
"""

import math
from collections.abc import Mapping

from bakeoff.decide.advise.estimates import Estimates, Range
from bakeoff.decide.advise.factors import Factor
from bakeoff.decide.requirements.standing import STATES, State, within
from bakeoff.decide.situation.approaches import NAMES
from bakeoff.decide.situation.profile import Profile

BEST, WORST = 5.0, 1.0
PER_DOUBLING = {"setup": 2.0, "running": 2.0, "days": 2.0, "total": 1.0}
"""How many scores a doubling costs: beyond a limit, or of the total compared with the cheapest. A judgement."""
LIMITS = ("setup", "running", "days")
VOLUMES = (1_000.0, 10_000.0, 100_000.0, 1_000_000.0, 10_000_000.0)
ACCURACY_AT_STAKE = 0.10
"""The difference of accuracy between two approaches that a cost difference is compared with: an assumption."""


def scores_of(factor: Factor, profile: Profile, known: Estimates) -> dict[str, float]:
    """Scores by approach; {} if the costs are not known. A limit of None scores all the same."""
    quantity = factor.estimate or "total"
    ranges, step = known.of(quantity), PER_DOUBLING[quantity]
    if not ranges:
        return {}
    if factor.estimate == "total":
        above = {name: _doublings(of.likely, min(other.likely for other in ranges.values())) for name, of in
                 ranges.items()}  # fmt: skip
    else:
        limit = factor.value(profile)
        above = {name: 0.0 if limit is None else max(0.0, _doublings(of.high, limit)) for name, of in ranges.items()}
    least = min(above.values())
    return {name: max(WORST, BEST - step * (amount - least)) for name, amount in above.items()}


def _doublings(amount: float, of: float) -> float:
    return math.log2(max(amount, 1e-9) / max(of, 1e-9))


def states_of(factor: Factor, profile: Profile, known: Estimates) -> dict[str, State]:
    """Whether each approach keeps the limit; {} if there is none, or if the costs are not known."""
    limit = factor.value(profile)
    if factor.estimate not in LIMITS or limit is None:
        return {}
    return {name: within(of.low, of.high, limit) for name, of in known.of(factor.estimate).items()}


def sentence(factor: Factor, profile: Profile, known: Estimates) -> str:
    """The limit or the volume, and what each approach needs: 'RAG 3,200 to 7,200 (not shown yet)'."""
    ranges, states = known.of(factor.estimate or "total"), states_of(factor, profile, known)
    limit = factor.value(profile)
    if factor.estimate != "total" and limit is None:
        return "no limit"
    amounts = "; ".join(f"{NAMES[name]} {span(of)}{_state(states, name)}" for name, of in ranges.items())
    if factor.estimate == "total":
        volume = f"{profile.queries_per_month:,.0f} queries a month"
        return f"{volume}; cost over the horizon in USD, assumed before a pilot: {amounts}"
    what = "calendar days until it answers" if factor.estimate == "days" else "assumed costs, work included"
    return f"{limit:,.10g} {factor.unit}; {what}: {amounts}"


def span(of: Range) -> str:
    """A range in words; one number if its ends look the same."""
    low, high = (f"{end:,.0f}" for end in (of.low, of.high))
    return high if low == high else f"{low} to {high}"


def _state(states: Mapping[str, State], name: str) -> str:
    return f" ({STATES[states[name]]})" if name in states else ""


def importance(factor: Factor, profile: Profile, known: Estimates) -> float:
    """How much of its swing the cost over the horizon keeps: less where answers are worth far more than the difference.

    The difference between the dearest and the cheapest approach, as a part of what 10 points of accuracy are worth
    over the horizon; at most 1, and 1 if the profile does not say what an answer is worth.
    """
    stakes = profile.stakes_usd
    if factor.estimate != "total" or stakes is None or not known.total:
        return 1.0
    amounts = [of.likely for of in known.total.values()]
    worth = ACCURACY_AT_STAKE * (stakes.right + stakes.wrong) * known.queries
    return min(1.0, (max(amounts) - min(amounts)) / worth) if worth else 1.0


def other_values(factor: Factor, known: Estimates) -> list[tuple[str, float]]:
    """Other values of the field that may change the scores, each in words."""
    if factor.estimate == "total":
        return [(f"{value:,.0f} {factor.unit}", value) for value in VOLUMES]
    ends = {end for of in known.of(factor.estimate or "total").values() for end in (of.low, of.high)}
    values = sorted({float(f"{1.01 * end:.2g}") for end in ends if end > 0})
    return [(f"{value:,.10g} {factor.unit}", value) for value in values]
