"""What each approach would cost and how long it would take to set up, before a pilot, as ranges.

Takes a `Profile` and the contender that represents each approach. Gives `Estimates` by the cost model's assumed inputs.
Costs are means with the 95 % interval of the cost model's draws. Days that the profile gives as one number are exact;
those that Bakeoff assumes have the cost model's range.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from bakeoff.decide.cost.draws import cost_draws, drawn_inputs, spread
from bakeoff.decide.cost.inputs import CALENDAR, assumed_inputs
from bakeoff.decide.cost.model import (
    CostInputs,
    discounted_queries,
    nominal_running_usd_per_month,
    setup_usd,
    total_usd,
)
from bakeoff.decide.situation.approaches import APPROACHES, Standing
from bakeoff.decide.situation.profile import Profile
from bakeoff.errors import ConfigError, MissingExtraError
from bakeoff.measure.comparison import Entrant
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
    days = {name: _days(profile, entrant) for name, entrant in standing.items()}
    try:
        inputs = approach_inputs(profile, standing)
    except (ConfigError, MissingExtraError) as error:
        return Estimates(setup={}, running={}, total={}, days=days, problem=str(error))
    drawn = drawn_inputs(inputs, cost_draws(inputs))
    costs = {
        key: {name: _range(cost(c)) for name, c in drawn.items()}
        for key, cost in (("setup", setup_usd), ("running", nominal_running_usd_per_month), ("total", total_usd))
    }
    queries = float(discounted_queries(next(iter(inputs.values()))))
    return Estimates.model_validate({**costs, "days": days, "queries": queries})


def approach_inputs(profile: Profile, standing: Standing) -> dict[str, CostInputs]:
    """The assumed cost inputs of each approach. Raises ConfigError or MissingExtraError if a price is missing."""
    by_contender = assumed_inputs(profile, list(standing.values()))
    return {name: by_contender[standing[name].name] for name in APPROACHES if name in standing}


def _range(usd: float | np.ndarray) -> Range:
    """The mean and the 95 % interval of drawn costs, as in the cost table of a run."""
    of = spread(np.atleast_1d(usd))
    return Range(of.low, of.mean, of.high)


def _days(profile: Profile, entrant: Entrant) -> Range:
    """Calendar days of set-up and data by one person, as the verdict counts them."""
    ranges = [_days_of(profile, entrant, table) for table in ("setup_days", "data_days")]
    return Range(*(CALENDAR * sum(ends) for ends in zip(*ranges, strict=True)))


def _days_of(profile: Profile, entrant: Entrant, table: str) -> Range:
    """Days of one kind of work."""
    mean = profile.days(table, entrant)
    low, high = profile.day_range(table, entrant) or (mean, mean)
    return Range(low, mean, high)


def cheapest_first(ranges: Mapping[str, Range]) -> list[str]:
    """The approaches by their likely amounts."""
    return sorted(ranges, key=lambda name: ranges[name].likely)
