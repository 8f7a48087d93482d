"""Where each contender stands on every need, limit and goal: met, missed, or not shown yet.

Takes measures, latencies, drawn costs and days of set-up, and what the profile requires. Gives `Standing`s. Knows
nothing about which contender is best. A goal is met if its one-sided bound meets it, missed if the bound on the other
side misses it. `level` is the level of the bound that has to be met; it is higher where the best of several contenders
was picked, since the best one was also lucky.

Sources: bounds of shares, `measure/bounds.py`. Bounds of a 95th percentile: from the order of the values, David and
Nagaraja 2003, "Order Statistics", section 7.1.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.situation.targets import RUNNING, Target, required
from bakeoff.decide.wording import percent, percent_unlike
from bakeoff.measure.bounds import LEVEL, Side, more_for_bound, share_bound
from bakeoff.measure.comparison import Estimate
from bakeoff.records import Record
from bakeoff.sentences import as_given

State = Literal["met", "missed", "open"]
Kind = Literal["need", "limit", "goal"]
STATES: Mapping[State, str] = {"met": "met", "missed": "missed", "open": "not shown yet"}
NEEDS = (
    "needs_citations",
    "needs_live_sources",
    "needs_independent_updates",
    "privacy_on_premises",
    "must_run_offline",
)
"""The needs of a profile that a contender meets or misses by what it is."""
MAX_ERRORS = 0.05
ERRORS = "errors"
"""The limit on failed answers, which every profile has."""
SLOW = 0.05
"""The share of answers that may be slower than the limit: the 95th percentile must keep it."""
MOST_LEVEL = 0.99
"""The level of a bound for which a run times enough answers, whatever it turns out to be for the picked contender."""
SETUP = "setup_usd"
DEADLINE = "deadline_days"
GOALS: Mapping[str, Side] = {"accuracy": "low", "hallucination": "high", "freshness": "low", "consistency": "low"}
"""The goals that are shares, each with the side of its bound."""


class Standing(Record):
    """Where one contender stands on one requirement.

    `value` is what was measured, `bound` what can be said with confidence; both in the requirement's unit, None if
    there is none. `more` is how many more questions would show that it is met if the value stays as it is, None if
    more questions would not. `given` is false if Bakeoff assumed the requirement.
    """

    name: str
    kind: Kind
    text: str
    state: State
    why: str
    value: float | None = None
    bound: float | None = None
    more: int | None = None
    given: bool = True


@dataclass(frozen=True)
class Known:
    """What was measured about one contender. Drawn costs are (draw,) arrays in US dollars, empty if not known.

    `estimates` are by measure; accuracy and hallucination count questions as the profile says. `needs` are the needs it
    cannot meet, with reasons. `days` are the least and the most days of set-up.
    """

    estimates: Mapping[str, Estimate]
    latencies_ms: Sequence[float] = ()
    setup_usd: np.ndarray = field(default_factory=lambda: np.zeros(0))
    running_usd: np.ndarray = field(default_factory=lambda: np.zeros(0))
    needs: Mapping[str, str] = field(default_factory=dict)
    days: tuple[float, float] | None = None


def standings(known: Known, profile: Profile, level: float = LEVEL) -> tuple[Standing, ...]:
    """A contender's standing on every requirement of the profile: needs first, then limits, then goals."""
    asked = [
        *_needs(known, profile),
        _answered(known.estimates),
        _deadline(known, profile),
        *_limits(known, profile, level),
        *_goals(known, profile, level),
    ]
    return tuple(standing for standing in asked if standing is not None)


def _needs(known: Known, profile: Profile) -> list[Standing]:
    """Every need that the profile states. What a contender is says whether it meets it, before any measurement."""
    stated = [name for name in NEEDS if getattr(profile, name)]
    reasons = dict.fromkeys(stated, "") | dict(known.needs)
    return [
        Standing(
            name=name, kind="need", text=name, state="missed" if why else "met", why=why or "it can, as it is built"
        )
        for name, why in reasons.items()
    ]


def _answered(estimates: Mapping[str, Estimate]) -> Standing | None:
    """Missed if nothing was asked or too many answers failed; None if all is well."""
    errors, accuracy = estimates.get("errors", Estimate()).value or 0.0, estimates.get("accuracy", Estimate()).value
    text = f"at most {percent(MAX_ERRORS)} failed answers"
    if accuracy is None and not errors:
        why = "it was asked no test question of the domain"
    elif accuracy is None or errors > MAX_ERRORS:
        why = f"{percent(errors)} of its answers failed; a verdict allows at most {percent(MAX_ERRORS)}"
    else:
        return None
    return Standing(name=ERRORS, kind="limit", text=text, state="missed", why=why, value=errors)


def within(low: float, high: float, limit: float) -> State:
    """Whether an amount that lies in this range keeps a limit: surely, surely not, or not shown yet."""
    return "met" if high <= limit else "missed" if low > limit else "open"


def _deadline(known: Known, profile: Profile) -> Standing | None:
    deadline = profile.deadline_days
    if deadline is None:
        return None
    text = f"set up in {deadline:g} days (not yet tested or launched)"
    if known.days is None:
        why = "its days of set-up are not known"
        return Standing(name=DEADLINE, kind="limit", text=text, state="open", why=why)
    low, high = known.days
    state = within(low, high, deadline)
    days = f"{low:.0f}" if round(low) == round(high) else f"{low:.0f} to {high:.0f}"
    why = f"setting it up takes one person {days} calendar days; test questions, pilot and launch come on top"
    return Standing(name=DEADLINE, kind="limit", text=text, state=state, why=why, value=(low + high) / 2, bound=high)


def _limits(known: Known, profile: Profile, level: float) -> list[Standing | None]:
    return [
        _latency(known.latencies_ms, profile.latency_limit_ms, level),
        _budget(known.running_usd, profile.budget_usd_per_month, level, RUNNING, "running it costs", "USD a month"),
        _budget(known.setup_usd, profile.budget_setup_usd, level, SETUP, "setting it up costs", "USD"),
    ]


def least_times(level: float = LEVEL) -> int:
    """With so many times (59 at level .95) the largest one bounds the 95th percentile; with fewer, none does."""
    return math.ceil(math.log(1 - level) / math.log(1 - SLOW))


def times_wanted(n_contenders: int) -> int:
    """How many answers to time to show a limit for the best of so many contenders: 90 for up to five.

    Picking the best of n needs at most the level 1 - .05 / n (Bonferroni).
    """
    return least_times(max(MOST_LEVEL, 1 - (1 - LEVEL) / max(1, n_contenders)))


def _latency(times: Sequence[float], limit: float | None, level: float) -> Standing | None:
    if limit is None:
        return None
    text = f"95 % of answers in at most {limit:,.0f} ms"
    if not times:
        why = "its latency was not measured"
        return Standing(name="latency_ms", kind="limit", text=text, state="open", why=why)
    value, low, high = float(np.quantile(times, 1 - SLOW)), *latency_bounds(times, level)
    state = within(low, high, limit)
    if state == "missed":
        with_confidence = f"with confidence, more than {low:,.0f} ms"
    elif math.isfinite(high):
        with_confidence = f"with confidence, at most {high:,.0f} ms"
    else:
        with_confidence = (
            f"{least_times(level)} timed answers are needed to show a limit (measuring.latency_questions; at most one "
            "for each test fact)"
        )
    why = f"95 % of {len(times)} answers took at most {value:,.0f} ms; {with_confidence}"
    bound = high if math.isfinite(high) else None
    return Standing(name="latency_ms", kind="limit", text=text, state=state, why=why, value=value, bound=bound)


def latency_bounds(times: Sequence[float], level: float = LEVEL) -> tuple[float, float]:
    """A lower bound of the 95th percentile of times at level .95, and an upper one at `level`, for any distribution.

    Infinite above with fewer than `least_times` times: they may hold none of the slowest answers. A few slow answers in
    a hundred, from a second mode, are not seen in 20 times, and no assumed distribution shows that they are missing.
    """
    ordered = np.sort(np.asarray(times, dtype=float))
    return _by_order(ordered, LEVEL, "low"), _by_order(ordered, level, "high")


def _by_order(ordered: np.ndarray, level: float, side: Side) -> float:
    """The value of the lowest (highest) rank that bounds the 95th percentile."""
    n, keep = len(ordered), 1 - SLOW
    chances = np.cumsum([_binomial(k, n, keep) for k in range(n + 1)])  # P(at most k values are below the percentile)
    if side == "high":
        ranks = np.flatnonzero(chances[:n] >= level - 1e-12)
        return float(ordered[ranks[0]]) if len(ranks) else math.inf
    ranks = np.flatnonzero(1 - chances[:n] >= level - 1e-12)
    return float(ordered[ranks[-1]]) if len(ranks) else 0.0


def _binomial(k: int, n: int, p: float) -> float:
    log = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
    return math.exp(log + k * math.log(p) + (n - k) * math.log(1 - p))


def _budget(usd: np.ndarray, budget: float | None, level: float, name: str, words: str, unit: str) -> Standing | None:
    if budget is None:
        return None
    text = f"at most {as_given(budget)} {unit}"
    if not len(usd):
        return Standing(name=name, kind="limit", text=text, state="open", why="its cost is not known")
    low, high = (float(end) for end in np.quantile(usd, [1 - LEVEL, level]))
    state = within(low, high, budget)
    span = f"{low:,.0f}" if f"{low:,.0f}" == f"{high:,.0f}" else f"{low:,.0f} to {high:,.0f}"
    why = f"{words} {span} {unit}; the budget is {as_given(budget)}"
    return Standing(name=name, kind="limit", text=text, state=state, why=why, value=float(usd.mean()), bound=high)


def _goals(known: Known, profile: Profile, level: float) -> list[Standing | None]:
    """The goals that are shares. Those that Bakeoff assumed count only where the profile gives no value."""
    wanted = {name: goal for name, goal in required(profile).items() if name in GOALS}
    limits = [wanted.pop("hallucination")] if profile.max_hallucination is not None else []
    kinds: list[tuple[Kind, Target]] = [("limit", goal) for goal in limits]
    kinds += [("goal", goal) for goal in wanted.values()]
    return [_share(known.estimates.get(goal.measure, Estimate()), goal, kind, level) for kind, goal in kinds]


def _share(estimate: Estimate, target: Target, kind: Kind, level: float) -> Standing:
    side, goal = GOALS[target.measure], target.value
    unknown = Standing(
        name=target.measure,
        kind=kind,
        text=target.text,
        given=target.given,
        state="open",
        why=estimate.reason or "it was not measured",
    )
    if estimate.value is None or not estimate.n_effective:
        return unknown
    least, most = (min(1.0, max(0.0, end or 0.0)) for end in (estimate.least, estimate.most))
    worst, best = (least, most) if side == "low" else (most, least)
    other: Side = "high" if side == "low" else "low"
    bound = share_bound(worst, estimate.n_effective, level, side)
    against = share_bound(best, estimate.n_effective, LEVEL, other)
    is_met, is_missed = (bound >= goal, against < goal) if side == "low" else (bound <= goal, against > goal)
    state: State = "met" if is_met else "missed" if is_missed else "open"
    more = more_for_bound(worst, estimate.n_effective, estimate.n, goal, level, side) if state == "open" else None
    why = _why(estimate.value, goal, bound if state != "missed" else against, side, state)
    return unknown.model_copy(
        update={"state": state, "why": why, "value": estimate.value, "bound": bound, "more": more}
    )


def _why(value: float, goal: float, bound: float, side: Side, state: State) -> str:
    is_above = (side == "low") == (state != "missed")
    words = "at least" if is_above else "at most"
    return f"{percent_unlike(value, goal)} measured; with 95 % confidence {words} {percent_unlike(bound, goal)}"
