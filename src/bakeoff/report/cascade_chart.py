"""The chart of a cascade's accuracy or value against its cost, as SVG text.

Takes a curve, colours and a size, gives SVG. Knows nothing about runs.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from markupsafe import escape

from bakeoff.measure.comparison import CascadeCurve, CascadePoint, Estimate
from bakeoff.report.charts import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    Axis,
    Box,
    Frame,
    Scale,
    drawn_axes,
    linear_scale,
    open_svg,
    place_labels,
    round_step,
    shortened,
    svg_line,
    svg_text,
    text_width,
    title_box,
    x_axis,
)
from bakeoff.sentences import duration, percent, usd

LABEL = 22
"""The most characters of a label."""


class Side(NamedTuple):
    """What the chart shows upwards: the axis, a point's value on it, and the estimate of the chosen setting."""

    axis: Axis
    of: Callable[[CascadePoint], float]
    estimate: Estimate


def accuracy_side(curve: CascadeCurve) -> Side:
    return Side(Axis("accuracy", percent, percent), lambda point: point.accuracy, curve.accuracy)


def value_side(curve: CascadeCurve) -> Side:
    return Side(Axis("value of an answer", "{:.2f}".format, "{:g}".format), lambda point: point.value, curve.value)


class _Spot(NamedTuple):
    """A dot with its label: one level alone, or the cascade."""

    label: str
    x: float
    y: float
    css: str


def cascade_chart(
    name: str, curve: CascadeCurve, side: Side, css: Mapping[str, str], width: int, height: int, label: str
) -> str:
    """The settings as lines, each level alone and the cascade `name` as dots. Costs go right, accuracy or value up."""
    across, cost = _cost(curve)
    points = [curve.chosen, *curve.alone.values(), *curve.by_price, *curve.by_share]
    at_x, x_ticks = x_axis([cost(point) for point in points], LEFT + 14, width - RIGHT - 14)
    ends = [end for end in (side.estimate.low, side.estimate.high) if end is not None]
    y_ticks = _ticks([0.0, *ends, *map(side.of, points)])
    at_y = linear_scale(y_ticks[0], y_ticks[-1], height - BOTTOM, TOP)
    spots = [
        *(_Spot(level, cost(point), side.of(point), css.get(level, "")) for level, point in curve.alone.items()),
        _Spot(name, cost(curve.chosen), side.of(curve.chosen), css.get(name, "")),
    ]
    lines = [[(at_x(cost(p)), at_y(side.of(p))) for p in line] for line in (curve.by_price, curve.by_share)]
    boxes = place_labels(
        [(at_x(spot.x), at_y(spot.y)) for spot in spots],
        [text_width(shortened(spot.label, LABEL)) for spot in spots],
        width,
        height - BOTTOM,
        [title_box(side.axis.title), *(Box(x - 3, y - 3, 6, 6) for line in lines for x, y in line)],
    )
    own = css.get(name, "")
    return "".join(
        [
            open_svg(width, height, label),
            *drawn_axes(Frame(at_x, at_y, x_ticks, y_ticks, width, height), across, side.axis),
            _line(lines[1], f"curve rest {own}"),
            _line(lines[0], f"curve {own}"),
            *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" class="dot {own}"/>' for x, y in lines[0]),
            _whisker(at_x(cost(curve.chosen)), side.estimate, at_y, own),
            *(_dot(spot, box, at_x, at_y, across, side.axis) for spot, box in zip(spots, boxes, strict=True)),
            "</svg>",
        ]
    )


def _cost(curve: CascadeCurve) -> tuple[Axis, Callable[[CascadePoint], float]]:
    """Money if anything costs money, else time."""
    if any(point.usd for point in (*curve.alone.values(), curve.chosen)):
        return Axis("USD for 1,000 questions", usd, "{:g}".format), lambda point: 1000 * point.usd
    return Axis("time for a question", duration, duration), lambda point: point.seconds


def _ticks(values: Sequence[float]) -> list[float]:
    """Round numbers from one not above all values to one not below them."""
    low, high = min(values), max(values)
    step = round_step((high - low) / 4 or 0.25)
    first, last = int(low // step), -int(-high // step)
    return [step * number for number in range(first, max(last, first + 1) + 1)]


def _line(places: Sequence[tuple[float, float]], css: str) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return f'<polyline points="{points}" class="{css}"/>'


def _whisker(x: float, estimate: Estimate, at_y: Scale, css: str) -> str:
    if estimate.low is None or estimate.high is None:
        return ""
    return svg_line(x, at_y(estimate.low), x, at_y(estimate.high), f"whisker thin {css}")


def _dot(spot: _Spot, box: Box, at_x: Scale, at_y: Scale, x: Axis, y: Axis) -> str:
    left, top = at_x(spot.x), at_y(spot.y)
    near_x, near_y = min(max(left, box.x), box.x + box.width), min(max(top, box.y), box.y + box.height)
    is_far = (near_x - left) ** 2 + (near_y - top) ** 2 > 14**2
    leader = svg_line(left, top, near_x, near_y, f"leader {spot.css}") if is_far else ""
    text = svg_text(box.x, box.y + 13, shortened(spot.label, LABEL), "name", "start")
    hover = f"{spot.label}: {x.write(spot.x)}, {y.write(spot.y)}"
    mark = f'<circle cx="{left:.1f}" cy="{top:.1f}" r="5.5" class="dot {spot.css}"/>'
    return f"<g><title>{escape(hover)}</title>{leader}{mark}{text}</g>"
