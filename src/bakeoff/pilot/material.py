"""What building may use of a run's data and of its profile.

Takes the configuration, prepared data and recipes, gives the `Material`. Knows no contender by name.
"""

from collections.abc import Sequence

from bakeoff.contenders.recipe import Material, Recipe
from bakeoff.decide.cost.payment import rates_by_name
from bakeoff.measure.threshold import Facts
from bakeoff.pilot.prepare import Prepared
from bakeoff.runs.config import Config


def material_of(config: Config, prepared: Prepared, recipes: Sequence[Recipe]) -> Material:
    """The documents, the known answers that are not tested, and what answers are worth and cost."""
    profile, stakes = config.profile, config.profile.stakes_usd
    return Material(
        documents=prepared.documents,
        train=tuple(prepared.of("train")),
        dev=tuple(prepared.of("dev")),
        changed=tuple(prepared.changed_training()),
        seed=config.seed,
        wrong_answer_penalty=profile.penalty,
        facts=Facts.of(prepared.questions),
        judgements=prepared.judgements,
        right_answer_usd=stakes.right if stakes else None,
        rates=rates_by_name([recipe.entrant(config.models) for recipe in recipes], profile),
    )
