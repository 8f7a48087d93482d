"""Everything that a verdict rests on, in one record.

Takes what was measured, what it is worth and where each contender stands on every requirement. Gives a `Case` and what
follows from it without a sentence: who is beaten, and with which chance. Knows nothing about what to do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from bakeoff.decide.requirements.standing import ERRORS, Standing
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.situation.stakes import Stakes
from bakeoff.decide.value.information import Information
from bakeoff.decide.value.worth import NOTHING, Draws, Worth, shares_best
from bakeoff.decide.wording import FEW_DIFFER
from bakeoff.measure.bounds import share_bound
from bakeoff.measure.comparison import Comparison, Estimate
from bakeoff.records import Contrast

MOST_UNSURE = 0.2
"""If an accuracy may lie in a wider range, depending on unknown grades, that is the first reason for no verdict."""
MAYBE_BEST = 0.05
"""Contenders with at least this chance to be the best are named beside the choice."""


class WrongPart(NamedTuple):
    """The wrong answers to the questions with the same stakes: `share` is their part of all questions.

    The stakes are in right answers; declining costs what a declined question costs in the end.
    """

    stakes: Stakes
    share: float
    wrong: Estimate


class OwnFacts(NamedTuple):
    """How many facts of the test belong to a slice or a kind that has its own amounts in the profile."""

    what: str
    name: str
    n: int

    @property
    def title(self) -> str:
        return f"the {self.what} '{self.name}'"


@dataclass(frozen=True)
class Case:
    """Everything a verdict rests on. `leader` is the rule's choice, `as_good` those shown to be as good before cost.

    `accuracy` and `wrong` are the contenders' shares of right and wrong answers as the profile counts questions.
    `wrong_parts` are the wrong ones by what is at stake, those about changed documents by themselves. `as_counted` are
    the measured utilities as the profile counts questions, `orders` those for each other way to count. `own_facts` says
    how much of the test is about slices and kinds with own amounts.
    """

    comparison: Comparison
    profile: Profile
    n_facts: int
    accuracy: Mapping[str, Estimate]
    worth: Worth
    draws: Draws
    standings: Mapping[str, Sequence[Standing]]
    excluded: Mapping[str, str]
    leader: str | None
    as_good: Sequence[str]
    contrasts: Sequence[Contrast]
    level: float
    information: Information
    declined_right: Mapping[str, float] = field(default_factory=dict)
    as_counted: Mapping[str, float] = field(default_factory=dict)
    orders: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    wrong: Mapping[str, Estimate] = field(default_factory=dict)
    wrong_parts: Mapping[str, Sequence[WrongPart]] = field(default_factory=dict)
    own_facts: Sequence[OwnFacts] = ()

    @property
    def baselines(self) -> list[str]:
        return [entrant.name for entrant in self.comparison.entrants if entrant.is_baseline]

    @property
    def candidates(self) -> list[str]:
        return [name for name in self.comparison.names if name not in self.excluded]

    @property
    def failed(self) -> dict[str, float]:
        """The share of failed answers of each contender with more of them than a verdict allows."""
        return {
            name: of.value or 0.0
            for name, standings in self.standings.items()
            for of in standings
            if of.name == ERRORS and of.value
        }

    @property
    def in_money(self) -> bool:
        return bool(self.worth.nets)

    @property
    def total_usd(self) -> dict[str, float]:
        """What each contender itself costs over the horizon on average, and what doing nothing does."""
        return self.draws.mean_total_usd

    @property
    def chances(self) -> Mapping[str, float]:
        """The chance of each contender to be the best one: by net value, without a value of answers by utility."""
        return {name: net.best for name, net in self.worth.nets.items()} if self.in_money else self.worth.best

    @property
    def chances_of_all(self) -> Mapping[str, float]:
        """The chance of each candidate to be worth the most, base models and doing nothing among them."""
        return shares_best(self.net(), [*self.candidates, NOTHING])

    @property
    def ungraded(self) -> list[str]:
        """The contenders whose accuracy may lie in too wide a range, depending on grades that nobody knows."""
        return [name for name in self.candidates if 2 * self.accuracy[name].doubt > MOST_UNSURE]

    def contrast(self, a: str, b: str) -> Contrast | None:
        """The contrast of the decision with the difference a - b; None if the two were not compared."""
        for contrast in self.contrasts:
            if (contrast.a, contrast.b) == (a, b):
                return contrast
        return None

    @property
    def few_differ(self) -> dict[str, dict[str, int]]:
        """On how many questions two contenders differ in accuracy, where these are so few that a lead means little."""
        few: dict[str, dict[str, int]] = {}
        for contrast in self.comparison.contrasts:
            if contrast.measure == "accuracy" and contrast.differ is not None and contrast.differ <= FEW_DIFFER:
                few.setdefault(contrast.a, {})[contrast.b] = contrast.differ
                few.setdefault(contrast.b, {})[contrast.a] = contrast.differ
        return few

    def beats(self, a: str, b: str) -> bool:
        contrast = self.contrast(a, b)
        return contrast is not None and contrast.finding == "different" and contrast.difference > 0

    def is_worse(self, a: str, b: str) -> bool:
        """Whether a is shown to be worse than b."""
        contrast = self.contrast(a, b)
        return contrast is not None and contrast.finding == "different" and contrast.difference < 0

    def unbeaten(self, winner: str) -> list[str]:
        """The base models that the winner is not shown to be better than."""
        return [base for base in self.baselines if base != winner and not self.beats(winner, base)]

    def net(self) -> Mapping[str, np.ndarray]:
        """What is decided by, in each draw: net value a year; without a value of answers, utility."""
        stakes = self.profile.stakes_usd if self.in_money else None
        return self.draws.net(stakes.right) if stakes else self.draws.utility

    def chance_above_nothing(self, winner: str) -> float:
        """The chance that it is worth more than doing nothing."""
        net = self.net()
        return float((net[winner] > net[NOTHING]).mean()) if winner in net and NOTHING in net else 0.0

    def beats_nothing(self, winner: str) -> bool:
        """Whether it is shown to be worth more than doing nothing: by its draws, and with as many wrong answers as it
        may give.

        Where a wrong answer costs many right ones, a test that saw none of them says little, and draws from it say too
        much. So the mean must also stay above doing nothing if, of the questions with some stakes, as many are
        answered wrongly as their upper bound allows.
        """
        net = self.net()
        return (
            self.chance_above_nothing(winner) >= self.level and self._margin_with_most_wrong(winner, net[NOTHING]) > 0
        )

    @property
    def has_process_today(self) -> bool:
        """Whether doing nothing is something else than nobody answering: a process of today, or its cost, is given."""
        value = self.profile.value
        return self.in_money and value is not None and value.today.is_given

    def chance_above_nobody(self, name: str) -> float:
        """The chance that it is worth more than nobody answering, which is worth 0."""
        net = self.net()
        return float((net[name] > 0).mean()) if name in net else 0.0

    def beats_nobody(self, winner: str) -> bool:
        """Whether it is shown to be worth more than nobody answering, by the same rule as `beats_nothing`."""
        return self.chance_above_nobody(winner) >= self.level and self._margin_with_most_wrong(winner) > 0

    def _margin_with_most_wrong(self, winner: str, other: np.ndarray | float = 0.0) -> float:
        """The mean utility (or net value) above the other if as many answers as may be were wrong, not declined."""
        net, stakes = self.net(), self.profile.stakes_usd if self.in_money else None
        unit = stakes.right * self.draws.queries * 12 / self.draws.months if stakes else 1.0
        return float((net[winner] - other).mean()) - unit * self._lost_with_most_wrong(winner)

    def _lost_with_most_wrong(self, winner: str) -> float:
        """The utility that is lost with the most wrong answers to the questions of one kind of stakes: the worst one.

        Each of them has its bound, at a level that holds for all of them together.
        """
        parts = self.wrong_parts.get(winner, ())
        level, losses = 1 - (1 - self.level) / max(1, len(parts)), [0.0]
        for part in parts:
            more = most_wrong(part.wrong, level) - (part.wrong.value or 0.0)
            losses.append(part.share * more * (part.stakes.wrong - part.stakes.declined))
        return max(losses)


def most_wrong(wrong: Estimate, level: float) -> float:
    """The upper bound of a share of wrong answers; as measured if there is none."""
    if wrong.value is None or not wrong.n_effective:
        return wrong.value or 0.0
    most = min(1.0, max(0.0, wrong.value if wrong.most is None else wrong.most))
    return share_bound(most, wrong.n_effective, level, "high")
