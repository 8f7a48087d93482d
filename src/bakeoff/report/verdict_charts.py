"""Charts of a judgement as SVG text: signed differences, and cost by month and by volume.

Pure functions of numbers and labels, each drawn for its width in pixels. `verdict.js` redraws the two cost charts with
the same sizes when a slider moves. Knows nothing about runs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import escape

from bakeoff.report.charts import (
    Dot,
    Scale,
    Write,
    fitted,
    label_width,
    linear_scale,
    log_ticks,
    open_svg,
    round_step,
    shortened,
    svg_line,
    svg_text,
    text_width,
)

LEFT, TOP, BOTTOM = 46, 30, 46
LABEL_STEP = 15
MOST_LABEL = 14


@dataclass(frozen=True)
class Line:
    """One contender's costs along an axis. `is_first`: the contender that the others are compared with."""

    label: str
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    css: str
    is_first: bool = False


@dataclass(frozen=True)
class Crossing:
    """A point where two contenders cost the same, with its sentence."""

    x: float
    y: float
    sentence: str


def difference_rows(dots: Sequence[Dot], width: int, label: str, write: Write, reach: float, row: int = 24) -> str:
    """Signed differences with their intervals, on an axis from -reach to +reach with a line at zero."""
    left = label_width([dot.label for dot in dots], width, most=0.42)
    right = 44
    at = linear_scale(-reach, reach, left + 8, width - right - 8)
    height = row * len(dots) + 26
    parts = [open_svg(width, height, label)]
    for tick in (-reach, 0.0, reach):
        parts.append(svg_line(at(tick), 4, at(tick), height - 22, "axis" if tick == 0 else "grid"))
        parts.append(svg_text(at(tick), height - 6, write(tick), "tick", "middle"))
    for i, dot in enumerate(dots):
        parts.append(_difference_row(dot, row * i + row / 2 + 2, at, left, width, write))
    return "".join(parts) + "</svg>"


def _difference_row(dot: Dot, y: float, at: Scale, left: float, width: int, write: Write) -> str:
    value, low, high = dot.value or 0.0, dot.low or 0.0, dot.high or 0.0
    hover = f"{dot.label}: {write(value)} ({write(low)} to {write(high)})"
    mark = f'<circle cx="{at(value):.1f}" cy="{y:.1f}" r="5" class="dot {dot.css}{" hollow" if dot.hollow else ""}"/>'
    return (
        f"<g><title>{escape(hover)}</title>{svg_text(left - 2, y + 4.5, fitted(dot.label, left), 'name', 'end')}"
        f"{svg_line(at(low), y, at(high), y, f'whisker {dot.css}')}{mark}"
        f"{svg_text(width, y + 4.5, write(value), 'muted' if dot.hollow else 'strong', 'end')}</g>"
    )


def label_room(names: Sequence[str]) -> int:
    """The width in pixels of the names at the ends of the lines."""
    return math.ceil(max((text_width(shortened(name, MOST_LABEL)) for name in names), default=0)) + 16


def months_chart(lines: Sequence[Line], crossings: Sequence[Crossing], width: int, height: int, label: str) -> str:
    """US dollars paid so far after each month, one line for each contender. Both axes start at zero."""
    months = int(lines[0].xs[-1])
    step = round_step(max(max(y for line in lines for y in line.ys) / 4, 1e-9))
    top = step * math.ceil(max(y for line in lines for y in line.ys) / step - 1e-9)
    right = width - label_room([line.label for line in lines])
    at_x = linear_scale(0, months, LEFT, right)
    at_y = linear_scale(0, top or step, height - BOTTOM, TOP)
    parts = [open_svg(width, height, label)]
    for i in range(round((top or step) / step) + 1):
        parts += _y_tick(step * i, at_y(step * i), right)
    for month in range(0, months + 1, month_step(months)):
        parts += _x_tick(f"{month}", at_x(month), height)
    parts.append(svg_text(right, height - 6, "months", "axis-title", "end"))
    parts.append(svg_text(0, 12, "USD paid so far", "axis-title", "start"))
    return "".join([*parts, *_lines(lines, crossings, at_x, at_y, right, height)]) + "</svg>"


def volume_chart(
    lines: Sequence[Line], crossings: Sequence[Crossing], now: float, width: int, height: int, label: str
) -> str:
    """The total in US dollars by the first month's volume, both axes logarithmic, with a line at the current volume."""
    xs = lines[0].xs
    ys = [y for line in lines for y in line.ys]
    low, high = 0.9 * min(ys), max(ys)
    right = width - label_room([line.label for line in lines])
    log_x = linear_scale(math.log10(xs[0]), math.log10(xs[-1]), LEFT, right)
    log_y = linear_scale(math.log10(low), math.log10(high), height - BOTTOM, TOP)

    def at_x(volume: float) -> float:
        return log_x(math.log10(volume))

    def at_y(usd: float) -> float:
        return log_y(math.log10(usd))

    parts = [open_svg(width, height, label)]
    for tick in log_ticks(low, high):
        parts += _y_tick(tick, at_y(tick), right)
    for tick in decades(xs[0], xs[-1]):
        parts += _x_tick(compact(tick), at_x(tick), height)
    parts.append(svg_text(right, height - 6, "queries in the first month, log scale", "axis-title", "end"))
    parts.append(svg_text(0, 12, "USD over the horizon, log scale", "axis-title", "start"))
    parts.append(svg_line(at_x(now), TOP, at_x(now), height - BOTTOM, "now"))
    return "".join([*parts, *_lines(lines, crossings, at_x, at_y, right, height)]) + "</svg>"


def _y_tick(value: float, y: float, right: float) -> list[str]:
    return [svg_line(LEFT, y, right, y, "grid"), svg_text(LEFT - 6, y + 4, compact(value), "tick", "end")]


def _x_tick(text: str, x: float, height: int) -> list[str]:
    return [
        svg_line(x, height - BOTTOM, x, height - BOTTOM + 4, "axis"),
        svg_text(x, height - BOTTOM + 18, text, "tick", "middle"),
    ]


def _lines(
    lines: Sequence[Line], crossings: Sequence[Crossing], at_x: Scale, at_y: Scale, right: float, height: int
) -> list[str]:
    """The lines, their names at the right end without overlaps, and a ring at each crossing."""
    parts = []
    ends = spread([at_y(line.ys[-1]) for line in lines], TOP, height - BOTTOM)
    for line, y in zip(lines, ends, strict=True):
        points = " ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for x, y in zip(line.xs, line.ys, strict=True))
        first = " first" if line.is_first else ""
        parts.append(f'<polyline points="{points}" class="cost-line {line.css}{first}"/>')
        parts.append(svg_line(right + 1, at_y(line.ys[-1]), right + 8, y, f"leader {line.css}"))
        parts.append(svg_text(right + 11, y + 4.5, shortened(line.label, MOST_LABEL), f"name{first}", "start"))
    for crossing in crossings:
        parts.append(
            f"<g><title>{escape(crossing.sentence)}</title>"
            f'<circle cx="{at_x(crossing.x):.1f}" cy="{at_y(crossing.y):.1f}" r="4.5" class="crossing"/></g>'
        )
    return parts


def spread(ys: Sequence[float], top: float, bottom: float, step: float = LABEL_STEP) -> list[float]:
    """The heights, moved so that no two are closer than `step`. Their order stays the same."""
    order = sorted(range(len(ys)), key=lambda i: (ys[i], i))
    placed = list(ys)
    floor = -math.inf
    for i in order:
        placed[i] = floor = max(placed[i], floor + step)
    ceiling = bottom
    for i in reversed(order):
        placed[i] = min(placed[i], ceiling)
        ceiling = placed[i] - step
    return placed


def month_step(months: int) -> int:
    """The months between two ticks, so that there are at most seven ticks up to 72 months."""
    return next((step for step in (1, 2, 3, 6, 12) if months / step <= 6), 24)


def decades(low: float, high: float) -> list[float]:
    """The powers of ten from low to high."""
    return [10.0**power for power in range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)]


def compact(number: float) -> str:
    """A number for a tick: 1200 as 1.2k, 3000000 as 3M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:g}{letter}"
    return f"{number:g}"
