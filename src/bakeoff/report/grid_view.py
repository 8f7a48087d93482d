"""The grid of each model, ready for the page: heads, cells and the steps between neighbours as text.

Takes `ReportData` and the contenders' colours, gives plain values. A step is one of the effects of the verdict, and is
bold exactly where that effect is significant. Knows nothing about how the page is laid out.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from bakeoff.decide.verdict.effect_sentences import short
from bakeoff.decide.verdict.effects import Effect
from bakeoff.decide.verdict.grid import Cell, Grid, grids
from bakeoff.decide.verdict.wording import is_surprising
from bakeoff.measures import ACCURACY
from bakeoff.report.gather import ReportData
from bakeoff.sentences import percent, points

WIDEST = 3
"""Columns that fit on a phone; a wider grid can be scrolled."""


def grid_views(data: ReportData, colours: Mapping[str, int]) -> list[dict[str, Any]]:
    """One grid for each model with at least two measured contenders; without steps where the run was not judged."""
    found = data.judgement.grids if data.judgement else grids(data.comparison)
    return [_view(grid, colours, is_named=len(found) > 1) for grid in found]


def _view(grid: Grid, colours: Mapping[str, int], is_named: bool) -> dict[str, Any]:
    settings = [shown for shown in grid.shown if shown]
    above = (None, *grid.tunings[:-1])
    rows = [_row(grid, tuning, over, colours) for tuning, over in zip(grid.tunings, above, strict=True)]
    between = " ".join(["minmax(0, 1fr)", *["auto minmax(0, 1fr)"] * (len(grid.shown) - 1)])
    return {
        "title": grid.label if is_named else "",
        "columns": between,
        "is_wide": len(grid.shown) > WIDEST,
        "heads": [_shown_head(shown, settings) for shown in grid.shown],
        "rows": rows,
    }


def _row(grid: Grid, tuning: str, above: str | None, colours: Mapping[str, int]) -> dict[str, Any]:
    """A row of cells, the steps along it, and the steps down to it from the row above (none for the first)."""
    cells = [grid.cell(tuning, shown) for shown in grid.shown]
    over = [] if above is None else [grid.cell(above, shown) for shown in grid.shown]
    settings = [one for one in grid.tunings if one]
    return {
        "head": f"{short(tuning, settings)} model" if tuning else "model as it comes",
        "cells": [_cell(cell, colours) for cell in cells],
        "across": [_step(grid.step(before, after)) for before, after in pairwise(cells)],
        "down": [_step(grid.step(before, after)) for before, after in zip(over, cells, strict=False)],
    }


def _shown_head(shown: str, settings: Sequence[str]) -> str:
    if shown:
        return short(shown, settings)
    return f"no {short(settings[0], settings)}" if len(settings) == 1 else "no documents"


def _cell(cell: Cell | None, colours: Mapping[str, int]) -> dict[str, str] | None:
    if cell is None:
        return None
    accuracy = cell.accuracy
    return {
        "name": cell.contender,
        "value": percent(accuracy.value or 0.0),
        "interval": ACCURACY.interval(accuracy.low, accuracy.high),
        "css": f"k{colours[cell.contender]}",
    }


def _step(effect: Effect | None) -> dict[str, Any] | None:
    if effect is None:
        return None
    contrast = effect.contrast
    unadjusted = "unadjusted " if is_surprising(contrast) else ""
    return {
        "difference": points(contrast.difference),
        "interval": f"{unadjusted}{points(contrast.low)} to {points(contrast.high)}",
        "is_clear": contrast.finding == "different",
        "sentence": effect.sentence,
    }
