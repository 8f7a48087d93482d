"""The volume and the month at which two contenders cost the same.

Takes two `CostInputs`, gives a `BreakEven`. Knows only the formulas of `model.py`. The total is piecewise linear in the
volume, because a machine has idle hours to pay for in a month or it has not. So the crossing is calculated exactly,
segment by segment.
A volume that one machine cannot answer in a month is no break-even: the measured seconds say nothing about it.
"""

import math

from bakeoff.decide.cost.model import (
    HOUR,
    CostInputs,
    at_bound,
    cumulative_usd,
    idle_usd,
    marginal_usd_per_query,
    setup_usd,
    total_usd,
    without_least,
)
from bakeoff.records import Record

SAME = 1e-9
"""Two totals closer than this share of the larger count as equal: the difference is rounding."""

HOURS_PER_MONTH = 24 * 365.25 / 12
DIGITS = 3
"""How many digits of a volume are written: it depends on measured seconds, which are not known better than that."""

Stretches = list[tuple[float, int]]


class BreakEven(Record):
    """The volume (queries in the first month) at which the cheaper of two contenders changes, and the month.

    `volume_per_month` is None if the order is the same at every volume that a machine of each can answer in a month.
    `capacity_per_month` is the largest such volume, None if neither is limited by a machine. `is_beyond_capacity`: the
    order does change, but at a larger volume. `low` and `high` are its bounds if the measured
    numbers lie anywhere in their intervals; one is None if no volume changes the order at that end. `month` is the
    first month after which the contender with the higher set-up cost has cost no more in total, at the inputs' own
    volume; None if that does not happen within the horizon.
    """

    a: str
    b: str
    cheaper_below: str | None
    cheaper_above: str | None
    volume_per_month: float | None
    low: float | None
    high: float | None
    month: int | None
    explanation: str
    capacity_per_month: float | None = None
    is_beyond_capacity: bool = False


def break_even(a: CostInputs, b: CostInputs) -> BreakEven:
    """The lowest volume at which the cheaper of two contenders changes, its bounds, and the month at today's volume.

    All three volumes are None where they exceed what one machine can answer in a month.

    Raises ValueError if the two have different horizons, growth or discount.
    """
    if _horizon(a) != _horizon(b):
        raise ValueError(f"'{a.name}' and '{b.name}' have different horizons, {_horizon(a)} and {_horizon(b)}")
    stretches = order_by_volume(a, b)
    capacity = min(capacity_per_month(a), capacity_per_month(b))
    volume = _first_change(stretches, capacity)
    low, high = _bounds(a, b, volume, capacity)
    month = break_even_month(a, b)
    sentences = (_volume_sentence(a, b, stretches, capacity), _bounds_sentence(low, high), _month_sentence(a, b, month))
    return BreakEven(
        a=a.name,
        b=b.name,
        cheaper_below=_name(a, b, stretches[0][1]),
        cheaper_above=_name(a, b, stretches[0 if volume is None else 1][1]),
        volume_per_month=volume,
        low=low,
        high=high,
        month=month,
        explanation=" ".join(sentence for sentence in sentences if sentence),
        capacity_per_month=capacity if math.isfinite(capacity) else None,
        is_beyond_capacity=len(stretches) > 1 and volume is None,
    )


def capacity_per_month(c: CostInputs) -> float:
    """How many queries one machine can answer in a month without a pause, at its seconds for a query.

    Infinite for a contender whose answers take no time of a machine that is paid by the hour.
    """
    seconds = c.compute_seconds_per_query + c.retrieval_seconds_per_query
    return HOURS_PER_MONTH * HOUR / seconds if seconds else math.inf


def break_even_volume(a: CostInputs, b: CostInputs) -> float | None:
    """The lowest volume that both can answer and at which the cheaper one changes; None if there is none."""
    return _first_change(order_by_volume(a, b), min(capacity_per_month(a), capacity_per_month(b)))


def _first_change(stretches: Stretches, capacity: float) -> float | None:
    return stretches[1][0] if len(stretches) > 1 and stretches[1][0] <= capacity else None


def about(volume: float) -> str:
    """A volume with three digits; below 1,000 a whole number.

    >>> about(7_177_222)
    '7,180,000'
    """
    return f"{float(f'{volume:.{DIGITS}g}') if volume >= 10**DIGITS else volume:,.0f}"


def _bounds(a: CostInputs, b: CostInputs, volume: float | None, capacity: float) -> tuple[float | None, float | None]:
    """The lowest and highest break-even volume of three cases: measured numbers as they are, and at opposite ends.

    The upper bound is None if no volume changes the order in one of the cases, the lower one if in none it does.
    """
    at_ends = (order_by_volume(at_bound(a, end), at_bound(b, 1 - end)) for end in (0, 1))
    crossings = [volume, *(_first_change(order, capacity) for order in at_ends)]
    volumes = [crossing for crossing in crossings if crossing is not None]
    return min(volumes, default=None), max(volumes) if len(volumes) == len(crossings) else None


def order_by_volume(a: CostInputs, b: CostInputs) -> Stretches:
    """Stretches of volume as (start, sign of a's total minus b's), ascending. Neighbours differ in sign."""
    kinks = sorted({0.0, *_kinks(a), *_kinks(b)})
    differences = [_difference(a, b, volume) for volume in kinks]
    stretches: Stretches = []
    for left, right, at_left, at_right in zip(kinks, kinks[1:], differences, differences[1:], strict=False):
        if at_left * at_right < 0:
            stretches.append((left, _sign(at_left)))
            stretches.append((left + (right - left) * at_left / (at_left - at_right), _sign(at_right)))
        else:
            stretches.append((left, _sign(at_left) or _sign(at_right)))
    slope = _last_slope(a, b)
    stretches.append((kinks[-1], _sign(differences[-1]) or _sign(slope)))
    if differences[-1] * slope < 0:
        stretches.append((kinks[-1] - differences[-1] / slope, _sign(slope)))
    return [stretch for i, stretch in enumerate(stretches) if not i or stretch[1] != stretches[i - 1][1]]


def break_even_month(a: CostInputs, b: CostInputs) -> int | None:
    """The first month after which the one with the higher set-up cost has cost no more in total.

    None if that does not happen within the horizon, or if both cost the same to set up.
    """
    differences = [_nothing_if_same(x, y) for x, y in zip(cumulative_usd(a), cumulative_usd(b), strict=True)]
    dearer = _sign(differences[0])
    months = (month for month, difference in enumerate(differences) if difference * dearer <= 0)
    return next(months, None) if dearer else None


def _kinks(c: CostInputs) -> list[float]:
    """The first-month volumes at which no idle hours are left to pay for, one for each month.

    The machine is then busy all its online hours, or a part's least amounts pay for the rest.
    """
    seconds = c.compute_seconds_per_query + c.retrieval_seconds_per_query
    added = marginal_usd_per_query(c) - marginal_usd_per_query(without_least(c))
    idle, less_per_query = idle_usd(c, 0.0), seconds / HOUR * c.serving_usd_per_hour + added
    if not idle or not less_per_query:
        return []
    full = idle / less_per_query
    return [full / (1 + c.growth_per_month) ** month for month in range(c.horizon_months)]


def _difference(a: CostInputs, b: CostInputs, volume: float) -> float:
    at_volume = {"queries_per_month": volume}
    return _nothing_if_same(total_usd(a.model_copy(update=at_volume)), total_usd(b.model_copy(update=at_volume)))


def _last_slope(a: CostInputs, b: CostInputs) -> float:
    """How fast the difference of the totals grows with the first month's volume when no machine is idle."""
    months = range(1, a.horizon_months + 1)
    weights = ((1 + a.growth_per_month) ** (m - 1) * (1 + a.discount_per_year) ** (-m / 12) for m in months)
    return sum(weights) * _nothing_if_same(marginal_usd_per_query(a), marginal_usd_per_query(b))


def _nothing_if_same(x: float, y: float) -> float:
    return 0.0 if abs(x - y) <= SAME * max(abs(x), abs(y)) else x - y


def _sign(number: float) -> int:
    return int(number > 0) - int(number < 0)


def _horizon(c: CostInputs) -> tuple[int, float, float]:
    return c.horizon_months, c.growth_per_month, c.discount_per_year


def _name(a: CostInputs, b: CostInputs, sign: int) -> str | None:
    """The cheaper one if a's total minus b's has this sign; None if they cost the same."""
    return {-1: a.name, 0: None, 1: b.name}[sign]


def _volume_sentence(a: CostInputs, b: CostInputs, stretches: Stretches, capacity: float) -> str:
    below = _name(a, b, stretches[0][1])
    other = b.name if below == a.name else a.name
    verb = f"'{below}' costs less than '{other}'" if below else f"'{a.name}' and '{b.name}' cost the same"
    if len(stretches) == 1:
        return f"{verb} over {a.horizon_months} months at every volume."
    if _first_change(stretches, capacity) is None:
        return (
            f"{verb} over {a.horizon_months} months at every volume up to a break-even that lies "
            f"beyond what this machine can answer (about {about(capacity)} a month)."
        )
    above = _name(a, b, stretches[1][1])
    then = f"above that '{above}'" if above else "above that they cost the same"
    more = f"; the order changes {len(stretches) - 2} more time(s) at higher volumes" if len(stretches) > 2 else ""
    return f"{verb} over {a.horizon_months} months up to {about(stretches[1][0])} queries a month, {then}{more}."


def _bounds_sentence(low: float | None, high: float | None) -> str:
    """Empty if no interval changes the break-even volume."""
    if low is None or (high is not None and about(low) == about(high)):
        return ""
    if high is None:
        return f"Within the intervals of the inputs, the order may change at any volume from {about(low)}, or never."
    return f"Within the intervals of the inputs, the order changes between {about(low)} and {about(high)} queries."


def _month_sentence(a: CostInputs, b: CostInputs, month: int | None) -> str:
    start = setup_usd(a) - setup_usd(b)
    if not _nothing_if_same(setup_usd(a), setup_usd(b)):
        return "Both cost the same to set up."
    dearer, other = (a.name, b.name) if start > 0 else (b.name, a.name)
    total = f"At {a.queries_per_month:,.0f} queries a month the total of '{dearer}'"
    setup = f"'{dearer}' costs more to set up than '{other}'. {total}"
    if month is None:
        return f"{setup} stays higher for all {a.horizon_months} months."
    return f"{setup} is no longer higher after month {month}."
