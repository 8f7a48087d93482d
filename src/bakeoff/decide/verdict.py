"""The verdict: which contender to ship, whom it is tied with, and why, in sentences a manager understands.

Takes the content of comparison.json, a profile, what the data allow and what each contender costs in total; gives a
`Verdict`. Knows nothing about models or files. The rule, in this order: hard limits; then accuracy: whoever the paired
test calls less accurate than any other is out; then, among those left, the total cost.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from bakeoff.decide.profile import Profile
from bakeoff.decide.targets import targets
from bakeoff.records import Record

MAX_ERRORS = 0.05
MIN_QUESTIONS = 30
FEW_QUESTIONS = 100
LOW_RECALL = 0.6

Comparison = Mapping[str, Any]


class Verdict(Record):
    """`winner` is None where the data cannot support one. `tied_with` are those it was not told apart from."""

    winner: str | None
    tied_with: tuple[str, ...] = ()
    reason: str
    excluded: dict[str, str] = Field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def decide(
    comparison: Comparison, profile: Profile, total_usd: Mapping[str, float], data_warnings: Sequence[str] = ()
) -> Verdict:
    """The verdict on a comparison; `total_usd` is each contender's cost over the profile's horizon."""
    contenders = comparison["contenders"]
    excluded = {name: why for name in contenders if (why := broken_limit(name, contenders[name], profile, total_usd))}
    eligible = [name for name in contenders if name not in excluded]
    warnings = (*_warnings(comparison), *data_warnings)
    if not eligible:
        return Verdict(winner=None, reason=_nobody(excluded), excluded=excluded, warnings=warnings)
    leader = max(eligible, key=lambda name: (contenders[name]["accuracy"]["value"], -total_usd.get(name, math.inf)))
    n = contenders[leader]["accuracy"]["n"]
    if n < MIN_QUESTIONS:
        asked = f"{n} test question{'s' if n != 1 else ''}"
        reason = f"{asked} cannot carry a verdict: {MIN_QUESTIONS} are the least, {FEW_QUESTIONS} are better."
        return Verdict(winner=None, reason=reason, excluded=excluded, warnings=warnings)
    equals = [name for name in eligible if not any(_beats(comparison, other, name) for other in eligible)]
    if len(equals) == len(eligible) and len(eligible) > 1 and "base" in equals:
        reason = (
            f"No contender was told apart from any other, not even from the base model, on {n} questions. "
            f"{_power_line(comparison, leader, equals)}"
        )
        return Verdict(winner=None, tied_with=tuple(equals), reason=reason, excluded=excluded, warnings=warnings)
    winner = min(equals, key=lambda name: (total_usd.get(name, math.inf), name))
    tied = tuple(name for name in equals if name != winner)
    warnings = (
        *_disagreeing_slices(contenders, eligible, winner),
        *_short_of_goal(contenders, winner, profile),
        *warnings,
    )
    reason = _reason(comparison, winner, tied, eligible, total_usd)
    return Verdict(winner=winner, tied_with=tied, reason=reason, excluded=excluded, warnings=warnings)


def broken_limit(name: str, measures: Comparison, profile: Profile, total_usd: Mapping[str, float]) -> str | None:
    """Why this contender cannot be shipped under the profile, or None where it can."""
    errors = (measures.get("errors") or {}).get("value") or 0.0
    if measures["accuracy"]["value"] is None and not errors:
        return "it was asked no test question of the domain"
    if measures["accuracy"]["value"] is None or errors > MAX_ERRORS:
        return f"{_percent(errors)} of its answers failed; above {_percent(MAX_ERRORS)} a contender is not judged"
    p95 = (measures["latency_ms"].get("detail") or {}).get("p95")
    if profile.latency_limit_ms is not None and p95 is not None and p95 > profile.latency_limit_ms:
        return f"one answer in twenty takes more than {p95:,.0f} ms; the limit is {profile.latency_limit_ms:,.0f} ms"
    wrong = measures["hallucination"]["value"]
    if profile.max_hallucination is not None and wrong is not None and wrong > profile.max_hallucination:
        limit = _percent(profile.max_hallucination)
        return f"it answers wrongly in {_percent(wrong)} of the questions; the limit is {limit}"
    monthly = total_usd[name] / profile.horizon_months if name in total_usd else None
    if profile.budget_usd_per_month is not None and monthly is not None and monthly > profile.budget_usd_per_month:
        return f"it costs {monthly:,.0f} USD a month; the budget is {profile.budget_usd_per_month:,.0f} USD"
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


def _beats(comparison: Comparison, a: str, b: str) -> bool:
    """Whether the paired test calls a more accurate than b."""
    contrast = contrast_between(comparison, a, b) if a != b else None
    return contrast is not None and contrast["finding"] == "different" and contrast["difference"] > 0


def _nobody(excluded: Mapping[str, str]) -> str:
    whys = "; ".join(f"{name}: {why}" for name, why in excluded.items())
    return f"No contender can be shipped. {whys}." if whys else "There is no contender to judge."


def _reason(
    comparison: Comparison, winner: str, tied: Sequence[str], eligible: Sequence[str], total_usd: Mapping[str, float]
) -> str:
    """Two to four sentences: what it reaches, whom it beats by how much, whom it does not, and what broke the tie."""
    accuracy = comparison["contenders"][winner]["accuracy"]
    said = [
        f"{winner} answered {_percent(accuracy['value'])} of {accuracy['n']} test questions rightly "
        f"(95 % interval {_percent(accuracy['low'])} to {_percent(accuracy['high'])})."
    ]
    beaten = [name for name in eligible if _beats(comparison, winner, name)]
    if beaten:
        best = max(beaten, key=lambda name: comparison["contenders"][name]["accuracy"]["value"])
        contrast = contrast_between(comparison, winner, best)
        if contrast:
            said.append(
                f"The best of the others, {best}, is {100 * contrast['difference']:.0f} points behind "
                f"({100 * contrast['low']:.0f} to {100 * contrast['high']:.0f})."
            )
    if tied:
        said.append(f"It was not told apart in accuracy from {_listed(tied)}; it costs the least of them.")
        costs = ", ".join(f"{name} {total_usd[name]:,.0f}" for name in (winner, *tied) if name in total_usd)
        said.append(f"Total cost in USD: {costs}. {_power_line(comparison, winner, tied)}")
    return " ".join(said).strip()


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


def _short_of_goal(contenders: Comparison, winner: str, profile: Profile) -> list[str]:
    """Where the team said how accurate answers must be, and the winner's whole interval lies below that."""
    goal = targets(profile)["accuracy"]
    high = contenders[winner]["accuracy"]["high"]
    if not goal.given or high is None or high >= goal.value:
        return []
    return [
        f"The profile asks for {goal.text}; {winner} reaches {_percent(high)} at best. "
        "It is the best of what was measured, not good enough."
    ]


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


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
