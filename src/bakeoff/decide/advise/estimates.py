"""What each approach would cost and how long it would take to set up, before a pilot, as ranges.

Takes a `Profile` and the contender that represents each approach. Gives `Estimates` by the cost model's assumed inputs.
Days that the profile gives are exact. Days that Bakeoff assumes may be `DAYS_DOUBT` times too many or too few, unless
the cost model has a range of its own for them. A hybrid is built of the parts of the other two: without days of its
own in the profile, it takes at least as many as either of them.
"""

from collections.abc import Mapping
from typing import NamedTuple

from bakeoff.decide.cost.inputs import ASSUMED_DAYS, assumed_inputs
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

DAYS_DOUBT = 1.5
"""Assumed days of work may be this many times too high or too low: an assumption (docs/matrix.md)."""


class Range(NamedTuple):
    """The least, the likely and the most."""

    low: float
    likely: float
    high: float


class Estimates(Record):
    """Ranges by approach. Money is in US dollars, days are days of work until the first deployment.

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
    ends = {name: (_bound(c, 0), c, _bound(c, 1)) for name, c in inputs.items()}
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
        inputs[HYBRID] = hybrid.model_copy(update=least)
    return inputs


def _bound(c: CostInputs, end: int) -> CostInputs:
    """The inputs at the low (0) or high (1) end of every range; assumed days without a range get one."""
    times = (1 / DAYS_DOUBT, DAYS_DOUBT)[end]
    assumed = [table for table in DAYS_OF_WORK if c.sources.get(table) == ASSUMED_DAYS and table not in c.intervals]
    return at_bound(c, end).model_copy(update={table: times * getattr(c, table) for table in assumed})


def _ordered(*values: float) -> Range:
    return Range(*sorted(values))


def _days(profile: Profile, standing: Standing, approach: str) -> Range:
    tables = ("setup_days", "data_days")
    parts = standing.values() if approach == HYBRID else [standing[approach]]
    own = {table: profile.own_days(table, standing[approach]) for table in tables}
    likely = {
        table: given if given is not None else max(profile.days(table, entrant) for entrant in parts)
        for table, given in own.items()
    }
    firm = sum(days for table, days in likely.items() if own[table] is not None)
    assumed = sum(likely.values()) - firm
    return Range(firm + assumed / DAYS_DOUBT, firm + assumed, firm + assumed * DAYS_DOUBT)


def cheapest_first(ranges: Mapping[str, Range]) -> list[str]:
    """The approaches by their likely amounts."""
    return sorted(ranges, key=lambda name: ranges[name].likely)
