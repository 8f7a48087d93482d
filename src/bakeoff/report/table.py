"""The table of contenders by measures as cells of text, the same for the page, the Markdown and the terminal.

Takes `ReportData`, gives rows of cells and the notes they refer to. Knows nothing about how a table is drawn.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from bakeoff.report.findings import Standing, standing
from bakeoff.report.gather import Estimate, ReportData
from bakeoff.report.measures import BY_NAME, NOT_MEASURED, Measure, count, duration, usd

SUPERSCRIPTS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Cell:
    """One estimate as text: `mark` says whether it is the best of its column or not told apart from the best."""

    text: str
    interval: str = ""
    extra: str = ""
    value: float | None = None
    mark: Literal["best", "tied", ""] = ""
    note: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of cells by contender, one cell for each measure, and the notes (letter, text) for what was not measured."""

    measures: tuple[Measure, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    notes: tuple[tuple[str, str], ...]


def table(data: ReportData, measures: Sequence[Measure]) -> Table:
    """The contenders by these measures, in the order of the contenders."""
    letters: dict[str, str] = {}
    standings = [standing(data, measure) for measure in measures]
    rows = tuple(
        (
            name,
            tuple(
                _cell(data, name, measure, stands, letters) for measure, stands in zip(measures, standings, strict=True)
            ),
        )
        for name in data.contenders
    )
    return Table(tuple(measures), rows, tuple((letter, reason) for reason, letter in letters.items()))


def _cell(data: ReportData, name: str, measure: Measure, stands: Standing, letters: dict[str, str]) -> Cell:
    estimate = data.estimate(name, measure.name)
    if estimate.value is None:
        reason = str(estimate.detail.get("reason") or "not measured in this run")
        return Cell(NOT_MEASURED, note=letters.setdefault(reason, _letter(len(letters))))
    n_measured = len(data.values(measure.name))
    is_ranked = measure.better and 2 * len(stands.best) <= n_measured
    return Cell(
        text=measure.write(estimate.value),
        interval=measure.interval(estimate.low, estimate.high),
        extra=_extra(measure, estimate),
        value=estimate.value,
        mark="" if not is_ranked else "best" if name in stands.best else "tied" if name in stands.tied else "",
    )


def _letter(n: int) -> str:
    return SUPERSCRIPTS[n % 26] * (n // 26 + 1)


def _extra(measure: Measure, estimate: Estimate) -> str:
    """What a cell says beside the value: the slow end of latency, the accuracy before an update, what set-up costs."""
    key, word, write = {
        "latency_ms": ("p95", "p95 ", measure.write),
        "freshness": ("before", "before ", measure.write),
        "setup_s": ("cost_usd", "", usd),
    }.get(measure.name, ("", "", measure.write))
    value = estimate.detail.get(key)
    return word + write(value) if isinstance(value, int | float) else ""


@dataclass(frozen=True)
class Update:
    """What bringing one contender up to date took, and what it gained."""

    contender: str
    before: str
    after: str
    seconds: str
    tokens: str


def updates(data: ReportData) -> list[Update]:
    """A row for each contender whose freshness was measured."""
    write = BY_NAME["freshness"].write
    found = []
    for name in data.contenders:
        estimate = data.estimate(name, "freshness")
        if estimate.value is None:
            continue
        told = estimate.detail
        found.append(
            Update(
                name,
                _told(told.get("before"), write),
                write(estimate.value),
                _told(told.get("update_seconds"), duration),
                _told(told.get("update_tokens"), count),
            )
        )
    return found


def _told(value: object, write: Callable[[float], str]) -> str:
    return write(value) if isinstance(value, int | float) else NOT_MEASURED
