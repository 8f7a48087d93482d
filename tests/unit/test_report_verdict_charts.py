"""The verdict's charts: inside their frame, labels apart, axes that fit."""

import itertools
import xml.etree.ElementTree as ElementTree

from hypothesis import given
from hypothesis import strategies as st

from bakeoff.report.charts import Dot
from bakeoff.report.verdict_charts import (
    LABEL_STEP,
    Crossing,
    Line,
    compact,
    decades,
    difference_rows,
    month_step,
    months_chart,
    spread,
    volume_chart,
)
from bakeoff.sentences import points

positive = st.floats(1e-3, 1e9)


def numbers(svg: str, *names: str) -> list[float]:
    root = ElementTree.fromstring(svg)
    return [float(one.attrib[name]) for one in root.iter() for name in names if name in one.attrib]


@given(st.lists(st.floats(30, 290), min_size=1, max_size=12))
def test_labels_at_the_end_of_lines_are_a_step_apart_and_in_order(ys: list[float]) -> None:
    """They stay below the top's neighbours and above the axis."""
    placed = spread(ys, 30, 294)
    order = sorted(range(len(ys)), key=lambda i: (ys[i], i))
    heights = [placed[i] for i in order]
    assert all(b - a >= LABEL_STEP - 1e-9 for a, b in itertools.pairwise(heights))
    assert max(heights) <= 294


@given(st.lists(st.lists(positive, min_size=13, max_size=13), min_size=1, max_size=8))
def test_lines_stay_between_the_axes(costs: list[list[float]]) -> None:
    """Whatever the costs, equal ones and those nine decades apart included."""
    months = [Line(f"c{i}", tuple(range(13)), tuple(sorted(ys)), "k0") for i, ys in enumerate(costs)]
    volumes = [Line(f"c{i}", tuple(10.0**x for x in range(13)), tuple(ys), "k0") for i, ys in enumerate(costs)]
    for svg in (months_chart(months, [], 342, 340, "x"), volume_chart(volumes, [], 100.0, 342, 340, "x")):
        drawn = list(ElementTree.fromstring(svg).iter("polyline"))
        assert len(drawn) == len(costs)
        for line in drawn:
            spots = [tuple(map(float, pair.split(","))) for pair in line.attrib["points"].split()]
            assert all(40 < x < 342 and 29 <= y <= 295 for x, y in spots)


def test_a_crossing_is_a_ring_with_words() -> None:
    """Each crossing has a hover text for mouse and screen reader."""
    lines = [Line("a", (0, 1, 2), (5, 6, 7), "k1", True), Line("b<", (0, 1, 2), (1, 4, 7), "k2")]
    svg = months_chart(lines, [Crossing(2, 7, "a & b: even")], 342, 340, "costs")
    assert svg.count('class="crossing"') == 1 and "<title>a &amp; b: even</title>" in svg and "b&lt;" in svg
    assert svg.count("cost-line k1 first") == 1


def test_nothing_costs_nothing() -> None:
    """All prices zero: still a chart."""
    lines = [Line("a", (0, 1), (0.0, 0.0), "k1")]
    assert "<polyline" in months_chart(lines, [], 342, 340, "x")


def test_differences_lie_around_a_zero_in_the_middle() -> None:
    """A positive one right of it, a negative one left, whiskers inside the frame."""
    dots = [Dot("all", 0.2, 0.1, 0.3, "k1"), Dot("seen", -0.2, -0.4, 0.0, "k1", hollow=True)]
    svg = difference_rows(dots, 320, "x", points, 0.4)
    right, left = numbers(svg, "cx")
    zero = next(float(one.attrib["x1"]) for one in ElementTree.fromstring(svg) if one.attrib.get("class") == "axis")
    assert left < zero < right
    assert all(0 <= x <= 320 for x in numbers(svg, "x1", "x2"))


def test_ticks_are_few_and_short() -> None:
    """Seven months at most, powers of ten, thousands as k."""
    assert all(months / month_step(months) <= 6 for months in (*range(1, 73), 120))
    assert decades(400.0, 4e7) == [1e3, 1e4, 1e5, 1e6, 1e7]
    assert [compact(one) for one in (0, 0.5, 999, 1200, 2e6, 3e9)] == ["0", "0.5", "999", "1.2k", "2M", "3G"]
