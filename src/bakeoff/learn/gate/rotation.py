"""Which facts a round of the gate tests: fresh ones first, then those used least often, never the same ones each time.

Takes facts and how often each was used, gives the facts of a round. Knows nothing about questions or answers. A fact
that decided often says less each time: candidates that passed are those that suit it. So a round draws at most `SHARE`
of the facts that were used before, and a fact that was used in `MOST_USES` rounds retires if `LEAST_LEFT` others stay.
Facts used equally often come in an order that the round's number draws.
"""

import hashlib
import math
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

MOST_FACTS = 300
MOST_USES = 10
SHARE = 0.8
"""Of the facts that were used before, a round draws at most this share: no fact decides every round."""
LEAST_FACTS = 30
"""With fewer facts nothing is tested, as for a verdict."""
LEAST_LEFT = MOST_FACTS
"""No fact retires if fewer would stay: a small test that is used often says more than none."""


class Rotation(NamedTuple):
    """The facts of a round, in the order they were chosen.

    `overused` are facts that would have retired if there were more, of all that were given.
    """

    fresh: tuple[str, ...]
    standing: tuple[str, ...]
    overused: tuple[str, ...] = ()

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
    known, every = set(reviewed), dict.fromkeys((*reviewed, *standing))
    gone = set(retired(every, uses))
    usable = _in_turn((fact for fact in every if fact not in gone), uses, number)
    fresh = [fact for fact in usable if fact in known and not uses.get(fact)][:n]
    unused = [fact for fact in usable if fact not in known and not uses.get(fact)]
    used = [fact for fact in usable if uses.get(fact)]
    drawn = max(math.ceil(SHARE * len(used)), LEAST_FACTS - len(fresh) - len(unused))
    others = [*unused, *used[:drawn]][: n - len(fresh)]
    overused = [fact for fact in used if uses[fact] >= MOST_USES]
    return Rotation(tuple(fresh), tuple(others), tuple(overused))


def retired(facts: Collection[str], uses: Mapping[str, int]) -> list[str]:
    """The tested facts that the gate uses no more: those used most often, as long as `LEAST_LEFT` stay.

    They may become training data: nothing tests with them.
    """
    over = sorted((fact for fact in facts if uses.get(fact, 0) >= MOST_USES), key=lambda fact: (-uses[fact], fact))
    return over[: max(0, len(facts) - LEAST_LEFT)]


def _in_turn(facts: Iterable[str], uses: Mapping[str, int], number: int) -> list[str]:
    return sorted(facts, key=lambda fact: (uses.get(fact, 0), _drawn(fact, number)))


def _drawn(fact: str, number: int) -> str:
    return hashlib.sha256(f"{number}\0{fact}".encode()).hexdigest()
