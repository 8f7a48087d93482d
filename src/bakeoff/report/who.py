"""Who competed: each contender with its recipe, the model it asks, how that was tuned and what it is shown.

Takes `ReportData`, gives rows of text, the same for the page and the Markdown. Knows nothing about how they are drawn.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bakeoff.measure.comparison import Entrant
from bakeoff.report.gather import ReportData
from bakeoff.sentences import DASH, listed


class Who(NamedTuple):
    """One contender in words; a dash where something does not apply."""

    name: str
    what: str
    model: str
    tuning: str
    shown: str


HEADS = ("Contender", "What it is", "Model", "Tuning", "Shown besides the question")


def who(data: ReportData) -> list[Who]:
    """One row for each contender, in the order of the configuration."""
    return [_row(entrant, data.entrants) for entrant in data.entrants]


def _row(entrant: Entrant, entrants: Sequence[Entrant]) -> Who:
    models: Mapping[str, str] = {one.name: one.model.label for one in entrants if one.model}
    behind = list(dict.fromkeys(models[name] for name in entrant.behind if name in models))
    return Who(
        name=entrant.name,
        what=f"{entrant.title}: {entrant.summary}" if entrant.summary else entrant.title or entrant.recipe,
        model=entrant.model.label if entrant.model else listed(behind) if behind else DASH,
        tuning=(entrant.axes.tuning if entrant.axes else "") or DASH,
        shown=entrant.shown or DASH,
    )
