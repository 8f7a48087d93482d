"""Who trains a contender's model, on what, and in which order: here, at its host, or there with its adapter used here.

Takes recipes and a world, gives the `Tuner` and the model it takes. Starts nothing.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bakeoff.contenders.recipe import Recipe
from bakeoff.contenders.world import WorldFolder
from bakeoff.errors import InputError
from bakeoff.models.providers.asking import estimated_prompt_tokens, estimated_tokens
from bakeoff.models.settings import ApiModel, LocalModel
from bakeoff.protocols import Tuner
from bakeoff.tuning.hosted.job import Pace
from bakeoff.tuning.hosted.local import DownloadTuner
from bakeoff.tuning.hosted.spending import Permission
from bakeoff.tuning.hosted.tuner import HostedTuner
from bakeoff.tuning.lessons import Lesson
from bakeoff.tuning.packing import Example
from bakeoff.tuning.tuner import tuner_for

NO_LESSON = Lesson([], [], 0)


class Course(NamedTuple):
    """A training: whose model, on what, from which earlier tuned model."""

    recipe: Recipe
    lesson: Lesson
    start_from: Path | None


class Hosting(NamedTuple):
    """What tuning at hosts may cost in this run, and how often hosts are asked."""

    permission: Permission = Permission()
    pace: Pace = Pace()


NOTHING_ALLOWED = Hosting()


def tuner_of(recipe: Recipe, world: WorldFolder, seed: int, hosting: Hosting) -> tuple[Tuner, Path | ApiModel]:
    """What tunes a recipe's model, and the model that it takes."""
    if recipe.is_hosted:
        return HostedTuner(recipe.spec.name, seed, hosting.permission, hosting.pace), hosted_settings(world, recipe)
    there = recipe.at_its_host
    if there is not None:
        return DownloadTuner(hosted_settings(world, there)), weights_of(world, recipe)
    return tuner_for(recipe.spec.tuning.method, seed), weights_of(world, recipe)


def hosted_settings(world: WorldFolder, recipe: Recipe) -> ApiModel:
    """The settings of a model that is tuned at its host."""
    settings = world.models[recipe.spec.model]
    assert isinstance(settings, ApiModel)  # Recipe.obstacle has excluded the others
    return settings


def weights_of(world: WorldFolder, recipe: Recipe) -> Path:
    """The folder of the model that is tuned here, or that a host's adapter is for."""
    from bakeoff.models.weights import resolve_model

    settings = world.models[recipe.spec.model]
    assert isinstance(settings, LocalModel)  # Recipe.obstacle has excluded models without local weights
    return resolve_model(settings.name)


def check_length(world: WorldFolder, recipe: Recipe, examples: Sequence[Example]) -> None:
    """Raises InputError if the recipe's model cannot take one of the examples.

    Of a model behind a server the tokens are estimated.
    """
    if recipe.is_hosted:
        _check_estimates(hosted_settings(world, recipe).context_tokens, examples)
        return
    from bakeoff.models.chat import Chat
    from bakeoff.tuning.packing import encode

    encode(Chat(weights_of(world, recipe)), examples)


def _check_estimates(most: int, examples: Sequence[Example]) -> None:
    for number, example in enumerate(examples, 1):
        tokens = estimated_prompt_tokens(example.prompt) + estimated_tokens(example.completion)
        if not example.completion.strip():
            raise InputError(f"Training example {number} has an empty completion.", "leave it out, or give its answer")
        if tokens > most:
            raise InputError(
                f"Training example {number} has about {tokens} tokens; the model takes {most} (context_tokens).",
                "lower retrieval.k or retrieval.chunk_tokens, or set context_tokens of the model if it takes more",
            )


def trained_first(recipe: Recipe) -> Recipe | None:
    """The recipe whose tuned model this one's is made from: before preferences, or at the host."""
    return recipe.supervised or recipe.at_its_host


def waiting_for(adapter: str, recipes: Sequence[Recipe]) -> list[Recipe]:
    """The recipes whose model is this tuned model, or is made from it."""
    return [one for one in recipes if adapter in (one.adapter, getattr(trained_first(one), "adapter", None))]
