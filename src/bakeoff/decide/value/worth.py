"""What each contender is worth: expected net value a year with an interval, P(best), expected loss, break-even values.

Takes draws of outcomes and of costs, and what answers are worth. Gives a `Worth`. Knows nothing about limits or goals.
Doing nothing (today's process) takes part as the contender named NOTHING.

net value = (value of an answered question x questions of the horizon, discounted - total cost) x 12 / months.

Source: decisions by expected utility, Raiffa and Schlaifer 1961; the chance of being best and the expected loss of a
choice, Wilson 2015, doi:10.1007/s40273-014-0219-x.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from pydantic import Field

from bakeoff.decide.situation.stakes import HandOver, OwnStakes, Stakes, Value, replaced
from bakeoff.decide.value.outcomes import UNIT, OutcomeDraws
from bakeoff.records import Record

NOTHING = "nothing"
"""The contender that stands for today's process, or for nobody answering."""
DOING_NOTHING = "doing nothing"
"""What that contender is called in a sentence."""
TAILS = (0.025, 0.975)
CHANCE = 3.0
"""A mean of draws differs from another one if it does so by as many of its standard errors."""


class Range(Record):
    """A mean over draws with its 95 % interval."""

    value: float
    low: float
    high: float


class Net(Record):
    """One contender's worth in US dollars a year. `loss` is what choosing it gives away in expectation."""

    answers: Range
    cost: Range
    net: Range
    best: float
    loss: float


class BestFrom(Record):
    """The contender with the highest expected net value if a right answer is worth from `low` to `high` USD.

    `high` is None without an upper end. Costs of wrong and declined answers change with that of right ones.
    """

    contender: str
    low: float
    high: float | None


class ValueBreakEven(Record):
    """The value of a right answer, in US dollars, from which `above` is worth more than `below`.

    None if one of the two is worth more at every value; `above` is that one.
    """

    above: str
    below: str
    usd: float | None


class Worth(Record):
    """What the contenders are worth.

    `utility` is the mean worth of a question in units of a right answer. `best` is how often each has the highest
    utility of those in `candidates`, the contenders to choose from. `nets` is empty if the profile gives no value.
    """

    utility: dict[str, Range]
    best: dict[str, float]
    nets: dict[str, Net] = Field(default_factory=dict)
    ranges: tuple[BestFrom, ...] = ()
    break_even: tuple[ValueBreakEven, ...] = ()
    candidates: tuple[str, ...] = ()
    freshness_assumed: tuple[str, ...] = ()


def titled(name: str) -> str:
    """A contender's name, or words for doing nothing."""
    return DOING_NOTHING if name == NOTHING else name


@dataclass(frozen=True)
class Draws:
    """Everything drawn, (draw,) arrays by contender. `queries` are those of the horizon, discounted.

    `utility` is in units of a right answer, `total_usd` over the horizon. Both include NOTHING. `handed_usd` is the
    part of the total that goes to today's people for declined questions; empty if those go to nobody.
    """

    utility: Mapping[str, np.ndarray]
    total_usd: Mapping[str, np.ndarray]
    queries: float
    months: int
    handed_usd: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def own_usd(self) -> dict[str, np.ndarray]:
        """The total without what today's people get for declined questions."""
        return {name: np.asarray(usd - self.handed_usd.get(name, 0.0)) for name, usd in self.total_usd.items()}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.utility)

    @property
    def mean_total_usd(self) -> dict[str, float]:
        """What each costs over the horizon on average, without what today's people get for declined questions."""
        return {name: float(usd.mean()) for name, usd in self.own_usd.items()}

    def net(self, right_usd: float) -> dict[str, np.ndarray]:
        """Net value a year in US dollars in each draw if a right answer is worth so much."""
        yearly = 12 / self.months
        return {
            name: (right_usd * self.queries * self.utility[name] - self.total_usd[name]) * yearly
            for name in self.names
            if name in self.total_usd
        }


@dataclass(frozen=True)
class Shares:
    """A contender's drawn shares of right and declined answers by group, (draw, group), and each group's share."""

    right: np.ndarray
    declined: np.ndarray
    mass: np.ndarray

    @property
    def wrong(self) -> np.ndarray:
        return np.asarray(self.mass - self.right - self.declined)

    def mixed(self, after: "Shares", before: "Shares", changed: float, stale: float) -> "Shares":
        """With a part of the questions answered as changed facts are: after the update, and before it is in."""
        same, known = 1 - changed, changed - stale
        right = same * self.right + known * after.right + stale * before.right
        declined = same * self.declined + known * after.declined + stale * before.declined
        return Shares(right, declined, self.mass)


def shares_of(draws: OutcomeDraws, name: str) -> Shares:
    """The rounded draws of one contender as fractions."""
    tables = (np.array(table, dtype=float).T / UNIT for table in (draws.right[name], draws.declined[name], draws.mass))
    return Shares(*tables)


def utility_of(
    shares: Shares, stakes: Stakes, own: Sequence[OwnStakes | None], to: HandOver | None = None
) -> np.ndarray:
    """The mean worth of a question in each draw, in the unit of the stakes. `to` are those who answer declined ones."""
    total = np.zeros(len(shares.mass))
    for g, group in enumerate(own):
        right, wrong, declined = replaced(stakes, group, to)
        total += right * shares.right[:, g] - wrong * shares.wrong[:, g] - declined * shares.declined[:, g]
    return total


def today_utility(value: Value | None, stakes: Stakes, mass: np.ndarray, own: Sequence[OwnStakes | None]) -> np.ndarray:
    """What a question is worth today, without today's costs, in each draw, in the unit of the stakes.

    `mass` is each group's share of the questions, (draw, group): today's shares are the same in all groups.
    """
    if value is None or not value.today.is_described:  # nobody answers: the zero point
        return np.zeros(len(mass))
    shares = value.today.shares
    return utility_of(Shares(shares.right * mass, shares.declined * mass, mass), stakes, own)


def today_total_usd(value: Value | None, usd: float, queries: float, discounted_months: float) -> float:
    """What today's process costs over the horizon, in today's money."""
    if value is None:
        return 0.0
    return usd * (value.today.per_question * queries + value.today.per_month * discounted_months)


def handed_usd(value: Value | None, usd: float, declined: np.ndarray, queries: float, months: float) -> np.ndarray:
    """What today's people cost for these shares of declined questions: each is paid, and they have to be there."""
    to = value.hand_over() if value else None
    if value is None or to is None:
        return np.zeros(len(declined))
    return np.asarray(usd * (to.per_question * queries * declined + value.today.per_month * months))


def worth(draws: Draws, right_usd: float | None, candidates: Sequence[str]) -> Worth:
    """What each contender is worth. `candidates` are those to choose from; `right_usd` is None if it is not known."""
    chosen = [name for name in candidates if name in draws.utility]
    return Worth(
        utility={name: interval(values) for name, values in draws.utility.items()},
        best=shares_best(draws.utility, chosen),
        nets={} if right_usd is None else _nets(draws, right_usd, chosen),
        ranges=tuple(best_ranges(draws, chosen)),
        break_even=tuple(_break_even(draws)),
        candidates=tuple(chosen),
    )


def interval(values: np.ndarray) -> Range:
    low, high = np.quantile(values, TAILS)
    return Range(value=float(values.mean()), low=float(low), high=float(high))


def shares_best(drawn: Mapping[str, np.ndarray], candidates: Sequence[str]) -> dict[str, float]:
    """How often each candidate has the highest value; equal ones share a draw."""
    names = [name for name in candidates if name in drawn]
    if not names:
        return {}
    table = np.stack([drawn[name] for name in names], axis=1)
    top = table >= table.max(axis=1, keepdims=True)
    shares = (top / top.sum(axis=1, keepdims=True)).mean(axis=0)
    return {name: float(share) for name, share in zip(names, shares, strict=True)}


def _nets(draws: Draws, right_usd: float, candidates: Sequence[str]) -> dict[str, Net]:
    net, yearly = draws.net(right_usd), 12 / draws.months
    chances = shares_best(net, candidates)
    among = [net[name] for name in candidates if name in net]
    top = np.max(among, axis=0) if among else np.zeros(1)
    return {
        name: Net(
            answers=interval(right_usd * draws.queries * draws.utility[name] * yearly),
            cost=interval(draws.total_usd[name] * yearly),
            net=interval(values),
            best=chances.get(name, 0.0),
            loss=float((top - values).mean()),
        )
        for name, values in net.items()
    }


def lines(draws: Draws) -> dict[str, tuple[float, float]]:
    """Each contender's expected net value a year as a line over the value of a right answer: slope and start."""
    yearly = 12 / draws.months
    return {
        name: (float(draws.utility[name].mean()) * draws.queries * yearly, -float(usd.mean()) * yearly)
        for name, usd in draws.total_usd.items()
    }


def _is_more_useful(draws: Draws, name: str, other: str) -> bool:
    """Whether a contender's answers are worth more on average, by more than the draws vary by chance.

    The means of two that answered alike differ a little, for what was never seen is drawn for each. Without this, the
    dearer one could be the best where a right answer is worth very much.
    """
    more = draws.utility[name] - draws.utility[other]
    return bool(more.mean() > CHANCE * more.std() / len(more) ** 0.5)


def best_ranges(draws: Draws, candidates: Sequence[str]) -> list[BestFrom]:
    """Which candidate has the highest expected net value from which value of a right answer on."""
    left = {name: line for name, line in lines(draws).items() if name in candidates}
    if not left:
        return []
    at, now = 0.0, max(left, key=lambda name: (left[name][1], left[name][0]))
    found: list[BestFrom] = []
    while True:
        slope, start = left[now]
        crossings = {
            name: max(at, (start - other_start) / (other_slope - slope))
            for name, (other_slope, other_start) in left.items()
            if _is_more_useful(draws, name, now)
        }
        if not crossings:
            return [*found, BestFrom(contender=now, low=at, high=None)]
        nearest = min(crossings.values())
        following = max((name for name, usd in crossings.items() if usd == nearest), key=lambda name: left[name][0])
        if nearest > at:
            found.append(BestFrom(contender=now, low=at, high=nearest))
        at, now = nearest, following


def _break_even(draws: Draws) -> list[ValueBreakEven]:
    """For every pair the value of a right answer at which both have the same expected net value."""
    of, pairs = lines(draws), []
    for a, b in combinations(of, 2):
        differ = _is_more_useful(draws, a, b) or _is_more_useful(draws, b, a)
        less, more = sorted((a, b), key=lambda name: of[name] if differ else of[name][1:])  # equal answers: by cost
        (slope, start), (other_slope, other_start) = of[more], of[less]
        usd = (other_start - start) / (slope - other_slope) if differ and other_start > start else None
        pairs.append(ValueBreakEven(above=more, below=less, usd=usd))
    return pairs
