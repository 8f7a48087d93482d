"""The command with which people review answers of a deployment: on a page, in a spreadsheet; and accuracy in use."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bakeoff.cli.options import DEPLOYMENTS, DeploymentName, Deployments, Json, command_for
from bakeoff.cli.output import console, note, print_json, table
from bakeoff.errors import ConfigError
from bakeoff.sentences import counted

if TYPE_CHECKING:
    from bakeoff.learn.review.queue import Limits
    from bakeoff.learn.review.reviewing import Reviewing
    from bakeoff.measure.comparison import Estimate


def review(
    deployment: DeploymentName,
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
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="With --read: replace what was said since, by others too.")
    ] = False,
    accuracy: Annotated[
        bool, typer.Option("--accuracy", help="Show how many answers are right, by the reviewed random sample.")
    ] = False,
    sample: Annotated[int, typer.Option(min=1, help="Answers of each week that are drawn at random.")] = 50,
    per_key: Annotated[int, typer.Option(min=1, help="Most other answers that one key brings in a week.")] = 20,
    reviewer: Annotated[
        str, typer.Option(help="Your name in the reviews. By default the user name.", show_default=False)
    ] = "",
    deployments: Deployments = DEPLOYMENTS,
    as_json: Json = False,
) -> None:
    """Review answers of a deployment on a local page: a weekly random sample first, then what users did not like.

    What is reviewed is what `bakeoff learn` learns from. A running server shows the same page at /review.
    """
    from bakeoff.cli.label import user_name
    from bakeoff.corpus.stores import existing_store
    from bakeoff.labelling.labelling import checked_name
    from bakeoff.learn.review.known import KnownQuestions
    from bakeoff.learn.review.queue import Limits
    from bakeoff.learn.review.reviewing import Reviewing
    from bakeoff.learn.review.start import review_on_page
    from bakeoff.serve.deployment import RESTORE, open_deployment
    from bakeoff.serve.find import find_deployment
    from bakeoff.serve.log import Log

    if sum((out is not None, read is not None, accuracy)) > 1:
        raise ConfigError("--out, --read and --accuracy are three tasks.", "give one of them at a time")
    if overwrite and read is None:
        raise ConfigError("--overwrite belongs to --read.", "name the filled-in file: --read FILE.csv --overwrite")
    opened = open_deployment(find_deployment(deployment, deployments))
    name, limits = checked_name(reviewer or user_name()), Limits(drawn=sample, per_key=per_key)
    with Log(opened.log_path) as log, existing_store(opened.root, RESTORE) as store:
        reviewing = Reviewing(log, store, name, KnownQuestions(opened.root), limits=limits)
        if out is not None:
            by = ["--reviewer", reviewer] if reviewer else []
            read_back = command_for("review", deployment, deployments, shlex.join(["--read", str(out), *by]))
            _write(reviewing, out, n, read_back, as_json)
        elif read is not None:
            _read(reviewing, read, overwrite, as_json)
        elif accuracy:
            _show_accuracy(reviewing, as_json)
        else:
            review_on_page(reviewing, opened.root.name, port, note)


def _write(reviewing: "Reviewing", path: Path, n: int, read_back: str, as_json: bool) -> None:
    """Writes the next answers. `read_back` is the command that reads them when they are filled in."""
    from bakeoff.learn.review.sheet import write_sheet

    reviewing.check_texts()
    n_written, n_hidden = write_sheet(reviewing, path, n), reviewing.queue.n_without_texts
    aside = reviewing.queue.set_aside
    if as_json:
        counts = {"over": aside.over, "copies": aside.copies}
        print_json({"written": n_written, "file": str(path), "without_texts": n_hidden, "set_aside": counts})
        return
    n_open = len(reviewing.queue.open())
    rest = f"; {counted(n_open - n_written, 'more waits', 'more wait')}" if n_open > n_written else ", all that wait"
    note(f"{counted(n_written, 'answer')} written to {path}{rest}.")
    if n_written:
        note(f"Fill in 'action', and 'right answers' where it needs it. Then: {read_back}")
    if n_hidden:
        note(f"{counted(n_hidden, 'answer')} cannot be reviewed: the log keeps no texts of them.")
    for sentence in _left_out(aside.over, aside.copies, reviewing.queue.limits):
        note(sentence)


def _left_out(n_over: int, n_copies: int, limits: "Limits") -> list[str]:
    """What the caps keep out, and why nobody has to do anything about it."""
    sentences = []
    if n_over:
        sentences.append(
            f"{counted(n_over, 'other answer')} left out on purpose: beside the random sample, one key brings at most "
            f"{limits.per_key} a week, so that no single user fills the list. "
            f"To see more of them: --per-key {limits.per_key + n_over}"
        )
    if n_copies:
        sentences.append(
            f"{counted(n_copies, 'other answer')} left out: the same user asked nearly the same more than "
            f"{limits.copies} times."
        )
    return sentences


def _read(reviewing: "Reviewing", path: Path, overwrite: bool, as_json: bool) -> None:
    from bakeoff.learn.review.sheet import read_sheet

    filled = read_sheet(reviewing, path, overwrite)
    if as_json:
        print_json(filled._asdict())
        return
    others = f" ({sum(filled.of_others.values())} of them by others: {_names(filled.of_others)})"
    note(
        f"{counted(filled.new, 'new review')}, {filled.changed} changed{others if filled.of_others else ''}, "
        f"{filled.same} the same as before; {counted(filled.blank, 'row')} not filled in."
    )
    if filled.corrections:
        note(f"{counted(filled.corrections, 'row')} with a right answer and no action: taken as 'correct'.")
    if filled.kept:
        n = sum(filled.kept.values())
        note(
            f"{counted(n, 'row')} not stored: the answer was reviewed otherwise since, by {_names(filled.kept)}. "
            "To replace that with what the file says: --overwrite"
        )


def _names(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {n}" if len(counts) > 1 else name for name, n in sorted(counts.items()))


def _show_accuracy(reviewing: "Reviewing", as_json: bool) -> None:
    reviewing.check_texts()
    found = reviewing.in_use()
    if as_json:
        print_json(found)
        return
    for sentence in found.sentences:
        typer.echo(sentence)
    rows = [
        (of.week, f"{of.reviewed} of {of.drawn}", *(_share(share) for share in (of.right, of.wrong, of.declined)))
        for of in found.weeks
    ]
    console().print(table(("week", "reviewed", "right", "wrong", "declined"), rows, right=(1, 2, 3, 4)))


def _share(share: "Estimate") -> str:
    from bakeoff.sentences import DASH, percent

    if share.value is None or share.low is None or share.high is None:
        return DASH
    return f"{percent(share.value)} ({percent(share.low)} to {percent(share.high)})"
