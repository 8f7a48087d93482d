"""What the candidates of a race are asked: facts whose answers are known, in random order.

Takes prepared data and the candidates' recipes. No question of the test is in it; facts of its slice
`seen` are, in other words.
"""

import random
from collections.abc import Mapping, Sequence

from bakeoff.contenders.race.settings import RaceSettings
from bakeoff.contenders.recipe import Recipe
from bakeoff.pilot.prepare import Prepared
from bakeoff.records import Question

Facts = Mapping[str, Sequence[Question]]
"""The questions of each fact, in the order in which facts are asked."""


def race_facts(rules: RaceSettings, recipes: Sequence[Recipe], prepared: Prepared, seed: int) -> Facts:
    """What these candidates are asked: dev, and also train where none of them learns from it."""
    asked = list(prepared.of("dev"))
    if not any(map(learns_from_train, recipes)):
        asked += prepared.of("train")
    return dict(list(facts_of(asked, seed).items())[: rules.most_facts])


def learns_from_train(recipe: Recipe) -> bool:
    """Whether building a contender may use known answers of train; then they show nothing about it."""
    return bool(recipe.tunes or recipe.tuned_parts or recipe.answers_known or recipe.own_part)


def facts_of(questions: Sequence[Question], seed: int) -> dict[str, list[Question]]:
    """The questions of each fact, without general ones, in random order."""
    found: dict[str, list[Question]] = {}
    for question in questions:
        if question.slice != "general":
            found.setdefault(question.fact, []).append(question)
    order = random.Random(seed).sample(sorted(found), len(found))
    return {fact: found[fact] for fact in order}
