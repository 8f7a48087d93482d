"""The commands for decisions about candidates: list them, approve one that waits, or refuse it."""

from typing import TYPE_CHECKING, Annotated

import typer

from bakeoff.cli.options import DEPLOYMENTS, DeploymentName, Deployments, Json
from bakeoff.cli.output import console, note, print_json, table

if TYPE_CHECKING:
    from bakeoff.serve.log_entries import Decision

RoundNumber = Annotated[int, typer.Argument(metavar="ROUND", min=1, help="The round's number.", show_default=False)]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides; kept in the log.", show_default=False)]


def decisions(deployment: DeploymentName, deployments: Deployments = DEPLOYMENTS, as_json: Json = False) -> None:
    """List what was decided about candidates, the newest first: rounds of the gate, approvals, rollbacks."""
    from bakeoff.learn.decisions import level_of_next, read_decisions, waiting
    from bakeoff.serve.deployment import find_deployment

    found = read_decisions(find_deployment(deployment, deployments))
    if as_json:
        print_json([decision.model_dump(mode="json") for decision in reversed(found)])
        return
    if found:
        names = ("round", "time", "outcome", "candidate", "difference", "p", "level", "facts", "reason")
        rows = [_row(decision) for decision in reversed(found)]
        console().print(table(names, rows, right=(0, 4, 5, 6, 7)))
    else:
        note("No candidate was tested yet.")
    note(f"The next test has the level {level_of_next(found):.2g}.")
    for decision in waiting(found):
        note(
            f"Round {decision.round} waits: bakeoff approve {deployment} {decision.round} --by NAME, or bakeoff refuse"
        )


def approve(
    deployment: DeploymentName,
    number: RoundNumber,
    by: By,
    deployments: Deployments = DEPLOYMENTS,
    as_json: Json = False,
) -> None:
    """Make the candidate of a round that waits live. A running server follows within a second."""
    from bakeoff.learn.promotion import approve as approve_round
    from bakeoff.serve.deployment import find_deployment

    decision = approve_round(find_deployment(deployment, deployments), number, by)
    _say(decision, f"Live is release {decision.candidate}, approved by {decision.by}.", as_json)


def refuse(
    deployment: DeploymentName,
    number: RoundNumber,
    by: By,
    reason: Annotated[str, typer.Option(help="Why; kept in the log.")] = "",
    deployments: Deployments = DEPLOYMENTS,
    as_json: Json = False,
) -> None:
    """Close a round that waits: its candidate is not served."""
    from bakeoff.learn.promotion import refuse as refuse_round
    from bakeoff.serve.deployment import find_deployment

    decision = refuse_round(find_deployment(deployment, deployments), number, by, reason)
    _say(decision, f"Release {decision.candidate} is not served: refused by {decision.by}.", as_json)


def _say(decision: "Decision", words: str, as_json: bool) -> None:
    if as_json:
        print_json(decision.model_dump(mode="json"))
    else:
        typer.echo(words)


def _row(of: "Decision") -> tuple[str, ...]:
    return (
        str(of.round or ""),
        f"{of.at:%Y-%m-%d %H:%M} UTC",
        of.outcome,
        of.candidate,
        "" if of.difference is None else f"{100 * of.difference:+.1f}",
        "" if of.p is None else f"{of.p:.2g}",
        "" if of.level is None or of.p is None else f"{of.level:.2g}",
        str(len(of.facts) or ""),
        of.reason,
    )
