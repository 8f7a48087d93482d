"""The grid on the page: rows and columns by the axes, steps only for computed effects."""

from dataclasses import replace
from pathlib import Path

import pytest

from bakeoff.decide.verdict.effects import effects
from bakeoff.decide.verdict.grid import grids
from bakeoff.measure.comparison import Axes, Comparison, Entrant
from bakeoff.measure.graded import known
from bakeoff.measure.statistics import share_estimate
from bakeoff.report.gather import ReportData, gather
from bakeoff.report.grid_page import _panel, grid_panels
from tests.unit.report_fixture import build

IDS = [str(i) for i in range(100)]
FACTS = {key: key for key in IDS}
RIGHT = {"plain": 10, "search": 60, "search-more": 62, "taught": 30, "both": 70}
AXES = {
    "plain": Axes(model="m"),
    "search": Axes(model="m", knowledge="k 3"),
    "search-more": Axes(model="m", knowledge="k 8"),
    "taught": Axes(model="m", tuning="rank 16"),
    "both": Axes(model="m", tuning="rank 16", knowledge="k 3"),
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> ReportData:
    return gather(build(tmp_path_factory.mktemp("run") / "run", n_questions=60, profile=None))


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    values = {name: {key: float(int(key) < right) for key in IDS} for name, right in RIGHT.items()}
    entrants = tuple(Entrant(name=name, recipe=name, title=name, axes=axes) for name, axes in AXES.items())
    return Comparison(
        entrants=entrants,
        measures={name: {"accuracy": share_estimate(given, FACTS)} for name, given in values.items()},
    )


def test_rows_are_tunings_and_columns_what_is_shown(comparison: Comparison, data: ReportData) -> None:
    """Two settings of retrieval give three columns; a cell without a contender stays empty."""
    (panel,) = grid_panels(replace(data, comparison=comparison))
    assert panel.columns == ("nothing shown", "k 3", "k 8")
    assert [row.title for row in panel.rows] == ["as it comes", "rank 16"]
    assert [[cell.contender for cell in row.cells] for row in panel.rows] == [
        ["plain", "search", "search-more"],
        ["taught", "both", ""],
    ]
    assert panel.rows[0].cells[1].value.startswith("60")


def test_steps_are_the_effects_of_the_verdict(comparison: Comparison) -> None:
    """Their difference, their interval, and whether they are significant after the correction for all effects."""
    values = {name: known({key: float(int(key) < right) for key in IDS}) for name, right in RIGHT.items()}
    slices = dict.fromkeys(IDS, "unseen")
    (grid,) = grids(comparison, effects(comparison.entrants, values, FACTS, slices))
    panel = _panel(grid, "")
    first, second = panel.rows[0].across
    assert first is not None and (first.difference, first.is_clear) == ("+50.0", True)
    assert second is not None and (second.difference, second.is_clear) == ("+2.0", False)
    assert panel.rows[0].down == () and panel.rows[1].down[0].difference == "+20.0"
    assert panel.rows[1].across[1] is None and panel.rows[1].down[2] is None


def test_a_run_that_was_not_judged_has_cells_and_no_steps(data: ReportData) -> None:
    """A run that was not judged has no steps."""
    (panel,) = grid_panels(data)
    assert panel.title == "" and [cell.contender for row in panel.rows for cell in row.cells] == [
        "base", "rag", "tuned", "hybrid",
    ]  # fmt: skip
    assert all(step is None for row in panel.rows for step in (*row.across, *row.down))


def test_a_grid_stands_for_each_model(comparison: Comparison, data: ReportData) -> None:
    """With the model's label where there are several."""
    moved = [
        one.model_copy(update={"axes": one.axes.model_copy(update={"model": "large"})})
        if one.name in ("search-more", "both")
        else one
        for one in comparison.entrants
    ]
    panels = grid_panels(replace(data, comparison=comparison.model_copy(update={"entrants": tuple(moved)})))
    assert [panel.title for panel in panels] == ["m", "large"]


def test_the_page_holds_every_cell(tmp_path: Path) -> None:
    """The grid is readable without a script and says which cells are not in the run."""
    from bakeoff.report.html import html_page

    page = html_page(gather(build(tmp_path / "run", n_questions=20, profile=None)))
    section = page[page.index('<section id="grid">') : page.index("</section>", page.index('<section id="grid">'))]
    for name in ("base", "rag", "tuned", "hybrid"):
        assert f'<span class="cell-name"><bdi>{name}</bdi></span>' in section
