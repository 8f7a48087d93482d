"""Fixed amounts: what a team knows of a contender's cost takes the place of what would be calculated.

Takes cost inputs, a profile with `fixed` amounts and the contender. Gives the inputs with those amounts, and sentences
about amounts that contradict each other. Knows nothing about where the calculated numbers came from.

A contender that is made of others (`catalogue.MADE_OF`), or sends questions to them, costs at least what the dearest of
them costs by a fixed amount: a least amount of the inputs, which the formulas of `model.py` apply to every draw. Its
own fixed amount comes first. A price of a query stands for everything that answers it: computing, tokens and the hours
of the machine. A router sends each question to only one contender, so a price of a query does not bind it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bakeoff.catalogue import MADE_OF
from bakeoff.decide.cost.model import CostInputs
from bakeoff.decide.situation.profile import Profile, parts_of
from bakeoff.decide.situation.profile_keys import FixedCost
from bakeoff.measure.comparison import Entrant
from bakeoff.sentences import usd

SETUP = ("data_days", "setup_days", "project_days", "training_seconds", "training_tokens", "indexing_seconds")
PER_QUERY = (
    "compute_seconds_per_query",
    "retrieval_seconds_per_query",
    "prompt_tokens_per_query",
    "completion_tokens_per_query",
    "online_hours_per_month",
)
MONTHLY = (
    "retraining_seconds_per_update",
    "retraining_tokens_per_update",
    "reindexing_seconds_per_update",
    "approval_days_per_update",
    "upkeep_days_per_month",
    "on_call_usd_per_month",
    "online_hours_per_month",
    "index_usd_per_month",
)
FIXED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "setup_usd": ("fixed_setup_usd", SETUP),
    "usd_per_query": ("fixed_usd_per_query", PER_QUERY),
    "usd_per_month": ("fixed_usd_per_month", MONTHLY),
}
"""What each fixed amount of the profile is called in `CostInputs`, and which numbers it stands for."""
LEAST: Mapping[str, str] = {
    "setup_usd": "least_setup_usd",
    "usd_per_query": "least_usd_per_query",
    "usd_per_month": "least_usd_per_month",
}
"""What the fixed amount of a part is called in `CostInputs` of a contender that needs it."""
WORDS = {"setup_usd": "for the set-up", "usd_per_query": "a query", "usd_per_month": "a month"}
KNOWN = "the profile, as a fixed amount"


def with_fixed(c: CostInputs, profile: Profile, entrant: Entrant) -> CostInputs:
    """The inputs with the amounts that the team knows in place of what they stand for, and those of parts as least."""
    own = profile.fixed_cost(entrant)
    for key in FIXED:
        stated = getattr(own, key)
        part, least = dearest_part(profile, entrant, key)
        if stated is not None:
            c = with_amount(c, key, stated, KNOWN)
        elif least:
            source = f"the profile: the fixed amount of '{part}', whose work it needs"
            c = c.model_copy(update={LEAST[key]: least, "sources": c.sources | {LEAST[key]: source}})
    return c


def dearest_part(profile: Profile, entrant: Entrant, key: str) -> tuple[str, float]:
    """Which contender that this one needs has the largest fixed amount of this kind; empty and 0 if none has one."""
    parts = MADE_OF.get(entrant.recipe, ()) if key == "usd_per_query" else parts_of(entrant)
    given = {part: getattr(profile.fixed.get(part, FixedCost()), key) for part in parts}
    known = {part: amount for part, amount in given.items() if amount is not None}
    part = max(known, key=lambda name: known[name], default="")
    return part, known.get(part, 0.0)


def fixed_contradictions(profile: Profile, entrants: Sequence[Entrant]) -> list[str]:
    """A sentence for each fixed amount that is below that of a part of the contender."""
    found = []
    for entrant in entrants:
        own = profile.fixed_cost(entrant)
        for key, words in WORDS.items():
            stated, (part, least) = getattr(own, key), dearest_part(profile, entrant, key)
            if stated is not None and stated < least:
                found.append(
                    f"{entrant.name} needs the work of {part}, but the profile's fixed amount {words} is {usd(stated)} "
                    f"for {entrant.name} and {usd(least)} for {part}: check which of the two is true."
                )
    return found


def with_amount(c: CostInputs, key: str, amount: float, source: str) -> CostInputs:
    """The inputs with this amount, of a kind in `FIXED`, in place of the numbers that it stands for."""
    field, replaced = FIXED[key]
    values: dict[str, Any] = {**dict.fromkeys(replaced, 0.0), field: amount}
    sources = {name: of for name, of in c.sources.items() if name not in values} | {field: source}
    intervals = {name: ends for name, ends in c.intervals.items() if name not in values}
    return c.model_copy(update={**values, "sources": sources, "intervals": intervals})
