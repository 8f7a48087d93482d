"""The grid of each model: accuracy by how it was tuned and what it is shown, and the steps between cells.

Takes a `Comparison` and its effects, gives one `Grid` for each model. The steps are the effects that the section on
effects shows, so the two cannot disagree. Knows nothing about how a grid is drawn.
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
    """One model's cells. Rows are its tunings, columns are what it is shown; none ('') comes first in both.

    `steps` are the simple effects between two cells over all questions. `others` are contenders whose place another
    one has: they differ from it in prompts, length of training or the like, and are compared in the tables only.
    """

    model: str
    label: str
    tunings: tuple[str, ...]
    shown: tuple[str, ...]
    cells: tuple[Cell, ...]
    steps: tuple[Effect, ...] = ()
    others: tuple[str, ...] = ()

    def cell(self, tuning: str, shown: str) -> Cell | None:
        """The cell with these settings; None if the run has none."""
        return next((cell for cell in self.cells if (cell.tuning, cell.knowledge) == (tuning, shown)), None)

    def step(self, before: Cell | None, after: Cell | None) -> Effect | None:
        """The effect of going from one cell to the other; None if it was not computed."""
        if before is None or after is None:
            return None
        ends = (after.contender, before.contender)
        return next((step for step in self.steps if (step.contrast.a, step.contrast.b) == ends), None)


def grids(comparison: Comparison, effects: Sequence[Effect] = ()) -> list[Grid]:
    """A grid for each model with at least two measured cells, in the order of the configuration."""
    measured = comparison.values("accuracy")
    cells = cells_of([entrant for entrant in comparison.entrants if entrant.name in measured])
    labels = {
        entrant.axes.model: entrant.model.label for entrant in comparison.entrants if entrant.axes and entrant.model
    }
    by_model = []
    for model in dict.fromkeys(model for model, _, _ in cells):
        own = {key: name for key, name in cells.items() if key[0] == model}
        if len(own) < 2:
            continue
        names = set(own.values())
        by_model.append(
            Grid(
                model=model,
                label=labels.get(model, model),
                others=tuple(
                    entrant.name
                    for entrant in comparison.entrants
                    if entrant.axes and entrant.axes.model == model and entrant.name in measured
                    if entrant.name not in names
                ),
                tunings=tuple(in_order([key[1] for key in own])),
                shown=tuple(in_order([key[2] for key in own])),
                cells=tuple(
                    Cell(
                        contender=name,
                        tuning=tuning,
                        knowledge=shown,
                        accuracy=comparison.estimate(name, "accuracy").model_copy(
                            update={"slices": {}, "by_length": {}, "by_origin": {}, "detail": {}}
                        ),
                    )
                    for (_, tuning, shown), name in own.items()
                ),
                steps=tuple(
                    effect
                    for effect in effects
                    if effect.kind == "simple"
                    and effect.slice == ALL
                    and {effect.contrast.a, effect.contrast.b} <= names
                ),
            )
        )
    return by_model
