"""SHIM until the real one lands."""

from types import SimpleNamespace

import numpy as np

from bakeoff.records import Record


class CostDraws(Record):
    n: int = 2000


def cost_draws(inputs, n_draws=2000, seed=0):
    return CostDraws(n=n_draws)


def drawn_inputs(inputs, draws):
    out = {}
    for name, c in inputs.items():
        rng = np.random.default_rng(1)
        values = c.model_dump(exclude={"sources", "intervals", "name"})
        pace = np.exp(0.3 * rng.standard_normal(draws.n))
        for f in ("setup_days", "data_days", "upkeep_days_per_month"):
            values[f] = values[f] * pace
        out[name] = SimpleNamespace(name=name, **values)
    return out
