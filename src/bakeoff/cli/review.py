"""The command with which people review the answers of a deployment, in a spreadsheet."""

from pathlib import Path
from typing import Annotated

import typer

from bakeoff.cli.options import DEPLOYMENTS, DeploymentName, Deployments, Json
from bakeoff.cli.output import note, print_json
from bakeoff.errors import ConfigError


def review(
    deployment: DeploymentName,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the next answers as CSV, for a spreadsheet.", show_default=False)
    ] = None,
    n: Annotated[int, typer.Option("--n", min=1, help="How many answers to write with --out.")] = 100,
    read: Annotated[
        Path | None, typer.Option("--read", help="Read a filled-in CSV file back.", show_default=False)
    ] = None,
    reviewer: Annotated[
        str, typer.Option(help="Your name in the reviews. By default the user name.", show_default=False)
    ] = "",
    deployments: Deployments = DEPLOYMENTS,
    as_json: Json = False,
) -> None:
    """Review answers of a deployment: the weekly random sample first, then what users corrected or did not like.

    What is reviewed is what `bakeoff learn` learns from.
    """
    from bakeoff.cli.label import user_name
    from bakeoff.learn.review.reviewing import Reviewing
    from bakeoff.learn.review.sheet import read_sheet, write_sheet
    from bakeoff.learn.rounds import known_questions
    from bakeoff.serve.deployment import find_deployment, open_deployment
    from bakeoff.serve.log import Log

    if (out is None) == (read is None):
        raise ConfigError("Reviewing is done in a file.", "write one with --out FILE, or read one with --read FILE")
    opened = open_deployment(find_deployment(deployment, deployments))
    with Log(opened.log_path) as log:
        reviewing = Reviewing(log, opened.world.store, reviewer or user_name(), known_questions(opened))
        if out is not None:
            n_written, n_hidden = write_sheet(reviewing, out, n), reviewing.queue.n_without_texts
            if as_json:
                print_json({"written": n_written, "file": str(out), "without_texts": n_hidden})
                return
            note(f"{n_written} answers written to {out}. Fill in 'action' and 'right answers', then: --read {out}")
            if n_hidden:
                note(f"{n_hidden} answers cannot be reviewed: the log keeps no texts of them.")
        elif read is not None:
            filled = read_sheet(reviewing, read)
            if as_json:
                print_json(filled._asdict())
            else:
                note(f"{filled.reviewed} reviews stored, {filled.blank} rows without an action.")
