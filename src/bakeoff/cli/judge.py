"""The command that has a finished run judged by a model."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bakeoff.cli.options import Json, RunName, Runs
from bakeoff.cli.output import console, print_json, table

if TYPE_CHECKING:
    from bakeoff.llm_judge.records import Calibration
    from bakeoff.measure.comparison import Estimate


def judge(
    run: RunName,
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", help="The judge: a name in models, or a local model.", show_default=False),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            help="A file such as bakeoff.yaml whose grading and models are used instead of the run's.",
            show_default=False,
        ),
    ] = None,
    budget_usd: Annotated[
        float | None, typer.Option(help="The most US dollars for judging the run.", min=0, show_default=False)
    ] = None,
    budget_answers: Annotated[
        int | None, typer.Option(help="The most answers to judge in the run.", min=1, show_default=False)
    ] = None,
    runs: Runs = Path("runs"),
    as_json: Json = False,
) -> None:
    """Have the long and unsure answers of a finished run judged by a model, then compare again.

    Without --model by the judge of --config, or of its own configuration. What is judged already is kept, so a stopped
    command continues.
    """
    from bakeoff.cli.progress import Display
    from bakeoff.cli.stopping import stoppable
    from bakeoff.pilot.rejudge import rejudge
    from bakeoff.pilot.stage_times import Event
    from bakeoff.runs.commands import whole_errors
    from bakeoff.runs.config import load_judge_config
    from bakeoff.runs.folder import RunFolder
    from bakeoff.runs.run import find_run

    folder = RunFolder(find_run(run, runs))
    settings = load_judge_config(config) if config else None
    with stoppable("the same command", folder.root) as check, whole_errors(folder.root), Display() as display:

        def progress(done: int, total: int) -> None:
            check()
            display.show(Event(stage="judge", done=done, total=total))

        calibration = rejudge(folder, model, budget_usd, budget_answers, progress, settings)
    if as_json:
        print_json(calibration)
        return
    _show(calibration, folder.root)
    typer.echo(f"Report: {folder.report_path}")


def _show(calibration: "Calibration", root: Path) -> None:
    """What was judged, how well it agrees with people, and what follows."""
    from bakeoff.runs.commands import whole
    from bakeoff.sentences import usd

    out = console()
    out.print(whole(calibration.line, root))
    out.print(f"Its requests cost {usd(calibration.usd)}.")
    rows = [
        (title, _shown(estimate), str(estimate.n))
        for title, estimate in (
            ("Agreement with people", calibration.agreement),
            ("Kappa", calibration.kappa),
            ("Correct by people", calibration.base_rate),
            ("Correct by the judge", calibration.judged_rate),
            ("Sensitivity", calibration.sensitivity),
            ("Specificity", calibration.specificity),
            ("Error per doubled length", calibration.length_slope),
            *((f"Error for {name}", error) for name, error in calibration.errors.items()),
            ("Agreement with itself", calibration.self_agreement),
        )
        if estimate.value is not None
    ]
    if rows:
        out.print(table(("", "95 % interval", "n"), rows, right=(2,)))
    for note in (*calibration.notes, *calibration.cautions):
        out.print(whole(note, root))


def _shown(estimate: "Estimate") -> str:
    interval = "" if estimate.low is None else f" ({estimate.low:.2f} to {estimate.high:.2f})"
    return f"{estimate.value:.2f}{interval}"
