"""Specs to recipes: by short name, by import path, or as a wrapper around a team's own plain class.

Takes specs, gives recipes, checked against each other. Knows nothing about worlds.
"""

from collections.abc import Sequence
from pathlib import Path

from bakeoff.catalogue import STANDARD
from bakeoff.contenders.custom import Custom
from bakeoff.contenders.recipe import Recipe
from bakeoff.contenders.spec import Spec, known_recipes
from bakeoff.errors import ConfigError
from bakeoff.imports import imported
from bakeoff.measure.comparison import Entrant
from bakeoff.models.settings import LocalModel, ModelSettings


def make_recipe(spec: Spec, folder: Path | None = None) -> Recipe:
    """The spec's recipe. A class with `answer(questions)` that is not a recipe is wrapped in one.

    `folder` is the folder of bakeoff.yaml; your own classes may be there. Raises ConfigError if the class cannot be
    imported or cannot answer.
    """
    path = known_recipes().get(spec.recipe, spec.recipe)
    kind = imported(path, folder, f"The contender '{spec.name}'")
    if isinstance(kind, type) and issubclass(kind, Recipe):
        return kind(spec)
    return Custom(spec, kind)


def make_recipes(specs: Sequence[Spec], folder: Path | None = None) -> list[Recipe]:
    """Every spec's recipe, checked against the others."""
    recipes = [make_recipe(spec, folder) for spec in specs]
    for recipe in recipes:
        _check_roles(recipe)
        _check_host(recipe)
        recipe.check(recipes)
    _check_circles(recipes)
    _check_steps(recipes)
    return recipes


def _check_roles(recipe: Recipe) -> None:
    """Raises ConfigError if `parts` names an unknown role, or too many contenders for one role."""
    name, allowed = recipe.spec.name, recipe.roles
    for role, players in recipe.spec.parts.items():
        if role not in allowed:
            known = f"its roles are {', '.join(allowed)}" if allowed else f"'{recipe.spec.recipe}' has no parts"
            raise ConfigError(
                f"The contender '{name}': parts.{role} is unknown; {known}.", "leave it out, or rename it"
            )
        if len(players) > 1 and not allowed[role]:
            raise ConfigError(
                f"The contender '{name}': parts.{role} names {', '.join(players)}.", f"name one contender for '{role}'"
            )


def _check_host(recipe: Recipe) -> None:
    """Raises ConfigError if a contender is to be tuned at a host, but is trained by a program of its own."""
    if recipe.spec.tuning.host is not None and not recipe.tuned_at_hosts:
        raise ConfigError(
            f"The contender '{recipe.spec.name}': the recipe '{recipe.spec.recipe}' cannot be tuned at a host.",
            "leave tuning.host out, or use a recipe that is tuned on prompts and answers alone (tuned, hybrid)",
        )


def _check_circles(recipes: Sequence[Recipe]) -> None:
    """Raises ConfigError if a contender sends questions to itself, directly or through others."""
    behind = {recipe.spec.name: recipe.behind() for recipe in recipes}
    for name in behind:
        reached, waiting = set[str](), list(behind[name])
        while waiting:
            other = waiting.pop()
            if other not in reached:
                reached.add(other)
                waiting += behind[other]
        if name in reached:
            raise ConfigError(
                f"The contender '{name}' sends questions to itself, directly or through others.",
                "name other contenders in its parts",
            )


def _check_steps(recipes: Sequence[Recipe]) -> None:
    """Raises ConfigError if a contender sends questions to one that does so itself and is calibrated no earlier."""
    by_name = {recipe.spec.name: recipe for recipe in recipes}
    for recipe in recipes:
        for other in (by_name[name] for name in recipe.behind() if name in by_name):
            if other.behind() and other.step >= recipe.step:
                raise ConfigError(
                    f"The contender '{recipe.spec.name}' sends questions to '{other.spec.name}', which itself sends "
                    "questions to others.",
                    "name contenders that answer themselves in its parts",
                )


def standard_entrants() -> tuple[Entrant, ...]:
    """The standard recipes with their defaults, for advice without a run."""
    models: dict[str, ModelSettings] = {"generator": LocalModel(name="generator")}
    return tuple(make_recipe(Spec(name=name, recipe=name)).entrant(models) for name in STANDARD)
