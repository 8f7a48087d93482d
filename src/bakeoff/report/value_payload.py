"""The draws of a verdict as JSON, for `value_model.js`, which does the arithmetic of decide/value on the page.

Takes a `Judgement`, gives a dictionary that JSON can hold. Drawn shares are whole numbers of three bytes, drawn factors
of costs 32-bit floating-point numbers, both in base64: 2,000 draws of 10 contenders take about 300 kB. Equal columns of
factors are written once. Knows nothing about the page.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bakeoff.decide.cost.draws import drawn_inputs
from bakeoff.decide.cost.model import CostInputs
from bakeoff.decide.value.joint import terms_of
from bakeoff.decide.value.outcomes import UNIT, OutcomeDraws
from bakeoff.decide.value.worth import NOTHING
from bakeoff.decide.verdict.judgement import Judgement


def value_payload(judgement: Judgement, payable: Sequence[str]) -> dict[str, Any]:
    """What the script calculates with. `payable` are the contenders to choose from, doing nothing among them."""
    draws, profile = judgement.draws, judgement.profile
    terms = terms_of(profile, draws.outcomes.own)
    columns, drawn = _factors(judgement)
    value, today = terms.value, None
    if value is not None and value.today.is_described:
        today = value.today.shares._asdict()
    per_question, per_month = (value.today.per_question, value.today.per_month) if value else (0.0, 0.0)
    return {
        "unit": UNIT,
        "names": list(draws.outcomes.names),
        "nothing": NOTHING,
        "candidates": list(payable),
        "outcomes": _shares(draws.outcomes),
        "before": draws.before and _shares(draws.before),
        "after": draws.after and _shares(draws.after),
        "own": [group and group.model_dump() for group in terms.own],
        "update_days": draws.update_days,
        "changes": terms.changes.model_dump(include={"interval_days", "share"}),
        "today": today,
        "today_usd": {"per_question": terms.usd * per_question, "per_month": terms.usd * per_month},
        "factors": columns,
        "drawn": drawn,
    }


def _shares(of: OutcomeDraws) -> dict[str, Any]:
    return {
        "mass": [_whole(column) for column in of.mass],
        "right": {name: [_whole(column) for column in columns] for name, columns in of.right.items()},
        "declined": {name: [_whole(column) for column in columns] for name, columns in of.declined.items()},
    }


def _whole(column: Sequence[int]) -> str:
    """Whole numbers of three bytes each, the highest first; a negative one as its two's complement."""
    return base64.b64encode(np.asarray(column, dtype=">i4").view(np.uint8).reshape(-1, 4)[:, 1:].tobytes()).decode()


def _factors(judgement: Judgement) -> tuple[list[str], dict[str, dict[str, int]]]:
    """The distinct columns of drawn factors, and which column multiplies which number of each contender's inputs."""
    inputs = judgement.cost.inputs
    columns: dict[str, int] = {}
    drawn = {
        name: {field: columns.setdefault(_column(factors), len(columns)) for field, factors in fields.items()}
        for name, fields in drawn_factors(inputs, judgement).items()
    }
    return list(columns), drawn


def drawn_factors(inputs: Mapping[str, CostInputs], judgement: Judgement) -> dict[str, dict[str, np.ndarray]]:
    """Each drawn number of each contender as multiples of the number in its inputs."""
    found: dict[str, dict[str, np.ndarray]] = {}
    for name, of in drawn_inputs(inputs, judgement.draws.costs).items():
        values = {field: np.asarray(getattr(of, field)) for field in CostInputs.model_fields if hasattr(of, field)}
        found[name] = {
            field: np.asarray(value / getattr(inputs[name], field), dtype=np.float64)
            for field, value in values.items()
            if value.ndim == 1 and value.dtype.kind == "f" and getattr(inputs[name], field)
        }
    return found


def _column(factors: np.ndarray) -> str:
    return base64.b64encode(factors.astype("<f4").tobytes()).decode()
