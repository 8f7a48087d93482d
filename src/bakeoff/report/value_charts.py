"""Charts of what contenders are worth, as SVG text: over the value of a right answer, and right against wrong answers.

Pure functions of numbers and labels, each drawn for its width in pixels. `value.js` redraws the two charts over the
value of a right answer with the same sizes when a slider moves. Knows nothing about runs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

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
from bakeoff.report.verdict_charts import BOTTOM, LABEL_STEP, LEFT, MOST_LABEL, Line, compact, decades, spread
from bakeoff.sentences import percent

STRIP_TOP, STRIP = 20, 24
PLOT_TOP = 82
BREAK_ROOM = 54
TICK_STEP = 13
LEAST_DOT, MOST_DOT = 4.0, 13.0
RANGE_TITLE = "USD for a right answer, log scale"


@dataclass(frozen=True)
class Best:
    """The contender that is best on average from one value of a right answer to another, within the axis."""

    label: str
    low: float
    high: float
    css: str


@dataclass(frozen=True)
class Over:
    """The axis of the value of a right answer: its ends, where the best contender changes, the value of the page.

    `room` are the pixels at the right for the names of the lines.
    """

    low: float
    high: float
    changes: tuple[float, ...]
    now: float
    now_label: str
    room: int

    def scale(self, right: float) -> Scale:
        at = linear_scale(math.log10(self.low), math.log10(self.high), LEFT, right)
        return lambda usd: at(math.log10(min(self.high, max(self.low, usd))))


def chance_chart(best: Sequence[Best], lines: Sequence[Line], over: Over, width: int, height: int, label: str) -> str:
    """Who is best on average (a strip) and each one's chance to be the best (lines), by the value of a right answer."""
    right = width - over.room
    at_x = over.scale(right)
    at_y = linear_scale(0, 1, height - BOTTOM, PLOT_TOP)
    parts = [open_svg(width, height, label)]
    for one in best:
        parts += _strip(one, at_x)
    for tick in linear_ticks(1.0):
        parts += [
            svg_line(LEFT, at_y(tick), right, at_y(tick), "grid"),
            svg_text(LEFT - 6, at_y(tick) + 4, percent(tick), "tick", "end"),
        ]
    parts += _frame(over, at_x, right, height)
    parts.append(svg_text(0, PLOT_TOP - 10, "chance to be the best choice", "axis-title", "start"))
    return "".join([*parts, *named_lines(lines, at_x, at_y, right, height)]) + "</svg>"


def _strip(one: Best, at_x: Scale) -> list[str]:
    left, wide = at_x(one.low), at_x(one.high) - at_x(one.low)
    inside = ""
    if wide > text_width(one.label, 12) + 10:
        inside = svg_text(left + wide / 2, STRIP_TOP + 16, one.label, f"inside {one.css}", "middle")
    return [
        f'<g><title>{escape(one.label)}</title><rect x="{left:.1f}" y="{STRIP_TOP}" width="{max(0.5, wide - 1):.1f}" '
        f'height="{STRIP}" class="bar {one.css}"/>{inside}</g>'
    ]


def _frame(over: Over, at_x: Scale, right: float, height: int) -> list[str]:
    """Ticks of the value axis, a line at each change of the best contender, and the line of the page's value."""
    parts = []
    for tick in decades(over.low, over.high):
        parts += [
            svg_line(at_x(tick), height - BOTTOM, at_x(tick), height - BOTTOM + 4, "axis"),
            svg_text(at_x(tick), height - BOTTOM + 18, compact(tick), "tick", "middle"),
        ]
    parts.append(svg_text(right, height - 6, RANGE_TITLE, "axis-title", "end"))
    last = -math.inf
    for usd in over.changes:
        x = at_x(usd)
        parts.append(svg_line(x, STRIP_TOP, x, height - BOTTOM, "change"))
        if x - last >= BREAK_ROOM:
            parts.append(svg_text(x, STRIP_TOP + STRIP + 15, f"{usd:,.3g}", "tick", "middle"))
            last = x
    parts.append(svg_line(at_x(over.now), STRIP_TOP - 4, at_x(over.now), height - BOTTOM, "now"))
    parts.append(svg_text(at_x(over.now), 12, over.now_label, "tick", "middle"))
    return parts


def net_chart(lines: Sequence[Line], over: Over, unit: float, width: int, height: int, label: str) -> str:
    """Expected net value a year by the value of a right answer; linear near 0 and logarithmic beyond `unit`."""
    right = width - over.room
    at_x = over.scale(right)
    ys = [y for line in lines for y in line.ys]
    bent = linear_scale(
        math.asinh(min(0.0, *ys) / unit), math.asinh(max(0.0, *ys) / unit), height - BOTTOM, STRIP_TOP + 12
    )

    def at_y(usd: float) -> float:
        return bent(math.asinh(usd / unit))

    parts = [open_svg(width, height, label)]
    ticks = bent_ticks(min(0.0, *ys), max(0.0, *ys), unit)
    for tick in (tick for tick in ticks if tick == 0 or abs(at_y(tick) - at_y(0)) >= TICK_STEP):
        parts += [
            svg_line(LEFT, at_y(tick), right, at_y(tick), "axis" if tick == 0 else "grid"),
            svg_text(LEFT - 6, at_y(tick) + 4, compact_signed(tick), "tick", "end"),
        ]
    parts += _frame_of_net(over, at_x, right, height)
    return "".join([*parts, *named_lines(lines, at_x, at_y, right, height)]) + "</svg>"


def _frame_of_net(over: Over, at_x: Scale, right: float, height: int) -> list[str]:
    """As `_frame`, without numbers at the changes, which stand in the chart beside it."""
    bare = replace(over, changes=())
    lines = [svg_line(at_x(usd), STRIP_TOP, at_x(usd), height - BOTTOM, "change") for usd in over.changes]
    return [*_frame(bare, at_x, right, height), *lines, svg_text(0, 12, "USD a year", "axis-title", "start")]


def bent_ticks(low: float, high: float, unit: float) -> list[float]:
    """0 and powers of ten from `unit` on, on both sides; every second or third one if there are more than four."""
    sides = []
    for end, sign in ((high, 1.0), (-low, -1.0)):
        first, last = math.ceil(math.log10(unit) - 1e-9), math.floor(math.log10(max(end, 1e-12)) + 1e-9)
        sides.append([sign * 10.0**power for power in range(first, last + 1)])
    step = max(1, math.ceil(max(len(side) for side in sides) / 4))
    return [0.0, *(tick for side in sides for tick in side[::-1][::step])]


def compact_signed(number: float) -> str:
    return f"-{compact(-number)}" if number < 0 else compact(number)


def named_lines(lines: Sequence[Line], at_x: Scale, at_y: Scale, right: float, height: int) -> list[str]:
    """The lines, and their names at the right end without overlaps."""
    parts = []
    ends = spread([at_y(line.ys[-1]) for line in lines], STRIP_TOP, height - BOTTOM, LABEL_STEP)
    for line, y in zip(lines, ends, strict=True):
        points = " ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for x, y in zip(line.xs, line.ys, strict=True))
        first = " first" if line.is_first else ""
        parts += [
            f'<polyline points="{points}" class="cost-line {line.css}{first}"/>',
            svg_line(right + 1, at_y(line.ys[-1]), right + 8, y, f"leader {line.css}"),
            svg_text(right + 11, y + 4.5, shortened(line.label, MOST_LABEL), f"name{first}", "start"),
        ]
    return parts


@dataclass(frozen=True)
class Spot:
    """One contender in the chart of right against wrong answers. `usd` is its cost a year, `cost` the same in words.

    `is_faint`: another one is not inferior in any of the three; `is_first`: the chosen one.
    """

    name: str
    label: str
    right: float
    wrong: float
    usd: float
    cost: str
    css: str
    is_faint: bool = False
    is_first: bool = False


def front_chart(spots: Sequence[Spot], width: int, height: int, label: str) -> str:
    """Right against wrong answers; the area of a dot grows with the cost. Best is at the top left."""
    left, right, top, bottom = LEFT, 18, 30, 46
    most_x = ceiling_of([spot.wrong for spot in spots])
    most_y = ceiling_of([spot.right for spot in spots])
    at_x = linear_scale(0, most_x, left + 10, width - right)
    at_y = linear_scale(0, most_y, height - bottom, top)
    dearest = max((spot.usd for spot in spots), default=0.0) or 1.0
    parts = [open_svg(width, height, label)]
    for tick in linear_ticks(most_y):
        parts += [
            svg_line(left, at_y(tick), width - right, at_y(tick), "grid"),
            svg_text(left - 6, at_y(tick) + 4, percent(tick), "tick", "end"),
        ]
    for tick in linear_ticks(most_x, width - left - right):
        parts.append(svg_line(at_x(tick), height - bottom, at_x(tick), height - bottom + 4, "axis"))
        parts.append(svg_text(at_x(tick), height - bottom + 18, percent(tick), "tick", "middle"))
    parts.append(svg_text(width - right, height - 6, "answered wrongly", "axis-title", "end"))
    parts.append(svg_text(0, 12, "answered correctly", "axis-title", "start"))
    places = [(at_x(spot.wrong), at_y(spot.right)) for spot in spots]
    widths = [text_width(f"{shortened(spot.label, 22)} {spot.cost}") for spot in spots]
    radii = [dot_radius(spot.usd, dearest) for spot in spots]
    dots = [Box(x - r, y - r, 2 * r, 2 * r) for (x, y), r in zip(places, radii, strict=True)]
    boxes = place_labels(places, widths, width, height - bottom, [*dots, title_box("answered correctly")])
    for spot, place, box, radius in zip(spots, places, boxes, radii, strict=True):
        parts.append(_spot(spot, place, box, radius))
    return "".join(parts) + "</svg>"


def dot_radius(usd: float, dearest: float) -> float:
    """The radius of a dot: its area, beyond the least one, is in proportion to the cost."""
    share = max(0.0, usd) / dearest
    return math.sqrt(LEAST_DOT**2 + (MOST_DOT**2 - LEAST_DOT**2) * share)


def _spot(spot: Spot, place: tuple[float, float], box: Box, radius: float) -> str:
    x, y = place
    css = f"spot{' faint' if spot.is_faint else ''}{' first' if spot.is_first else ''}"
    near_x, near_y = min(max(x, box.x), box.x + box.width), min(max(y, box.y), box.y + box.height)
    leader = (
        "" if math.dist((x, y), (near_x, near_y)) < radius + 6 else svg_line(x, y, near_x, near_y, f"leader {spot.css}")
    )
    hover = f"{spot.label}: {percent(spot.right)} right, {percent(spot.wrong)} wrong, {spot.cost} a year"
    return (
        f'<g class="{css}" data-contender="{escape(spot.name)}"><title>{escape(hover)}</title>{leader}'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" class="dot {spot.css}"/>'
        f'<text x="{box.x:.1f}" y="{box.y + 13:.1f}" class="name">{escape(shortened(spot.label, 22))} '
        f'<tspan class="muted cost">{escape(spot.cost)}</tspan></text></g>'
    )
