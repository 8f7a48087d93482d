"""The stated needs that a contender cannot meet by what it is, whatever a pilot measures.

Takes a `Profile` and descriptions of contenders. Gives reasons by need. The decision matrix and the verdict both use
it, so they never disagree. Knows nothing about scores, measures or costs. A contender of the team's own class, of
which nothing is known, passes, and so does one that answers outside of Bakeoff, but for where questions are sent.
"""

from collections.abc import Callable, Iterator, Sequence

from bakeoff.decide.situation.profile import Profile
from bakeoff.measure.comparison import AskedModel, Entrant

HOURS = 24.0


def unmet_needs(
    profile: Profile, entrant: Entrant, entrants: Sequence[Entrant], update_days: float | None = None
) -> dict[str, str]:
    """The profile's needs that this contender cannot meet, by the profile's key, each with the reason.

    `entrants` are all contenders: one that sends questions to others meets a need only if all of those do.
    `update_days` is how long one of its updates takes (machine time, and the approval of a retraining); None if it is
    not known.
    """
    asked = list(_asked(entrant, entrants))
    reasons = {
        "needs_citations": profile.needs_citations and _first(_not_citing, asked),
        "needs_live_sources": profile.needs_live_sources and _first(_not_live, asked),
        "needs_independent_updates": profile.needs_independent_updates and _first(_not_independent, asked),
        "privacy_on_premises": profile.privacy_on_premises and _first(_leaving, asked),
        "must_run_offline": profile.must_run_offline and _first(_online, asked),
        "update_interval_days": _too_slow(profile.update_interval_days, update_days),
    }
    return {need: why for need, why in reasons.items() if why}


def _asked(entrant: Entrant, entrants: Sequence[Entrant]) -> Iterator[Entrant]:
    """The contenders that answer for this one: itself, or all those that it sends questions to."""
    waiting, reached = [entrant], set[str]()
    while waiting:
        current = waiting.pop(0)
        if current.name in reached:
            continue
        reached.add(current.name)
        behind = [other for other in entrants if other.name in current.behind]
        waiting += behind
        if (not current.behind or current.model is not None) and not _is_unknown(current):
            yield current


def _is_unknown(entrant: Entrant) -> bool:
    """Whether nothing is known about how it answers, as for a team's own class."""
    says = (entrant.behind, entrant.retrieves, entrant.shown, entrant.is_tuned, entrant.is_baseline)
    return entrant.model is None and not any(says)


def _first(reason: Callable[[Entrant], str], asked: Sequence[Entrant]) -> str:
    return next((why for entrant in asked if (why := reason(entrant))), "")


def _whose(entrant: Entrant) -> str:
    return f"{entrant.name} reads no document at the time of the question"


def _not_citing(entrant: Entrant) -> str:
    """A text in the prompt can be named as the source, found or given whole."""
    if entrant.retrieves or entrant.shown or entrant.outside:
        return ""
    return f"{_whose(entrant)}, so it cannot cite one; the profile says answers must cite their source"


def _not_live(entrant: Entrant) -> str:
    """Only a search can ask a source at the time of the question: a prompt with every document is made before."""
    if entrant.retrieves or entrant.outside:
        return ""
    why = f"{entrant.name} is always shown the same documents" if entrant.shown else _whose(entrant)
    return f"{why}; the profile says it needs live sources"


def _not_independent(entrant: Entrant) -> str:
    if entrant.outside or ((entrant.retrieves or entrant.shown) and not entrant.learns_facts):
        return ""
    return f"{entrant.name} knows only what its weights hold; the profile says knowledge must be updated without them"


def _leaving(entrant: Entrant) -> str:
    model: AskedModel | None = entrant.model
    if model is None or model.location != "internet":
        return ""
    return f"it sends questions and documents to {model.host}; the profile says they must stay on the premises"


def _online(entrant: Entrant) -> str:
    if entrant.model is None or entrant.model.location == "here":
        return ""
    return f"it asks {entrant.model.host}; the profile says it must run offline"


def _too_slow(interval_days: float | None, update_days: float | None) -> str:
    if interval_days is None or update_days is None or update_days <= interval_days:
        return ""
    interval = _spell(interval_days).removeprefix("1 ")
    return f"an update takes {_spell(update_days)}, but the documents change every {interval}"


def _spell(days: float) -> str:
    """A duration in days, or in hours below one day."""
    amount, unit = (days, "day") if days >= 1 else (days * HOURS, "hour")
    return f"{amount:.3g} {unit}{'' if f'{amount:.3g}' == '1' else 's'}"
