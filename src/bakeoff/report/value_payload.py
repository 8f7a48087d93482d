"""The draws of a verdict as JSON, for `value_model.js`, which does the arithmetic of decide/value on the page.

Takes a `Judgement`, gives a dictionary that JSON can hold. Drawn shares, and the standard normal numbers behind drawn
costs, are whole numbers of three bytes in base64: four characters each. Knows nothing about the page.
"""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np

from bakeoff.decide.cost.draws import DAYS, DIGITS
from bakeoff.decide.situation.ranges import Z_95
from bakeoff.decide.value.joint import terms_of
from bakeoff.decide.value.outcomes import UNIT, OutcomeDraws
from bakeoff.decide.value.worth import NOTHING
from bakeoff.decide.verdict.judgement import Judgement


def value_payload(judgement: Judgement, payable: Sequence[str]) -> dict[str, Any]:
    """What the script calculates with. `payable` are the contenders to choose from, doing nothing among them."""
    draws, profile = judgement.draws, judgement.profile
    terms = terms_of(profile, draws.outcomes.own)
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
        "handed": value is not None and value.hand_over() is not None,
        "today_usd": {"per_question": terms.usd * per_question, "per_month": terms.usd * per_month},
        "pace": _whole(draws.costs.pace),
        "paced": list(DAYS),
        "own_costs": {
            name: {field: _whole(numbers) for field, numbers in fields.items()}
            for name, fields in draws.costs.own.items()
        },
        "digits": DIGITS,
        "z_95": Z_95,
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
