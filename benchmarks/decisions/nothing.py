"""How often a contender is said to be worth more than doing nothing if it is truly worth exactly as much.

Takes the number of pilots, prints a table. Worth is that of the verdict: draws of outcomes and costs (`decide/value`).
"""

from collections.abc import Mapping
from typing import NamedTuple

from printed_tables import header, line

from bakeoff.decide.situation.profile import Profile
from decisions.judged import Judged, profile_of, share, verdicts, worth_of
from decisions.pilots import World, with_base
from decisions.shipping import sized

SIZES = (30, 60, 100, 400)
BASE = (0.2, 0.5)
"""The base model's shares of right and wrong answers: it is worth less than doing nothing."""


class Even(NamedTuple):
    """Contenders that are truly worth as much as doing nothing; what a wrong answer costs, in right ones."""

    world: World
    penalty: float = 1.0

    @property
    def profile(self) -> Profile:
        counts = "traffic" if self.world.sigma else "question"
        return profile_of(**worth_of(1.0, wrong=self.penalty), counts=counts)


EVENS: Mapping[str, Even] = {
    "90/2, at the cost that this is worth": Even(World(with_base(BASE, rag=(0.9, 0.02)), usd={"rag": 12_000 * 0.88})),
    "50/50, a wrong answer costs one right one": Even(World(with_base(BASE, rag=(0.5, 0.5)))),
    "30/30, one": Even(World(with_base(BASE, rag=(0.3, 0.3)))),
    "60/20, three": Even(World(with_base(BASE, rag=(0.6, 0.2))), 3.0),
    "90/10, nine": Even(World(with_base(BASE, rag=(0.9, 0.1))), 9.0),
    "45/5, nine": Even(World(with_base(BASE, rag=(0.45, 0.05))), 9.0),
    "45/5, nine, 2 phrasings a fact": Even(World(with_base(BASE, rag=(0.45, 0.05)), phrasings=2), 9.0),
    "45/5, nine, by traffic, sigma 1": Even(World(with_base(BASE, rag=(0.45, 0.05)), sigma=1.0), 9.0),
    "45/5, nine, two such contenders": Even(World(with_base(BASE, rag=(0.45, 0.05), rag_1=(0.45, 0.05))), 9.0),
}


def is_said(one: Judged) -> bool:
    """Whether the verdict chooses a contender and does not say that it may be worth no more than doing nothing."""
    return one.verdict.winner not in (None, "base") and "worth more than doing nothing" not in one.verdict.not_shown


def said(even: Even, n_facts: int, n_pilots: int) -> float:
    """How often a contender is said to be worth more than doing nothing."""
    return share(verdicts(sized(even.world, n_facts), even.profile, n_pilots), is_said)


def nothing(n_pilots: int) -> None:
    """The shares of pilots in which a contender is said to be worth more, by the number of facts."""
    header("truly worth as much as doing nothing", *(f"{n} facts" for n in SIZES))
    for title, even in EVENS.items():
        line(title, *(said(even, n, n_pilots) for n in SIZES))
