"""Charts as SVG text: pure functions of numbers and labels.

Each takes its width in pixels and is drawn for that width, so text has the same size on a phone and on a laptop.
Colours come from the page's style sheet (`k0`, `k1`, ... for contenders, `f0`, ... for causes of failure).
Knows nothing about runs.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import escape

Write = Callable[[float], str]
Scale = Callable[[float], float]

NEARLY_ZERO = 1e-12
CHARACTER = 0.56  # Mean width of a character in ems, on the wide side for the usual system fonts.


@dataclass(frozen=True)
class Dot:
    """One estimate. `css` names its colour; `hollow`: significantly behind the best; `mark` comes before the label;
    `strong` makes both bold."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    css: str = ""
    hollow: bool = False
    note: str = ""
    mark: str = ""
    strong: bool = False

    @property
    def name(self) -> str:
        """The label with its mark before it."""
        return f"{self.mark} {self.label}" if self.mark else self.label


@dataclass(frozen=True)
class Point:
    """One contender in a scatter: x, and y with its interval."""

    label: str
    x: float
    y: float
    low: float | None = None
    high: float | None = None
    css: str = ""


@dataclass(frozen=True)
class Axis:
    """An axis: its title, how to write a value, and how to write a tick, which may be shorter."""

    title: str
    write: Write
    write_tick: Write


@dataclass(frozen=True)
class Bar:
    """A row of segments (name, value, css); `total` is written at its end."""

    label: str
    segments: tuple[tuple[str, float, str], ...]
    total: str = ""


@dataclass(frozen=True)
class Box:
    """A rectangle by its left, top, width and height."""

    x: float
    y: float
    width: float
    height: float

    def overlap(self, other: "Box") -> float:
        """The area that both boxes share."""
        wide = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        high = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return max(0.0, wide) * max(0.0, high)


def text_width(text: str, size: float = 13) -> float:
    """The approximate width of a text in pixels."""
    return len(text) * size * CHARACTER


def shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def fitted(label: str, width: float) -> str:
    """The label, shortened to fit this width in pixels."""
    return label if text_width(label) <= width else shortened(label, max(5, int(width / text_width("0"))))


def dot_rows(
    dots: Sequence[Dot],
    width: int,
    label: str,
    write: Write,
    top: float = 1.0,
    row: int = 30,
    gutter: int = 0,
    is_interval_written: bool = True,
) -> str:
    """One row per dot with its interval, on an axis from 0 to `top`. Values are at the right."""
    left = gutter or label_width([dot.name for dot in dots], width)
    right = 106 if is_interval_written else 48
    right = min(right, width // 3)
    at = linear_scale(0, top, left + 8, width - right - 14)
    height = row * len(dots) + 26
    parts = [open_svg(width, height, label)]
    for tick in linear_ticks(top, at(top) - at(0)):
        parts.append(svg_line(at(tick), 4, at(tick), height - 22, "grid"))
        parts.append(svg_text(at(tick), height - 6, write(tick), "tick", "middle"))
    for i, dot in enumerate(dots):
        parts.append(_dot_row(dot, row * i + row / 2 + 2, at, left, width, write, is_interval_written))
    return "".join(parts) + "</svg>"


def _dot_row(dot: Dot, y: float, at: Scale, left: float, width: int, write: Write, is_interval_written: bool) -> str:
    name = svg_text(left - 2, y + 4.5, fitted(dot.name, left), "name strong" if dot.strong else "name", "end")
    if dot.value is None:
        return name + svg_text(width, y + 4.5, dot.note or "not measured", "muted", "end")
    span = ""
    if dot.low is not None and dot.high is not None:
        span = f" ({write(dot.low)} to {write(dot.high)})"
        whisker = svg_line(at(dot.low), y, at(dot.high), y, f"whisker {dot.css}")
    else:
        whisker = ""
    mark = (
        f'<circle cx="{at(dot.value):.1f}" cy="{y:.1f}" r="5.5" class="dot {dot.css}'
        f'{" hollow" if dot.hollow else ""}"/>'
    )
    shown = f'<tspan class="strong">{escape(write(dot.value))}</tspan>'
    if is_interval_written and dot.low is not None and dot.high is not None:
        shown += f'<tspan class="muted" dx="7">{escape(_range(write, dot.low, dot.high))}</tspan>'
    value = f'<text x="{width - (98 if is_interval_written else 42)}" y="{y + 4.5:.1f}">{shown}</text>'
    return f"<g><title>{escape(dot.label + ': ' + write(dot.value) + span)}</title>{name}{whisker}{mark}{value}</g>"


def _range(write: Write, low: float, high: float) -> str:
    a, b = write(low), write(high)
    unit = b.lstrip("<>0123456789.,")
    return f"{a.removesuffix(unit)}–{b}"


def label_width(labels: Sequence[str], width: int, most: float = 1 / 3) -> int:
    """The width for labels at the left of rows, at most this share of the whole width."""
    longest = max((text_width(label) for label in labels), default=40)
    return int(min(longest + 10, width * most))


LEFT, RIGHT, TOP, BOTTOM = 44, 16, 26, 46
"""The room around the axes of a chart with costs to the right."""


class Frame(NamedTuple):
    """The place of the axes: both scales with their ticks, and the size of the picture."""

    at_x: Scale
    at_y: Scale
    x_ticks: Sequence[float]
    y_ticks: Sequence[float]
    width: int
    height: int


def scatter(
    points: Sequence[Point],
    width: int,
    height: int,
    label: str,
    x: Axis,
    y: Axis,
) -> str:
    """Labelled points with vertical intervals. The x axis is logarithmic if the values span a factor of 8 or more."""
    ceiling = ceiling_of([point.high or point.y for point in points])
    at_x, x_ticks = x_axis([point.x for point in points], LEFT + 14, width - RIGHT - 14)
    at_y = linear_scale(0, ceiling, height - BOTTOM, TOP)
    frame = Frame(at_x, at_y, x_ticks, linear_ticks(ceiling), width, height)
    parts = [open_svg(width, height, label), *drawn_axes(frame, x, y)]
    spots = [(at_x(point.x), at_y(point.y)) for point in points]
    widths = [text_width(shortened(point.label, 22)) for point in points]
    whiskers = [
        Box(at_x(point.x) - 3, at_y(point.high), 6, at_y(point.low) - at_y(point.high))
        for point in points
        if point.low is not None and point.high is not None
    ]
    boxes = place_labels(spots, widths, width, height - BOTTOM, [*whiskers, title_box(y.title)])
    for point, spot, box in zip(points, spots, boxes, strict=True):
        is_crowded = any(other is not spot and math.dist(other, spot) < 26 for other in spots)
        parts.append(_scatter_point(point, spot, box, is_crowded, at_y, x.write, y.write))
    return "".join(parts) + "</svg>"


def drawn_axes(frame: Frame, x: Axis, y: Axis) -> list[str]:
    """Lines, numbers and titles of both axes. The x axis is called logarithmic if it has no 0."""
    at_x, at_y, x_ticks, y_ticks, width, height = frame
    parts = []
    for tick in y_ticks:
        parts.append(svg_line(LEFT, at_y(tick), width - RIGHT, at_y(tick), "grid"))
        parts.append(svg_text(LEFT - 6, at_y(tick) + 4, y.write_tick(tick), "tick", "end"))
    for tick in x_ticks:
        parts.append(svg_line(at_x(tick), height - BOTTOM, at_x(tick), height - BOTTOM + 4, "axis"))
        parts.append(svg_text(at_x(tick), height - BOTTOM + 18, x.write_tick(tick), "tick", "middle"))
    is_log = len(x_ticks) > 1 and x_ticks[0] > 0
    parts.append(svg_text(width - RIGHT, height - 6, x.title + ", log scale" * is_log, "axis-title", "end"))
    parts.append(svg_text(0, 12, y.title, "axis-title", "start"))
    return parts


def _scatter_point(
    point: Point, spot: tuple[float, float], box: Box, is_crowded: bool, at_y: Scale, write_x: Write, write_y: Write
) -> str:
    x, y = spot
    hover = f"{point.label}: {write_x(point.x)}, {write_y(point.y)}"
    whisker = ""
    if point.low is not None and point.high is not None:
        whisker = svg_line(x, at_y(point.low), x, at_y(point.high), f"whisker thin {point.css}")
        hover += f" ({write_y(point.low)} to {write_y(point.high)})"
    leader = _leader(spot, box, point.css, 9 if is_crowded else 14)
    name = svg_text(box.x, box.y + 13, shortened(point.label, 22), "name", "start")
    mark = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5.5" class="dot {point.css}"/>'
    return f"<g><title>{escape(hover)}</title>{whisker}{leader}{mark}{name}</g>"


def _leader(spot: tuple[float, float], box: Box, css: str, nearest: float) -> str:
    """A thin line from a point to its label, in the point's colour; empty if the label is near."""
    x, y = spot
    near_x = min(max(x, box.x), box.x + box.width)
    near_y = min(max(y, box.y), box.y + box.height)
    distance = math.hypot(near_x - x, near_y - y)
    if distance < nearest:
        return ""
    return svg_line(x, y, near_x, near_y, f"leader {css}")


def title_box(title: str) -> Box:
    """The place of the vertical axis' title, at the top left of a chart, so that no label covers it."""
    return Box(0, 0, text_width(title, 12) + 8, 17)


def place_labels(
    spots: Sequence[tuple[float, float]],
    widths: Sequence[float],
    width: float,
    height: float,
    obstacles: Sequence[Box] = (),
    line: float = 17,
) -> list[Box]:
    """A box for each spot's label: inside the picture, near its spot, without overlaps if possible."""
    dots = [Box(x - 8, y - 8, 16, 16) for x, y in spots]
    placed: list[Box] = []
    for (x, y), wide in zip(spots, widths, strict=True):
        taken = [*dots, *placed, *obstacles]
        best, best_overlap = None, math.inf
        for box in _candidates(x, y, wide, line, width, height):
            overlap = sum(box.overlap(other) for other in taken)
            if overlap < best_overlap:
                best, best_overlap = box, overlap
            if overlap == 0:
                break
        placed.append(best or Box(max(0.0, min(x, width - wide)), max(0.0, min(y, height - line)), wide, line))
    return placed


def _candidates(x: float, y: float, wide: float, line: float, width: float, height: float) -> list[Box]:
    """Places for a label around a spot, nearest first: right, left, above, below, then further out."""
    boxes = []
    for reach in (10, 17, 25, 34, 46, 60, 80, 105, 135, 170, 220):
        for angle in (0, 180, -60, 60, -120, 120, -90, 90, -30, 30, -150, 150):
            dx, dy = math.cos(math.radians(angle)), math.sin(math.radians(angle))
            left = x + reach * dx - (wide if dx < -0.3 else 0 if dx > 0.3 else wide / 2)
            top = y + reach * dy - (line if dy < -0.3 else 0 if dy > 0.3 else line / 2)
            if left >= 0 and left + wide <= width and top >= 0 and top + line <= height:
                boxes.append(Box(left, top, wide, line))
    return boxes


def stacked_rows(bars: Sequence[Bar], width: int, label: str, row: int = 30) -> str:
    """One bar of segments per row, all on the same scale. Wide segments contain their name; totals are at the end."""
    left = label_width([bar.label for bar in bars], width)
    right = int(max((text_width(bar.total) for bar in bars), default=0)) + 10
    longest = max((sum(value for _, value, _ in bar.segments) for bar in bars), default=0) or 1.0
    per_unit = (width - left - 8 - right) / longest
    parts = [open_svg(width, row * len(bars) + 4, label)]
    for i, bar in enumerate(bars):
        parts.append(_bar(bar, row * i + 4, left, per_unit, row))
    return "".join(parts) + "</svg>"


def _bar(bar: Bar, y: float, left: float, per_unit: float, row: int) -> str:
    x, thick = left + 8.0, row - 10
    parts = [svg_text(left - 2, y + thick / 2 + 4.5, fitted(bar.label, left), "name", "end")]
    for name, value, css in bar.segments:
        wide = value * per_unit
        inside = ""
        if wide > text_width(name, 12) + 10:
            inside = svg_text(x + wide / 2, y + thick / 2 + 4.5, name, f"inside {css}", "middle")
        parts.append(
            f'<g><title>{escape(bar.label)}: {escape(name)}</title><rect x="{x:.1f}" y="{y}" '
            f'width="{max(0.5, wide - 1):.1f}" height="{thick}" class="bar {css}"/>{inside}</g>'
        )
        x += wide
    parts.append(svg_text(x + 7, y + thick / 2 + 4.5, bar.total, "total", "start"))
    return "".join(parts)


def ceiling_of(values: Sequence[float]) -> float:
    """A round number not below all values, used as the end of an axis."""
    highest = max(values, default=0.0)
    return next((top for top in (0.1, 0.2, 0.4, 0.6, 0.8, 1.0) if highest <= top), max(1.0, highest))


def linear_ticks(top: float, room: float = 400) -> list[float]:
    """Ticks from 0 to the top: four steps, three if the top is 60 %, fewer if `room` (pixels) is small."""
    n = 3 if round(top, 6) == 0.6 else 4
    if room / n < 42:
        n = 1 if n == 3 or room < 84 else 2
    return [top * i / n for i in range(n + 1)]


def x_axis(values: Sequence[float], start: float, end: float) -> tuple[Scale, list[float]]:
    """A scale and its ticks: logarithmic if all values are above zero and span a factor of 8 or more."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    if low > NEARLY_ZERO and high / low >= 8:
        scale = linear_scale(math.log10(low) - 0.08, math.log10(high) + 0.08, start, end)
        return (lambda value: scale(math.log10(value))), log_ticks(low, high)
    step = round_step(high / 4) if high > NEARLY_ZERO else 1.0
    n = max(1, math.ceil(high / step - 1e-9))
    return linear_scale(0, n * step, start, end), [step * i for i in range(n + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten between the ends, with 2s and 5s if there are at most six ticks; the ends if there is none."""
    for leads in ((1, 2, 5), (1, 3), (1,)):
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        ticks = [lead * 10.0**power for power in powers for lead in leads if low <= lead * 10.0**power <= high]
        if len(ticks) <= 6:
            return ticks or [low, high]
    return ticks[:: math.ceil(len(ticks) / 6)]


def round_step(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return next(lead * power for lead in (1, 2, 2.5, 5, 10) if lead * power >= step * 0.999)


def linear_scale(low: float, high: float, start: float, end: float) -> Scale:
    per_unit = (end - start) / ((high - low) or 1.0)
    return lambda value: start + (value - low) * per_unit


def open_svg(width: int, height: float, label: str) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height:.0f}" width="{width}" height="{height:.0f}" role="img" '
        f'aria-label="{escape(label)}">'
    )


def svg_line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{css}"/>'


def svg_text(x: float, y: float, text: str, css: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{css}" text-anchor="{anchor}">{escape(text)}</text>'
