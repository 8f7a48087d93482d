"""What each approach would cost and how long it would take to set up, before a pilot, as ranges.

Takes a `Profile` and the contender that represents each approach. Gives `Estimates` by the cost model's assumed inputs.
Days that the profile gives are exact; those that Bakeoff assumes have the cost model's range. A hybrid is built of the
parts of the other two: without days of its own in the profile, it takes at least as many as either of them.
"""

from collections.abc import Mapping
from typing import NamedTuple

from bakeoff.decide.cost.inputs import CALENDAR, DAYS_DOUBT, assumed_inputs
from bakeoff.decide.cost.model import (
    CostInputs,
    at_bound,
    discounted_queries,
    nominal_running_usd_per_month,
    setup_usd,
    total_usd,
)
from bakeoff.decide.situation.approaches import APPROACHES, HYBRID, Standing
from bakeoff.decide.situation.profile import DAYS_OF_WORK, Profile
from bakeoff.errors import ConfigError, MissingExtraError
from bakeoff.records import Record


class Range(NamedTuple):
    """The least, the likely and the most."""

    low: float
    likely: float
    high: float


class Estimates(Record):
    """Ranges by approach. Money is in US dollars, days are calendar days until the first deployment.

    The costs are empty if a price is missing; `problem` then says which. `queries` are those of the horizon,
    discounted as the costs are.
    """

    setup: dict[str, Range]
    running: dict[str, Range]
    total: dict[str, Range]
    days: dict[str, Range]
    queries: float = 0.0
    problem: str = ""

    def of(self, quantity: str) -> dict[str, Range]:
        """The ranges of 'setup', 'running', 'total' or 'days'."""
        ranges: dict[str, Range] = getattr(self, quantity)
        return ranges


def estimates(profile: Profile, standing: Standing) -> Estimates:
    """What is known before a pilot about costs and days."""
    days = {name: _days(profile, standing, name) for name in standing}
    try:
        inputs = approach_inputs(profile, standing)
    except (ConfigError, MissingExtraError) as error:
        return Estimates(setup={}, running={}, total={}, days=days, problem=str(error))
    ends = {name: (at_bound(c, 0), c, at_bound(c, 1)) for name, c in inputs.items()}
    costs = {
        key: {name: _ordered(*(float(cost(c)) for c in bounds)) for name, bounds in ends.items()}
        for key, cost in (("setup", setup_usd), ("running", nominal_running_usd_per_month), ("total", total_usd))
    }
    queries = float(discounted_queries(next(iter(inputs.values()))))
    return Estimates.model_validate({**costs, "days": days, "queries": queries})


def approach_inputs(profile: Profile, standing: Standing) -> dict[str, CostInputs]:
    """The assumed cost inputs of each approach. Raises ConfigError or MissingExtraError if a price is missing."""
    by_contender = assumed_inputs(profile, list(standing.values()))
    inputs: dict[str, CostInputs] = {name: by_contender[standing[name].name] for name in APPROACHES if name in standing}
    if HYBRID in inputs:
        hybrid = inputs[HYBRID]
        least = {
            table: max(getattr(c, table) for c in inputs.values())
            for table in DAYS_OF_WORK
            if profile.own_days(table, standing[HYBRID]) is None
        }
        low, high = DAYS_DOUBT
        ranges = {table: (low * days, high * days) for table, days in least.items() if days}
        inputs[HYBRID] = hybrid.model_copy(update={**least, "intervals": hybrid.intervals | ranges})
    return inputs


def _ordered(*values: float) -> Range:
    return Range(*sorted(values))


def _days(profile: Profile, standing: Standing, approach: str) -> Range:
    """Calendar days of set-up and data by one person, as the verdict counts them; a hybrid takes at least its parts."""
    parts = standing.values() if approach == HYBRID else [standing[approach]]
    low = likely = high = 0.0
    for table in ("setup_days", "data_days"):
        own = profile.own_days(table, standing[approach])
        days = own if own is not None else max(profile.days(table, entrant) for entrant in parts)
        least, most = (1.0, 1.0) if own is not None else DAYS_DOUBT
        low, likely, high = low + least * days, likely + days, high + most * days
    return Range(*(CALENDAR * days for days in (low, likely, high)))


def cheapest_first(ranges: Mapping[str, Range]) -> list[str]:
    """The approaches by their likely amounts."""
    return sorted(ranges, key=lambda name: ranges[name].likely)
