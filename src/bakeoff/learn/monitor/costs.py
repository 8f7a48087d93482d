"""What a window of use cost, by the cost model of the verdict: measured tokens, the release's prices, real volume.

Takes cells of a window and the cost inputs that a release's verdict rests on. Gives US dollars. Seconds of a machine
are those of the pilot: times under load say how long people wait, not how long the machine works. Set-up and upkeep are
not part of it. Knows no formula of its own.
"""

from collections.abc import Iterable, Mapping

from bakeoff.decide.cost.model import CostInputs, idle_usd, marginal_usd_per_query, nominal_running_usd_per_month
from bakeoff.learn.monitor.windows import Cell, Key
from bakeoff.records import Record

DAYS_PER_MONTH = 365.25 / 12

InputsOf = Mapping[tuple[int | None, str], CostInputs]
"""The cost inputs by release and contender."""


class Spending(Record):
    """What answers cost in use. `per_answer_usd` includes the hours in which the machine waits.

    `assumed_per_answer_usd` is the same at the volume and the tokens of the verdict, `expected_per_answer_usd` at the
    real volume and the verdict's tokens. `per_month_usd` is an average
    month at the real volume, upkeep included, as a monthly budget has to pay it. None where no price is known.
    """

    queries_per_month: float
    assumed_queries_per_month: float | None = None
    per_answer_usd: float | None = None
    assumed_per_answer_usd: float | None = None
    expected_per_answer_usd: float | None = None
    per_month_usd: float | None = None
    budget_usd_per_month: float | None = None


def measured_inputs(inputs: CostInputs, cell: Cell, days: float) -> CostInputs:
    """The inputs at the measured volume and tokens."""
    update = {"queries_per_month": cell.n * DAYS_PER_MONTH / days, "growth_per_month": 0.0}
    if inputs.prompt_tokens_per_query or inputs.completion_tokens_per_query:
        update["prompt_tokens_per_query"] = cell.prompt_tokens / cell.n
        update["completion_tokens_per_query"] = cell.completion_tokens / cell.n
    return inputs.model_copy(update=update)


def window_usd(cells: Iterable[tuple[Key, Cell]], inputs_of: InputsOf, days: float) -> float | None:
    """What the answers of a window cost; the machine is paid once. None if a contender has no known price."""
    totals = _by_contender(cells)
    if not totals or any(key not in inputs_of for key in totals):
        return None
    asked = {key: measured_inputs(inputs_of[key], cell, days) for key, cell in totals.items()}
    answers = sum(totals[key].n * marginal_usd_per_query(inputs) for key, inputs in asked.items())
    idle = max(idle_usd(inputs, inputs.queries_per_month) for inputs in asked.values())
    return answers + idle * days / DAYS_PER_MONTH


def spending(cell: Cell, days: float, inputs: CostInputs | None, budget: float | None) -> Spending:
    """What the live contender's answers cost, against what was assumed."""
    volume = cell.n * DAYS_PER_MONTH / days
    if inputs is None or not cell.n:
        return Spending(queries_per_month=volume, budget_usd_per_month=budget)
    real = measured_inputs(inputs, cell, days)
    return Spending(
        queries_per_month=volume,
        assumed_queries_per_month=inputs.queries_per_month,
        per_answer_usd=_per_answer(real),
        assumed_per_answer_usd=_per_answer(inputs),
        expected_per_answer_usd=_per_answer(inputs.model_copy(update={"queries_per_month": volume})),
        per_month_usd=nominal_running_usd_per_month(real),
        budget_usd_per_month=budget,
    )


def _per_answer(c: CostInputs) -> float:
    return marginal_usd_per_query(c) + idle_usd(c, c.queries_per_month) / c.queries_per_month


def _by_contender(cells: Iterable[tuple[Key, Cell]]) -> dict[tuple[int | None, str], Cell]:
    totals: dict[tuple[int | None, str], Cell] = {}
    for (_, release, contender), cell in cells:
        if cell.n:
            totals.setdefault((release, contender), Cell()).merge(cell)
    return totals
