"""From the gate's word to what is served: the decision is written down, then the release is made live.

Takes what the gate decided and the candidate's run, gives the `Decision` of the log. Changes the deployment only by
`serve/releases.py`. Knows nothing about how candidates were built or tested.

The order makes a kill harmless: the candidate is written as a release, which changes nothing that is served; the
decision goes into the log; the pointer changes. So nothing is ever live without its decision, and a test that was made
is always counted. A promotion that was written down but not carried out is carried out by the next call (`carry_out`).
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bakeoff.errors import InputError, RunFolderError
from bakeoff.learn.decisions import level_of_next, next_round, read_decisions, record, waiting_round
from bakeoff.learn.gate.tested import GateDecision
from bakeoff.runs.run import Run
from bakeoff.serve.log_entries import Decision, Outcome
from bakeoff.serve.releases import (
    add_release,
    current,
    history,
    make_current,
    numbers,
    promoting,
    prune,
    read_release,
)


class Candidate(NamedTuple):
    """The run that a candidate was built in, and the contenders to serve, the default one first."""

    run: Run
    contenders: tuple[str, ...]


class GateRound(NamedTuple):
    """A round of the gate: its number, the release that was live in the test, and the file with what was measured.

    The file holds both contenders' answers and grades; its checksum stands in the decision. `data_sha256` stands for
    the data that the round had.
    """

    number: int
    live: int
    evidence: Path | None = None
    data_sha256: str = ""


def decide_promotion(
    root: Path, of: GateRound, decided: GateDecision, candidate: Candidate, require_approval: bool = False
) -> Decision:
    """Writes the decision down and makes the candidate live, or lets it wait for a person.

    Raises InputError if other rounds were decided since this one began, RunFolderError if another promotion is in
    progress or the candidate could not be written: then the test counts, and the candidate is not served.
    """
    with promoting(root):
        carry_out(root)
        _check_turn(read_decisions(root), of, decided)
        if not decided.promote:
            return record(root, _decision(of, decided, "keep", candidate))
        if current(root) != of.live:
            kept = f"The test compared it with release {of.live}; release {current(root)} is live now."
            return record(root, _decision(of, decided, "keep", candidate, kept))
        number = _written(root, of, decided, candidate)
        outcome: Outcome = "waits" if require_approval else "promote"
        decision = record(root, _decision(of, decided, outcome, candidate, release=number))
        carry_out(root)
    return decision


def approve(root: Path, number: int, by: str) -> Decision:
    """Makes the candidate of a round that waits live. `by` is the person who approves.

    Raises InputError if the round does not wait, RunFolderError if its candidate is gone, if another release is live
    than the one it was compared with, or if another promotion is in progress.
    """
    with promoting(root):
        carry_out(root)
        waits = waiting_round(read_decisions(root), number)
        if current(root) != waits.live:
            raise RunFolderError(
                f"Round {number} compared its candidate with release {waits.live}; release {current(root)} is live "
                "now, and nothing shows that the candidate is better than that.",
                f"bakeoff refuse DEPLOYMENT {number} --by NAME, then another round{_or_back(root, waits)}",
            )
        read_release(root, int(waits.candidate))
        decision = record(root, _followed(waits, "approved", by, f"{by.strip()} approved it."))
        carry_out(root)
    return decision


def _or_back(root: Path, waits: Decision) -> str:
    """How to go back to the release that a candidate was compared with; empty if it is gone."""
    if waits.live not in numbers(root):
        return ""
    return f", or go back with: bakeoff rollback DEPLOYMENT --to {waits.live}, then approve"


def refuse(root: Path, number: int, by: str, reason: str = "") -> Decision:
    """Closes a round that waits: its candidate is not served. `by` is the person who refuses."""
    with promoting(root):
        waits = waiting_round(read_decisions(root), number)
        return record(root, _followed(waits, "refused", by, reason or f"{by.strip()} refused it."))


def carry_out(root: Path) -> int | None:
    """Makes the release of the last promotion live if a kill or a full disk prevented it; gives its number.

    Nothing happens if another release was made live since, or if the release is gone.
    """
    decisions = read_decisions(root)
    last = next((of for of in reversed(decisions) if of.outcome in ("promote", "approved", "rolled back")), None)
    if last is None or last.outcome == "rolled back" or current(root) != last.live or last.live is None:
        return None
    number = int(last.candidate)
    if _was_live(root, number, last) or number not in numbers(root):
        return None
    make_current(root, number, f"round {last.round}: {last.reason}")
    prune(root)
    return number


def _was_live(root: Path, number: int, decision: Decision) -> bool:
    """Whether the release became live after the decision. The last line of the history may not have happened."""
    changes = [change for change in history(root) if change.at >= decision.at]
    happened = changes if changes and changes[-1].number == current(root) else changes[:-1]
    return any(change.number == number for change in happened)


def _check_turn(decisions: Sequence[Decision], of: GateRound, decided: GateDecision) -> None:
    number, level = next_round(decisions), level_of_next(decisions)
    if of.number != number or (decided.p is not None and abs(decided.level - level) > 1e-12):
        raise InputError(
            f"This is round {of.number} at level {decided.level:.3g}; the next one is round {number} at level "
            f"{level:.3g}: another round was decided since it began.",
            "run the round again: bakeoff learn DEPLOYMENT",
        )


def _written(root: Path, of: GateRound, decided: GateDecision, candidate: Candidate) -> int:
    """The number of the candidate's release. If it cannot be written, the test still counts."""
    try:
        return add_release(root, candidate.run, candidate.contenders, decided.reason).number
    except RunFolderError as error:
        words = f"It passed the gate, but its release could not be written: {error.message}"
        record(root, _decision(of, decided, "keep", candidate, words))
        raise


def _decision(
    of: GateRound,
    decided: GateDecision,
    outcome: Outcome,
    candidate: Candidate,
    reason: str = "",
    release: int | None = None,
) -> Decision:
    return Decision(
        round=of.number,
        live=of.live,
        candidate=str(candidate.run.folder.root if release is None else release),
        contender=candidate.contenders[0] if candidate.contenders else "",
        outcome=outcome,
        reason=reason or decided.reason,
        route=decided.route or "",
        level=decided.level,
        p=decided.p,
        difference=decided.difference,
        low=decided.low,
        high=decided.high,
        parts=decided.parts,
        facts=decided.facts,
        n_fresh=decided.n_fresh,
        more_questions=decided.more_questions,
        evidence=str(of.evidence or ""),
        evidence_sha256=hashlib.sha256(of.evidence.read_bytes()).hexdigest() if of.evidence else "",
        data_sha256=of.data_sha256,
    )


def _followed(waits: Decision, outcome: Outcome, by: str, reason: str) -> Decision:
    if not by.strip():
        raise InputError("The name of the person who decides is empty.", "give it with --by NAME")
    return Decision(
        round=waits.round,
        live=waits.live,
        candidate=waits.candidate,
        contender=waits.contender,
        outcome=outcome,
        reason=reason,
        by=by.strip(),
    )
