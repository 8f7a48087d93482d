"""What rules an approach out before any score counts: unmet needs, no examples, broken limits, a cost that cannot pay.

Takes a `Profile`, the contender that represents each approach, the table of factors and `Estimates`. Gives the reason
by approach. A limit rules out an approach that surely breaks it (the low end of its range is above it). If all that are
left break it, the one that comes closest stays, and a note says so: then a tighter limit never helps the dearer one.
A factor with weight 0 rules nobody out. Last, if the profile gives a `value`, what cannot pay for itself at its likely
cost is out, even if that leaves nothing: then building nothing is the advice.
"""

from collections.abc import Mapping, Sequence

from bakeoff.decide.advise.estimated import span, states_of
from bakeoff.decide.advise.estimates import Estimates
from bakeoff.decide.advise.factors import Factor
from bakeoff.decide.advise.paying import paying, unpaid_reason
from bakeoff.decide.cost.inputs import assumed_inputs
from bakeoff.decide.situation.approaches import NAMES, TITLES, Standing
from bakeoff.decide.situation.needs import unmet_needs
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.value.updates import update_days
from bakeoff.errors import ConfigError, MissingExtraError
from bakeoff.records import Record
from bakeoff.sentences import as_given, listed

LIMITED = {
    "setup": "setting it up costs {} USD, work included; the budget is {} USD",
    "running": "running it costs {} USD a month, work included; the budget is {} USD a month",
    "days": "setting it up takes one person {} calendar days; the deadline is in {} days",
}

SAME = 1.001
"""Amounts that differ by less than this factor are the same: both approaches come equally close."""


class Constraints(Record):
    """The reason by approach that is ruled out, and a note for each limit that no approach keeps.

    `unpaid` are the approaches that are out only because they cannot pay for themselves.
    """

    ruled_out: dict[str, str]
    notes: tuple[str, ...] = ()
    unpaid: tuple[str, ...] = ()


def constraints(
    profile: Profile, standing: Standing, factors: Sequence[Factor], weights: Mapping[str, float], known: Estimates
) -> Constraints:
    """Needs, then bands that rule out, then limits in the order of the table, each among those left; then the worth."""
    counted = [factor for factor in factors if weights[factor.name] > 0]
    fields = {factor.field for factor in factors} - {factor.field for factor in counted}
    ruled_out = needs_unmet(profile, standing, fields)
    for factor in counted:
        band = factor.band(profile)
        for name in band.rules_out if band else ():
            ruled_out.setdefault(name, band.sentence(factor.value(profile)) if band else "")
    notes = []
    for factor in counted:
        broken = _breaking(factor, profile, known)
        left = [name for name in standing if name not in ruled_out]
        if left and all(name in broken for name in left):
            ranges = known.of(factor.estimate or "days")
            least = SAME * min(ranges[name].low for name in left)
            notes.append(_nobody(broken, [name for name in left if ranges[name].low <= least]))
            broken = {name: why for name, why in broken.items() if ranges[name].low > least}
        ruled_out |= {name: why for name, why in broken.items() if name not in ruled_out}
    unpaid = {name: why for name, why in _unpaid(profile, known).items() if name not in ruled_out}
    ruled_out |= unpaid
    return Constraints(
        ruled_out={name: ruled_out[name] for name in standing if name in ruled_out},
        notes=tuple(notes),
        unpaid=tuple(name for name in standing if name in unpaid),
    )


def _unpaid(profile: Profile, known: Estimates) -> dict[str, str]:
    """The approaches that cannot pay for themselves at their likely cost, with the reason."""
    described = profile.has_today
    return {name: unpaid_reason(way, described) for name, way in paying(profile, known).items() if not way.can_pay}


def needs_unmet(profile: Profile, standing: Standing, without: Sequence[str] | set[str] = ()) -> dict[str, str]:
    """The approaches whose contender cannot meet a need, with the first reason. Needs of the fields `without` do not
    count."""
    days, entrants = assumed_update_days(profile, standing), list(standing.values())
    reasons = {}
    for name, entrant in standing.items():
        unmet = unmet_needs(profile, entrant, entrants, days.get(name))
        why = next((why for field, why in unmet.items() if field not in without), "")
        if why:
            reasons[name] = why
    return reasons


def assumed_update_days(profile: Profile, standing: Standing) -> dict[str, float]:
    """How long an update of each approach takes before a pilot; {} if a price is missing."""
    try:
        inputs = assumed_inputs(profile, list(standing.values()))
    except (ConfigError, MissingExtraError):
        return {}
    return {name: update_days(inputs[entrant.name]) for name, entrant in standing.items()}


def _breaking(factor: Factor, profile: Profile, known: Estimates) -> dict[str, str]:
    """The approaches that surely break the factor's limit, with the reason."""
    states, limit = states_of(factor, profile, known), factor.value(profile)
    if factor.field not in profile.model_fields_set or limit is None:
        return {}
    what = factor.estimate or "days"
    ranges, given = known.of(what), f"{limit:,.10g}" if what == "days" else as_given(limit)
    return {
        name: LIMITED[what].format(span(ranges[name]), given) for name, state in states.items() if state == "missed"
    }


def _nobody(broken: Mapping[str, str], closest: Sequence[str]) -> str:
    """That no approach keeps a limit, and which ones come closest: several if they come equally close."""
    what = broken[closest[0]].partition("; ")
    among = "No approach" if len(broken) == len(NAMES) else "No approach that is left"
    title = listed(TITLES[name] for name in closest)
    verb = "comes" if len(closest) == 1 else "come"
    return f"{among} keeps the limit: {what[2]}. {title[0].upper()}{title[1:]} {verb} closest: {what[0]}."
