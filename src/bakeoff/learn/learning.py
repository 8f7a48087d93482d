"""One round of learning, from reviewed questions to the decision of the gate.

Takes a deployment's folder and reviewed questions. Builds and measures candidates, asks the gate, and makes the
candidate live if the gate lets it. A round that was interrupted goes on where it stopped. Prints nothing.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from bakeoff.errors import ConfigError, InputError, RunFolderError, disk_is_full
from bakeoff.files.room import room_remedy
from bakeoff.files.unreadable import reason_of
from bakeoff.learn.accounts.account import write_account
from bakeoff.learn.accounts.of_round import account_of_round
from bakeoff.learn.accounts.write import PAGE, write_pages
from bakeoff.learn.bounds import NO_LIMITS, Limits, bounded, counted_round
from bakeoff.learn.candidates import Dev, choose, measure_round, on_dev, tested
from bakeoff.learn.choice import Choice
from bakeoff.learn.decisions import level_of_next, needs_approval, next_round, read_decisions, uses, waiting
from bakeoff.learn.evidence import write_evidence
from bakeoff.learn.gate.gate import gate
from bakeoff.learn.gate.rotation import LEAST_FACTS, MOST_USES, Rotation, retired, rotation
from bakeoff.learn.gate.tested import GateDecision
from bakeoff.learn.promotion import Candidate, GateRound, carry_out, decide_promotion
from bakeoff.learn.reviewed import Reviewed
from bakeoff.learn.rounds import (
    Begun,
    Round,
    begin_round,
    is_from_use,
    known_questions,
    learning,
    prune_rounds,
    round_of,
    unfinished,
)
from bakeoff.measures import IN_DOMAIN
from bakeoff.pilot.stage_times import Event, Listener
from bakeoff.records import Question
from bakeoff.runs.run import Run
from bakeoff.serve.deployment import Deployment, open_deployment
from bakeoff.serve.log_entries import Decision


class Learned(NamedTuple):
    """What a round came to: its folder with the report, dev, the contender that was tested, the decision and its page.

    `candidate` is None if nothing was tested. `dev` is None where only the candidate of a round that passed before was
    made live.
    """

    round: Round
    dev: Dev | None
    candidate: str | None
    decision: Decision
    page: Path

    @property
    def report(self) -> Path:
        return self.round.folder.report_path

    @property
    def left_out(self) -> dict[str, str]:
        """The contenders that could not be built, with the reason."""
        return self.round.left_out


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

    If that one has passed, only its candidate is served now. With `require_approval` a candidate that passes waits for
    a person; None: if a person had the last word last time.

    The candidate is the contender that is best on dev, if it is better there than what is served, or the one that is
    named. Raises InputError if there is nothing new to learn or too little to test, ConfigError for a candidate that is
    not there, LimitReachedError when the time or the money is used up, RunFolderError if another round is in progress,
    and what the pilot raises. What is served stays as it is unless the gate decides otherwise.
    """
    begun = time.monotonic()
    with learning(root), _room(root):
        tell = listener or (lambda event: None)
        return _learned(root, reviewed, limits, candidate, require_approval, restart, tell, begun)


def _learned(
    root: Path,
    reviewed: Sequence[Reviewed],
    limits: Limits,
    candidate: str | None,
    require_approval: bool | None,
    restart: bool,
    tell: Listener,
    begun: float,
) -> Learned:
    """The round itself. Nobody else runs one meanwhile. `begun` is when this call began."""
    carried_out = carry_out(root)
    if carried_out is not None:
        return _passed_before(root, carried_out, tell)
    decisions = read_decisions(root)
    _check_none_waits(decisions)
    deployment = open_deployment(root)
    here = _round(deployment, reviewed, limits, restart, tell)
    facts = _facts_of(here, uses(decisions))
    _check(here, facts, candidate)
    for note in (*here.begun.notes, *_of_overused(facts)):
        tell(Event(stage="data", note=f"note: {note}"))
    within = bounded(tell, here.folder, limits, begun)
    with counted_round(here.folder, limits):
        run = measure_round(deployment, here, within)
        dev = on_dev(here, within)
    choice = _choice(here, dev, candidate)
    asks = needs_approval(decisions) if require_approval is None else require_approval
    decision = _decided(root, here, facts, choice, _candidate(run, dev, choice), asks)
    _tidy(root, here)
    return Learned(here, dev, choice.contender, decision, _pages(root, here, decision))


def _check_none_waits(decisions: Sequence[Decision]) -> None:
    """Raises InputError while a candidate waits for a person: the next one is compared with what they decide."""
    open_ = waiting(decisions)
    if open_:
        raise InputError(
            f"Round {open_[-1].round} passed the gate and waits for a person; another round would go past them.",
            f"bakeoff approve DEPLOYMENT {open_[-1].round} --by NAME, or bakeoff refuse DEPLOYMENT {open_[-1].round} "
            "--by NAME",
        )


@contextmanager
def _room(root: Path) -> Iterator[None]:
    """Says of a full disk what to do about it, whatever found it."""
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        if not disk_is_full(error):
            raise
        words = f"The round in {root} stopped, since nothing more could be written: {reason_of(error)}."
        raise RunFolderError(
            words, f"{room_remedy(error)}, then call bakeoff learn again, which goes on with the same round"
        ) from error


def _passed_before(root: Path, number: int, tell: Listener) -> Learned:
    """The round whose candidate has become live just now, as release `number`: a kill or a full disk prevented it."""
    passed = next(of for of in reversed(read_decisions(root)) if of.outcome in ("promote", "approved"))
    here = round_of(root, passed.round)
    tell(Event(stage="data", note=f"note: Round {passed.round} passed before; its candidate is served only now."))
    _tidy(root, here)
    decision = passed.model_copy(update={"candidate": str(number)})
    return Learned(here, None, None, decision, _pages(root, here, decision))


def _pages(root: Path, here: Round, decision: Decision) -> Path:
    """The decision's page. It was decided, so a folder that is gone or a full disk costs the page only."""
    if here.folder.root.is_dir():
        with suppress(OSError):
            return write_pages(root, here.folder, decision)
    return here.folder.root / PAGE


def _tidy(root: Path, here: Round) -> None:
    """Ends a decided round and removes old ones. It was decided, so that a full disk here matters to nobody."""
    with suppress(OSError, RunFolderError):
        here.end()
    to_write = [of.round for of in waiting(read_decisions(root)) if not of.candidate.isdecimal()]
    prune_rounds(root, but=to_write)


def _round(
    deployment: Deployment, reviewed: Sequence[Reviewed], limits: Limits, restart: bool, tell: Listener
) -> Round:
    """The round that was interrupted, or a new one."""
    here, decisions = unfinished(deployment.root), read_decisions(deployment.root)
    number = next_round(decisions)
    if here is not None:
        why_not = _why_not_again(here.begun, deployment.release.number, number, limits, restart)
        if not why_not:
            going_on = f"note: Going on with round {number}, which was interrupted.{_since(here, reviewed)}"
            tell(Event(stage="data", note=going_on))
            return here
        tell(Event(stage="data", note=f"note: Round {here.begun.number} {why_not}"))
    tested_facts = {question.fact for question in known_questions(deployment) if _is_tested(question)}
    of_training = retired(tested_facts, uses(decisions))
    begun = begin_round(deployment, number, reviewed, limits, of_training, decisions)
    if here is not None and here.folder.root != begun.folder.root:
        here.end()
    return begun


def _since(here: Round, reviewed: Sequence[Reviewed]) -> str:
    """What is said of reviews that came after a round began; empty if there are none."""
    n = len(reviewed) - here.begun.reviewed
    if n <= 0:
        return ""
    return f" {n} reviewed questions came later and count in the next round; --restart begins again with them."


def _why_not_again(begun: Begun, live: int, number: int, limits: Limits, restart: bool) -> str:
    """Why the round that was interrupted does not go on; empty if it does."""
    if begun.number != number:
        return "was decided."
    if begun.release != live:
        return f"is given up: release {begun.release} is no longer live."
    if restart:
        return "is given up: --restart."
    option = begun.differs_from(limits)
    return f"starts again: it was begun with another {option}." if option else ""


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


def _choice(here: Round, dev: Dev, candidate: str | None) -> Choice:
    """The contender that the gate decides about, or why there is none. Raises ConfigError if it could not be built."""
    names, left_out = [one.contender for one in dev.order], here.left_out
    if not names:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise ConfigError(
            f"No candidate could be built in round {here.begun.number}. {reasons}",
            "fix what the reasons name, then call bakeoff learn again; or name others with --contender",
        )
    if candidate is not None and candidate not in names:
        why = f": {left_out[candidate]}" if candidate in left_out else ""
        raise ConfigError(
            f"'{candidate}' was not built in this round{why}; there are: {', '.join(names)}.",
            "name one of them, or leave it out to take the best on dev",
        )
    return choose(here, dev) if candidate is None else Choice(candidate)


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
    evidence = write_evidence(root, here, choice.contender, both)
    return decide_promotion(
        root,
        GateRound(begun.number, begun.release, evidence, begun.data_sha256),
        decided,
        candidate,
        require_approval,
    )
