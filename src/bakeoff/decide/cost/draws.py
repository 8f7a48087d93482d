"""Draws of costs: every uncertain number within its range, all contenders together.

Takes cost inputs with the ranges of their uncertain numbers. Gives the same inputs with arrays in place of those, on
which the formulas of `model.py` work as on numbers. Knows nothing about answers.

A number with the value v and the 95 % range (low, high) is v + (high - v) z / 1.96 above v and v - (v - low) |z| / 1.96
below it, z being a standard normal number: its median is v, and 95 % of its draws lie in the range. Days of work share
one z in each draw, the pace of the team, so work that contenders have in common cancels in their difference. Every
other number has a z of its own.
"""

from collections.abc import Mapping

import numpy as np

from bakeoff.decide.cost.model import CostInputs, total_usd
from bakeoff.records import Record

N_DRAWS = 2000
DIGITS = 1000
"""Standard normal numbers are kept as whole thousandths."""
Z_95 = 1.959964
PACE = "pace"
DAYS = ("data_days", "setup_days", "project_days", "upkeep_days_per_month", "approval_days_per_update")
"""The numbers that follow the pace of the team."""


class CostDraws(Record):
    """Standard normal numbers in thousandths: `pace` for days of work, `own` by contender and field for the others."""

    pace: tuple[int, ...]
    own: dict[str, dict[str, tuple[int, ...]]]


def cost_draws(inputs: Mapping[str, CostInputs], n_draws: int = N_DRAWS, seed: int = 0) -> CostDraws:
    """Joint draws for these contenders. A contender's draws do not depend on which others there are."""
    return CostDraws(
        pace=_normal(PACE, n_draws, seed),
        own={
            name: {field: _normal(f"{name} {field}", n_draws, seed) for field in c.intervals if field not in DAYS}
            for name, c in inputs.items()
        },
    )


def _normal(key: str, n_draws: int, seed: int) -> tuple[int, ...]:
    rng = np.random.default_rng([seed, *key.encode()])
    return tuple(np.rint(DIGITS * rng.standard_normal(n_draws)).astype(int).tolist())


def drawn_inputs(inputs: Mapping[str, CostInputs], draws: CostDraws) -> dict[str, CostInputs]:
    """The inputs by contender with (draw,) arrays for the numbers that have a range.

    Each has the fields of `CostInputs`; the formulas of `model.py` then give arrays.
    """
    pace = np.array(draws.pace) / DIGITS
    drawn = {}
    for name, c in inputs.items():
        values = {}
        for field, (low, high) in c.intervals.items():
            z = pace if field in DAYS else np.array(draws.own[name][field]) / DIGITS
            values[field] = _within(getattr(c, field), low, high, z)
        drawn[name] = c.model_copy(update=values)
    return drawn


def _within(value: float, low: float, high: float, z: np.ndarray) -> np.ndarray:
    """Draws with this median, 95 % of them from low to high; never below 0."""
    above, below = max(0.0, high - value), max(0.0, value - low)
    return np.maximum(0.0, value + np.where(z > 0, above, below) * z / Z_95)


def drawn_totals(inputs: Mapping[str, CostInputs], draws: CostDraws) -> dict[str, np.ndarray]:
    """The total cost over the horizon in US dollars in each draw, by contender."""
    n = len(draws.pace)
    return {
        name: np.broadcast_to(np.asarray(total_usd(c), dtype=float), n)
        for name, c in drawn_inputs(inputs, draws).items()
    }
