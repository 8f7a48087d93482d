"""Pilots with known truth: graded answers of contenders whose shares of right and wrong answers are given.

Takes a `World`, gives what a finished run passes to its decision. Facts, questions and contenders are correlated: an
answer is right if a normal variate, shared in part by the phrasings of a fact and by the contenders at a question, is
below a threshold. So every contender has exactly its true shares, over all the questions that could be asked.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np

from bakeoff.decide.cost.model import CostInputs
from bakeoff.measure.comparison import Comparison, Entrant, Estimate
from bakeoff.measure.graded import Graded, known
from bakeoff.measure.statistics import graded_share
from bakeoff.records import Question

OF_FACT, OF_QUESTION = 0.35, 0.30
"""The shares of the variance of being right that questions of a fact, and contenders at a question, have in common."""
BASE = (0.25, 0.60)
"""The base model's shares of right and wrong answers where it does not matter."""
DAY_USD = 500.0
APPROACHES = {"rag": "rag", "tuned": "fine-tuning", "hybrid": "hybrid", "extract": "rag"}


class Skill(NamedTuple):
    """A contender's true shares of right and wrong answers; the rest is declined."""

    right: float
    wrong: float

    def utility(self, penalty: float = 1.0) -> float:
        return self.right - penalty * self.wrong


@dataclass(frozen=True)
class World:
    """What is simulated. `skills` are by contender; 'base' is the base model.

    `sigma` is that of the logarithm of how often questions are asked; 0: equally often. `days` are set-up days by
    contender, `usd` what else the set-up costs for sure, `usd_per_query` what a query costs. `alike` are the shares of
    variance that phrasings of a fact and contenders at a question have in common.
    """

    skills: Mapping[str, Skill]
    n_facts: int = 100
    phrasings: int = 1
    sigma: float = 0.0
    days: Mapping[str, float] = field(default_factory=dict)
    usd: Mapping[str, float] = field(default_factory=dict)
    usd_per_query: Mapping[str, float] = field(default_factory=dict)
    alike: tuple[float, float] = (OF_FACT, OF_QUESTION)
    situation: Mapping[str, Any] = field(default_factory=dict)


class Pilot(NamedTuple):
    """Graded answers and what else a run's decision takes. Values are by contender."""

    questions: list[Question]
    correct: dict[str, Graded]
    abstained: dict[str, Graded]
    hallucinated: dict[str, Graded]
    comparison: Comparison
    inputs: dict[str, CostInputs]

    @property
    def facts(self) -> dict[str, str]:
        return {question.id: question.fact for question in self.questions}


def pilot(world: World, rng: np.random.Generator, estimates: bool = True) -> Pilot:
    """One pilot. Without `estimates` the comparison holds none, for what is only decided on draws."""
    questions = questions_of(world, rng)
    return graded_pilot(world, questions, answers(world, rng), estimates)


def answers(world: World, rng: np.random.Generator) -> np.ndarray:
    """What each contender did: 1 right, 0 declined, -1 wrong; (contender, question)."""
    n, (of_fact, of_question) = world.n_facts * world.phrasings, world.alike
    if world.phrasings == 1:
        of_question, of_fact = of_question + of_fact, 0.0
    luck = (
        math.sqrt(of_fact) * np.repeat(rng.standard_normal(world.n_facts), world.phrasings)
        + math.sqrt(of_question) * rng.standard_normal(n)
        + math.sqrt(1 - of_fact - of_question) * rng.standard_normal((len(world.skills), n))
    )
    below, above = (
        np.array([[_normal(share)] for share in shares])
        for shares in ((s.right for s in world.skills.values()), (1 - s.wrong for s in world.skills.values()))
    )
    return np.asarray((luck < below).astype(int) - (luck > above))


def _normal(share: float) -> float:
    return NormalDist().inv_cdf(share) if 0 < share < 1 else math.inf * (1 if share >= 1 else -1)


def questions_of(world: World, rng: np.random.Generator, part: str = "unseen", prefix: str = "") -> list[Question]:
    """The test questions, with how often each is asked."""
    n = world.n_facts * world.phrasings
    if not world.sigma:
        return _asked_once(n, world.phrasings, part, prefix)
    often = np.ceil(20 * rng.lognormal(0.0, world.sigma, n)).astype(int)
    return [_question(i, world.phrasings, part, prefix, int(asked)) for i, asked in enumerate(often)]


@lru_cache(maxsize=32)
def _asked_once(n: int, phrasings: int, part: str, prefix: str) -> list[Question]:
    return [_question(i, phrasings, part, prefix, 1) for i in range(n)]


def _question(i: int, phrasings: int, part: str, prefix: str, asked: int) -> Question:
    return Question(
        id=f"{prefix}{i}", text=f"Question {i}?", answers=("yes",), fact=f"{prefix}fact {i // phrasings}",
        slice=part, split="test", asked=asked,
    )  # fmt: skip


def graded_pilot(world: World, questions: Sequence[Question], outcome: np.ndarray, estimates: bool = True) -> Pilot:
    """The pilot in which contenders did that: (contender, question), 1 right, 0 declined, -1 wrong."""
    names, facts = list(world.skills), {question.id: question.fact for question in questions}
    correct, abstained, wrong = (
        {name: known(dict(zip(facts, (row == state).astype(float).tolist(), strict=True)))
         for name, row in zip(names, outcome, strict=True)}
        for state in (1, 0, -1)
    )  # fmt: skip
    measures: dict[str, dict[str, Estimate]] = {
        name: {
            "accuracy": graded_share(correct[name], facts),
            "hallucination": graded_share(wrong[name], facts),
            "errors": Estimate(value=0.0, n=len(facts)),
        }
        if estimates
        else {"accuracy": Estimate(value=0.5, n=len(facts))}
        for name in names
    }
    return Pilot(
        list(questions), correct, abstained, wrong,
        Comparison(entrants=tuple(entrant(name) for name in names), measures=measures),
        {name: inputs_of(world, name) for name in names},
    )  # fmt: skip


@lru_cache(maxsize=256)
def entrant(name: str) -> Entrant:
    """A contender of the recipe that its name begins with; any other name retrieves."""
    recipe = name.split("-")[0]
    return Entrant(
        name=name, recipe=recipe, title=name, approach=None if recipe == "base" else APPROACHES.get(recipe, "rag"),
        is_baseline=recipe == "base", retrieves=recipe not in ("base", "tuned"),
        is_tuned=recipe in ("tuned", "hybrid"), learns_facts=recipe == "tuned",
    )  # fmt: skip


def inputs_of(world: World, name: str) -> CostInputs:
    """A contender's cost: days of set-up, training tokens, and tokens of a query, at a price."""
    return CostInputs(
        name=name,
        setup_days=world.days.get(name, 0.0),
        intervals={"setup_days": (0.5 * days, 2.0 * days)} if (days := world.days.get(name, 0.0)) else {},
        training_tokens=world.usd.get(name, 0.0),
        training_usd_per_million_tokens=1e6,
        completion_tokens_per_query=1.0,
        output_usd_per_million_tokens=1e6 * world.usd_per_query.get(name, 0.0),
        **{"queries_per_month": 1000.0, "engineering_usd_per_day": DAY_USD, **world.situation},
    )


def with_base(base: tuple[float, float] = BASE, **skills: tuple[float, float]) -> dict[str, Skill]:
    """Skills with those of a base model; '_' in a name stands for '-'."""
    return {"base": Skill(*base), **{name.replace("_", "-"): Skill(*skill) for name, skill in skills.items()}}


def several(n: int, right: float, wrong: float) -> dict[str, Skill]:
    """A base model and n contenders of equal skill."""
    return with_base(**{f"rag_{i}": (right, wrong) for i in range(n)})
