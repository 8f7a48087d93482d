"""The grids of a run for the page: one for each model, with tunings as rows and what it is shown as columns.

Takes `ReportData`, gives plain values in which every number is text. The steps are the effects of the verdict, so the
two sections cannot disagree. A run that was not judged has cells but no steps.
"""

from dataclasses import dataclass
from itertools import pairwise

from bakeoff.decide.verdict.grid import Cell, Grid, grids
from bakeoff.decide.wording import is_surprising, signed
from bakeoff.measures import ACCURACY
from bakeoff.report.gather import ReportData
from bakeoff.sentences import MINUS, listed

NOTHING_SHOWN, UNTUNED = "nothing shown", "as it comes"


@dataclass(frozen=True)
class PanelStep:
    """The difference of a step in points, with its interval. `is_clear`: significantly different from zero."""

    difference: str
    interval: str
    is_clear: bool
    what: str


@dataclass(frozen=True)
class PanelCell:
    """One cell of the grid: its contender and accuracy, or empty texts. `what` names the tuning and what is shown."""

    contender: str
    value: str
    interval: str
    what: str


@dataclass(frozen=True)
class PanelRow:
    """One tuning: its cells, the steps between neighbours, and the steps from the row above to each cell."""

    title: str
    cells: tuple[PanelCell, ...]
    across: tuple[PanelStep | None, ...]
    down: tuple[PanelStep | None, ...]


@dataclass(frozen=True)
class Panel:
    """One model's grid. `wide` and `narrow` are CSS grid columns for a laptop and for a phone.

    `others` names contenders that have the place of another one and are not drawn.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[PanelRow, ...]
    wide: str
    narrow: str
    others: str = ""


def grid_panels(data: ReportData) -> list[Panel]:
    """A panel for each model with at least two measured cells. The title is empty if there is only one."""
    by_model = data.judgement.grids if data.judgement else grids(data.comparison)
    return [_panel(grid, grid.label if len(by_model) > 1 else "") for grid in by_model]


def _panel(grid: Grid, title: str) -> Panel:
    more = len(grid.shown) - 1
    return Panel(
        title=title,
        columns=tuple(shown or NOTHING_SHOWN for shown in grid.shown),
        rows=tuple(_row(grid, i) for i in range(len(grid.tunings))),
        wide="auto minmax(8.5rem, 1fr)" + " auto minmax(8.5rem, 1fr)" * more,
        narrow="minmax(6rem, 1fr)" + " auto minmax(6rem, 1fr)" * more,
        others=listed(grid.others) if grid.others else "",
    )


def _row(grid: Grid, i: int) -> PanelRow:
    tuning = grid.tunings[i]
    cells = [grid.cell(tuning, shown) for shown in grid.shown]
    above = [grid.cell(grid.tunings[i - 1], shown) for shown in grid.shown] if i else []
    across = [_step(grid, left, right) for left, right in pairwise(cells)]
    return PanelRow(
        title=tuning or UNTUNED,
        cells=tuple(_cell(cell, tuning, shown) for cell, shown in zip(cells, grid.shown, strict=True)),
        across=tuple(across),
        down=tuple(_step(grid, upper, lower) for upper, lower in zip(above, cells, strict=True)) if i else (),
    )


def _cell(cell: Cell | None, tuning: str, shown: str) -> PanelCell:
    what = f"{tuning or UNTUNED}, {shown or NOTHING_SHOWN}"
    if cell is None or cell.accuracy.value is None:
        return PanelCell("", "", "", what)
    accuracy = cell.accuracy
    interval = ACCURACY.interval(accuracy.low, accuracy.high)
    return PanelCell(cell.contender, ACCURACY.write(cell.accuracy.value), interval, what)


def _step(grid: Grid, before: Cell | None, after: Cell | None) -> PanelStep | None:
    effect = grid.step(before, after)
    if effect is None or before is None or after is None:
        return None
    contrast = effect.contrast
    unadjusted = "unadjusted " if is_surprising(contrast) else ""
    return PanelStep(
        difference=_points(contrast.difference),
        interval=f"{unadjusted}{_points(contrast.low)} to {_points(contrast.high)}",
        is_clear=contrast.finding == "different",
        what=f"from {before.contender} to {after.contender}",
    )


def _points(difference: float) -> str:
    """A difference in points with one decimal, since it is calculated before the shares in the cells are rounded."""
    return signed(difference).replace("-", MINUS)
