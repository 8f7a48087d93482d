"""The profile's hard limits: contenders that break one cannot be shipped, whatever their measures.

Takes a contender's measures, costs and description, gives the reason why it is excluded. A limit counts as broken if
the pilot did not measure what it limits.
"""

from collections.abc import Mapping, Sequence

from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.verdict.wording import percent
from bakeoff.measure.comparison import AskedModel, Comparison, Entrant
from bakeoff.records import Record

MAX_ERRORS = 0.05


class Cost(Record):
    """One contender's cost over the profile's horizon. Running cost is the total without set-up, per month."""

    setup_usd: float
    running_usd_per_month: float
    total_usd: float


def excluded_by_limits(comparison: Comparison, profile: Profile, costs: Mapping[str, Cost]) -> dict[str, str]:
    """The contenders that break a limit, each with one reason. Where its model runs is checked before its measures."""
    unfit = not_allowed(comparison.entrants, profile)
    reasons = {
        name: unfit.get(name) or broken_limit(comparison, name, profile, costs.get(name)) for name in comparison.names
    }
    return {name: why for name, why in reasons.items() if why}


def not_allowed(entrants: Sequence[Entrant], profile: Profile) -> dict[str, str]:
    """The contenders whose model runs where the profile does not allow it, each with the reason.

    A contender of the team's own class passes: the model it asks is unknown.
    """
    reasons = {}
    for entrant in entrants:
        models = [asking.model for asking in (entrant, *_behind(entrant, entrants)) if asking.model]
        why = next((reason for model in models if (reason := _misplaced(model, profile))), "")
        if why:
            reasons[entrant.name] = why
    return reasons


def _behind(entrant: Entrant, entrants: Sequence[Entrant]) -> list[Entrant]:
    return [other for other in entrants if other.name in entrant.behind]


def _misplaced(model: AskedModel, profile: Profile) -> str:
    if profile.privacy_on_premises and model.location == "internet":
        return f"it sends questions and documents to {model.host}; the profile says they must stay on the premises"
    if profile.must_run_offline and model.location != "here":
        return f"it asks {model.host}; the profile says it must run offline"
    return ""


def broken_limit(comparison: Comparison, name: str, profile: Profile, cost: Cost | None) -> str:
    """Why a contender's measures or cost break a limit of the profile; empty if they break none."""
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
        return "its latency was not measured, but the profile limits it"
    return f"5 % of its answers take more than {p95:,.0f} ms; the limit is {limit:,.0f} ms" if p95 > limit else ""


def _too_often_wrong(comparison: Comparison, name: str, profile: Profile) -> str:
    limit, wrong = profile.max_hallucination, comparison.estimate(name, "hallucination").least  # for sure
    if limit is None:
        return ""
    if wrong is None:
        return "its hallucination was not measured, but the profile limits it"
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
            return "its cost is not known, but the profile has a budget"
        if budget is not None and usd is not None and usd > budget:
            return f"{words.format(usd)}; the budget is {budget:,.0f} USD"
    return ""
