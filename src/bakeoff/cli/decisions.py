"""The commands for decisions about candidates: list them, explain one, approve one that waits, or refuse it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bakeoff.cli.options import DEPLOYMENTS, DeploymentName, Deployments, Json, command_for, copyable_errors
from bakeoff.cli.output import console, note, print_json, table

if TYPE_CHECKING:
    from bakeoff.serve.log_entries import Decision

RoundNumber = Annotated[int, typer.Argument(metavar="ROUND", min=1, help="The round's number.", show_default=False)]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides; kept in the log.", show_default=False)]


def decisions(
    deployment: DeploymentName,
    number: Annotated[
        int | None,
        typer.Option(
            "--round", min=1, metavar="N", help="Explain this round: figures, and the questions that decided."
        ),
    ] = None,
    deployments: Deployments = DEPLOYMENTS,
    as_json: Json = False,
) -> None:
    """List what was decided about candidates, the newest first: rounds of the gate, approvals, rollbacks.

    With --round, show one round: who was compared, the difference, what the gate checked, and the questions on which
    the two differ, with both answers.
    """
    from bakeoff.cli.decision_lines import HEADS, open_rounds, reasons, row
    from bakeoff.files.locks import is_held
    from bakeoff.learn.decisions import level_of_next, read_decisions, waiting
    from bakeoff.learn.evidence import FOLDER, state_of_evidence
    from bakeoff.learn.promotion import release_of
    from bakeoff.learn.rounds import LOCK, unfinished
    from bakeoff.serve.find import find_deployment

    root = find_deployment(deployment, deployments)
    found = read_decisions(root)
    if number is not None:
        _explain(root, found, number, command_for("decisions", deployment, deployments), as_json)
        return
    evidence = {decision.id: state_of_evidence(root, decision) for decision in found}
    release = {decision.id: release_of(root, decision) for decision in found}
    if as_json:
        more = {of.id: {"release": release[of.id], "evidence_is": evidence[of.id]} for of in found}
        print_json([{**decision.model_dump(mode="json"), **more[decision.id]} for decision in reversed(found)])
        return
    if found:
        console().print(table(HEADS, [row(root, decision) for decision in reversed(found)], right=(0, 4)))
        for line in reasons(root, found):
            note(line)
        note(f"The questions that decided a round: {command_for('decisions', deployment, deployments, '--round N')}")
    else:
        note("No candidate was tested yet.")
    if begun := unfinished(root):
        go_on = f"was begun and stopped; this goes on with it: {command_for('learn', deployment, deployments)}"
        note(f"Round {begun.begun.number} {'is going on now.' if is_held(root / LOCK) else go_on}")
    if "kept" in evidence.values():
        note(f"What was answered and graded in each round: {root / FOLDER}")
    for decision in found:
        if evidence[decision.id] in ("gone", "changed"):
            note(f"The evidence of round {decision.round} is {evidence[decision.id]}: {decision.evidence}")
    note(f"The next test has the level {level_of_next(found):.2g}.")
    for line in open_rounds(waiting(found), deployment, deployments):
        note(line)


def _explain(root: Path, found: "list[Decision]", number: int, listing: str, as_json: bool) -> None:
    """Shows one round. `listing` is the command that lists all."""
    from bakeoff.learn.accounts.account import account_for
    from bakeoff.learn.accounts.page import page_of
    from bakeoff.learn.accounts.text import terminal_lines
    from bakeoff.learn.decisions import later, round_of

    decision = round_of(found, number, listing)
    account, persons = account_for(root, decision), later(found, decision)
    if as_json:
        print_json({"decision": decision, "later": persons, "account": account})
        return
    for line in terminal_lines(page_of(root.name, decision, persons, account)):
        typer.echo(line)


def approve(
    deployment: DeploymentName,
    number: RoundNumber,
    by: By,
    deployments: Deployments = DEPLOYMENTS,
    as_json: Json = False,
) -> None:
    """Make the candidate of a round that waits live. A running server follows within a second."""
    from bakeoff.learn.promotion import approve as approve_round
    from bakeoff.serve.find import find_deployment

    with copyable_errors(deployment, deployments):
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
    from bakeoff.serve.find import find_deployment

    with copyable_errors(deployment, deployments):
        decision = refuse_round(find_deployment(deployment, deployments), number, by, reason)
    _say(decision, f"Release {decision.candidate} is not served: refused by {decision.by}.", as_json)


def _say(decision: "Decision", words: str, as_json: bool) -> None:
    if as_json:
        print_json(decision.model_dump(mode="json"))
    else:
        typer.echo(words)
