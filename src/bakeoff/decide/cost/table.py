"""The table of costs and the tornado: one row for each contender, and which inputs change a total most.

Takes `CostInputs` and the draws of their uncertain numbers. Gives `CostRow`s, whose totals are those of the net value,
and `Swing`s. Knows nothing about runs or profiles. All formulas are in `model.py`.
"""

import math
from collections.abc import Mapping

from bakeoff.decide.cost.draws import CostDraws, Spread, cost_draws, drawn_totals, spread
from bakeoff.decide.cost.model import CostInputs, cost_breakdown, total_usd, without_least
from bakeoff.records import Record


class CostRow(Record):
    """One contender's cost in US dollars over the horizon.

    `total_usd` is the mean over the draws, with their 95 % interval: the same draws as those of the net value. It is
    the sum of the lines, except that it is higher where a machine has no idle hours in some of the draws, or where the
    amount of a part binds in some of them (`least_setup_usd` and the like). `people_usd` is the part of the total that
    pays for days of work.
    """

    contender: str
    setup_usd: float
    per_1k_queries_usd: float
    first_month_usd: float
    last_month_usd: float
    upkeep_usd_per_month: float
    total_usd: float
    people_usd: float
    total_low_usd: float
    total_high_usd: float
    horizon_months: int


def cost_table(contenders: Mapping[str, CostInputs], draws: CostDraws | None = None) -> list[CostRow]:
    """One row for each contender, the cheapest over the horizon first. None: draws of their own."""
    totals = drawn_totals(contenders, draws or cost_draws(contenders))
    rows = (_row(name, inputs, spread(totals[name])) for name, inputs in contenders.items())
    return sorted(rows, key=lambda row: row.total_usd)


def _row(name: str, c: CostInputs, total: Spread) -> CostRow:
    breakdown = cost_breakdown(c)
    return CostRow(
        contender=name,
        setup_usd=breakdown.setup_usd,
        per_1k_queries_usd=1000 * breakdown.marginal_usd_per_query,
        first_month_usd=breakdown.months[0].usd,
        last_month_usd=breakdown.months[-1].usd,
        upkeep_usd_per_month=breakdown.upkeep_usd_per_month,
        total_usd=total.mean,
        people_usd=_people_usd(without_least(c)),
        total_low_usd=total.low,
        total_high_usd=total.high,
        horizon_months=c.horizon_months,
    )


def _people_usd(own: CostInputs) -> float:
    return total_usd(own) - total_usd(own.model_copy(update={"engineering_usd_per_day": 0.0}))


class Swing(Record):
    """The total with one input lowered and raised and the others unchanged."""

    input: str
    low_input: float
    high_input: float
    low_total_usd: float
    high_total_usd: float


SHARES = ("cached_prompt_share", "batch_saving")
MOST_SWINGS = 12
"""How many lines of a tornado are kept and shown."""


def tornado(c: CostInputs, swing: float = 0.25) -> list[Swing]:
    """How the total changes when each input alone is lowered and raised by this fraction, largest change first.

    Inputs that are 0 or change nothing are left out. Shares are capped at 1. The horizon is rounded to whole months.
    """
    swings = []
    for field, value in _numbers(c).items():
        ends = [value * (1 - swing), value * (1 + swing)]
        if field in SHARES:
            ends = [min(1.0, end) for end in ends]
        if field == "horizon_months":
            ends = [max(1, math.floor(end + 0.5)) for end in ends]
        low, high = (total_usd(c.model_copy(update={field: end})) for end in ends)
        if low != high:
            swings.append(
                Swing(input=field, low_input=ends[0], high_input=ends[1], low_total_usd=low, high_total_usd=high)
            )
    return sorted(swings, key=lambda move: -abs(move.high_total_usd - move.low_total_usd))


def _numbers(c: CostInputs) -> dict[str, float]:
    """Every number among the inputs that is not 0."""
    values = c.model_dump(exclude={"name", "sources", "intervals"})
    return {field: value for field, value in values.items() if value}
