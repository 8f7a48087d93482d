"""Which facts a round of the gate tests: fresh ones first, then those used least often, none too often.

Takes facts and how often each was used, gives the facts of a round. Knows nothing about questions or answers. A fact
that decided often says less each time: candidates that passed are those that suit it. So each takes part in at most
`MOST_USES` rounds. Facts used equally often come in an order that the round's number draws.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

MOST_FACTS = 300
MOST_USES = 10


class Rotation(NamedTuple):
    """The facts of a round, in the order they were chosen, and those that the gate uses no more.

    Retired facts may become training data: nothing tests with them.
    """

    fresh: tuple[str, ...]
    standing: tuple[str, ...]
    retired: tuple[str, ...]

    @property
    def facts(self) -> tuple[str, ...]:
        return (*self.fresh, *self.standing)


def rotation(
    reviewed: Collection[str], standing: Collection[str], uses: Mapping[str, int], number: int, n: int = MOST_FACTS
) -> Rotation:
    """The facts of the round with this number, at most n.

    `reviewed` are those of reviewed questions, fresh until a round used them; `standing` are those of the test set.
    `uses` is in how many rounds each took part.
    """
    known = set(reviewed)
    every = dict.fromkeys((*reviewed, *standing))
    usable = [fact for fact in every if uses.get(fact, 0) < MOST_USES]
    fresh = _in_turn((fact for fact in usable if fact in known and not uses.get(fact)), uses, number)[:n]
    used = set(fresh)
    others = _in_turn((fact for fact in usable if fact not in used), uses, number)[: n - len(fresh)]
    retired = sorted(fact for fact in every if uses.get(fact, 0) >= MOST_USES)
    return Rotation(tuple(fresh), tuple(others), tuple(retired))


def _in_turn(facts: Iterable[str], uses: Mapping[str, int], number: int) -> list[str]:
    return sorted(facts, key=lambda fact: (uses.get(fact, 0), _drawn(fact, number)))


def _drawn(fact: str, number: int) -> str:
    return hashlib.sha256(f"{number}\0{fact}".encode()).hexdigest()
