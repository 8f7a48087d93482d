"""Decisions as lines: one a round that fits 80 columns, and what `learn` says at its end.

Takes decisions, gives rows and sentences. Reads only the names of releases. Knows no table.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bakeoff.cli.options import command_for

if TYPE_CHECKING:
    from bakeoff.serve.log_entries import Decision

HEADS = ("round", "date", "outcome", "candidate", "gain", "p/level", "by")
NAME, P_LEVEL, BY = 12, 12, 6
"""The widest that these columns are shown, so that a row fits 80 columns."""


def row(root: Path, of: "Decision") -> tuple[str, ...]:
    """A decision in the columns of `HEADS`. `gain` is in net right answers of 100."""
    tested = of.p is not None and of.level is not None
    return (
        str(of.round or ""),
        f"{of.at:%Y-%m-%d}",
        _said(of),
        cut(candidate_name(root, of), NAME),
        "" if of.difference is None else f"{100 * of.difference + 0.0:+.1f}",
        cut(f"{_small(of.p)}/{_small(of.level)}", P_LEVEL) if tested else "",
        cut(of.by, BY),
    )


def candidate_name(root: Path, of: "Decision") -> str:
    """The contender that was compared; for what an earlier version decided, by its release or by its round."""
    from bakeoff.errors import RunFolderError
    from bakeoff.serve.releases import read_release

    if of.outcome == "rolled back":
        return f"release {of.candidate}"
    if of.contender:
        return of.contender
    if not of.candidate.isdecimal():
        return Path(of.candidate).name
    try:
        return read_release(root, int(of.candidate)).contender
    except RunFolderError:
        return f"release {of.candidate}"


def _said(of: "Decision") -> str:
    """The outcome, such that the release beside it reads as the one that is live since."""
    return "rolled back to" if of.outcome == "rolled back" else of.outcome


def _of_what(root: Path, of: "Decision") -> str:
    """The release of a rollback, or the round of another decision; empty if there is none."""
    if of.outcome == "rolled back":
        return f" {candidate_name(root, of)}"
    return f" (round {of.round})" if of.round else ""


def reasons(root: Path, found: "Sequence[Decision]") -> list[str]:
    """Why people rolled back or refused, the newest first: no column has room for that."""
    return [
        f"{of.at:%Y-%m-%d} {_said(of)}{_of_what(root, of)}: {of.reason}"
        for of in reversed(found)
        if of.outcome in ("rolled back", "refused")
    ]


def cut(text: str, n: int) -> str:
    """A text of at most n characters; the last one is '…' if something is left out."""
    return text if len(text) <= n else text[: n - 1] + "…"


def _small(p: float | None) -> str:
    return "" if p is None else "<.0001" if 0 < p < 1e-4 else f"{p:.2g}".removeprefix("0") or "0"


def closing(of: "Decision", page: Path, root: Path, deployment: str, deployments: Path) -> list[str]:
    """The outcome, why, what to do next, and where to read on: a line each."""
    live = f"the candidate {of.contender} is live as release {of.candidate}."
    tested = f"; tested was {of.contender}" if of.contender and of.p is not None else ""
    said = {
        "promote": live,
        "approved": live,
        "waits": f"the candidate {of.contender} passed and waits as release {of.candidate}.",
        "keep": f"what is served stays, release {of.live}{tested}.",
    }
    return [
        f"Round {of.round}: {said[of.outcome]}",
        f"Why: {of.reason}",
        f"Next: {_next(of, root, deployment, deployments)}",
        f"More: {command_for('decisions', deployment, deployments, f'--round {of.round}')}, or {page}",
    ]


def _next(of: "Decision", root: Path, deployment: str, deployments: Path) -> str:
    from bakeoff.serve.releases import previous

    def command(name: str, rest: str = "") -> str:
        return command_for(name, deployment, deployments, rest)

    if of.outcome == "waits":
        return f"{command('approve', f'{of.round} --by NAME')}, or {command('refuse', f'{of.round} --by NAME')}"
    if of.outcome in ("promote", "approved"):
        back = f"; back to release {of.live}: {command('rollback')}" if previous(root) is not None else ""
        return f"watch it: {command('monitor')}{back}"
    review = f"review more of the weekly random sample ({command('review')}), then {command('learn')}"
    if of.p is None or of.more_questions is not None:
        return review
    return f"look at the questions that it lost before another round; {review}"


def open_rounds(waiting: "Sequence[Decision]", deployment: str, deployments: Path) -> list[str]:
    """What to do about each round that waits for a person."""
    return [
        f"Round {of.round} waits: {command_for('approve', deployment, deployments, f'{of.round} --by NAME')}, or "
        f"{command_for('refuse', deployment, deployments, f'{of.round} --by NAME')}"
        for of in waiting
    ]
