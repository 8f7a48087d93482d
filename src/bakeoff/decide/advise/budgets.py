"""A profile's two budgets, compared with the approaches' assumed costs (people's work included).

Takes a `Profile`. Gives bands for the matrix and the sentence below a recommendation. Knows nothing about measurements.
`budget_setup_usd` limits the set-up; `budget_usd_per_month` limits the average month after it.
"""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence

from bakeoff.decide.advise.factors import BUDGETS, Band, Factor, Score
from bakeoff.decide.cost.inputs import assumed_inputs
from bakeoff.decide.cost.model import nominal_running_usd_per_month, setup_usd
from bakeoff.decide.situation.approaches import APPROACHES, NAMES, TITLES, Standing
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.situation.targets import TIMES_TARGET
from bakeoff.errors import ConfigError, MissingExtraError

Costs = Mapping[str, Mapping[str, float]]
"""US dollars by the profile field that limits them, then by approach."""
COST_OF = dict(zip(BUDGETS, (setup_usd, nominal_running_usd_per_month), strict=True))
SCORES: tuple[Score, ...] = (5, 4, 3, 2, 1)
SHOWN = {"budget_setup_usd": "USD to set up", "budget_usd_per_month": "USD a month to run"}


def assumed_costs(profile: Profile, standing: Standing) -> Costs:
    """What each approach would cost to set up and to run for a month, in whole US dollars; {} if a price is missing.

    `standing` is the contender that represents each approach.
    """
    try:
        inputs = assumed_inputs(profile, list(standing.values()))
    except (ConfigError, MissingExtraError):
        return {}
    return {
        field: {name: float(round(cost(inputs[standing[name].name]))) for name in APPROACHES}
        for field, cost in COST_OF.items()
    }


def with_bands(factor: Factor, costs: Costs) -> Factor:
    """A budget's factor with the bands that follow from these costs; any other factor unchanged."""
    if factor.bands or factor.field not in costs:
        return factor
    usd = costs[factor.field]
    edges = sorted({float(math.ceil(usd[name] / times)) for name in usd for times in TIMES_TARGET if usd[name] > 0})
    rag, ft, hybrid = (usd[name] for name in APPROACHES)
    why = (
        f"{{value:,.0f}} {factor.unit}; assumed costs, work included: RAG {rag:,.0f}, fine-tuning {ft:,.0f}, "
        f"a hybrid {hybrid:,.0f}"
    )
    bands = [
        Band(below=below, scores=(_score(rag, budget), _score(ft, budget), _score(hybrid, budget)), why=why)
        for budget, below in zip([0.0, *edges], [*edges, None], strict=True)
    ]
    no_limit = Band(absent=True, scores=(4, 4, 4), why="no limit")
    return factor.model_copy(update={"bands": (*bands, no_limit) if edges else ()})


def _score(usd: float, budget: float) -> Score:
    return SCORES[bisect_left(TIMES_TARGET, usd / budget) if budget else -1]


def budget_note(profile: Profile, costs: Costs, approach: str, open_to: Sequence[str]) -> str:
    """Which budgets the recommended approach breaks, and which approaches keep them; may be empty."""
    budgets = {field: budget for field in costs if (budget := getattr(profile, field)) is not None}
    broken = {
        name: [field for field, budget in budgets.items() if costs[field][name] > budget]
        for name in (approach, *open_to)
    }
    keep = [TITLES[name] for name in APPROACHES if broken.get(name) == []]
    what = "both budgets" if len(budgets) == 2 else "the budget"
    if not broken[approach]:
        alone = f"By assumed costs, work included, only {TITLES[approach]} keeps {what}."
        return alone if budgets and len(keep) == 1 and len(broken) > 1 else ""
    amounts = " and ".join(f"{costs[f][approach]:,.0f} {SHOWN[f]} (budget {budgets[f]:,.0f})" for f in broken[approach])
    breaks = what if len(broken[approach]) == len(budgets) else "one of the budgets"
    others = f"{' and '.join(keep)} would keep {what}" if keep else f"No approach keeps {what}"
    others = others[0].upper() + others[1:]
    return f"By assumed costs, work included, {TITLES[approach]} breaks {breaks}: {amounts}. {others}."


def above_budget(profile: Profile, costs: Costs) -> list[str]:
    """For each budget of the profile, the approaches that would break it: one sentence each."""
    warnings = []
    for field, usd in costs.items():
        budget = getattr(profile, field)
        above = [NAMES[name] for name in APPROACHES if budget is not None and usd[name] > budget]
        if above:
            warnings.append(f"Above the budget of {budget:,.0f} {SHOWN[field]}: {', '.join(above)}.")
    return warnings
