"""From the gate's word to what is served: the decision is written down, then the release is made live.

Takes what the gate decided and the candidate's run, gives the `Decision` of the log. Changes the deployment only by
`serve/releases.py`. Knows nothing about how candidates were built or tested.

The order makes a kill harmless: the candidate is written as a release, which changes nothing that is served; the
decision goes into the log; the pointer changes. So nothing is ever live without its decision, and a test that was made
is always counted. A promotion that was written down but not carried out is carried out by the next call (`carry_out`).
If there was no room for the release, the decision stands, and the release is what remains to be written.
"""

import errno
import hashlib
import logging
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bakeoff.errors import BakeoffError, InputError, RunFolderError
from bakeoff.learn.decisions import level_of_next, next_round, read_decisions, record, waiting, waiting_round
from bakeoff.learn.gate.tested import GateDecision
from bakeoff.runs.folder import RunFolder
from bakeoff.runs.run import Run
from bakeoff.serve.log_entries import Decision, Outcome
from bakeoff.serve.releases import (
    add_release,
    current,
    history,
    make_current,
    note_live,
    numbers,
    promoting,
    prune,
    read_release,
    releases,
    remove_release,
)

_log = logging.getLogger(__name__)


class Candidate(NamedTuple):
    """The run that a candidate was built in, and the contenders to serve, the default one first."""

    run: Run
    contenders: tuple[str, ...]


class GateRound(NamedTuple):
    """A round of the gate: its number, the release that was live in the test, and the file with what was measured.

    The file holds both contenders' answers and grades. Its path and its checksum stand in the decision. `data_sha256`
    stands for the data that the round had.
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
    progress or the candidate's release could not be written. For lack of room it is written later; if it is no longer
    what was measured, the test counts, and the candidate is not served.
    """
    with promoting(root):
        carry_out(root)
        _check_turn(read_decisions(root), of, decided)
        if not decided.promote:
            return record(root, _decision(root, of, decided, "keep", candidate))
        if current(root) != of.live:
            kept = f"The test compared it with release {of.live}; release {current(root)} is live now."
            return record(root, _decision(root, of, decided, "keep", candidate, kept))
        outcome: Outcome = "waits" if require_approval else "promote"
        note_live(root)
        try:
            number = add_release(root, candidate.run, candidate.contenders, decided.reason).number
        except RunFolderError as error:
            raise _not_written(root, _decision(root, of, decided, outcome, candidate), candidate, error) from error
        decision = record(root, _decision(root, of, decided, outcome, candidate, release=number))
        carry_out(root)
    return decision


def _not_written(root: Path, decision: Decision, candidate: Candidate, error: RunFolderError) -> RunFolderError:
    """Writes down what passed without a release, and gives what is said of it."""
    words = f"Round {decision.round} passed the gate, but its release could not be written: {error.message}"
    if not _lacks_room(error):
        record(root, decision.model_copy(update={"outcome": "keep", "reason": words}))
        return RunFolderError(words, error.remedy)
    record(root, decision.model_copy(update={"contenders": candidate.contenders}))
    by = f"approve DEPLOYMENT {decision.round} --by NAME" if decision.outcome == "waits" else "learn DEPLOYMENT"
    then = f"{error.remedy.removesuffix(', then retry')}, then call: bakeoff {by}, which only writes the release"
    return RunFolderError(f"{words} The decision is kept.", then)


def _lacks_room(error: RunFolderError) -> bool:
    """Whether the system could not write: a full disk, or a folder that may not be written. It can be tried again.

    What is missing does not come back by trying again. Copying folders collects the messages of its errors.
    """
    cause = error.__cause__
    is_gone = isinstance(cause, FileNotFoundError | NotADirectoryError) or (
        isinstance(cause, shutil.Error) and os.strerror(errno.ENOENT) in str(cause)
    )
    return isinstance(cause, OSError) and not is_gone


def _place(root: Path, path: Path) -> str:
    """A path as the log holds it: relative to the deployment if it is in it, so that both can be moved."""
    absolute = path.resolve()
    return str(absolute.relative_to(root.resolve()) if absolute.is_relative_to(root.resolve()) else path)


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
        _check_name(by)
        number_of_release = _release_written(root, waits)
        if number_of_release is None:
            raise RunFolderError(
                f"The candidate of round {number} is gone: {root / waits.candidate}.",
                "refuse it and run another round: bakeoff learn DEPLOYMENT",
            )
        read_release(root, number_of_release)
        followed = _followed(waits, "approved", by, f"{by.strip()} approved it.")
        note_live(root)
        decision = record(root, followed.model_copy(update={"candidate": str(number_of_release)}))
        carry_out(root)
    return decision


def _or_back(root: Path, waits: Decision) -> str:
    """How to go back to the release that a candidate was compared with; empty if it is gone."""
    if waits.live not in numbers(root):
        return ""
    return f", or go back with: bakeoff rollback DEPLOYMENT --to {waits.live}, then approve"


def refuse(root: Path, number: int, by: str, reason: str = "") -> Decision:
    """Closes a round that waits: its candidate is not served, and its release is removed.

    `by` is the person who refuses.
    """
    with promoting(root):
        waits = waiting_round(read_decisions(root), number)
        decision = record(root, _followed(waits, "refused", by, reason or f"{by.strip()} refused it."))
        if waits.candidate.isdecimal():
            remove_release(root, int(waits.candidate))
    return decision


def carry_out(root: Path) -> int | None:
    """Makes the candidate of the last promotion live if a kill or a full disk prevented it; gives its release's number.

    Its release is written if there was no room for it. Nothing happens if another release was made live since, or if
    the candidate is gone. Raises RunFolderError if there is still no room, or another promotion is in progress.
    """
    last = _last_promotion(read_decisions(root))
    if last is None or last.live is None or current(root) != last.live:
        return None
    with promoting(root):
        try:
            number = _release_written(root, last)
        except RunFolderError as error:
            if _lacks_room(error):
                raise
            words = f"It passed the gate, but its release could not be written: {error.message}"
            record(
                root, Decision(round=last.round, live=last.live, candidate=last.candidate, outcome="keep", reason=words)
            )
            return None
        if number is None or _was_live(root, number, last):
            return None
        make_current(root, number, f"round {last.round}: {last.reason}")
        _remove_old(root)
    return number


def _last_promotion(decisions: Sequence[Decision]) -> Decision | None:
    """The last decision that something is to be served, if no rollback and no failure followed."""
    given_up = set()
    for of in reversed(decisions):
        if of.outcome == "rolled back":
            return None
        if of.outcome in ("promote", "approved"):
            return None if of.round in given_up else of
        if of.outcome == "keep":
            given_up.add(of.round)
    return None


def release_of(root: Path, decision: Decision) -> int | None:
    """The number of the release of what passed. None if nothing did, or if its release is not written or is gone."""
    if decision.outcome not in ("promote", "waits", "approved"):
        return None
    if decision.candidate.isdecimal():
        return int(decision.candidate) if int(decision.candidate) in numbers(root) else None
    run = Run(RunFolder(root / decision.candidate))
    written = (of for of in releases(root) if of.created >= decision.at and of.is_of(run, decision.contenders))
    return next((of.number for of in written), None)


def _release_written(root: Path, decision: Decision) -> int | None:
    """The same; it is written now if there was no room for it. None if the candidate is gone."""
    number, folder = release_of(root, decision), RunFolder(root / decision.candidate)
    if number is not None or decision.candidate.isdecimal() or not folder.comparison_path.exists():
        return number
    try:
        return add_release(root, Run(folder), decision.contenders, decision.reason).number
    except RunFolderError as error:
        words = f"Round {decision.round} passed the gate, but its release could still not be written: {error.message}"
        raise RunFolderError(words, error.remedy) from error.__cause__


def _remove_old(root: Path) -> None:
    """Removes old releases. The promotion has happened, so a failure is only noted."""
    try:
        waits = [of.candidate for of in waiting(read_decisions(root))]
        prune(root, but=[int(number) for number in waits if number.isdecimal()])
    except BakeoffError as error:
        _log.warning("Old releases could not be removed: %s", error)


def _was_live(root: Path, number: int, decision: Decision) -> bool:
    """Whether the release became live after the decision, or this cannot be known since the history was lost.

    The last line of the history may not have happened.
    """
    changes = history(root)
    if not any(change.at <= decision.at for change in changes):
        return True
    later = [change for change in changes if change.at >= decision.at]
    happened = later if later and later[-1].number == current(root) else later[:-1]
    return any(number in (change.number, change.before) for change in happened)


def _check_turn(decisions: Sequence[Decision], of: GateRound, decided: GateDecision) -> None:
    number, level = next_round(decisions), level_of_next(decisions)
    if of.number != number or (decided.p is not None and abs(decided.level - level) > 1e-12):
        raise InputError(
            f"This is round {of.number} at level {decided.level:.3g}; the next one is round {number} at level "
            f"{level:.3g}: another round was decided since it began.",
            "run the round again: bakeoff learn DEPLOYMENT",
        )


def _decision(
    root: Path,
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
        candidate=_place(root, candidate.run.folder.root) if release is None else str(release),
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
        evidence=_place(root, of.evidence) if of.evidence else "",
        evidence_sha256=hashlib.sha256(of.evidence.read_bytes()).hexdigest() if of.evidence else "",
        data_sha256=of.data_sha256,
    )


def _followed(waits: Decision, outcome: Outcome, by: str, reason: str) -> Decision:
    _check_name(by)
    return Decision(
        round=waits.round,
        live=waits.live,
        candidate=waits.candidate,
        contender=waits.contender,
        outcome=outcome,
        reason=reason,
        by=by.strip(),
    )


def _check_name(by: str) -> None:
    if not by.strip():
        raise InputError("The name of the person who decides is empty.", "give it with --by NAME")
