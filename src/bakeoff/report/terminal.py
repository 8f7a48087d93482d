"""The terminal's summary of a run: the result, the eight measures, notes and warnings.

Takes `ReportData`, gives objects that rich can print. No text is interpreted as markup.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from bakeoff.decide.situation.currency import currency_note
from bakeoff.decide.value.worth import titled
from bakeoff.decide.verdict.judgement import Judgement
from bakeoff.decide.wording import money
from bakeoff.measures import EIGHT, Measure
from bakeoff.report.classification import SHOWN, is_classified
from bakeoff.report.declining import sentences
from bakeoff.report.findings import headline
from bakeoff.report.gather import ReportData, gather
from bakeoff.report.requirements import requirements, shown_first, summary
from bakeoff.report.table import Cell, table
from bakeoff.report.worth_text import Valued, chance_of_answers, of_100, only_beaten, span, span_of_100, valued
from bakeoff.sentences import NARROW


def print_comparison(run_folder: Path, console: Console | None = None) -> None:
    """Print a run's result and table. Raises RunFolderError if there is no finished comparison."""
    (console or Console()).print(comparison(gather(run_folder), run_folder / "report.html"))


def comparison(data: ReportData, page: Path | None = None) -> Group:
    """The verdict or headline, the table of the eight measures, notes, warnings, and the path of the page."""
    judgement = data.judgement
    first, second = (judgement.headline, judgement.reason) if judgement else headline(data)
    parts: list[RenderableType] = [Text(_spaced(first), style="bold")]
    if second:
        parts.append(Text(_spaced(second)))
    if judgement:
        parts += _worth(judgement)
    own = _titled("Measures of your own", data, data.own_measures) if data.own_measures else []
    own += _titled("Classification", data, SHOWN[1:-1]) if is_classified(data) else []
    return Group(*parts, Text(), _grid(data, EIGHT), *_notes(data, EIGHT), *own, *_below(data, page))


def _titled(title: str, data: ReportData, measures: Sequence[Measure]) -> list[RenderableType]:
    """A table below the first one, with the notes that its letters stand for."""
    return [Text(f"\n{title}", style="bold"), _grid(data, measures), *_notes(data, measures), Text()]


def _notes(data: ReportData, measures: Sequence[Measure]) -> Iterator[Text]:
    """What the letters in the table of these measures stand for."""
    for letter, reason in table(data, measures).notes:
        yield Text(f"{letter}  {reason}", style="dim")


def _worth(judgement: Judgement) -> list[RenderableType]:
    """What each contender is worth, and whether the choice meets its requirements."""
    of, asked = valued(judgement), shown_first(judgement)
    grid = _nets(judgement, of) if of and of.is_given else _utilities(judgement)
    parts: list[RenderableType] = [Text(), grid]
    if only_beaten(judgement):
        parts.append(Text(only_beaten(judgement), style="dim"))
    note = currency_note(judgement.profile)
    if note and of and of.is_given:
        parts.append(Text(_spaced(note), style="dim"))
    if asked and requirements(judgement):
        parts.append(Text(_spaced(summary(judgement, asked)), style="dim"))
    return parts


def _nets(judgement: Judgement, of: Valued) -> Grid:
    grid = _worth_grid("net value a year", "95 % interval", "chance to be best", "expected loss")
    for name in of.by_net:
        net = of.nets[name]
        chance, loss = _spaced(of.chance(name)), of.loss(name)
        style = "bold" if name == judgement.winner else ""
        grid.add_row(Text(titled(name)), money(net.net.value), span(net.net), chance, loss, style=style)
    return grid


def _utilities(judgement: Judgement) -> Grid:
    of = judgement.worth
    grid = _worth_grid("net right of 100", "95 % interval", "chance of the best answers")
    for name in sorted(of.utility, key=lambda name: -of.utility[name].value):
        chance = _spaced(chance_of_answers(judgement, name))
        grid.add_row(Text(titled(name)), of_100(of.utility[name].value), span_of_100(of.utility[name]), chance)
    return grid


def _worth_grid(*heads: str) -> Grid:
    grid = Grid(box=box.SIMPLE_HEAD, padding=(0, 1), show_edge=False)
    grid.add_column("", overflow="fold", max_width=20)
    for head in heads:
        grid.add_column(head, justify="right")
    return grid


def _grid(data: ReportData, measures: Sequence[Measure]) -> Grid:
    shown = table(data, measures)
    grid = Grid(box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    longest = max((len(name) for name, _ in shown.rows), default=0)
    grid.add_column("", min_width=min(longest, 14), max_width=20, overflow="fold")
    for measure in shown.measures:
        grid.add_column(Text(measure.short or measure.title), justify="right")
    for name, cells in shown.rows:
        grid.add_row(Text(name), *map(_cell, shown.measures, cells))
    if shown.constant:
        title, cells = shown.constant
        grid.add_row(Text(title), *map(_cell, shown.measures, cells), style="dim")
    return grid


def _cell(measure: Measure, cell: Cell) -> Text:
    """The value, bold if it is the best. Shares have their interval below; the page shows the other intervals."""
    value = cell.text.removesuffix(f"{NARROW}USD")
    if measure.unit == "s":
        value = value.replace(NARROW, "").replace("min ", "m").replace("min", "m").replace("h ", "h")
    text = Text(_spaced(("≈" if cell.mark == "tied" else "") + value), style="bold" if cell.mark == "best" else "")
    if cell.note:
        text.append(f" {cell.note}", style="dim")
    if cell.interval and measure.unit in ("share", "ratio"):
        text.append("\n" + cell.interval.removesuffix(f"{NARROW}%"), style="dim not bold")
    return text


def _below(data: ReportData, page: Path | None) -> Iterator[Text]:
    if any(cell.mark == "tied" for _, cells in table(data, EIGHT).rows for cell in cells):
        yield Text(
            "Bold: best of its column. ≈: not significantly different from the best. Below a value: its 95 % interval.",
            style="dim",
        )
    for entrant in data.entrants:
        if entrant.presentation:
            yield Text(f"{entrant.name}: {entrant.presentation}", style="dim")
    for name, reason in (data.judgement.excluded if data.judgement else {}).items():
        yield Text(f"{name} cannot win: {reason}")
    for name, reason in data.skipped.items():
        yield Text(f"{name} was skipped: {reason}")
    for line in sentences(data.comparison):
        yield Text(line, style="dim")
    for warning in data.warnings:
        yield Text(f"! {warning}", style="yellow")
    if page is not None:
        yield Text(f"\nReport: {page}")


def _spaced(text: str) -> str:
    """The text with normal spaces, because not every terminal font has the narrow space."""
    return text.replace(NARROW, " ")
