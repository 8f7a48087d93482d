"""The verdict: which contender to ship, whom it is tied with, and why, in sentences a manager understands.

Takes the content of comparison.json, a profile, what the data allow and what each contender costs; gives a `Verdict`.
Knows nothing about models or files. Hard limits come first; the rule for those that keep them is in `rule.py`.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import Field

from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.situation.targets import targets
from bakeoff.decide.verdict.rule import NOBODY, TINY, unbeaten, winners
from bakeoff.records import Record
from bakeoff.sentences import listed

MAX_ERRORS = 0.05
MIN_FACTS = 30
FEW_QUESTIONS = 100
LOW_RECALL = 0.6

Comparison = Mapping[str, Any]


class Cost(Record):
    """What one contender costs over the profile's horizon; running it is what is left of the total without set-up."""

    setup_usd: float
    running_usd_per_month: float
    total_usd: float


class Verdict(Record):
    """`winner` is None where the data cannot support one. `tied_with` are those it was not told apart from.

    `as_good` are those of them as accurate within the margin: between these and the winner cost decided. `short_of` are
    the goals that the winner misses, given or assumed: the best of what was measured, not good enough.
    """

    winner: str | None
    tied_with: tuple[str, ...] = ()
    as_good: tuple[str, ...] = ()
    reason: str
    short_of: tuple[str, ...] = ()
    excluded: dict[str, str] = Field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def decide(
    comparison: Comparison,
    profile: Profile,
    costs: Mapping[str, Cost],
    n_facts: int,
    unfit: Mapping[str, str] | None = None,
    data_warnings: Sequence[str] = (),
) -> Verdict:
    """The verdict on a comparison over `n_facts` facts.

    `unfit` are contenders that the profile's limits rule out by what they are, each with the reason.
    """
    contenders = comparison["contenders"]
    broken = {name: broken_limit(contenders[name], profile, costs.get(name)) for name in contenders}
    excluded = {name: why for name, why in {**broken, **(unfit or {})}.items() if why}
    eligible = [name for name in contenders if name not in excluded]
    warnings = (*_warnings(comparison), *data_warnings)

    def nobody(reason: str, tied: Sequence[str] = ()) -> Verdict:
        return Verdict(winner=None, reason=reason, tied_with=tuple(tied), excluded=excluded, warnings=warnings)

    if not eligible:
        return nobody(_nobody_left(excluded))
    if n_facts < MIN_FACTS:
        return nobody(_too_few(n_facts))
    if eligible == ["base"] and excluded:
        return nobody(f"Only the base model, as it comes, keeps the limits. {_nobody_left(excluded)}")
    winner, left = _by_rule(comparison, eligible, costs, profile.margin)
    if winner is None:
        return nobody(_unsupported(comparison, eligible, left), left if len(left) > 1 else ())
    tied = [name for name in left if name != winner]
    as_good = [name for name in _as_accurate(comparison, left, profile.margin) if name != winner]
    short_of = _short_of(contenders[winner], profile)
    return Verdict(
        winner=winner,
        tied_with=tuple(tied),
        as_good=tuple(as_good),
        reason=_reason(comparison, winner, tied, as_good, eligible, costs, short_of),
        short_of=tuple(short_of),
        excluded=excluded,
        warnings=(*_disagreeing_slices(contenders, eligible, winner), *warnings),
    )


def _by_rule(
    comparison: Comparison, eligible: Sequence[str], costs: Mapping[str, Cost], margin: float
) -> tuple[str | None, list[str]]:
    """The winner, and all that are not measurably less accurate than any other."""
    accuracy = np.array([[comparison["contenders"][name]["accuracy"]["value"] for name in eligible]])
    ahead = np.array([[[beats(comparison, a, b) for b in eligible] for a in eligible]])
    tied = np.array([[[_found(comparison, a, b) == "tied" for b in eligible] for a in eligible]])
    total = np.array([costs[name].total_usd if name in costs else math.inf for name in eligible])
    base = eligible.index("base") if "base" in eligible else None
    found = int(winners(accuracy, ahead, tied, total, base, margin)[0])
    left = [name for name, stays in zip(eligible, unbeaten(ahead)[0], strict=True) if stays]
    return (None if found == NOBODY else eligible[found]), left


def _as_accurate(comparison: Comparison, names: Sequence[str], margin: float) -> list[str]:
    """Those of the names whose accuracy lies within the margin of the best of them."""
    values = {name: comparison["contenders"][name]["accuracy"]["value"] for name in names}
    best = max(values.values(), default=0.0)
    return [name for name in names if values[name] >= best - margin - TINY]


def broken_limit(measures: Comparison, profile: Profile, cost: Cost | None) -> str | None:
    """Why this contender cannot be shipped under the profile, or None where it can.

    What the profile limits and the pilot did not measure counts as broken: nobody knows that it is kept.
    """
    errors = (measures.get("errors") or {}).get("value") or 0.0
    if measures["accuracy"]["value"] is None and not errors:
        return "it was asked no test question of the domain"
    if measures["accuracy"]["value"] is None or errors > MAX_ERRORS:
        return f"{_percent(errors)} of its answers failed; above {_percent(MAX_ERRORS)} a contender is not judged"
    p95 = (measures["latency_ms"].get("detail") or {}).get("p95")
    if profile.latency_limit_ms is not None:
        if p95 is None:
            return "its latency was not measured, and the profile limits it"
        if p95 > profile.latency_limit_ms:
            return (
                f"one answer in twenty takes more than {p95:,.0f} ms; the limit is {profile.latency_limit_ms:,.0f} ms"
            )
    wrong = measures["hallucination"]["value"]
    if profile.max_hallucination is not None:
        if wrong is None:
            return "its hallucination was not measured, and the profile limits it"
        if wrong > profile.max_hallucination:
            limit = _percent(profile.max_hallucination)
            return f"it answers wrongly in {_percent(wrong)} of the questions; the limit is {limit}"
    return _over_budget(profile, cost)


def _over_budget(profile: Profile, cost: Cost | None) -> str | None:
    budgets = (
        (profile.budget_usd_per_month, "running it costs {:,.0f} USD a month; the budget is {:,.0f} USD"),
        (profile.budget_setup_usd, "setting it up costs {:,.0f} USD; the budget is {:,.0f} USD"),
    )
    found = (cost.running_usd_per_month, cost.setup_usd) if cost else (None, None)
    for (budget, told), usd in zip(budgets, found, strict=True):
        if budget is not None and usd is None:
            return "its cost is not known, and the profile has a budget"
        if budget is not None and usd is not None and usd > budget:
            return told.format(usd, budget)
    return None


def contrast_between(comparison: Comparison, a: str, b: str, measure: str = "accuracy") -> dict[str, Any] | None:
    """The contrast of two contenders with the difference a - b, whichever way it was stored."""
    for one in comparison["contrasts"]:
        if one["measure"] != measure:
            continue
        if (one["a"], one["b"]) == (a, b):
            return dict(one)
        if (one["a"], one["b"]) == (b, a):
            return {**one, "a": a, "b": b, "difference": -one["difference"], "low": -one["high"], "high": -one["low"]}
    return None


def beats(comparison: Comparison, a: str, b: str) -> bool:
    """Whether the paired test calls a more accurate than b."""
    contrast = contrast_between(comparison, a, b) if a != b else None
    return contrast is not None and contrast["finding"] == "different" and contrast["difference"] > 0


def _found(comparison: Comparison, a: str, b: str) -> str:
    """'different', 'tied' or 'open'; the last also where the two were never compared."""
    contrast = contrast_between(comparison, a, b) if a != b else None
    return str(contrast["finding"]) if contrast else "open"


def _too_few(n_facts: int) -> str:
    return (
        f"Test questions about {n_facts} fact{'s' if n_facts != 1 else ''} cannot carry a verdict: {MIN_FACTS} are the "
        f"least, {FEW_QUESTIONS} are better."
    )


def _unsupported(comparison: Comparison, eligible: Sequence[str], left: Sequence[str]) -> str:
    """Why the rule names nobody."""
    accuracy = {name: comparison["contenders"][name]["accuracy"] for name in eligible}
    first = max(eligible, key=lambda name: float(accuracy[name]["value"]))
    n = accuracy[first]["n"]
    if not accuracy[first]["value"]:
        return f"No contender answered any of {n} test questions rightly."
    leader = f"{first} was right most often, on {_percent(accuracy[first]['value'])} of {n} questions"
    if first == "base":
        return f"{leader}: nothing was shown to be better than the base model. {_power_line(comparison, first, left)}"
    return (
        f"{leader}, but no contender was told apart above the base model ({_percent(accuracy['base']['value'])}). "
        f"{_power_line(comparison, 'base', [first])}"
    )


def _nobody_left(excluded: Mapping[str, str]) -> str:
    whys = "; ".join(f"{name}: {why}" for name, why in excluded.items())
    return f"No contender can be shipped. {whys}." if whys else "There is no contender to judge."


def _reason(
    comparison: Comparison,
    winner: str,
    tied: Sequence[str],
    as_good: Sequence[str],
    eligible: Sequence[str],
    costs: Mapping[str, Cost],
    short_of: Sequence[str],
) -> str:
    """What it reaches and misses, whom it beats by how much, whom it does not, and whether cost decided."""
    accuracy = comparison["contenders"][winner]["accuracy"]
    said = [
        f"{winner} answered {_percent(accuracy['value'])} of {accuracy['n']} test questions rightly "
        f"(95 % interval {_percent(accuracy['low'])} to {_percent(accuracy['high'])})."
    ]
    if short_of:
        said.append(f"It misses {'; and '.join(short_of)}.")
    beaten = [name for name in eligible if beats(comparison, winner, name)]
    if beaten:
        best = max(beaten, key=lambda name: comparison["contenders"][name]["accuracy"]["value"])
        said.append(f"{best}, the best of those measurably less accurate, is {_behind(comparison, winner, best)}.")
    if as_good:
        said.append(f"{listed(as_good)} {_are(as_good)} as accurate within the margin; it costs the least of them.")
    behind = [name for name in tied if name not in as_good]
    if behind:
        told = "; ".join(f"{name}, {_behind(comparison, winner, name)}" for name in behind)
        n_pairs = sum(one["measure"] == "accuracy" for one in comparison["contrasts"])
        among = f", {n_pairs} pairs having been compared" if n_pairs > 1 else ""
        said.append(f"Behind it, but not told apart from it by these questions{among}: {told}.")
    if tied:
        known = [name for name in (winner, *tied) if name in costs]
        said.append(f"Total cost in USD: {', '.join(f'{name} {costs[name].total_usd:,.0f}' for name in known)}.")
        said.append(_power_line(comparison, winner, tied))
    return " ".join(one for one in said if one)


def _behind(comparison: Comparison, winner: str, other: str) -> str:
    contrast = contrast_between(comparison, winner, other)
    if contrast is None:
        return "not compared"
    points, low, high = (100 * contrast[key] for key in ("difference", "low", "high"))
    return f"{points:.0f} points behind ({low:.0f} to {high:.0f})"


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _power_line(comparison: Comparison, winner: str, tied: Sequence[str]) -> str:
    """How many more questions would settle the open pairs."""
    needed = {}
    for name in tied:
        contrast = contrast_between(comparison, winner, name) if name != winner else None
        if contrast and contrast["finding"] == "open" and contrast["more_questions"] > 0:
            needed[name] = contrast["more_questions"]
    if not needed:
        return ""
    name = min(needed, key=lambda key: needed[key])
    return f"About {needed[name]:,} more test questions would settle {winner} against {name}."


def _warnings(comparison: Comparison) -> list[str]:
    """What should make a reader careful, from the numbers themselves."""
    contenders = comparison["contenders"]
    found = []
    if len(contenders) == 1:
        found.append("There was one contender only: nothing was compared.")
    recalls = [one["retrieval_recall"]["value"] for one in contenders.values()]
    recalls = [one for one in recalls if one is not None]
    if recalls and max(recalls) < LOW_RECALL:
        found.append(
            f"Retrieval found the evidence of only {_percent(max(recalls))} of the questions: "
            "the corpus may not cover them."
        )
    return found


def _short_of(measures: Comparison, profile: Profile) -> list[str]:
    """The goals for right and for wrong answers that the whole interval misses."""
    goals = targets(profile)
    right, wrong = measures["accuracy"], measures["hallucination"]
    found = []
    if right["high"] is not None and right["high"] < goals["accuracy"].value:
        found.append(f"{goals['accuracy'].text}, with {_percent(right['high'])} at best")
    if wrong["low"] is not None and wrong["low"] > goals["hallucination"].value:
        found.append(f"{goals['hallucination'].text}, with {_percent(wrong['low'])} at least")
    return found


def _disagreeing_slices(contenders: Comparison, eligible: Sequence[str], winner: str) -> list[str]:
    """Slices on which another contender leads the winner, with intervals that do not overlap."""
    found = []
    for part, own in contenders[winner]["accuracy"]["slices"].items():
        if part in ("general", "changed"):
            continue
        others = {name: contenders[name]["accuracy"]["slices"].get(part) for name in eligible if name != winner}
        better = {name: one for name, one in others.items() if one and own["high"] < one["low"]}
        if better:
            best = max(better, key=lambda name: better[name]["value"])
            found.append(
                f"On the slice '{part}', {best} is ahead of {winner} ({_percent(better[best]['value'])} against "
                f"{_percent(own['value'])}): the verdict depends on how often such questions are asked."
            )
    return found


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
