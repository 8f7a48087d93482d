"""The command with which people label the answers of a run: on a page, in a spreadsheet, and how far they agree."""

import getpass
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bakeoff.cli.options import Json, RunName, Runs
from bakeoff.cli.output import console, note, percent, print_json, table
from bakeoff.errors import ConfigError
from bakeoff.sentences import counted

if TYPE_CHECKING:
    from bakeoff.labelling.agreement import Agreement
    from bakeoff.labelling.judged import JudgedAgain
    from bakeoff.labelling.labelling import Labelling
    from bakeoff.runs.folder import RunFolder


def label(
    run: RunName,
    labeller: Annotated[
        str, typer.Option(help="Your name in the labels. By default the user name.", show_default=False)
    ] = "",
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65535, help="The page's port. By default the first free one from 8100.", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the next answers as CSV, for a spreadsheet.", show_default=False)
    ] = None,
    n: Annotated[int, typer.Option("--n", min=1, help="How many answers to write with --out.")] = 100,
    read: Annotated[
        Path | None, typer.Option("--read", help="Read a filled-in CSV file back.", show_default=False)
    ] = None,
    agreement: Annotated[
        bool, typer.Option("--agreement", help="Show how far the labellers agree, and where they do not.")
    ] = False,
    verdict: Annotated[
        bool, typer.Option("--verdict/--no-verdict", help="Whether the run is judged again after labelling.")
    ] = True,
    runs: Runs = Path("runs"),
    as_json: Json = False,
) -> None:
    """Label answers of a finished run as right or wrong, on a local page. Labels correct the rules' grades.

    The answers come in random order first, then those that matter most for the verdict. Stop and go on at any time.
    """
    from bakeoff.labelling.labelling import Labelling
    from bakeoff.labelling.sheet import write_sheet
    from bakeoff.labelling.start import label_on_page
    from bakeoff.runs.commands import run_command, whole_errors
    from bakeoff.runs.folder import RunFolder
    from bakeoff.runs.run import find_run

    if sum((out is not None, read is not None, agreement)) > 1:
        raise ConfigError("--out, --read and --agreement are three tasks.", "give one of them at a time")
    folder = RunFolder(find_run(run, runs))
    with whole_errors(folder.root):
        name = labeller or user_name()
        if out is not None:
            n_written = write_sheet(Labelling(folder, name), out, n)
            by = ["--labeller", labeller] if labeller else []
            then = run_command("label", folder.root, shlex.join(["--read", str(out), *by]))
            note(f"{counted(n_written, 'answer')} written to {out}.")
            note(f"Fill in the column 'verdict' with r (right), w (wrong), d (declined) or u (unsure). Then: {then}")
        elif agreement:
            _agreement(Labelling(folder, name), as_json)
        else:
            with _stoppable(folder):
                if read is not None:
                    _read(Labelling(folder, name), read, verdict, as_json)
                else:
                    _show(folder, label_on_page(folder, name, port, verdict, note), as_json)


@contextmanager
def _stoppable(folder: "RunFolder") -> Iterator[None]:
    """Ctrl-C while the run is judged: the labels are safe, and the former verdict is still there."""
    from bakeoff.runs.commands import run_command

    try:
        yield
    except KeyboardInterrupt:
        note(f"Stopped. Every label is kept; for a verdict with all of them: {run_command('report', folder.root)}")
        raise typer.Exit(130) from None


def user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "labeller"


def _read(labelling: "Labelling", path: Path, verdict: bool, as_json: bool) -> None:
    from bakeoff.labelling.judged import judge_again
    from bakeoff.labelling.sheet import read_sheet
    from bakeoff.labelling.start import is_waiting

    filled = read_sheet(labelling, path)
    note(
        f"{counted(filled.new, 'new label')}, {filled.changed} changed, {filled.same} known before, "
        f"{counted(filled.blank, 'row')} without a "
        "verdict."
    )
    folder = labelling.folder
    _show(folder, judge_again(folder) if verdict and is_waiting(folder) else None, as_json)


def _show(folder: "RunFolder", judged: "JudgedAgain | None", as_json: bool) -> None:
    """The verdict before and after, or how to get one."""
    from bakeoff.runs.commands import run_command

    if as_json:
        print_json({"folder": str(folder.root), "judged": judged})
    elif judged is None:
        note(f"The run was not judged again. For a verdict with all labels: {run_command('report', folder.root)}")
    else:
        out = console()
        out.print(f"Verdict before: {judged.before}\nVerdict now:    {judged.after}\nReport: {judged.report}")


def _agreement(labelling: "Labelling", as_json: bool) -> None:
    from bakeoff.labelling.agreement import agreements
    from bakeoff.runs.commands import run_command

    labels = labelling.labels()
    found = agreements(labels.values())
    disputed = [labelling.by_id[id] for id in labelling.disputed()]
    if as_json:
        said = [
            {
                **graded.unit._asdict(),
                "question": graded.question.text,
                "verdicts": {who: label.verdict for (unit, who), label in labels.items() if unit == graded.unit},
            }
            for graded in disputed
        ]
        print_json({"agreements": found, "disputed": said})
        return
    out = console()
    if not found:
        second = run_command("label", labelling.folder.root, "--labeller NAME")
        out.print(f"No two labellers have labelled the same answers yet. A second one: {second}", soft_wrap=True)
    for pair in found:
        out.print(_sentence(pair))
        out.print(
            table(
                ("Verdict", pair.a, pair.b),
                [
                    (verdict, *(percent(pair.base_rates[who][verdict]) for who in (pair.a, pair.b)))
                    for verdict in pair.base_rates[pair.a]
                ],
                right=(1, 2),
            )
        )
    if disputed:
        answers = counted(len(disputed), "answer")
        out.print(f"\n{answers} with different verdicts, for a second look on the page:")
    for graded in disputed:
        verdicts = ", ".join(
            f"{who}: {label.verdict}" + (f" ({label.note})" if label.note else "")
            for (unit, who), label in labels.items()
            if unit == graded.unit
        )
        out.print(f"  {graded.question.text}\n    answer: {graded.unit.text}\n    {verdicts}")


def _sentence(pair: "Agreement") -> str:
    kappa = (
        "kappa is not defined, since both always gave one verdict"
        if pair.kappa is None
        else f"kappa {pair.kappa:.2f} (95 % interval {pair.low:.2f} to {pair.high:.2f})"
    )
    return f"{pair.a} and {pair.b} gave the same verdict on {percent(pair.agreed)} of {pair.n} answers; {kappa}."
