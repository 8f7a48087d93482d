"""Charts as SVG."""

import math
import xml.etree.ElementTree as ElementTree

from hypothesis import given
from hypothesis import strategies as st

from bakeoff.report import charts
from bakeoff.report.charts import Axis, Bar, Box, Dot, Point, place_labels
from bakeoff.sentences import milliseconds, percent

HOSTILE = "<script>\"&'</script>"
X, Y = Axis("x", milliseconds, str), Axis("y", percent, percent)
FINITE = st.floats(0, 1, allow_nan=False)


def texts(svg: str) -> list[str]:
    """The texts of a chart; it must be well-formed XML for that."""
    return ["".join(node.itertext()) for node in ElementTree.fromstring(svg).iter("text")]


def test_every_chart_is_well_formed_and_escapes_names() -> None:
    """A contender's name cannot become markup."""
    dots = [Dot(HOSTILE, 0.5, 0.4, 0.6, "k0"), Dot("b", None, note="no answer")]
    drawn = [
        charts.dot_rows(dots, 400, HOSTILE, percent),
        charts.scatter([Point(HOSTILE, 3, 0.5, 0.4, 0.6, "k0")], 400, 300, HOSTILE, X, Y),
        charts.stacked_rows([Bar(HOSTILE, ((HOSTILE, 3.0, "k0"),), HOSTILE)], 800, HOSTILE),
    ]
    for svg in drawn:
        assert "<script>" not in svg
        assert ElementTree.fromstring(svg).get("aria-label") == HOSTILE
    assert HOSTILE in texts(drawn[2])


def test_a_dot_row_shows_value_interval_and_what_was_not_measured() -> None:
    """Values are written in the chart, not only in the hover text."""
    shown = texts(charts.dot_rows([Dot("rag", 0.5, 0.4, 0.6), Dot("base", None)], 600, "", percent))
    assert any("50" in text and "40" in text and "60" in text for text in shown)
    assert "not measured" in shown


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(20, 280)), min_size=1, max_size=10))
def test_labels_of_a_scatter_never_collide(spots: list[tuple[float, float]]) -> None:
    """Ten labels do not overlap, even if the points do."""
    boxes = place_labels(spots, [80.0] * len(spots), 500, 300)
    for i, box in enumerate(boxes):
        assert box.x >= 0 and box.x + box.width <= 500 and box.y >= 0 and box.y + box.height <= 300
        assert all(box.overlap(other) == 0 for other in boxes[:i])


@given(st.lists(st.tuples(st.floats(0, 1e7), FINITE), min_size=1, max_size=9))
def test_a_scatter_of_any_values_is_drawn_inside_its_frame(values: list[tuple[float, float]]) -> None:
    """Zeros, equal values and many decades included."""
    svg = charts.scatter([Point("n", x, y) for x, y in values], 400, 300, "", X, Y)
    circles = list(ElementTree.fromstring(svg).iter("circle"))
    assert len(circles) == len(values)
    for circle in circles:
        assert 0 <= float(circle.get("cx", "")) <= 400 and 0 <= float(circle.get("cy", "")) <= 300


@given(st.floats(1e-6, 1e6), st.floats(1, 1e6))
def test_log_ticks_are_few_and_lie_between_the_ends(low: float, factor: float) -> None:
    """At most six, at least one."""
    ticks = charts.log_ticks(low, low * factor)
    assert 1 <= len(ticks) <= 6
    assert all(low <= tick <= low * factor or math.isclose(tick, low) for tick in ticks)


def test_bars_are_to_scale_and_empty_ones_are_drawn_too() -> None:
    """A bar twice as long stands for twice as much; nothing divides by zero."""
    svg = charts.stacked_rows([Bar("a", (("", 10.0, "k0"),)), Bar("b", (("", 5.0, "k1"),)), Bar("c", ())], 400, "")
    first, second = (float(bar.get("width", "")) + 1 for bar in ElementTree.fromstring(svg).iter("rect"))
    assert math.isclose(first, 2 * second, rel_tol=0.01)
    assert charts.stacked_rows([Bar("a", ())], 400, "") and charts.stacked_rows([], 400, "")


def test_the_axis_fits_the_values_and_the_room() -> None:
    """Small fractions are not drawn in a corner; few pixels get few ticks."""
    assert charts.ceiling_of([0.05]) == 0.1 and charts.ceiling_of([0.33, 0.55]) == 0.6 and charts.ceiling_of([]) == 0.1
    assert charts.ceiling_of([1.2]) == 1.2
    assert charts.linear_ticks(1.0) == [0, 0.25, 0.5, 0.75, 1.0]
    assert charts.linear_ticks(1.0, 100) == [0, 0.5, 1.0] and charts.linear_ticks(0.6, 60) == [0, 0.6]


def test_overlap_is_the_shared_area() -> None:
    """Touching is not overlapping."""
    assert Box(0, 0, 10, 10).overlap(Box(5, 5, 10, 10)) == 25
    assert Box(0, 0, 10, 10).overlap(Box(10, 0, 5, 5)) == 0


def test_no_label_of_a_scatter_covers_the_title_of_the_axis() -> None:
    """A cheap and accurate contender stands in the title's corner."""
    drawn = ElementTree.fromstring(charts.scatter([Point("base", 0, 1.0), Point("rag", 9, 1.0)], 342, 300, "", X, Y))
    title = next(text for text in drawn.iter("text") if text.get("class") == "axis-title" and text.get("x") == "0.0")
    name = next(text for text in drawn.iter("text") if text.text == "base")
    box = charts.Box(float(name.get("x", "")), float(name.get("y", "")) - 13, charts.text_width("base"), 17)
    assert box.overlap(charts.title_box(title.text or "")) == 0
