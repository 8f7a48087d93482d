"""A profile's two budgets, compared with the ranges of the approaches' assumed costs (people's work included).

Takes a `Profile` and `Estimates`. Gives the sentences below a recommendation. Knows nothing about measurements.
`budget_setup_usd` limits the set-up; `budget_usd_per_month` limits the average month after it.
"""

from collections.abc import Sequence

from bakeoff.decide.advise.estimated import span
from bakeoff.decide.advise.estimates import Estimates
from bakeoff.decide.requirements.standing import State, within
from bakeoff.decide.situation.approaches import APPROACHES, NAMES, TITLES
from bakeoff.decide.situation.profile import Profile
from bakeoff.sentences import as_given

BUDGETS = {"budget_setup_usd": ("setup", "USD to set up"), "budget_usd_per_month": ("running", "USD a month to run")}


def budget_states(profile: Profile, known: Estimates) -> dict[str, dict[str, State]]:
    """For each budget of the profile, whether each approach keeps it; {} if no cost is known."""
    states = {}
    for field, (quantity, _) in BUDGETS.items():
        budget, ranges = getattr(profile, field), known.of(quantity)
        if budget is not None and ranges:
            states[field] = {name: within(of.low, of.high, budget) for name, of in ranges.items()}
    return states


def budget_note(profile: Profile, known: Estimates, approach: str, open_to: Sequence[str]) -> str:
    """Which budgets the recommended approach breaks or may break, and which approaches keep them; may be empty."""
    states = budget_states(profile, known)
    what = "both budgets" if len(states) == 2 else "the budget"
    keep = [name for name in APPROACHES if name in open_to and all(of[name] == "met" for of in states.values())]
    broken = [field for field, of in states.items() if of[approach] == "missed"]
    unsure = [field for field, of in states.items() if of[approach] == "open"]
    if not states:
        return ""
    if not broken and not unsure:
        alone = keep == [approach]
        return f"By assumed costs, work included, only {TITLES[approach]} surely keeps {what}." if alone else ""
    verb, fields = ("breaks", broken) if broken else ("may break", unsure)
    amounts = " and ".join(
        f"{span(known.of(BUDGETS[field][0])[approach])} {BUDGETS[field][1]} "
        f"(budget {as_given(getattr(profile, field))})"
        for field in fields
    )
    which = what if len(fields) == len(states) else "one of the budgets"
    kept = " and ".join(TITLES[name] for name in keep)
    others = f" {kept[0].upper()}{kept[1:]} would keep {what}." if keep else f" No approach surely keeps {what}."
    return f"By assumed costs, work included, {TITLES[approach]} {verb} {which}: {amounts}.{others}"


def above_budget(profile: Profile, known: Estimates) -> list[str]:
    """For each budget of the profile, the approaches that would break it: one sentence each."""
    warnings = []
    for field, states in budget_states(profile, known).items():
        above = [NAMES[name] for name, state in states.items() if state == "missed"]
        if above:
            unit = BUDGETS[field][1]
            warnings.append(f"Above the budget of {as_given(getattr(profile, field))} {unit}: {', '.join(above)}.")
    return warnings
