"""What is left to learn, split by what would settle it: questions of each slice, changed documents, labels.

Takes the outcomes of a test, their draws and what they are worth. Gives the parts of `information.py`, and from them
what more data are worth. Knows nothing about runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bakeoff.decide.plan.tasks import QUESTIONS_PER_DAY
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.value.information import LABELS, Information, Part, deviations, information
from bakeoff.decide.value.joint import terms_of
from bakeoff.decide.value.outcomes import Drawn, Outcomes
from bakeoff.decide.value.worth import Draws, Shares, today_utility, utility_of

LABELS_PER_DAY = 500
"""Answers that one person labels in a day, at least: an assumption."""


@dataclass(frozen=True)
class Learning:
    """A test and its draws, the candidates to choose from, and what collecting more costs.

    `names` are the candidates, doing nothing among them if the choice goes by net value (`in_money`). `unchanged` is
    the share of the questions that each contender answers as in the test, although documents change. `n_changed` is the
    number of facts asked about changed documents, 0 if no update was measured. `day_usd` is the cost of a day's work.
    """

    outcomes: Outcomes
    drawn: Drawn
    draws: Draws
    profile: Profile
    names: Sequence[str]
    unchanged: Sequence[float]
    n_changed: int = 0
    day_usd: float = 0.0
    in_money: bool = False

    @property
    def factor(self) -> float:
        """What a right answer to every question of the horizon is worth: 1 unless the choice goes by net value."""
        stakes = self.profile.stakes_usd
        return stakes.right * self.draws.queries if self.in_money and stakes else 1.0


def information_left(of: Learning) -> Information:
    """What more questions, of which slice, or labels would be worth."""
    draws, names, months = of.draws, of.names, of.profile.horizon_months
    if not names:
        return Information(in_money=of.in_money, p_right=1.0, perfect=0.0, horizon_months=months)
    means = [float((of.factor * draws.utility[name]).mean()) for name in names]
    if of.in_money:
        means = [mean - float(draws.total_usd[name].mean()) for mean, name in zip(means, names, strict=True)]
        unasked = -deviations(draws.own_usd, names)
    else:
        unasked = np.zeros((len(draws.utility[names[0]]), len(names)))
    return information(means, parts_of(of), unasked, months, of.in_money)


def parts_of(of: Learning) -> list[Part]:
    """What the data leave open, by what would settle it. The deviations add up to all that answers leave open."""
    drawn, question = of.drawn, of.day_usd / QUESTIONS_PER_DAY
    parts = [
        Part(part, of.factor * _of_cells(of, drawn.parts == i), of.outcomes.facts_of(i), cost_usd=question)
        for i, part in enumerate(of.outcomes.slices)
    ]
    if n_unsure := of.outcomes.n_unsure:
        cost = of.day_usd / LABELS_PER_DAY
        parts.append(Part(LABELS, of.factor * _of_unsure(of), 0, n=n_unsure, cost_usd=cost))
    if of.n_changed:  # the rest is about changed documents
        worth = {name: of.factor * of.draws.utility[name] - of.draws.handed_usd.get(name, 0.0) for name in of.names}
        rest = deviations(worth, of.names) - sum(part.deviations for part in parts)
        parts.append(Part("changed", np.asarray(rest), of.n_changed, cost_usd=question))
    return parts


def _of_cells(of: Learning, cells: np.ndarray) -> np.ndarray:
    """The deviations of utility that the questions of some cells cause, without those of unsure answers."""
    drawn = of.drawn
    return _utility_of(of, (drawn.right - drawn.open) * cells, drawn.declined * cells, drawn.mass * cells)


def _of_unsure(of: Learning) -> np.ndarray:
    """The deviations of utility that unsure answers cause."""
    drawn = of.drawn
    return _utility_of(of, drawn.open, np.zeros_like(drawn.open), np.zeros_like(drawn.mass))


def _utility_of(of: Learning, right: np.ndarray, declined: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """The part of utility that drawn cells cause, less its mean: (draw, name).

    Answers count as far as they are those of the test. If no update was measured, what is not is wrong, else it belongs
    to the part of changed documents. Today's people answer all questions, so the worth of doing nothing varies with how
    many of them have which stakes.
    """
    drawn, terms = of.drawn, terms_of(of.profile, of.drawn.own)
    by_group = (np.arange(len(terms.own)) == drawn.groups[:, None]).astype(float)  # (cell, group)
    asked, columns = mass @ by_group, []
    for name, unchanged in zip(of.names, of.unchanged, strict=True):
        if name not in drawn.names:
            columns.append(today_utility(terms.value, terms.utility, asked, terms.own))
            continue
        j, all_of_it = drawn.names.index(name), unchanged if of.n_changed else 1.0
        of_right, of_declined = (unchanged * table[:, j] @ by_group for table in (right, declined))
        shares = Shares(of_right, of_declined, all_of_it * asked)
        columns.append(utility_of(shares, terms.utility, terms.own, terms.to))
    table = np.stack(columns, axis=1)
    return np.asarray(table - table.mean(axis=0))
