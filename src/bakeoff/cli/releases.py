"""The commands for the releases of a deployment: list them, and go back to one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bakeoff.cli.options import DEPLOYMENTS, DeploymentName, Deployments, Json, copyable_errors
from bakeoff.cli.output import console, note, print_json, table
from bakeoff.sentences import listed

if TYPE_CHECKING:
    from bakeoff.serve.releases import PointerChange, Release


def releases(deployment: DeploymentName, deployments: Deployments = DEPLOYMENTS, as_json: Json = False) -> None:
    """List the releases of a deployment, the newest first, and say which one is live."""
    from bakeoff.serve import releases as there
    from bakeoff.serve.find import find_deployment

    root = find_deployment(deployment, deployments)
    live, before, changed = there.current(root), there.previous(root), there.last_change(root)
    found = sorted(there.releases(root), key=lambda release: -release.number)
    if as_json:
        print_json([_plain(release, live, before, changed) for release in found])
        return
    rows = [
        (
            str(release.number),
            "live" if release.number == live else "before" if release.number == before else "",
            f"{release.created:%Y-%m-%d %H:%M} UTC",
            ", ".join(release.contenders),
            release.reason,
        )
        for release in found
    ]
    console().print(table(("release", "", "made", "contenders", "reason"), rows, right=(0,)))
    if changed is not None and changed.by == "rollback":
        why = f": {changed.reason}" if changed.reason else ""
        note(f"Release {live} is live by a rollback since {changed.at:%Y-%m-%d %H:%M} UTC{why}")
    unreadable = sorted({*there.numbers(root)} - {release.number for release in found})
    if unreadable:
        note(f"Cannot be read, and cannot be made live: {listed([str(number) for number in unreadable])}.")


def rollback(
    deployment: DeploymentName,
    to: Annotated[
        int | None, typer.Option("--to", min=1, help="The release to go back to. By default the one before.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; kept in the deployment's history.")] = "",
    deployments: Deployments = DEPLOYMENTS,
    as_json: Json = False,
) -> None:
    """Make an earlier release live again. A running server follows within a second; documents stay as they are.

    A second rollback takes the first one back.
    """
    from bakeoff.serve import releases as there
    from bakeoff.serve.find import find_deployment

    root = find_deployment(deployment, deployments)
    was = there.current(root)
    with copyable_errors(deployment, deployments):
        release = there.rollback(root, to, reason)
    if release.number != was:
        _write_down(root, was, release.number, reason)
    if as_json:
        print_json(_plain(release, release.number, was, there.last_change(root)))
    elif release.number == was:
        note(f"Release {was} is live already: {release.contender}, {release.reason.rstrip('.')}.")
    else:
        reason_then = release.reason.rstrip(".")
        typer.echo(f"Live is release {release.number}: {release.contender}, {reason_then}. Before: release {was}.")


def _write_down(root: Path, was: int, number: int, reason: str) -> None:
    """Adds the rollback to the decisions. It has happened, so a log that cannot be written is only named."""
    from bakeoff.errors import BakeoffError
    from bakeoff.learn.decisions import record_rollback

    try:
        record_rollback(root, was, number, reason)
    except BakeoffError as error:
        note(f"The rollback could not be added to the decisions. {error.message}")


def _plain(release: "Release", live: int, before: int | None, changed: "PointerChange | None") -> dict[str, object]:
    """A release as the JSON of these commands shows it. `changed` is how the live one became so."""
    shown = release.model_dump(mode="json", include={"number", "created", "contenders", "reason", "run", "bakeoff"})
    is_live = release.number == live
    made_live = changed.model_dump(mode="json", include={"at", "by", "reason"}) if changed and is_live else None
    return {**shown, "live": is_live, "before": release.number == before, "made_live": made_live}
