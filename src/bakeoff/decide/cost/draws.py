"""Draws of costs: every uncertain number within its range, all contenders together.

Takes cost inputs with the ranges of their uncertain numbers. Gives the same inputs with arrays in place of those, on
which the formulas of `model.py` work as on numbers. Knows nothing about answers.

A number with the 95 % range (low, high) is m + (high - m) z / 1.96 above m and m - (m - low) |z| / 1.96 below it, z
being a standard normal number: 95 % of its draws lie in the range. m is chosen so that the mean of the draws is the
number itself (`decide/situation/ranges.py`), so the mean of a total that is linear in the numbers is that of the plain
numbers.
The standard normal numbers of each field are the n quantiles at (i + 0.5) / n in a random order, so no mean depends on
chance. Days of work share one z in each draw, the pace of the team, so work that contenders have in common cancels in
their difference. Every other number has a z of its own.
"""

from collections.abc import Mapping
from functools import cache, lru_cache
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from bakeoff.decide.cost.model import CostInputs, total_usd
from bakeoff.decide.situation.ranges import Z_95, median_of
from bakeoff.records import Record

N_DRAWS = 2000
DIGITS = 1000
"""Standard normal numbers are kept as whole thousandths."""
TAILS = (0.025, 0.975)
PACE = "pace"
DAYS = ("data_days", "setup_days", "project_days", "upkeep_days_per_month", "approval_days_per_update")
"""The numbers that follow the pace of the team."""


class CostDraws(Record):
    """Standard normal numbers in thousandths: `pace` for days of work, `own` by contender and field for the others."""

    pace: tuple[int, ...]
    own: dict[str, dict[str, tuple[int, ...]]]


class Spread(NamedTuple):
    """The mean of draws and the interval that holds 95 % of them."""

    mean: float
    low: float
    high: float


def cost_draws(inputs: Mapping[str, CostInputs], n_draws: int = N_DRAWS, seed: int = 0) -> CostDraws:
    """Joint draws for these contenders. A contender's draws do not depend on which others there are."""
    return CostDraws(
        pace=_normal(PACE, n_draws, seed),
        own={
            name: {field: _normal(f"{name} {field}", n_draws, seed) for field in c.intervals if field not in DAYS}
            for name, c in inputs.items()
        },
    )


@lru_cache(maxsize=64)
def _normal(key: str, n_draws: int, seed: int) -> tuple[int, ...]:
    rng = np.random.default_rng([seed, *key.encode()])
    return tuple(rng.permutation(_quantiles(n_draws)).tolist())


@cache
def _quantiles(n: int) -> tuple[int, ...]:
    """The quantiles of a standard normal number at (i + 0.5) / n, in thousandths, ascending."""
    normal = NormalDist()
    return tuple(round(DIGITS * normal.inv_cdf((i + 0.5) / n)) for i in range(n))


def drawn_inputs(inputs: Mapping[str, CostInputs], draws: CostDraws) -> dict[str, CostInputs]:
    """The inputs by contender with (draw,) arrays for the numbers that have a range.

    Each has the fields of `CostInputs`; the formulas of `model.py` then give arrays.
    """
    pace = np.array(draws.pace) / DIGITS
    drawn = {}
    for name, c in inputs.items():
        values = {}
        for field, ends in c.intervals.items():
            z = pace if field in DAYS else np.array(draws.own[name][field]) / DIGITS
            values[field] = _within(getattr(c, field), ends, z)
        drawn[name] = c.model_copy(update=values)
    return drawn


def _within(value: float, ends: tuple[float, float], z: np.ndarray) -> np.ndarray:
    """Draws with this mean, 95 % of them from the low to the high end; never below 0."""
    above, below = (float(np.maximum(0.0, side).mean()) / Z_95 for side in (z, -z))
    m = median_of(value, ends, above, below)
    up, down = max(ends[1], value) - m, m - min(ends[0], value)
    return np.maximum(0.0, m + np.where(z > 0, up, down) * z / Z_95)


def drawn_totals(inputs: Mapping[str, CostInputs], draws: CostDraws) -> dict[str, np.ndarray]:
    """The total cost over the horizon in US dollars in each draw, by contender."""
    n = len(draws.pace)
    return {
        name: np.broadcast_to(np.asarray(total_usd(c), dtype=float), n)
        for name, c in drawn_inputs(inputs, draws).items()
    }


def spread(values: np.ndarray) -> Spread:
    """The mean and the 95 % interval of draws."""
    low, high = np.quantile(values, TAILS)
    return Spread(float(values.mean()), float(low), float(high))
