"""Whether the verdict still holds at the volume and mix of questions that use shows.

Takes the evidence of a release and what was measured in use. The pilot's own judging code decides again, on a profile
with the measured numbers; where the run was removed, the change of volume that turns the choice is read from the
verdict. This file holds no rule of its own. Knows no log.
"""

from collections import Counter
from functools import lru_cache
from pathlib import Path

from bakeoff.decide.cost.break_even import about
from bakeoff.decide.situation.profile import Profile
from bakeoff.errors import BakeoffError
from bakeoff.learn.monitor.evidence import Evidence
from bakeoff.pilot.judge import judge
from bakeoff.records import Record
from bakeoff.runs.folder import RunFolder
from bakeoff.sentences import percent

LEAST_DAYS = 14
LEAST_QUESTIONS = 50
SAME_VOLUME = 1.2
"""A volume within this factor of the assumed one is not judged again: months differ that much."""
SAME_MIX = 0.05
LEAST_REVIEWED = 50
VOLUME = "queries_per_month"


class InUse(Record):
    """What use shows: questions a month, measured over so many days, and reviewed questions of the random sample."""

    queries_per_month: float
    days: int
    questions: int
    declined_share: float | None = None
    reviewed: int = 0
    unanswerable_share: float | None = None


class Revisited(Record):
    """`turned`: with the measured numbers the verdict would be another one; `sentence` says which, and what to do.

    `winner` and `decision` are those of the verdict now. `judged` says by what: 'run', 'verdict' (the run is gone), or
    '' if nothing differs enough or too little is known.
    """

    turned: bool = False
    judged: str = ""
    sentence: str = ""
    winner: str | None = None
    decision: str | None = None
    queries_per_month: float | None = None
    assumed_queries_per_month: float | None = None
    unanswerable_share: float | None = None
    assumed_unanswerable_share: float | None = None
    declined_share: float | None = None
    assumed_declined_share: float | None = None


def revisit(evidence: Evidence, use: InUse) -> Revisited:
    """The verdict with the numbers that use shows."""
    known, contender = evidence.judgement, evidence.release.contender
    if known is None:
        return Revisited(sentence="The release holds no verdict of this version, so there is nothing to compare with.")
    seen = Revisited(
        queries_per_month=use.queries_per_month,
        assumed_queries_per_month=known.profile.queries_per_month,
        unanswerable_share=use.unanswerable_share,
        assumed_unanswerable_share=_unanswerable(evidence),
        declined_share=use.declined_share,
        assumed_declined_share=evidence.estimate(contender, "abstention").value,
        winner=known.winner,
        decision=known.decision,
    )
    if use.days < LEAST_DAYS or use.questions < LEAST_QUESTIONS:
        return _said(seen, f"Too little use yet: the verdict is compared from {LEAST_DAYS} days and {LEAST_QUESTIONS} "
                           "questions on.")  # fmt: skip
    changes = _changes(evidence, use, seen)
    if not changes:
        return _said(seen, f"Volume and mix are about those that the verdict assumed: {_compared(seen)}.")
    if evidence.run is not None:
        return _by_run(evidence, evidence.run, seen, changes)
    return _by_verdict(evidence, seen) if VOLUME in changes else _said(seen, "The run is gone: the mix is not judged.")


def _changes(evidence: Evidence, use: InUse, seen: Revisited) -> dict[str, object]:
    """The keys of the profile that use contradicts, with the measured values."""
    assumed = seen.assumed_queries_per_month or 0.0
    changes: dict[str, object] = {}
    if max(use.queries_per_month, assumed) > SAME_VOLUME * min(use.queries_per_month, assumed):
        changes[VOLUME] = float(f"{use.queries_per_month:.2g}")
    share, was = seen.unanswerable_share, seen.assumed_unanswerable_share
    if share is not None and was is not None and use.reviewed >= LEAST_REVIEWED and abs(share - was) > SAME_MIX:
        changes["slice_weights"] = _mix(evidence, share)
    return changes


def _mix(evidence: Evidence, unanswerable: float) -> dict[str, float]:
    """The weights of the slices with this share of unanswerable questions, the others as in the test."""
    counts = Counter(str(question.slice) for question in evidence.tested)
    others = sum(n for name, n in counts.items() if name != "unanswerable")
    weights = {name: (1 - unanswerable) * n / others for name, n in counts.items() if name != "unanswerable"}
    return {**weights, "unanswerable": unanswerable} if counts["unanswerable"] else weights


def _by_run(evidence: Evidence, run: RunFolder, seen: Revisited, changes: dict[str, object]) -> Revisited:
    """The verdict of the pilot's judging code on the run and the changed profile."""
    profile = evidence.profile.model_copy(update=changes)
    try:
        winner, decision = _judged(str(run.root), profile.model_dump_json())
    except BakeoffError as error:
        return _said(seen, f"The verdict could not be judged again: {error.message}")
    turned = (winner, decision == "ship") != (seen.winner, seen.decision == "ship")
    now = seen.model_copy(update={"winner": winner, "decision": decision, "judged": "run", "turned": turned})
    return _said(now, _verdict(now, seen, evidence.name))


@lru_cache(maxsize=8)
def _judged(root: str, profile: str) -> tuple[str | None, str]:
    """Winner and decision. Judging takes seconds, and the server asks again and again."""
    verdict = judge(RunFolder(Path(root)), Profile.model_validate_json(profile))
    return verdict.winner, verdict.decision


def _by_verdict(evidence: Evidence, seen: Revisited) -> Revisited:
    """Whether the volume is beyond the one that turns the choice, as the verdict's sensitivity says."""
    assert evidence.judgement is not None
    real = seen.queries_per_month or 0.0
    flips = [flip for flip in evidence.judgement.sensitivity.flips if flip.input == VOLUME]
    beyond = [flip for flip in flips if (real >= flip.becomes if flip.factor > 1 else real <= flip.becomes)]
    if not beyond:
        return _said(seen.model_copy(update={"judged": "verdict"}), f"The verdict holds: {_compared(seen)}.")
    now = seen.model_copy(update={"judged": "verdict", "turned": True, "winner": beyond[0].winner})
    return _said(now, _verdict(now, seen, evidence.name))


def _verdict(now: Revisited, before: Revisited, name: str) -> str:
    if not now.turned:
        return f"The verdict holds with the measured numbers: {_compared(now)}."
    winner = f"'{now.winner}'" if now.winner else "none of the contenders"
    was = f"'{before.winner}'" if before.winner else "none"
    change = (
        f"would choose {winner} in place of {was}"
        if now.winner != before.winner
        else f"would still choose {winner}, but its decision would be '{now.decision}' in place of '{before.decision}'"
    )
    return (
        f"The verdict {change}, since use differs from what it assumed: {_compared(now)}. Run the pilot again on the "
        f"deployment's documents and questions: bakeoff learn {name}"
    )


def _compared(seen: Revisited) -> str:
    """The numbers, measured and assumed."""
    parts = [f"{about(seen.queries_per_month or 0)} questions a month, assumed "
             f"{about(seen.assumed_queries_per_month or 0)}"]  # fmt: skip
    if seen.unanswerable_share is not None and seen.assumed_unanswerable_share is not None:
        share, was = percent(seen.unanswerable_share), percent(seen.assumed_unanswerable_share)
        parts.append(f"{share} unanswerable among the reviewed, in the test {was}")
    return "; ".join(parts)


def _unanswerable(evidence: Evidence) -> float | None:
    tested = evidence.tested
    return sum(question.slice == "unanswerable" for question in tested) / len(tested) if tested else None


def _said(seen: Revisited, sentence: str) -> Revisited:
    return seen.model_copy(update={"sentence": sentence})
