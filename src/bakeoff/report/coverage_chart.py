"""The chart of risk-coverage curves as SVG text.

Takes curves, their colours and a size, gives SVG. Knows nothing about runs.
"""

from collections.abc import Mapping, Sequence

from markupsafe import escape

from bakeoff.report.charts import (
    Box,
    Scale,
    ceiling_of,
    linear_scale,
    linear_ticks,
    open_svg,
    place_labels,
    shortened,
    svg_line,
    svg_text,
    text_width,
    title_box,
)
from bakeoff.report.declining import Curve
from bakeoff.sentences import percent

LABEL = 22
TITLE = "wrong among those answered"
"""The most characters of a label."""


def coverage_chart(curves: Sequence[Curve], css: Mapping[str, str], width: int, height: int, label: str) -> str:
    """Share of wrong answers among those given, over the share of questions answered; a dot where each one stands.

    Where a contender declines in its own words, its line goes on dashed: what it declines counts as wrong.
    """
    left, right, top, bottom = 44, 16, 26, 46
    risks = [(curve.wrong, *curve.risk, *(risk for _, risk in curve.rest)) for curve in curves]
    ceiling = ceiling_of([risk for of_curve in risks for risk in of_curve])
    at_x = linear_scale(0, 1, left, width - right)
    at_y = linear_scale(0, ceiling, height - bottom, top)
    parts = [open_svg(width, height, label), *_axes(at_x, at_y, ceiling, width, height, left)]
    spots = [(at_x(curve.answered), at_y(curve.wrong)) for curve in curves]
    widths = [text_width(shortened(curve.name, LABEL)) for curve in curves]
    boxes = place_labels(spots, widths, width, height - bottom, _obstacles(curves, at_x, at_y))
    for curve, spot, box in zip(curves, spots, boxes, strict=True):
        parts.append(_curve(curve, css[curve.name], spot, box, at_x, at_y))
    return "".join(parts) + "</svg>"


def _axes(at_x: Scale, at_y: Scale, ceiling: float, width: int, height: int, left: int) -> list[str]:
    parts = []
    for tick in linear_ticks(ceiling):
        parts.append(svg_line(left, at_y(tick), width - 16, at_y(tick), "grid"))
        parts.append(svg_text(left - 6, at_y(tick) + 4, percent(tick), "tick", "end"))
    for tick in linear_ticks(1.0):
        parts.append(svg_line(at_x(tick), height - 46, at_x(tick), height - 42, "axis"))
        parts.append(svg_text(at_x(tick), height - 28, percent(tick), "tick", "middle" if tick < 1 else "end"))
    parts.append(svg_text(width - 16, height - 6, "share of questions answered", "axis-title", "end"))
    parts.append(svg_text(0, 12, TITLE, "axis-title", "start"))
    return parts


def _obstacles(curves: Sequence[Curve], at_x: Scale, at_y: Scale) -> list[Box]:
    """The axis' title, and small boxes along the curves, so that labels avoid them."""
    places = [place for curve in curves for place in (*zip(curve.coverage, curve.risk, strict=True), *curve.rest)]
    return [title_box(TITLE), *(Box(at_x(x) - 3, at_y(y) - 3, 6, 6) for x, y in places)]


def _curve(curve: Curve, css: str, spot: tuple[float, float], box: Box, at_x: Scale, at_y: Scale) -> str:
    x, y = spot
    line = _polyline(tuple(zip(curve.coverage, curve.risk, strict=True)), f"curve {css}", at_x, at_y)
    line += _polyline(curve.rest, f"curve rest {css}", at_x, at_y)
    name = svg_text(box.x, box.y + 13, shortened(curve.name, LABEL), "name", "start")
    near_x, near_y = min(max(x, box.x), box.x + box.width), min(max(y, box.y), box.y + box.height)
    is_far = (near_x - x) ** 2 + (near_y - y) ** 2 > 14**2
    leader = svg_line(x, y, near_x, near_y, f"leader {css}") if is_far else ""
    hover = f"{curve.name}: answers {percent(curve.answered)}, {percent(curve.wrong)} of them wrong"
    mark = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5.5" class="dot {css}"/>'
    return f"<g><title>{escape(hover)}</title>{line}{leader}{mark}{name}</g>"


def _polyline(places: Sequence[tuple[float, float]], css: str, at_x: Scale, at_y: Scale) -> str:
    points = " ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for x, y in places)
    return f'<polyline points="{points}" class="{css}"/>' if points else ""
