"""Verdicts on simulated pilots, end to end: from graded answers through the product's own decision.

Takes worlds and profiles, gives verdicts. Pilot i of a world has the seed (seed, number of facts, i).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

from bakeoff.decide.situation.needs import unmet_needs
from bakeoff.decide.situation.profile import Profile, validate_profile
from bakeoff.decide.verdict.case import Case
from bakeoff.decide.verdict.decide import Verdict, decide
from bakeoff.pilot.decision import Tested, decision
from decisions.pilots import Pilot, World, pilot

SEED = 12
ONE = TypeVar("ONE")


class Judged(NamedTuple):
    """A pilot, what its verdict rests on, and the verdict."""

    pilot: Pilot
    case: Case
    verdict: Verdict

    def standing(self, name: str, requirement: str) -> str:
        """Whether a contender's requirement is 'met', 'missed' or 'open'."""
        return next(s.state for s in self.verdict.standings[name] if s.name == requirement)


def profile_of(**given: Any) -> Profile:
    return validate_profile(given)


def worth_of(usd: float, **more: Any) -> dict[str, Any]:
    """The profile's value if a right answer is worth so many US dollars."""
    return {"value": {"currency": "USD", "right": usd, **more}}


def judged(of: Pilot, profile: Profile, **more: Any) -> Judged:
    """The verdict on one pilot; `more` are further fields of `Tested`."""
    entrants, days = of.comparison.entrants, more.get("update_days", {})
    tested = Tested(
        comparison=of.comparison,
        profile=profile,
        questions=of.questions,
        correct=of.correct,
        abstained=of.abstained,
        hallucinated=of.hallucinated,
        inputs=of.inputs,
        needs={one.name: unmet_needs(profile, one, entrants, days.get(one.name)) for one in entrants},
        **more,
    )
    found = decision(tested)
    return Judged(of, found, decide(found))


def pilots(world: World, n: int, seed: int = SEED) -> Iterator[Pilot]:
    """n pilots of a world."""
    return (pilot(world, np.random.default_rng([seed, world.n_facts, i])) for i in range(n))


def verdicts(world: World, profile: Profile, n: int, seed: int = SEED, **more: Any) -> list[Judged]:
    """The verdicts on n pilots of a world."""
    return [judged(of, profile, **more) for of in pilots(world, n, seed)]


def share(given: Sequence[ONE], holds: Callable[[ONE], bool]) -> float:
    return float(np.mean([holds(one) for one in given]))


def ships(one: Judged) -> bool:
    return one.verdict.decision == "ship"


def percent(value: float, digits: int = 1) -> str:
    return f"{100 * value:.{digits}f}"


def counted(values: Mapping[str, float], digits: int = 0) -> str:
    """Shares by name, the largest first: 'rag 62, tuned 38'."""
    ordered = sorted(values.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {100 * value:.{digits}f}" for name, value in ordered if round(100 * value, digits))
