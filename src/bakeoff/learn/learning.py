"""One round of learning, from reviewed questions to the decision of the gate.

Takes a deployment's folder and reviewed questions. Builds and measures candidates, asks the gate, and makes the
candidate live if the gate lets it. A round that was interrupted goes on where it stopped. Prints nothing.
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bakeoff.errors import ConfigError, InputError
from bakeoff.files import jsonl
from bakeoff.learn.accounts.account import write_account
from bakeoff.learn.accounts.of_round import account_of_round
from bakeoff.learn.accounts.write import write_pages
from bakeoff.learn.bounds import NO_LIMITS, Limits, bounded
from bakeoff.learn.candidates import Dev, choose, measure_round, on_dev, tested
from bakeoff.learn.choice import Choice
from bakeoff.learn.decisions import level_of_next, needs_approval, next_round, read_decisions, uses, waiting
from bakeoff.learn.gate.gate import gate
from bakeoff.learn.gate.rotation import LEAST_FACTS, MOST_USES, Rotation, retired, rotation
from bakeoff.learn.gate.tested import CANDIDATE, LIVE, Contestant, GateDecision, Tested
from bakeoff.learn.promotion import Candidate, GateRound, carry_out, decide_promotion
from bakeoff.learn.reviewed import Reviewed
from bakeoff.learn.rounds import Round, begin_round, is_from_use, known_questions, prune_rounds, unfinished
from bakeoff.measures import IN_DOMAIN
from bakeoff.pilot.stages import Event, Listener
from bakeoff.records import Question, Record
from bakeoff.runs.run import Run
from bakeoff.serve.deployment import Deployment, open_deployment
from bakeoff.serve.log_entries import Decision

EVIDENCE = "gate.jsonl"


class Learned(NamedTuple):
    """What a round came to: its folder with the report, dev, the contender that was tested, the decision and its page.

    `candidate` is None if nothing was tested.
    """

    round: Round
    dev: Dev
    candidate: str | None
    decision: Decision
    page: Path

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

    The candidate is the contender that is best on dev, if it is better there than what is served, or the one that is
    named. Raises InputError if there is nothing new to learn or too little to test, ConfigError for a candidate that is
    not there, LimitReachedError when the time or the money is used up, and what the pilot raises. What is served stays
    as it is unless the gate decides otherwise.
    """
    begun = time.monotonic()
    tell = listener or (lambda event: None)
    carry_out(root)
    decisions = read_decisions(root)
    _check_none_waits(decisions)
    deployment = open_deployment(root)
    here = _round(deployment, reviewed, limits, restart, tell)
    facts = _facts_of(here, uses(decisions))
    _check(here, facts, candidate)
    for note in (*here.begun.notes, *_of_overused(facts)):
        tell(Event(stage="data", note=f"note: {note}"))
    within = bounded(tell, here.folder, limits, begun)
    run = measure_round(deployment, here, within)
    dev = on_dev(here, within)
    choice = choose(here, dev) if candidate is None else Choice(_built(dev, candidate))
    asks = needs_approval(decisions) if require_approval is None else require_approval
    decision = _decided(root, here, facts, choice, _candidate(run, dev, choice), asks)
    here.end()
    prune_rounds(root)
    return Learned(here, dev, choice.contender, decision, write_pages(root, here.folder, decision))


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
    tested_facts = {question.fact for question in known_questions(deployment) if _is_tested(question)}
    return begin_round(deployment, number, reviewed, limits, retired(tested_facts, uses(decisions)), decisions)


def _since(here: Round, reviewed: Sequence[Reviewed]) -> str:
    """What is said of reviews that came after a round began; empty if there are none."""
    n = len(reviewed) - here.begun.reviewed
    if n <= 0:
        return ""
    return f" {n} reviewed questions came later and count in the next round; --restart begins again with them."


def _is_tested(question: Question) -> bool:
    return question.split == "test" and question.slice in IN_DOMAIN


def _facts_of(here: Round, used: Mapping[str, int]) -> Rotation:
    """The facts that the gate uses in a round. `used` says in how many tests each took part."""
    test = [question for question in here.prepared.questions if _is_tested(question)]
    from_use = {question.fact for question in test if is_from_use(question)}
    return rotation(from_use, {question.fact for question in test} - from_use, used, here.begun.number)


def _check(here: Round, facts: Rotation, candidate: str | None) -> None:
    """Before anything is built: whether the gate can decide, and whether the candidate is there.

    Raises InputError for too few facts: then this round is over. Raises ConfigError for a candidate of another name.
    """
    names = [spec.name for spec in here.folder.config().specs if spec.name != here.begun.live]
    if candidate is not None and candidate not in names:
        raise ConfigError(
            f"'{candidate}' is not among the contenders of round {here.begun.number}: {', '.join(names) or 'none'}.",
            "name one of them, or leave it out to take the best on dev",
        )
    n = len(facts.facts)
    if n < LEAST_FACTS:
        here.end()
        raise InputError(
            f"The test of round {here.begun.number} has {n} facts; the gate needs at least {LEAST_FACTS}.",
            "review more of the weekly random sample (bakeoff review DEPLOYMENT), or label new questions and serve a "
            "run with them",
        )


def _of_overused(facts: Rotation) -> list[str]:
    """A note on test facts that should not decide any more."""
    if not facts.overused:
        return []
    return [
        f"{len(facts.overused)} test facts decided in {MOST_USES} rounds or more and say less each time, but too few "
        "others are there to leave them out. Review more of the weekly random sample, or label new questions."
    ]


def _built(dev: Dev, candidate: str) -> str:
    """The contender of this name. Raises ConfigError if it could not be built."""
    names = [one.contender for one in dev.order]
    if candidate not in names:
        raise ConfigError(
            f"'{candidate}' was not built in this round; there are: {', '.join(names) or 'none'}.",
            "name one of them, or leave it out to take the best on dev",
        )
    return candidate


def _candidate(run: Run, dev: Dev, choice: Choice) -> Candidate:
    """What would be served: the contender that is tested first."""
    names = [one.contender for one in dev.order]
    return Candidate(run, tuple(sorted(names, key=lambda name: name != choice.contender)))


def _decided(
    root: Path, here: Round, facts: Rotation, choice: Choice, candidate: Candidate, require_approval: bool
) -> Decision:
    """Asks the gate, and does what it says. If nothing is to be tested, what is served stays and no error is spent."""
    begun, level = here.begun, level_of_next(read_decisions(root))
    if choice.contender is None:
        kept = GateDecision(promote=False, reasons=(choice.reason,), level=level)
        return decide_promotion(
            root, GateRound(begun.number, begun.release, data_sha256=begun.data_sha256), kept, candidate
        )
    both = tested(here, choice.contender, facts.facts, facts.fresh)
    decided = gate(both, here.folder.config().profile, level)
    write_account(root, account_of_round(here, choice.contender, both, decided))
    evidence = here.folder.root / EVIDENCE
    jsonl.write(evidence, [*_graded(LIVE, both, both.live), *_graded(CANDIDATE, both, both.candidate)])
    return decide_promotion(
        root,
        GateRound(begun.number, begun.release, evidence, begun.data_sha256),
        decided,
        candidate,
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
