"""The decisions about candidates, as the log of a deployment holds them: what was decided, what that spent.

Takes a deployment's folder or its decisions, gives rounds, levels and uses of facts. All of it is read from the log,
so no other file has to agree with it. Knows no model.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from bakeoff.errors import InputError
from bakeoff.learn.gate.spending import Spent, next_level
from bakeoff.sentences import listed
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import TESTS, Decision
from bakeoff.serve.releases import current

LOG = "log.sqlite"


def read_decisions(root: Path) -> list[Decision]:
    """All decisions of a deployment, the oldest first. Raises RunFolderError if there is no deployment."""
    current(root)
    with Log(root / LOG) as log:
        return list(log.entries(Decision))


def record(root: Path, decision: Decision) -> Decision:
    """Writes a decision into the deployment's log and returns it when it is on the disk."""
    with Log(root / LOG) as log:
        log.append(decision)
    return decision


def rounds(decisions: Sequence[Decision]) -> list[Decision]:
    """The rounds of the gate, the oldest first, without what became of them later."""
    return [decision for decision in decisions if decision.outcome in TESTS]


def tests(decisions: Sequence[Decision]) -> list[Decision]:
    """The rounds in which something was tested: those that had all that a test needs."""
    return [decision for decision in rounds(decisions) if decision.p is not None]


def spent(decisions: Sequence[Decision]) -> list[Spent]:
    """The tests that were made, each with its level."""
    return [Spent(of.p, of.level) for of in tests(decisions) if of.p is not None and of.level is not None]


def level_of_next(decisions: Sequence[Decision]) -> float:
    """The level of the next test."""
    return next_level(spent(decisions))


def next_round(decisions: Sequence[Decision]) -> int:
    """The number of the next round."""
    return max((decision.round for decision in decisions), default=0) + 1


def uses(decisions: Sequence[Decision]) -> Mapping[str, int]:
    """In how many tests each fact took part."""
    return Counter(fact for decision in tests(decisions) for fact in decision.facts)


def waiting(decisions: Sequence[Decision]) -> list[Decision]:
    """The rounds whose promotion waits for a person, the oldest first."""
    closed = {decision.round for decision in decisions if decision.outcome in ("approved", "refused")}
    return [of for of in rounds(decisions) if of.outcome == "waits" and of.round not in closed]


def decided_on(decisions: Sequence[Decision], data_sha256: str) -> Decision | None:
    """The last round that decided on exactly these data, None if there is none."""
    return next((of for of in reversed(rounds(decisions)) if of.data_sha256 == data_sha256), None)


def needs_approval(decisions: Sequence[Decision]) -> bool:
    """Whether a person has the last word on the next promotion: one has approved, refused or taken back the last one.

    A rollback says that the measures missed something, so the next candidate does not go live by measures alone.
    """
    last = next((of.outcome for of in reversed(decisions) if of.outcome != "keep"), None)
    return last not in (None, "promote")


def round_of(decisions: Sequence[Decision], number: int, listing: str) -> Decision:
    """The decision of the gate in this round. Raises InputError if there is none; `listing` is what lists them."""
    there = {decision.round: decision for decision in reversed(rounds(decisions))}  # the first: what the gate said
    if number not in there:
        known = listed([str(one) for one in there])
        raise InputError(
            f"There is no round {number}; there are: {known or 'none'}.",
            f"name one of them; see: {listing}" if known else "no candidate was tested yet",
        )
    return there[number]


def later(decisions: Sequence[Decision], of: Decision) -> list[Decision]:
    """What became of the same round afterwards, the oldest first: what people decided, or why it is not served."""
    after = decisions[decisions.index(of) + 1 :] if of in decisions else decisions
    return [one for one in after if one.round == of.round and one.outcome in ("approved", "refused", "keep")]


def waiting_round(decisions: Sequence[Decision], number: int) -> Decision:
    """The round with this number. Raises InputError if it does not wait for a person."""
    there = {decision.round: decision for decision in waiting(decisions)}
    if number in there:
        return there[number]
    last = next((decision for decision in reversed(decisions) if decision.round == number), None)
    by = f" by {last.by}" if last and last.by else ""
    state = f"its outcome is '{last.outcome}'{by}" if last else "there is no such round"
    open_ = listed([str(one) for one in there])
    raise InputError(
        f"Round {number} does not wait for an approval: {state}.",
        f"name one that does: {open_}" if there else "none does; see: bakeoff decisions DEPLOYMENT",
    )


def record_rollback(root: Path, live: int, release: int, reason: str, by: str = "") -> Decision:
    """Writes that the deployment went back from the live release to an earlier one."""
    words = reason or f"Release {release} was made live again in place of release {live}."
    return record(
        root, Decision(round=0, live=live, candidate=str(release), outcome="rolled back", reason=words, by=by)
    )
