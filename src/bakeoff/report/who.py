"""The contenders of a run: the recipe, the model, its tuning and what it is shown.

Takes `ReportData`, gives rows of text, the same for the page and the Markdown. Knows nothing about how they are drawn.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bakeoff.measure.comparison import Entrant
from bakeoff.report.gather import ReportData
from bakeoff.sentences import DASH, listed


class Who(NamedTuple):
    """One contender in words. A dash means: does not apply."""

    name: str
    what: str
    model: str
    tuning: str
    shown: str


HEADS = ("Contender", "Description", "Model", "Tuning", "Shown with the question")


def who(data: ReportData) -> list[Who]:
    """One row for each contender, in the order of the configuration."""
    return [_row(entrant, data.entrants) for entrant in data.entrants]


def _row(entrant: Entrant, entrants: Sequence[Entrant]) -> Who:
    models: Mapping[str, str] = {other.name: other.model.label for other in entrants if other.model}
    behind = list(dict.fromkeys(models[name] for name in entrant.behind if name in models))
    return Who(
        name=entrant.name,
        what=f"{entrant.title}: {entrant.summary}" if entrant.summary else entrant.title or entrant.recipe,
        model=entrant.model.label if entrant.model else listed(behind) if behind else DASH,
        tuning=(entrant.axes.tuning if entrant.axes else "") or DASH,
        shown=": ".join(filter(None, (entrant.shown, entrant.presentation))) or DASH,
    )
