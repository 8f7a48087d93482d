"""The command line: wiring only. Every command does its work through the Python API and prints what came of it."""

import logging
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

import bakeoff
from bakeoff.errors import BakeoffError, disk_is_full

app = typer.Typer(
    name="bakeoff",
    help="RAG, fine-tuning, or both? Answered by measurement on your own documents and questions.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Runs = Annotated[Path, typer.Option("--runs", help="The folder that holds the run folders.")]


@app.command()
def run(
    config: Annotated[Path, typer.Argument(help="The configuration of the pilot.")] = Path("bakeoff.yaml"),
    runs: Runs = Path("runs"),
    name: Annotated[str | None, typer.Option(help="Name of the run folder, in place of the configuration's.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the newest run of this name.")] = False,
) -> None:
    """Build every contender, measure all of them on the same held-out questions, write the report."""
    from bakeoff.cli.stopping import stoppable

    with stoppable() as check:
        _run(config, runs, name, resume, check)


def _run(config: Path, runs: Path, name: str | None, resume: bool, check: Callable[[], None]) -> None:
    """What `run` does; `check` is called at every event."""
    from bakeoff.cli.progress import Display
    from bakeoff.pilot.stages import Event
    from bakeoff.pilot.stages import run as run_pilot
    from bakeoff.report import print_comparison
    from bakeoff.runs.config import load_config

    settings = load_config(config)
    if name:
        settings = settings.renamed(name)
    with Display() as display:

        def show(event: Event) -> None:
            check()
            display.show(event)

        finished = run_pilot(settings, runs=runs, resume=resume, listener=show)
    print_comparison(finished.folder.root)


@app.command()
def init(
    documents: Annotated[list[str], typer.Argument(help="Folders, files or globs of documents.")],
    questions: Annotated[list[Path], typer.Option("--questions", "-q", help="Question files (CSV or JSONL).")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where to write.")] = Path("bakeoff.yaml"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Look at documents and questions, say what they allow, and write a commented bakeoff.yaml."""
    from bakeoff.pilot.first_config import initialise

    typer.echo(initialise(documents, questions, output, force))


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="A run folder, such as runs/support-desk.")],
    profile: Annotated[Path | None, typer.Option("--profile", help="Judge by this profile, not the run's own.")] = None,
) -> None:
    """Judge a finished run and draw its report again; needs no model."""
    from bakeoff.decide.situation.profile import read_profile
    from bakeoff.pilot.judge import check_profile, judge
    from bakeoff.pilot.score import compare_run
    from bakeoff.report import print_comparison, write_report
    from bakeoff.runs.folder import RunFolder, write_json

    run_folder = RunFolder(folder)
    settings = run_folder.config()
    judged_by = read_profile(profile) if profile else settings.profile
    check_profile(judged_by)
    before = run_folder.comparison()
    run_folder.data()
    compare_run(run_folder, list(before["contenders"]), before["skipped"], judged_by)
    write_json(run_folder.verdict_path, judge(run_folder, judged_by, settings.models.generator))
    write_report(folder)
    print_comparison(folder)


@app.command()
def advise(
    profile: Annotated[Path | None, typer.Option("--profile", "-p", help="A profile; nothing is asked.")] = None,
    documents: Annotated[list[str] | None, typer.Option("--documents", "-d", help="Documents to look at.")] = None,
    questions: Annotated[list[Path] | None, typer.Option("--questions", "-q", help="Questions to look at.")] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write into.")] = Path("advice"),
    start: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day of the roadmap; else next Monday.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite existing files.")] = False,
) -> None:
    """Advise without a model: decision matrix, cost, what a pilot would have to show, a 90-day roadmap."""
    from bakeoff.decide.advise.advise import advise as give_advice
    from bakeoff.decide.advise.roadmap import next_monday
    from bakeoff.decide.situation.profile import Profile, read_profile
    from bakeoff.decide.situation.questionnaire import ask, inspect_data
    from bakeoff.report.advice.write import check_output, write_advice

    check_output(output, force)
    found = inspect_data(documents or (), questions or ())
    if profile:
        known = read_profile(profile)
    else:
        known = ask(lambda text: typer.prompt(text, default="", show_default=False), typer.echo, found.fill(Profile()))
    advice = give_advice(known, start.date() if start else next_monday(datetime.now().date()), found)
    paths = write_advice(advice, output, force)
    told = advice.recommendation
    said = [told.headline, *([told.budget] if told.budget else []), told.uncertainty, ""]
    typer.echo("\n".join([*said, *(f"Wrote {path}" for path in paths)]))


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"bakeoff {bakeoff.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options of the program itself."""


def main() -> None:
    """Run the command line; a BakeoffError, a full disk or a bad path ends it with one message and no traceback."""
    logging.getLogger("pypdf").setLevel(logging.ERROR)  # what it could not read is in the summary of problems
    try:
        app()
    except BakeoffError as error:
        _fail(str(error), error.exit_code)
    except OSError as error:
        if error.filename is None and not disk_is_full(error):
            raise
        _fail(
            f"Cannot read or write {error.filename or 'the disk'}: {error.strerror}.\n"
            "  -> free some space, or mend the path or its permissions; go on with: bakeoff run CONFIG --resume",
            1,
        )


def _fail(message: str, code: int) -> None:
    sys.stderr.write(f"bakeoff: {message}\n")
    sys.exit(code)
