"""The command line: one module for each group of commands, wiring only.

Every command does its work through the Python API and prints the result to stdout. Progress and errors go to stderr.
"""

import sys
from typing import Annotated

import typer

import bakeoff
from bakeoff.cli import (
    decisions,
    doctor,
    documents,
    examine,
    export,
    importing,
    judge,
    keys,
    label,
    learn,
    measure,
    monitor,
    prepare,
    releases,
    review,
    serve,
    show,
    synthesize,
    use,
)
from bakeoff.cli.places import AGAIN, HERE, Command
from bakeoff.errors import BakeoffError
from bakeoff.files.cache import cache_folder
from bakeoff.files.room import is_of_system, refused

app = typer.Typer(
    name="bakeoff",
    help="RAG, fine-tuning, or both? Answered by measurement on your own documents and questions.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

PREPARE, MEASURE, LOOK, USE = "Before a run", "Measure", "Look at runs", "Use the results"

app.command(rich_help_panel=PREPARE)(prepare.init)
app.command("import", rich_help_panel=PREPARE)(importing.import_)
app.command(rich_help_panel=PREPARE)(show.show)
app.command(rich_help_panel=PREPARE)(prepare.advise)
app.command(rich_help_panel=PREPARE)(synthesize.synthesize)
app.command(rich_help_panel=PREPARE)(prepare.schema)
app.command(rich_help_panel=PREPARE)(doctor.doctor)
app.command(rich_help_panel=MEASURE)(measure.run)
app.command(rich_help_panel=MEASURE)(measure.report)
app.command(rich_help_panel=MEASURE)(measure.regrade)
app.command(rich_help_panel=MEASURE)(label.label)
app.command(rich_help_panel=MEASURE)(judge.judge)
app.command(rich_help_panel=LOOK)(examine.runs)
app.command(rich_help_panel=LOOK)(examine.diff)
app.command(rich_help_panel=USE)(use.ask)
app.command(rich_help_panel=USE)(serve.serve)
app.command(rich_help_panel=USE)(review.review)
app.command(rich_help_panel=USE)(learn.learn)
app.command(rich_help_panel=USE)(monitor.monitor)
app.command(rich_help_panel=USE)(releases.releases)
app.command(rich_help_panel=USE)(releases.rollback)
app.command(rich_help_panel=USE)(decisions.decisions)
app.command(rich_help_panel=USE)(decisions.approve)
app.command(rich_help_panel=USE)(decisions.refuse)
app.command(rich_help_panel=USE)(export.export)
app.add_typer(documents.app, name="documents", rich_help_panel=USE)
app.add_typer(keys.app, name="keys", rich_help_panel=USE)

for command in (*app.registered_commands, *documents.app.registered_commands, *keys.app.registered_commands):
    command.cls = Command


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"bakeoff {bakeoff.__version__}")
        raise typer.Exit


@app.callback(epilog="Start with: bakeoff init DOCS --questions questions.csv")
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """RAG, fine-tuning, or both? Answered by measurement on your own documents and questions."""


def main() -> None:
    """Runs the command line. A BakeoffError, a failing disk, a lack of memory or a bad path ends it with one message
    and no traceback.
    """
    try:
        app(prog_name="bakeoff")
    except BakeoffError as error:
        _fail(str(error), error.exit_code)
    except BrokenPipeError:  # the program that reads the output has closed it, as `head` does
        sys.stderr.close()
        sys.exit(1)
    except Exception as error:  # each library has its own kind for a lack of memory
        _fail_without_memory(error)
        if not isinstance(error, OSError) or not is_of_system(error):
            raise
        _fail(str(refused(error, AGAIN, (HERE, cache_folder()))), 1)


def _fail_without_memory(error: Exception) -> None:
    """Ends with one message if the error says that there is too little memory."""
    from bakeoff.models.short_memory import no_memory

    command = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    short = no_memory(error, command)
    if short is not None:
        _fail(str(short), short.exit_code)


def _fail(message: str, code: int) -> None:
    sys.stderr.write(f"bakeoff: {message}\n")
    sys.exit(code)
