"""The grid of each model: what it is shown by how it was tuned, the accuracy in each cell, and the steps between.

Takes a `Comparison` and its effects, gives one `Grid` for each model. A step is the very effect that the panel of
effects shows, so that the two cannot disagree. Knows nothing about how a grid is drawn.
"""

from collections.abc import Sequence

from bakeoff.decide.verdict.effects import ALL, Effect, cells_of, in_order
from bakeoff.measure.comparison import Comparison, Estimate
from bakeoff.records import Record


class Cell(Record):
    """One contender in the grid, with its accuracy."""

    contender: str
    tuning: str
    knowledge: str
    accuracy: Estimate


class Grid(Record):
    """One model's cells, its tunings as rows and what it is shown as columns, none ('') first in both.

    `steps` are the simple effects between two cells over all questions.
    """

    model: str
    label: str
    tunings: tuple[str, ...]
    shown: tuple[str, ...]
    cells: tuple[Cell, ...]
    steps: tuple[Effect, ...] = ()

    def cell(self, tuning: str, shown: str) -> Cell | None:
        """The contender at these settings, None where the run has none."""
        return next((one for one in self.cells if (one.tuning, one.knowledge) == (tuning, shown)), None)

    def step(self, before: Cell | None, after: Cell | None) -> Effect | None:
        """The effect of going from one cell to the other; None where it was not computed."""
        if before is None or after is None:
            return None
        ends = (after.contender, before.contender)
        return next((one for one in self.steps if (one.contrast.a, one.contrast.b) == ends), None)


def grids(comparison: Comparison, effects: Sequence[Effect] = ()) -> list[Grid]:
    """A grid for each model of which at least two cells were measured, in the order of the configuration."""
    measured = comparison.values("accuracy")
    cells = cells_of([one for one in comparison.entrants if one.name in measured])
    labels = {one.axes.model: one.model.label for one in comparison.entrants if one.axes and one.model}
    found = []
    for model in dict.fromkeys(model for model, _, _ in cells):
        own = {key: name for key, name in cells.items() if key[0] == model}
        if len(own) < 2:
            continue
        names = set(own.values())
        found.append(
            Grid(
                model=model,
                label=labels.get(model, model),
                tunings=tuple(in_order([key[1] for key in own])),
                shown=tuple(in_order([key[2] for key in own])),
                cells=tuple(
                    Cell(
                        contender=name,
                        tuning=tuning,
                        knowledge=shown,
                        accuracy=comparison.estimate(name, "accuracy").model_copy(update={"slices": {}, "detail": {}}),
                    )
                    for (_, tuning, shown), name in own.items()
                ),
                steps=tuple(
                    one
                    for one in effects
                    if one.kind == "simple" and one.slice == ALL and {one.contrast.a, one.contrast.b} <= names
                ),
            )
        )
    return found
