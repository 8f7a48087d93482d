"""Which need or limit decides: whom it excludes who would otherwise be worth the most.

Takes a `Judgement`, gives `LimitFlip`s. What other inputs turn the choice: `sensitivity.py`. Knows nothing about
sentences.
"""

from collections.abc import Mapping
from typing import NamedTuple

from bakeoff.decide.requirements.standing import ERRORS, Standing
from bakeoff.decide.value.worth import NOTHING
from bakeoff.decide.verdict.judgement import Judgement


class LimitFlip(NamedTuple):
    """Without this need or limit of the profile, which the winner-to-be misses, it would be worth the most."""

    missed: Standing
    winner: str


def limit_flips(judgement: Judgement) -> list[LimitFlip]:
    """Each need or limit without which a contender that it alone excludes would be worth more than all candidates.

    By net value, without a value of answers by utility. Failed answers are no limit of the profile.
    """
    worth, nothing_can_lead = _worth(judgement), bool(judgement.worth.nets)
    left_out = set(judgement.excluded) | (set() if nothing_can_lead else {NOTHING, *judgement.baselines})
    best = max((value for name, value in worth.items() if name not in left_out), default=float("-inf"))
    found: dict[str, LimitFlip] = {}
    for name in judgement.excluded:
        missed = [of for of in judgement.standings.get(name, ()) if of.kind != "goal" and of.state == "missed"]
        if len(missed) != 1 or missed[0].name == ERRORS or worth.get(name, best) <= best:
            continue
        if not nothing_can_lead and name in judgement.baselines:
            continue
        other = found.get(missed[0].name)
        if other is None or worth[name] > worth[other.winner]:
            found[missed[0].name] = LimitFlip(missed[0], name)
    return list(found.values())


def nothing_leads(judgement: Judgement) -> bool:
    """Whether doing nothing is the choice: of what can be chosen it is worth the most, and not less than nobody."""
    nets = {name: net.net.value for name, net in judgement.worth.nets.items() if name not in judgement.excluded}
    return judgement.winner is None and nets.get(NOTHING, -1.0) >= max([0.0, *nets.values()])


def _worth(judgement: Judgement) -> Mapping[str, float]:
    if judgement.worth.nets:
        return {name: net.net.value for name, net in judgement.worth.nets.items()}
    return {name: of.value for name, of in judgement.worth.utility.items()}
