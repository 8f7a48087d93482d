"""The profile's hard limits: which contenders cannot be shipped, whatever else they measure.

Takes what a contender measured, costs and is; gives the reason why it is out. What the profile limits and the pilot did
not measure counts as broken: nobody knows that it is kept.
"""

from collections.abc import Mapping, Sequence

from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.verdict.wording import percent
from bakeoff.measure.comparison import AskedModel, Comparison, Entrant
from bakeoff.records import Record

MAX_ERRORS = 0.05


class Cost(Record):
    """What one contender costs over the profile's horizon; running it is what is left of the total without set-up."""

    setup_usd: float
    running_usd_per_month: float
    total_usd: float


def excluded_by_limits(comparison: Comparison, profile: Profile, costs: Mapping[str, Cost]) -> dict[str, str]:
    """The contenders that break a limit, each with the first reason found; what they are comes before what they do."""
    unfit = not_allowed(comparison.entrants, profile)
    reasons = {
        name: unfit.get(name) or broken_limit(comparison, name, profile, costs.get(name)) for name in comparison.names
    }
    return {name: why for name, why in reasons.items() if why}


def not_allowed(entrants: Sequence[Entrant], profile: Profile) -> dict[str, str]:
    """The contenders that ask a model where the profile does not allow it. What a team's own class asks is unknown."""
    reasons = {}
    for entrant in entrants:
        models = [one.model for one in (entrant, *_behind(entrant, entrants)) if one.model]
        why = next((reason for model in models if (reason := _misplaced(model, profile))), "")
        if why:
            reasons[entrant.name] = why
    return reasons


def _behind(entrant: Entrant, entrants: Sequence[Entrant]) -> list[Entrant]:
    return [one for one in entrants if one.name in entrant.behind]


def _misplaced(model: AskedModel, profile: Profile) -> str:
    if profile.privacy_on_premises and model.location == "internet":
        return f"it sends questions and documents to {model.host}; the profile keeps them on the premises"
    if profile.must_run_offline and model.location != "here":
        return f"it asks {model.host}; the profile says that it must run offline"
    return ""


def broken_limit(comparison: Comparison, name: str, profile: Profile, cost: Cost | None) -> str:
    """Why a contender cannot be shipped under the profile by what it measured; empty where it can."""
    errors, accuracy = comparison.estimate(name, "errors").value or 0.0, comparison.estimate(name, "accuracy").value
    if accuracy is None and not errors:
        return "it was asked no test question of the domain"
    if accuracy is None or errors > MAX_ERRORS:
        return f"{percent(errors)} of its answers failed; a verdict allows at most {percent(MAX_ERRORS)}"
    return (
        _too_slow(comparison, name, profile) or _too_often_wrong(comparison, name, profile) or _too_dear(profile, cost)
    )


def _too_slow(comparison: Comparison, name: str, profile: Profile) -> str:
    limit, p95 = profile.latency_limit_ms, comparison.estimate(name, "latency_ms").detail.get("p95")
    if limit is None:
        return ""
    if p95 is None:
        return "its latency was not measured, and the profile limits it"
    return f"one answer in twenty takes more than {p95:,.0f} ms; the limit is {limit:,.0f} ms" if p95 > limit else ""


def _too_often_wrong(comparison: Comparison, name: str, profile: Profile) -> str:
    limit, wrong = profile.max_hallucination, comparison.estimate(name, "hallucination").value
    if limit is None:
        return ""
    if wrong is None:
        return "its hallucination was not measured, and the profile limits it"
    if wrong <= limit:
        return ""
    digits = 0 if percent(wrong) != percent(limit) else 2
    return f"it answers {100 * wrong:.{digits}f} % of the questions wrongly; the limit is {100 * limit:.{digits}f} %"


def _too_dear(profile: Profile, cost: Cost | None) -> str:
    running, setup = (cost.running_usd_per_month, cost.setup_usd) if cost else (None, None)
    budgets = (
        (profile.budget_usd_per_month, running, "running it costs {:,.0f} USD a month"),
        (profile.budget_setup_usd, setup, "setting it up costs {:,.0f} USD"),
    )
    for budget, usd, words in budgets:
        if budget is not None and usd is None:
            return "its cost is not known, and the profile has a budget"
        if budget is not None and usd is not None and usd > budget:
            return f"{words.format(usd)}; the budget is {budget:,.0f} USD"
    return ""
