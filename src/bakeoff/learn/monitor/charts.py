"""Small charts as inline SVG: bars, and lines with gaps. They fit any width and use the colours of the page.

Takes numbers by day or week, gives markup. Every text is escaped. A chart has a label that says its range, for those
who do not see it. Knows nothing about what is drawn.
"""

from collections.abc import Callable, Mapping, Sequence
from html import escape

WIDTH, HEIGHT, TOP, FOOT = 320, 96, 14, 14

Values = Sequence[float | None]
Write = Callable[[float], str]


def bars(title: str, names: Sequence[str], values: Values, write: Write) -> str:
    """One bar for each value; none for a missing one."""
    top = _top([values])
    step = WIDTH / max(1, len(values))
    drawn = "".join(
        f'<rect class="bar" x="{i * step + step * 0.1:.1f}" y="{_y(value, top):.1f}" width="{step * 0.8:.1f}" '
        f'height="{HEIGHT - FOOT - _y(value, top):.1f}"><title>{escape(f"{name}: {write(value)}")}</title></rect>'
        for i, (name, value) in enumerate(zip(names, values, strict=True))
        if value is not None
    )
    return _chart(title, names, [values], drawn, top, write)


def lines(
    title: str, names: Sequence[str], series: Mapping[str, Values], write: Write, limit: float | None = None
) -> str:
    """One line for each series, broken where a value is missing; `limit` is a dashed line."""
    top = _top([*series.values(), [limit]])
    step = WIDTH / max(1, len(names))
    drawn = (
        ""
        if limit is None
        else (f'<line class="limit" x1="0" x2="{WIDTH}" y1="{_y(limit, top):.1f}" y2="{_y(limit, top):.1f}"/>')
    )
    for place, (name, values) in enumerate(series.items()):
        points = [
            None if value is None else (step * (i + 0.5), _y(value, top), f"{names[i]}: {name} {write(value)}")
            for i, value in enumerate(values)
        ]
        drawn += "".join(
            f'<polyline class="line series-{place}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y, _ in row)}"/>'
            for row in _rows(points)
        )
        drawn += "".join(
            f'<circle class="dot series-{place}" cx="{point[0]:.1f}" cy="{point[1]:.1f}" r="2">'
            f"<title>{escape(point[2])}</title></circle>"
            for point in points
            if point
        )
    return _chart(title, names, list(series.values()), drawn, top, write, list(series))


Point = tuple[float, float, str]


def _rows(points: Sequence[Point | None]) -> list[list[Point]]:
    """Unbroken rows of points."""
    rows: list[list[Point]] = [[]]
    for point in points:
        if point is None:
            rows.append([])
        else:
            rows[-1].append(point)
    return [row for row in rows if len(row) > 1]


def _chart(
    title: str, names: Sequence[str], series: Sequence[Values], drawn: str, top: float, write: Write,
    legend: Sequence[str] = (),
) -> str:  # fmt: skip
    known = [value for values in series for value in values if value is not None]
    if not known:
        return f"<figure><figcaption>{escape(title)}</figcaption><p>Nothing was measured yet.</p></figure>"
    said = f"{title}, {names[0]} to {names[-1]}: {write(min(known))} to {write(max(known))}"
    keys = "".join(f'<span class="key series-{i}">{escape(name)}</span>' for i, name in enumerate(legend))
    texts = "".join(
        f'<text x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'
        for x, y, anchor, text in (
            (0, TOP - 4, "start", write(top)),
            (0, HEIGHT - 2, "start", names[0]),
            (WIDTH, HEIGHT - 2, "end", names[-1]),
        )
    )
    return (
        f"<figure><figcaption>{escape(title)} {keys}</figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(said)}">'
        f'<line class="base" x1="0" x2="{WIDTH}" y1="{HEIGHT - FOOT}" y2="{HEIGHT - FOOT}"/>{drawn}{texts}'
        "</svg></figure>"
    )


def _top(series: Sequence[Values]) -> float:
    return max((value for values in series for value in values if value is not None), default=0.0) or 1.0


def _y(value: float, top: float) -> float:
    return HEIGHT - FOOT - (HEIGHT - FOOT - TOP) * max(0.0, value) / top
