"""Whether the verdict still holds at the volume, mix of questions and cost per answer that use shows.

Takes the evidence of a release and what was measured in use. The pilot's own judging code decides again, on a profile
with the measured numbers; where the run was removed, the change of volume that turns the choice is read from the
verdict. Gives the same numbers to a new pilot (`learn/new_pilot.py`). This file holds no rule of its own. Knows no log.

Only what is served has a cost in use. So the new verdict compares its real tokens with those that the other contenders
had in the pilot; a new pilot measures them all again.
"""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from bakeoff.decide.cost.break_even import about
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.situation.profile_keys import FixedCost
from bakeoff.deployment_commands import command_on
from bakeoff.errors import BakeoffError
from bakeoff.learn.monitor.evidence import Evidence
from bakeoff.pilot.judge import judge
from bakeoff.records import Question, Record
from bakeoff.runs.folder import RunFolder
from bakeoff.sentences import percent, usd

LEAST_DAYS = 14
LEAST_QUESTIONS = 50
SAME_VOLUME = 1.2
"""A volume within this factor of the assumed one is not judged again: months differ that much."""
SAME_MIX = 0.05
SAME_COST = 1.2
"""A cost per answer within this factor of the one with the pilot's tokens is not judged again."""
LEAST_REVIEWED = 50
VOLUME, MIX = "queries_per_month", "slice_weights"
UNANSWERABLE = "unanswerable"


class InUse(Record):
    """What use shows: questions a month, measured over so many days, and reviewed questions of the random sample.

    `usd_per_answer` is what an answer costs, `expected_usd_per_answer` the same with the pilot's tokens.
    """

    queries_per_month: float
    days: int
    questions: int
    declined_share: float | None = None
    reviewed: int = 0
    unanswerable_share: float | None = None
    usd_per_answer: float | None = None
    expected_usd_per_answer: float | None = None


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
    usd_per_answer: float | None = None
    expected_usd_per_answer: float | None = None


def revisit(evidence: Evidence, use: InUse) -> Revisited:
    """The verdict with the numbers that use shows."""
    known, contender = evidence.judgement, evidence.release.contender
    if known is None:
        return Revisited(sentence="The release holds no verdict of this version, so there is nothing to compare with.")
    seen = Revisited(
        queries_per_month=use.queries_per_month,
        assumed_queries_per_month=known.profile.queries_per_month,
        unanswerable_share=use.unanswerable_share,
        assumed_unanswerable_share=mix_of(evidence.tested, evidence.profile).get(
            UNANSWERABLE, 0.0 if evidence.tested else None
        ),
        usd_per_answer=use.usd_per_answer,
        expected_usd_per_answer=use.expected_usd_per_answer,
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
        return _said(seen, f"Volume, mix and cost are about those that the verdict assumed: {_compared(seen)}.")
    if evidence.run is not None:
        return _by_run(evidence, evidence.run, seen, changes)
    if VOLUME in changes:
        return _by_verdict(evidence, seen)
    return _said(seen, f"The run is gone, so only another volume could be judged: {_compared(seen)}.")


def profile_in_use(profile: Profile, use: InUse, tested: Sequence[Question]) -> Profile:
    """The profile with the volume and the mix that use shows, as far as enough is known. `tested` will be tested."""
    update: dict[str, object] = {}
    if use.days >= LEAST_DAYS and use.questions >= LEAST_QUESTIONS:
        update[VOLUME] = _volume(use)
    if use.unanswerable_share is not None and use.reviewed >= LEAST_REVIEWED:
        update[MIX] = mix_of(tested, profile, use.unanswerable_share)
    return profile.model_copy(update={key: value for key, value in update.items() if value})


def mix_of(tested: Sequence[Question], profile: Profile, unanswerable: float | None = None) -> dict[str, float]:
    """The shares of the slices: the profile's, or else those of the test. Their sum is 1.

    With a share of unanswerable questions, they have this one and the others the rest; empty if the test lacks either.
    """
    counts = Counter(str(question.slice) for question in tested)
    weights = {name: profile.slice_weights.get(name, 0.0) if profile.slice_weights else n for name, n in counts.items()}
    total = sum(weights.values())
    shares = {name: weight / total for name, weight in weights.items()} if total else {}
    if unanswerable is None:
        return shares
    others = 1 - shares.get(UNANSWERABLE, 1.0)
    if UNANSWERABLE not in shares or not others:
        return {}
    rest = {name: (1 - unanswerable) * share / others for name, share in shares.items() if name != UNANSWERABLE}
    return {**rest, UNANSWERABLE: unanswerable}


def _changes(evidence: Evidence, use: InUse, seen: Revisited) -> dict[str, object]:
    """The keys of the profile that use contradicts, with the measured values."""
    changes: dict[str, object] = {}
    if _differ(use.queries_per_month, seen.assumed_queries_per_month, SAME_VOLUME):
        changes[VOLUME] = _volume(use)
    share, was = seen.unanswerable_share, seen.assumed_unanswerable_share
    if share is not None and was is not None and use.reviewed >= LEAST_REVIEWED and abs(share - was) > SAME_MIX:
        mix = mix_of(evidence.tested, evidence.profile, share)
        changes |= {MIX: mix} if mix else {}
    if use.usd_per_answer is not None and _differ(use.usd_per_answer, use.expected_usd_per_answer, SAME_COST):
        fixed, contender = evidence.profile.fixed, evidence.release.contender
        own = fixed.get(contender, FixedCost()).model_copy(update={"usd_per_query": float(f"{use.usd_per_answer:.2g}")})
        changes["fixed"] = {**fixed, contender: own}
    return changes


def _differ(real: float, assumed: float | None, factor: float) -> bool:
    return assumed is not None and max(real, assumed) > factor * min(real, assumed)


def _volume(use: InUse) -> float:
    return float(f"{use.queries_per_month:.2g}")


def _by_run(evidence: Evidence, run: RunFolder, seen: Revisited, changes: dict[str, object]) -> Revisited:
    """The verdict of the pilot's judging code on the run and the changed profile."""
    profile = evidence.profile.model_copy(update=changes)
    try:
        winner, decision = _judged(str(run.root), profile.model_dump_json())
    except BakeoffError as error:
        return _said(seen, f"The verdict could not be judged again: {error.message}")
    turned = (winner, decision == "ship") != (seen.winner, seen.decision == "ship")
    now = seen.model_copy(update={"winner": winner, "decision": decision, "judged": "run", "turned": turned})
    return _said(now, _verdict(now, seen, evidence.root))


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
    return _said(now, _verdict(now, seen, evidence.root))


def _verdict(now: Revisited, before: Revisited, root: Path) -> str:
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
        f"deployment's documents and questions: {pilot_again(root)}"
    )


def _compared(seen: Revisited) -> str:
    """The numbers, measured and assumed."""
    parts = [f"{about(seen.queries_per_month or 0)} questions a month, assumed "
             f"{about(seen.assumed_queries_per_month or 0)}"]  # fmt: skip
    if seen.unanswerable_share is not None and seen.assumed_unanswerable_share is not None:
        share, was = percent(seen.unanswerable_share), percent(seen.assumed_unanswerable_share)
        parts.append(f"{share} unanswerable among the reviewed, in the test {was}")
    if seen.usd_per_answer is not None and _differ(seen.usd_per_answer, seen.expected_usd_per_answer, SAME_COST):
        parts.append(
            f"{usd(seen.usd_per_answer)} an answer, with the pilot's tokens {usd(seen.expected_usd_per_answer or 0)}"
        )
    return "; ".join(parts)


def pilot_again(root: Path) -> str:
    """What runs the pilot again on what a deployment has become."""
    return command_on(root, "run --from")


def _said(seen: Revisited, sentence: str) -> Revisited:
    return seen.model_copy(update={"sentence": sentence})
