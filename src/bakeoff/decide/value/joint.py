"""The draws of net value: drawn outcomes, drawn costs and what answers are worth, put together.

Takes the draws of a verdict, the contenders' cost inputs and the terms (what answers are worth, what happens today, how
documents change). Gives `Draws`. The verdict and the report's page use this one calculation; `report/value_model.js`
has the same arithmetic, and a test compares the two. Knows nothing about limits, goals or where draws came from.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from bakeoff.decide.cost.draws import CostDraws, drawn_totals
from bakeoff.decide.cost.model import CostInputs, discounted_months, discounted_queries
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.situation.stakes import HandOver, OwnStakes, Stakes, Value, in_units, replaced
from bakeoff.decide.value.outcomes import UNIT, OutcomeDraws
from bakeoff.decide.value.updates import Changes
from bakeoff.decide.value.worth import (
    NOTHING,
    Draws,
    Shares,
    handed_usd,
    shares_of,
    today_total_usd,
    today_utility,
    utility_of,
)
from bakeoff.records import Record


class ValueDraws(Record):
    """The draws behind the worth: the report's page calculates with them, so it agrees with the verdict.

    `outcomes` are those of the test, `before` and `after` those of changed documents before and after the update (None
    if they were not asked). `update_days` is how long an update takes, by contender.
    """

    outcomes: OutcomeDraws
    costs: CostDraws
    before: OutcomeDraws | None = None
    after: OutcomeDraws | None = None
    update_days: dict[str, float] = Field(default_factory=dict)


@dataclass(frozen=True)
class Terms:
    """What the draws are valued by. `utility` and `own` are in units of a right answer; `own` is by group.

    `value` describes today's process, in a currency of which one unit is `usd` US dollars; None: nobody answers today.
    """

    utility: Stakes
    own: tuple[OwnStakes | None, ...]
    changes: Changes
    value: Value | None = None
    usd: float = 1.0

    @property
    def to(self) -> HandOver | None:
        """Who answers declined questions, in units of a right answer; None if nobody does."""
        return self.value.hand_over(self.value.stakes(1.0).right) if self.value else None

    @property
    def stakes(self) -> list[Stakes]:
        """The stakes of each group, with what declining costs in the end."""
        return [replaced(self.utility, group, self.to) for group in self.own]

    @property
    def span(self) -> float:
        """The distance between the best and the worst an answer can be worth, in right answers, at least 1."""
        stakes = [replaced(self.utility, None, self.to), *self.stakes]
        return max(1.0, max(of.right for of in stakes) + max(max(of.wrong, of.declined) for of in stakes))


def terms_of(profile: Profile, own: tuple[OwnStakes | None, ...]) -> Terms:
    """The terms of a profile. `own` are the groups' amounts in the profile's currency."""
    value = profile.value
    right = value.stakes(profile.penalty).right if value else 1.0
    return Terms(
        utility=profile.utility,
        own=tuple(group and in_units(group, right) for group in own),
        changes=changes_of(profile),
        value=value,
        usd=profile.usd_of(value.currency) if value else 1.0,
    )


def changes_of(profile: Profile) -> Changes:
    """How the documents change over the profile's horizon."""
    return Changes(
        interval_days=profile.update_interval_days,
        share=profile.changed_share_per_update,
        horizon_months=profile.horizon_months,
    )


def mixed_shares(of: ValueDraws, name: str, changes: Changes) -> Shares:
    """The drawn shares of a contender's outcomes, with those about changed documents."""
    now = shares_of(of.outcomes, name)
    if not changes.changed:
        return now
    before, after = (_updated(draws, name, now) for draws in (of.before, of.after))
    stale = changes.stale(of.update_days.get(name, 0.0))
    unknown = Shares(np.zeros_like(now.right), np.zeros_like(now.right), now.mass)
    return now.mixed(after or now, before or unknown, changes.changed, stale)


def _updated(of: OutcomeDraws | None, name: str, now: Shares) -> Shares | None:
    """A contender's answers to changed questions, spread over the groups; None if they were not measured.

    Any fact may change. `outcomes.mean_stakes` are the same rule for single answers.
    """
    if of is None or name not in of.right:
        return None
    shares = shares_of(of, name)
    right, declined = (table.sum(axis=1, keepdims=True) * now.mass for table in (shares.right, shares.declined))
    return Shares(right, declined, now.mass)


def joint_draws(of: ValueDraws, inputs: Mapping[str, CostInputs], terms: Terms) -> Draws:
    """Utility and total cost of every contender, and of doing nothing, in every draw.

    What today's people get for declined questions is a cost, as their pay is for doing nothing. Only where no cost is
    known does utility include it.
    """
    shares = {name: mixed_shares(of, name, terms.changes) for name in of.outcomes.names}
    to = terms.to and (terms.to.unpaid if inputs else terms.to)
    utility = {name: utility_of(own, terms.utility, terms.own, to) for name, own in shares.items()}
    n = len(next(iter(utility.values()), np.zeros(1)))
    first = next(iter(inputs.values()), None)
    queries, months = (discounted_queries(first), discounted_months(first)) if first else (0.0, 0.0)
    mass = np.array(of.outcomes.mass, dtype=float).T / UNIT
    nothing = today_utility(terms.value, terms.utility, mass, terms.own)
    spent = np.full(n, today_total_usd(terms.value, terms.usd, queries, months))
    handed = {
        name: handed_usd(terms.value, terms.usd, shares[name].declined.sum(axis=1), queries, months)
        for name in inputs
        if terms.to and name in shares
    }
    total = {name: usd + handed.get(name, 0.0) for name, usd in drawn_totals(inputs, of.costs).items()}
    total[NOTHING] = spent
    return Draws({**utility, NOTHING: nothing}, total, queries, terms.changes.horizon_months, handed)
