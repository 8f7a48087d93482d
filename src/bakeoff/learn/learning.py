"""One round of learning, from reviewed questions to the decision of the gate.

Takes a deployment's folder and reviewed questions. Builds and measures candidates, asks the gate, and makes the
candidate live if the gate lets it. A round that was interrupted goes on where it stopped. Prints nothing.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bakeoff.errors import ConfigError, InputError
from bakeoff.files import jsonl
from bakeoff.learn.bounds import NO_LIMITS, Limits, bounded
from bakeoff.learn.candidates import OnDev, measure_round, on_dev, tested
from bakeoff.learn.decisions import level_of_next, needs_approval, next_round, read_decisions, uses, waiting
from bakeoff.learn.gate.gate import gate
from bakeoff.learn.gate.rotation import MOST_USES, rotation
from bakeoff.learn.gate.tested import CANDIDATE, LIVE, Contestant, Tested
from bakeoff.learn.promotion import Candidate, GateRound, carry_out, decide_promotion
from bakeoff.learn.reviewed import Reviewed
from bakeoff.learn.rounds import Round, begin_round, is_from_use, prune_rounds, unfinished
from bakeoff.measures import IN_DOMAIN
from bakeoff.pilot.stages import Event, Listener
from bakeoff.records import Record
from bakeoff.runs.run import Run
from bakeoff.serve.deployment import Deployment, open_deployment
from bakeoff.serve.log_entries import Decision

EVIDENCE = "gate.jsonl"


class Learned(NamedTuple):
    """What a round came to: its folder with the report, the contenders' order on dev, and the decision."""

    round: Round
    on_dev: list[OnDev]
    decision: Decision

    @property
    def report(self) -> Path:
        return self.round.folder.report_path


def learn(
    root: Path,
    reviewed: Sequence[Reviewed],
    limits: Limits = NO_LIMITS,
    candidate: str | None = None,
    require_approval: bool | None = None,
    restart: bool = False,
    listener: Listener | None = None,
) -> Learned:
    """Runs a round, or goes on with the one that was interrupted, unless `restart` drops it.

    With `require_approval` a candidate that passes waits for a person; None: if a person had the last word last time.

    The candidate is the contender that is best on dev, or the one that is named. Raises InputError if there is nothing
    new to learn, ConfigError for a candidate that was not built, LimitReachedError when the time or the money is used
    up, and what the pilot raises. What is served stays as it is unless the gate decides otherwise.
    """
    begun = time.monotonic()
    tell = listener or (lambda event: None)
    carry_out(root)
    decisions = read_decisions(root)
    _check_none_waits(decisions)
    deployment = open_deployment(root)
    here = _round(deployment, reviewed, limits, restart, tell)
    for note in here.begun.notes:
        tell(Event(stage="data", note=f"note: {note}"))
    within = bounded(tell, here.folder, limits, begun)
    run = measure_round(deployment, here, within)
    order = on_dev(here, within)
    chosen = _chosen(order, candidate)
    asks = needs_approval(decisions) if require_approval is None else require_approval
    decision = _decided(root, here, run, chosen, [one.contender for one in order], asks)
    here.end()
    prune_rounds(root)
    return Learned(here, order, decision)


def _check_none_waits(decisions: Sequence[Decision]) -> None:
    """Raises InputError while a candidate waits for a person: the next one is compared with what they decide."""
    open_ = waiting(decisions)
    if open_:
        raise InputError(
            f"Round {open_[-1].round} passed the gate and waits for a person; another round would go past them.",
            f"bakeoff approve DEPLOYMENT {open_[-1].round} --by NAME, or bakeoff refuse DEPLOYMENT {open_[-1].round} "
            "--by NAME",
        )


def _round(
    deployment: Deployment, reviewed: Sequence[Reviewed], limits: Limits, restart: bool, tell: Listener
) -> Round:
    """The round that was interrupted, or a new one. One that compares with what is no longer live is given up."""
    here, decisions = unfinished(deployment), read_decisions(deployment.root)
    number = next_round(decisions)
    fits = here is not None and (here.begun.release, here.begun.number) == (deployment.release.number, number)
    if here is not None and fits and not restart:
        tell(
            Event(
                stage="data", note=f"note: Going on with round {number}, which was interrupted.{_since(here, reviewed)}"
            )
        )
        return here
    if here is not None:
        why = "--restart" if fits else f"release {here.begun.release} is no longer live"
        note = f"note: Round {here.begun.number} is given up: {why}."
        tell(Event(stage="data", note=note))
        here.end()
    retired = [fact for fact, n in uses(decisions).items() if n >= MOST_USES]
    return begin_round(deployment, number, reviewed, limits, retired, decisions)


def _since(here: Round, reviewed: Sequence[Reviewed]) -> str:
    """What is said of reviews that came after a round began; empty if there are none."""
    n = len(reviewed) - here.begun.reviewed
    if n <= 0:
        return ""
    return f" {n} reviewed questions came later and count in the next round; --restart begins again with them."


def _chosen(order: Sequence[OnDev], candidate: str | None) -> str:
    """The contender that the gate decides about."""
    names = [one.contender for one in order]
    if candidate is None and names:
        return names[0]
    if candidate not in names:
        raise ConfigError(
            f"'{candidate}' was not built in this round; there are: {', '.join(names) or 'none'}.",
            "name one of them, or leave it out to take the best on dev",
        )
    return str(candidate)


def _decided(
    root: Path, here: Round, run: Run, candidate: str, built: Sequence[str], require_approval: bool
) -> Decision:
    """Asks the gate, and does what it says."""
    decisions, begun = read_decisions(root), here.begun
    test = [question for question in here.prepared.of("test") if question.slice in IN_DOMAIN]
    from_use = {question.fact for question in test if is_from_use(question)}
    facts = rotation(from_use, {question.fact for question in test} - from_use, uses(decisions), begun.number)
    both = tested(here, candidate, facts.facts, facts.fresh)
    decided = gate(both, here.folder.config().profile, level_of_next(decisions))
    evidence = here.folder.root / EVIDENCE
    jsonl.write(evidence, [*_graded(LIVE, both, both.live), *_graded(CANDIDATE, both, both.candidate)])
    contenders = (candidate, *(name for name in built if name != candidate))
    return decide_promotion(
        root,
        GateRound(begun.number, begun.release, evidence, begun.data_sha256),
        decided,
        Candidate(run, contenders),
        require_approval,
    )


class GradedAnswer(Record):
    """A line of gate.jsonl: how one answer was graded. `right` is .5 if it can be called neither right nor wrong."""

    who: str
    question_id: str
    fact: str
    right: float | None
    declined: bool


def _graded(who: str, both: Tested, of: Contestant) -> list[GradedAnswer]:
    return [
        GradedAnswer(
            who=who,
            question_id=question.id,
            fact=question.fact,
            right=of.correct.values.get(question.id),
            declined=bool(of.abstained.values.get(question.id)),
        )
        for question in both.questions
    ]
