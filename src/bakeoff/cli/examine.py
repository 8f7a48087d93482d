"""Commands that look at runs: list them, compare two."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

import typer

from bakeoff.cli.options import Json, RunName, Runs, run_names
from bakeoff.cli.output import console, print_json, table
from bakeoff.sentences import NARROW, counted, usd

if TYPE_CHECKING:
    from rich.console import RenderableType

    from bakeoff.runs.diff import RunDiff, SetDiff
    from bakeoff.runs.diff_results import ContenderDiff, Difference

Other = Annotated[
    str,
    typer.Argument(
        metavar="OTHER", help="The run to compare it with, the newer one.", autocompletion=run_names, show_default=False
    ),
]
NO_TEXTS: Mapping[str, str] = MappingProxyType({})
FINDINGS = {"same": "same answers", "different": "significant", "tied": "tied", "open": "open"}
LEGEND = (
    "Change: after minus before in percentage points, with its 95 % interval. Tied: the difference is within the\n"
    "profile's margin. Open: more questions are needed for a clear result. Same answers: every answer compared is the\n"
    "same in both runs.\n"
)


def runs(runs: Runs = Path("runs"), as_json: Json = False) -> None:
    """List the runs: when each was started, whether it is finished, and the winner."""
    from bakeoff.runs.listing import list_runs

    listed = list_runs(runs)
    if as_json:
        print_json(listed)
        return
    if not listed:
        typer.echo(f"There are no runs in {runs}. Start one with: bakeoff run bakeoff.yaml")
        return
    rows = [
        (
            run.name,
            run.begun.astimezone().strftime("%Y-%m-%d %H:%M") if run.begun else "",
            run.state,
            run.winner or ("none" if run.state == "finished" else ""),
            "" if run.n_test is None else str(run.n_test),
            "" if run.usd is None else usd(run.usd),
            "; ".join(filter(None, [", ".join(run.contenders) or run.problem, _untested(run.untested)])),
        )
        for run in listed
    ]
    console().print(table(("Run", "Begun", "State", "Winner", "Test", "Spent", "Contenders"), rows, right=(4, 5)))


def _untested(names: Sequence[str]) -> str:
    return f"not tested, because of errors: {', '.join(names)}" if names else ""


def diff(run: RunName, other: Other, runs: Runs = Path("runs"), as_json: Json = False) -> None:
    """Compare two runs: data, settings, environment, and each contender's results with a paired test.

    Give the older run first: differences are the second run minus the first.
    """
    from bakeoff.runs.diff import diff_runs
    from bakeoff.runs.run import open_run

    differences = diff_runs(open_run(run, runs), open_run(other, runs))
    if as_json:
        print_json(differences)
        return
    out = console()
    for part in _shown(differences):
        out.print(part, soft_wrap=isinstance(part, str))


def _shown(differences: "RunDiff") -> "Iterator[RenderableType]":
    from bakeoff.questions.naming import first_named

    texts = differences.texts
    yield f"Before: {differences.before}\nAfter:  {differences.after}\n"
    yield "Data"
    yield from (f"  {line}" for line in _data_lines(differences))
    for title, changes in (("Settings", differences.settings), ("Environment", differences.environment)):
        yield f"\n{title}"
        yield from (
            [f"  {key}: {change.before} -> {change.after}" for key, change in changes.items()] or ["  the same"]
        )
    results = differences.results
    yield f"\nResults\n  {results.note}\n"
    yield table(
        ("Contender", "Measure", "Before", "After", "Change", "Finding"),
        [row for name, contender in results.contenders.items() for row in _rows(name, contender)],
        right=(2, 3),
    )
    yield LEGEND
    for name, contender in results.contenders.items():
        if contender.better or contender.worse:
            better, worse = (first_named(ids, texts) or "none" for ids in (contender.better, contender.worse))
            yield (
                f"{name}: {counted(len(contender.better), 'question')} now correct ({better}), "
                f"{len(contender.worse)} no longer ({worse})"
            )
    if results.only_before:
        yield f"Only before: {', '.join(results.only_before)}"
    if results.only_after:
        yield f"Only after: {', '.join(results.only_after)}"


def _data_lines(differences: "RunDiff") -> Iterator[str]:
    from bakeoff.questions.naming import first_named

    if differences.same_data:
        yield "the documents and questions are the same"
        return
    yield (
        _set_line("documents", differences.documents)
        if differences.documents
        else "documents: a run has no document store"
    )
    questions, texts = differences.questions, differences.texts
    yield _set_line("questions", questions.questions, texts)
    for what, ids in (
        ("another text", questions.new_texts),
        ("other accepted answers", questions.new_answers),
        ("another split or slice", questions.new_splits),
    ):
        if ids:
            yield f"  {what}: {len(ids)} ({first_named(ids, texts)})"
    yield ", ".join(f"{split}: {change.before} -> {change.after}" for split, change in questions.counts.items())


def _set_line(name: str, sets: "SetDiff", texts: Mapping[str, str] = NO_TEXTS) -> str:
    """What a set has more or less. `texts` are those of questions by id."""
    from bakeoff.questions.naming import first_named

    if not sets.any:
        return f"{name}: the same {sets.n_after}"
    kinds = (("added", sets.added), ("removed", sets.removed), ("changed", sets.changed))
    parts = [f"{len(ids)} {what} ({first_named(ids, texts)})" for what, ids in kinds if ids]
    return f"{name}: {sets.n_before} -> {sets.n_after}; {'; '.join(parts)}"


def _rows(name: str, contender: "ContenderDiff") -> Iterator[tuple[str, ...]]:
    """The eight measures, if one of the runs has a value. The contender's name is in the first row."""
    from bakeoff.measures import EIGHT

    first = name
    for measure in EIGHT:
        values = contender.values.get(measure.name)
        if values is None or (values.before is None and values.after is None):
            continue
        shown = ["–" if value is None else measure.write(value) for value in (values.before, values.after)]
        before, after = (text.replace(NARROW, " ") for text in shown)
        difference = contender.differences.get(measure.name)
        yield first, measure.short or measure.title, before, after, *(_change(difference) if difference else ("", ""))
        first = ""


def _change(difference: "Difference") -> tuple[str, str]:
    """The difference in percentage points and the finding. With its interval, if not all answers are the same."""
    from bakeoff.sentences import points

    if difference.finding == "same":
        return points(difference.difference), FINDINGS["same"]
    interval = f"{points(difference.low)} to {points(difference.high)}"
    return f"{points(difference.difference)} ({interval})", FINDINGS[difference.finding]
