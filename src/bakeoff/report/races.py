"""The races of a run in the report: a sentence, a chart and a table for each.

Takes results of races, gives text and SVG. Reads no file.
"""

from collections.abc import Sequence
from typing import NamedTuple

from bakeoff.files.spreadsheet_csv import Rows
from bakeoff.measure.race import Standing
from bakeoff.report.charts import Bar, stacked_rows
from bakeoff.runs.race import Raced, RaceResult
from bakeoff.sentences import counted, listed, percent

HEADS = ("Settings", "What became of it", "Facts asked", "Value of an answer", "Difference", "To")
ABOUT = (
    "Before the test, a contender was tried with other settings. Its candidates were asked known facts, batch by "
    "batch. Who was significantly behind another one dropped out, and who was within the margin of the leader was not "
    "asked any more. The leader went on to the test, whose questions no candidate was asked."
)
FEW_FACTS = 30
"""With fewer facts, only candidates that are much worse can drop out."""
FATES = {"leads": "leads", "behind": "worse, dropped out", "tied": "tied with the leader", "running": "not separated"}
COLOURS = {"leads": "f0", "tied": "f1", "running": "f2", "behind": "f3"}
MOST_ROWS = 40


class RacePanel(NamedTuple):
    """One race: its sentences, its table, and how many rows are left out there."""

    contender: str
    sentences: list[str]
    rows: list[list[str]]
    n_left_out: int


def race_panel(result: RaceResult) -> RacePanel:
    """The race in words and as a table."""
    labels = {other.candidate.name: other.candidate.label for other in result.raced}
    shown = result.raced[:MOST_ROWS]
    rows = [_row(one, labels) for one in shown]
    return RacePanel(result.contender, race_sentences(result), rows, len(result.raced) - len(shown))


def race_chart(result: RaceResult, width: int) -> str:
    """A bar for each candidate, as long as the facts that it was asked, as SVG."""
    bars = [
        Bar(
            one.candidate.label,
            ((FATES[one.standing.fate], float(one.standing.n_facts), COLOURS[one.standing.fate]),),
            _asked(one.standing),
        )
        for one in result.raced[:MOST_ROWS]
        if one.standing
    ]
    label = f"Race of {result.contender}: facts asked. " + "; ".join(f"{bar.label} {bar.total}" for bar in bars) + "."
    return stacked_rows(bars, width, label, row=26)


def race_sentences(result: RaceResult) -> list[str]:
    """What came of a race."""
    share = percent(result.n_answers / max(1, result.n_all))
    rest = _rest(result)
    found = [
        f"Race of {result.contender}: {result.winner.label} leads of {counted(len(result.raced), 'candidate')} after "
        f"{result.n_answers:,} answers, {share} of what asking all would take" + (f"; {rest}." if rest else ".")
    ]
    if result.n_facts < FEW_FACTS:
        found.append(
            f"There were {counted(result.n_facts, 'fact')} to ask, so only candidates that are much worse can drop "
            "out. More questions, or a higher split.dev or race.most_facts, let a race decide."
        )
    return found


def race_rows(results: Sequence[RaceResult]) -> Rows:
    """Every candidate of every race, for a table: in the words of the report, others named by their settings."""
    labels = {one.candidate.name: one.candidate.label for result in results for one in result.raced}
    return [
        [
            result.contender,
            one.candidate.label,
            FATES[one.standing.fate] if one.standing else "not built",
            one.standing.n_facts if one.standing else 0,
            one.standing.value if one.standing else None,
            one.standing.ahead if one.standing else None,
            labels.get(one.standing.against, "") if one.standing else "",
            one.reason,
        ]
        for result in results
        for one in result.raced
    ]


def _rest(result: RaceResult) -> str:
    """What became of the others."""
    counts = {fate: len(result.with_fate(fate)) for fate in ("behind", "tied", "running")}
    n_lost = sum(one.standing is None for one in result.raced)
    return listed(
        [
            *([f"{counts['behind']} dropped out as worse"] if counts["behind"] else []),
            *([f"{counts['tied']} tied with it"] if counts["tied"] else []),
            *([f"{counts['running']} not separated from it"] if counts["running"] else []),
            *([f"{n_lost} could not be built"] if n_lost else []),
        ]
    )


def _row(one: Raced, labels: dict[str, str]) -> list[str]:
    standing = one.standing
    if standing is None:
        return [one.candidate.label, f"not built: {one.reason}", "", "", "", ""]
    early = f" after {counted(one.epochs, 'epoch')}" if one.epochs else ""
    return [
        one.candidate.label,
        FATES[standing.fate] + early,
        str(standing.n_facts),
        _number(standing.value),
        "" if standing.ahead is None else f"{standing.ahead:+.3f}",
        labels.get(standing.against, ""),
    ]


def _asked(standing: Standing) -> str:
    """How many facts it was asked, and the value of its answers. The only one that is left is asked none."""
    if standing.value is None:
        return "no one left to compare with"
    return f"{counted(standing.n_facts, 'fact')}, {_number(standing.value)}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
