"""The table of contenders by measures as text cells, the same for the page, the Markdown and the terminal.

Takes `ReportData`, gives rows of cells and their notes. Knows nothing about how a table is drawn.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from bakeoff.measure.comparison import ConstantAnswer, Estimate
from bakeoff.measures import ACCURACY, BESIDE, BY_NAME, Measure
from bakeoff.report.cautions import shortened
from bakeoff.report.findings import Standing, standing
from bakeoff.report.gather import ReportData
from bakeoff.sentences import NOT_MEASURED, count, counted, duration, usd

UNCHANGED = "model unchanged: nothing was tuned, so nothing was forgotten (by definition, not measured)"
SUPERSCRIPTS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Cell:
    """One estimate as text. `mark`: the best of its column, or not significantly different from it ('tied')."""

    text: str
    interval: str = ""
    extra: str = ""
    value: float | None = None
    mark: Literal["best", "tied", ""] = ""
    note: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of cells by contender, one cell for each measure, and the notes (letter, text) that cells refer to.

    `constant` is the row of the constant answer, if the table has accuracy: its title and cells. Cells without a value
    are empty.
    """

    measures: tuple[Measure, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    notes: tuple[tuple[str, str], ...]
    constant: tuple[str, tuple[Cell, ...]] | None = None


def table(data: ReportData, measures: Sequence[Measure]) -> Table:
    """The table of these measures, with contenders in the order of the configuration."""
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
    notes = tuple((letter, reason) for reason, letter in letters.items())
    return Table(tuple(measures), rows, notes, _constant(data.comparison.constant, measures))


def _constant(constant: ConstantAnswer | None, measures: Sequence[Measure]) -> tuple[str, tuple[Cell, ...]] | None:
    """The accuracy of always giving the most frequent answer, as a row."""
    if constant is None or constant.accuracy.value is None or ACCURACY not in measures:
        return None
    low, high = constant.accuracy.low, constant.accuracy.high
    known = Cell(ACCURACY.write(constant.accuracy.value), ACCURACY.interval(low, high), value=constant.accuracy.value)
    cells = tuple(known if measure == ACCURACY else Cell("") for measure in measures)
    return f"always answering “{shortened(constant.answer)}”", cells


def beside(data: ReportData) -> list[Measure]:
    """The measures beside the eight in this run: the team's own first, then Bakeoff's others that were measured."""
    return [*data.own_measures, *(measure for measure in BESIDE if data.values(measure.name))]


def _cell(data: ReportData, name: str, measure: Measure, stands: Standing, letters: dict[str, str]) -> Cell:
    estimate = data.estimate(name, measure.name)
    if estimate.value is None:
        return Cell(NOT_MEASURED, note=_note(estimate.reason or "not measured in this run", letters))
    n_measured = len(data.values(measure.name))
    is_ranked = measure.better and not estimate.detail.get("unchanged") and 2 * len(stands.best) <= n_measured
    return Cell(
        text=measure.write(estimate.value),
        interval=measure.interval(estimate.low, estimate.high),
        extra=_extra(data, name, measure, estimate),
        value=estimate.value,
        mark="" if not is_ranked else "best" if name in stands.best else "tied" if name in stands.tied else "",
        note=_note(remark, letters) if (remark := _remark(estimate)) else "",
    )


def _note(text: str, letters: dict[str, str]) -> str:
    """The letter of a note; a new letter for a new note."""
    return letters.setdefault(text, _letter(len(letters)))


def _remark(estimate: Estimate) -> str:
    """A note if no model was tuned, or evidence is only known by document, which makes retrieval look better."""
    if estimate.detail.get("unchanged"):
        return UNCHANGED
    n = estimate.detail.get("by_document")
    if not n:
        return ""
    return (
        f"for {n} of {estimate.n} questions only the document with the answer is known: they count as found if that "
        "document was retrieved"
    )


def _letter(n: int) -> str:
    return SUPERSCRIPTS[n % 26] * (n // 26 + 1)


def _extra(data: ReportData, name: str, measure: Measure, estimate: Estimate) -> str:
    """The extra text of a cell: the length of answers beside accuracy, the 95th percentile of latency, accuracy before
    an update, the cost of set-up, or the number of answers that a measure of the team's own is about.
    """
    if measure in data.own_measures:
        return counted(estimate.n, "answer")
    if measure == ACCURACY:
        length = data.estimate(name, "answer_words").value
        return f"{length:.0f} {'word' if round(length) == 1 else 'words'}" if length else ""
    key, word, write = {
        "latency_ms": ("p95", "p95 ", measure.write),
        "freshness": ("before", "before ", measure.write),
        "setup_s": ("cost_usd", "", usd),
    }.get(measure.name, ("", "", measure.write))
    value = estimate.detail.get(key)
    return word + write(value) if isinstance(value, int | float) else ""


@dataclass(frozen=True)
class Update:
    """One contender's update: accuracy before and after, time and tokens, as text."""

    contender: str
    before: str
    after: str
    seconds: str
    tokens: str


def updates(data: ReportData) -> list[Update]:
    """A row for each contender whose freshness was measured."""
    write = BY_NAME["freshness"].write
    rows = []
    for name in data.contenders:
        estimate = data.estimate(name, "freshness")
        if estimate.value is None:
            continue
        detail = estimate.detail
        rows.append(
            Update(
                name,
                _written(detail.get("before"), write),
                write(estimate.value),
                _written(detail.get("update_seconds"), duration),
                _written(detail.get("update_tokens"), count),
            )
        )
    return rows


def _written(value: object, write: Callable[[float], str]) -> str:
    return write(value) if isinstance(value, int | float) else NOT_MEASURED
