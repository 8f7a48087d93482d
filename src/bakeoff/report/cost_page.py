"""The cost of a judged run for the page: table, sliders, charts, break-even, tornado and all formulas in words.

Takes a `Judgement` and the contenders' colours, gives text, SVG and the JSON that `verdict.js` calculates with. All
arithmetic is in `decide/cost/model.py`. Knows nothing about the page's layout.
"""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
from markupsafe import Markup

from bakeoff.decide.cost.break_even import BreakEven, about, break_even_month, break_even_volume
from bakeoff.decide.cost.model import CostBreakdown, CostInputs, cumulative_usd, total_usd
from bakeoff.decide.cost.peak import peak_warnings
from bakeoff.decide.cost.table import MOST_SWINGS, CostRow, tornado
from bakeoff.decide.situation.currency import currency_note
from bakeoff.decide.verdict.judgement import Judgement
from bakeoff.measures import BY_NAME
from bakeoff.report.charts import linear_scale
from bakeoff.report.drilldown import script_safe
from bakeoff.report.sliders import PER_DECADE
from bakeoff.report.sliders import factor_slider as _factor
from bakeoff.report.sliders import linear_slider as _linear
from bakeoff.report.verdict_charts import Crossing, Line, label_room, months_chart, volume_chart
from bakeoff.report.verdict_text import INPUTS, amount
from bakeoff.sentences import NARROW, count, usd

HALF, NARROW_WIDE, HEIGHT = 520, 342, 340
VOLUMES_BELOW, VOLUMES_ABOVE, N_VOLUMES = 1e-2, 1e3, 61
"""The volumes of the chart, as multiples of the profile's volume, and how many are drawn. The slider has this range."""
LEAST_SHARE = 1e-6
"""On the logarithmic axis, a cost of 0 is drawn at this share of the highest cost."""
MOST_MONTHS = 60
LEAST_SWING = 1e-3
"""Inputs that change the total by less than this share of it are not drawn."""
TRAINING = "training_usd_per_hour"
PRICES = {
    TRAINING: "Training, USD an hour",
    "input_usd_per_million_tokens": "Prompt tokens, USD a million",
    "output_usd_per_million_tokens": "Completion tokens, USD a million",
    "training_usd_per_million_tokens": "Training tokens, USD a million",
}
"""The prices that have a slider only if a contender pays them."""


def cost_context(judgement: Judgement, colours: Mapping[str, int]) -> dict[str, Any] | None:
    """The values for the page's section on cost; None if no contender's cost could be calculated."""
    if not judgement.cost.table:
        return None
    inputs = judgement.cost.inputs
    any_inputs, cheapest = next(iter(inputs.values())), judgement.cost.table[0]
    months, first = any_inputs.horizon_months, reference(judgement)
    return {
        "rows": [cost_cells(row) for row in judgement.cost.table],
        "horizon_months": months,
        "currency": currency_note(judgement.profile),
        "queries_per_month": count(any_inputs.queries_per_month),
        "first": first,
        "told": f"{cheapest.contender} costs the least, {usd(cheapest.total_usd)} over {months} months.",
        "peak": peak_warnings(inputs, judgement.profile.machines),
        "sliders": sliders(inputs),
        "months_chart": _months(inputs, first, colours),
        "volume_chart": _volumes(inputs, first, colours),
        "break_even": [(pair.b, pair.explanation) for pair in against_reference(judgement)],
        "tornado": tornado_bars(inputs[first]),
        "breakdowns": [breakdown_rows(inputs[row.contender], judgement) for row in judgement.cost.table],
        "payload": Markup(_payload(judgement, first, colours)),
    }


def reference(judgement: Judgement) -> str:
    """The contender that the others are compared with: the winner, or the cheapest if there is no winner."""
    winner = judgement.winner
    return winner if winner in judgement.cost.inputs else judgement.cost.table[0].contender


def against_reference(judgement: Judgement) -> list[BreakEven]:
    """The break-even of the reference with each other contender."""
    first = reference(judgement)
    return [pair for pair in judgement.break_even if pair.a == first]


def cost_cells(row: CostRow) -> dict[str, str]:
    """A row of the table as text."""
    return {
        "contender": row.contender,
        "setup": usd(row.setup_usd),
        "per_1k": usd(row.per_1k_queries_usd),
        "upkeep": usd(row.upkeep_usd_per_month),
        "people": usd(row.people_usd),
        "total": usd(row.total_usd),
        "interval": BY_NAME["cost_per_1k"].interval(row.total_low_usd, row.total_high_usd),
    }


def sliders(contenders: Mapping[str, CostInputs]) -> list[dict[str, Any]]:
    """The sliders of the costs, each at the profile's value (`sliders.py`)."""
    any_inputs = next(iter(contenders.values()))
    machine, day = any_inputs.serving_usd_per_hour, any_inputs.engineering_usd_per_day
    return [
        _factor("queries_per_month", "Queries a month", any_inputs.queries_per_month, (-40, 60)),
        _linear("horizon_months", "Horizon", any_inputs.horizon_months, 1, (1, MOST_MONTHS)),
        _factor("machine_usd_per_hour", "Machine, USD an hour", machine)
        if machine
        else _linear("machine_usd_per_hour", "Machine, USD an hour", 0.0, 0.05, (0, 40)),
        _linear("engineering_usd_per_day", "Day of work, USD", day, day / PER_DECADE or 25.0, (0, 3 * PER_DECADE)),
        *_price_sliders(contenders.values()),
    ]


def _price_sliders(contenders: Collection[CostInputs]) -> list[dict[str, Any]]:
    """A slider for each price that a contender pays and that the machine's slider does not set.

    Its value is the lowest such price of all contenders. The other prices keep their ratio to it.
    """
    price_sliders = []
    for field, title in PRICES.items():
        paid = {
            getattr(inputs, field) for inputs in contenders if field != TRAINING or not inputs.trains_where_it_serves
        }
        paid.discard(0.0)
        if paid:
            price_sliders.append(_factor(field, title if len(paid) == 1 else f"{title}, the lowest", min(paid)))
    return price_sliders


def _payload(judgement: Judgement, first: str, colours: Mapping[str, int]) -> str:
    """The JSON that the script calculates with: every contender's inputs without their sources, sliders and chart."""
    inputs = judgement.cost.inputs
    content = {
        "first": first,
        "contenders": [{"name": name, "colour": colours.get(name, 0)} for name in inputs],
        "inputs": {name: one.model_dump(mode="json", exclude={"sources"}) for name, one in inputs.items()},
        "sliders": sliders(inputs),
        "meanings": {field: meaning for field, (meaning, _) in INPUTS.items()},
        "chart": {
            "right": label_room(list(inputs)),
            "below": VOLUMES_BELOW,
            "above": VOLUMES_ABOVE,
            "n_volumes": N_VOLUMES,
            "least_share": LEAST_SHARE,
            "most_swings": MOST_SWINGS,
            "least_swing": LEAST_SWING,
        },
    }
    return script_safe(json.dumps(content, ensure_ascii=False, separators=(",", ":")))


def _drawn(draw: Callable[[int], str], kind: str, wide: int = HALF) -> Markup:
    """A chart for a laptop and for a phone, each in an element that the script can find."""
    frames = (("wide", wide), ("narrow", NARROW_WIDE))
    return Markup("".join(f'<div class="{css}" data-chart="{kind}">{draw(width)}</div>' for css, width in frames))


def _months(inputs: Mapping[str, CostInputs], first: str, colours: Mapping[str, int]) -> Markup:
    paid = {name: cumulative_usd(one) for name, one in inputs.items()}
    lines = [
        Line(name, tuple(range(len(ys))), tuple(ys), f"k{colours.get(name, 0)}", name == first)
        for name, ys in paid.items()
    ]
    crossings = []
    for name, one in inputs.items():
        month = break_even_month(inputs[first], one) if name != first else None
        if month:
            crossings.append(
                Crossing(month, paid[first][month], f"{first} and {name} have cost the same by month {month}")
            )
    label = "Paid so far after each month. At the end: " + _totals(inputs)
    return _drawn(lambda width: months_chart(lines, crossings, width, HEIGHT, label), "months")


def _volumes(inputs: Mapping[str, CostInputs], first: str, colours: Mapping[str, int]) -> Markup:
    now = inputs[first].queries_per_month
    xs = [float(x) for x in np.geomspace(now * VOLUMES_BELOW, now * VOLUMES_ABOVE, N_VOLUMES)]
    totals = {name: [_at_volume(one, x) for x in xs] for name, one in inputs.items()}
    floor = LEAST_SHARE * max(max(ys) for ys in totals.values()) or LEAST_SHARE
    lines = [
        Line(name, tuple(xs), tuple(max(y, floor) for y in ys), f"k{colours.get(name, 0)}", name == first)
        for name, ys in totals.items()
    ]
    crossings = []
    for name, one in inputs.items():
        volume = break_even_volume(inputs[first], one) if name != first else None
        if volume is not None and xs[0] <= volume <= xs[-1]:
            sentence = f"{first} and {name} cost the same at {about(volume)} queries a month"
            crossings.append(Crossing(volume, max(floor, _at_volume(inputs[first], volume)), sentence))
    label = f"Total by the first month's queries. At {count(now)}: " + _totals(inputs)
    return _drawn(lambda width: volume_chart(lines, crossings, now, width, HEIGHT, label), "volume")


def _at_volume(inputs: CostInputs, queries_per_month: float) -> float:
    return total_usd(inputs.model_copy(update={"queries_per_month": queries_per_month}))


def _totals(inputs: Mapping[str, CostInputs]) -> str:
    return "; ".join(f"{name} {usd(total_usd(one))}" for name, one in inputs.items()) + "."


def tornado_bars(inputs: CostInputs) -> dict[str, Any]:
    """The inputs that change a contender's total most: bars and the current total, in percent of the width.

    `verdict.js` draws the same when a slider moves.
    """
    total = total_usd(inputs)
    large = [move for move in tornado(inputs) if abs(move.high_total_usd - move.low_total_usd) > LEAST_SWING * total]
    swings = large[:MOST_SWINGS]
    ends = [sorted((swing.low_total_usd, swing.high_total_usd)) for swing in swings]
    at = linear_scale(min((low for low, _ in ends), default=0), max((high for _, high in ends), default=0), 0, 100)
    write = BY_NAME["cost_per_1k"].interval
    return {
        "total": usd(total),
        "now": at(total),
        "bars": [
            (INPUTS[swing.input][0], write(low, high) or usd(low), at(low), at(high) - at(low))
            for swing, (low, high) in zip(swings, ends, strict=True)
        ],
    }


def breakdown_rows(inputs: CostInputs, judgement: Judgement) -> dict[str, Any]:
    """Every line of one contender's cost with its formula, and the source of each number."""
    breakdown: CostBreakdown = judgement.cost.breakdown[inputs.name]
    parts = [
        ("Set-up, once", breakdown.setup, breakdown.setup_usd),
        ("Query in the first month", breakdown.per_query, breakdown.per_query_usd),
        ("Upkeep, each month", breakdown.upkeep_per_month, breakdown.upkeep_usd_per_month),
    ]
    return {
        "contender": inputs.name,
        "total": usd(next(row.total_usd for row in judgement.cost.table if row.contender == inputs.name)),
        "parts": [
            (title, usd(total), [(item.name, usd(item.usd), item.explanation) for item in items if item.usd])
            for title, items, total in parts
        ],
        "numbers": [
            (INPUTS[field][0], amount(field, getattr(inputs, field)), interval_of(inputs, field), source)
            for field, source in inputs.sources.items()
            if field in INPUTS and getattr(inputs, field)
        ],
    }


def interval_of(inputs: CostInputs, field: str) -> str:
    """The 95 % interval of a measured number; empty if it has none."""
    if field not in inputs.intervals:
        return ""
    low, high = inputs.intervals[field]
    return f"{amount(field, low).split(NARROW)[0]} to {amount(field, high)}"
