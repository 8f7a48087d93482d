"""Asks every model of a run once, before any work is done that a model out of reach would waste.

Takes the configuration and the recipes, raises what is wrong with a model, or gives notes. Builds nothing.
"""

from collections.abc import Sequence

from bakeoff.contenders.recipe import Recipe
from bakeoff.errors import AdapterError, ModelUnavailableError
from bakeoff.models import weights
from bakeoff.models.embed import HashEmbedder
from bakeoff.models.load import as_settings, has_no_weights
from bakeoff.models.probe import negotiated_with, probe
from bakeoff.models.settings import ApiModel, LocalModel
from bakeoff.pilot.judge_answers import judge_warnings
from bakeoff.runs.config import Config


def probe_models(config: Config, recipes: Sequence[Recipe]) -> None:
    """Tests every model once.

    An adapter that does not fit its model costs the contenders that use it, if there are others.
    """
    for name in generators(recipes):
        try:
            probe(config.models[name])
        except AdapterError:
            if all(recipe.asks_model and recipe.spec.model == name for recipe in recipes):
                raise
    for name in embedders(recipes):
        probe(config.models[name], embeds=True)
    for name in rerankers(recipes):
        probe(config.models[name], reranks=True)


def check_found(config: Config, recipes: Sequence[Recipe]) -> None:
    """Raises ModelUnavailableError for a model of these contenders that is neither here nor to be downloaded.

    Asks no model and downloads nothing, so that a wrong name is told before the documents are read.
    """
    for name in models_of(recipes):
        settings = as_settings(config.models[name])
        if isinstance(settings, LocalModel) and not has_no_weights(settings) and settings.name != HashEmbedder.name:
            weights.check_found(settings.name)


def negotiated(config: Config, recipes: Sequence[Recipe]) -> list[str]:
    """What the servers of these models were found to take, in words; the report has what they refused."""
    asked = dict.fromkeys(config.models[name] for name in generators(recipes))
    return [line for model in asked if isinstance(model, ApiModel) for line in negotiated_with(model)]


def probe_judge(config: Config) -> list[str]:
    """Tests the judge model once, and says what speaks against it. The run goes on: its answers need no judge.

    Raises ConfigError if its settings cannot work, or its tokens have no price.
    """
    if config.judge is None:
        return []
    notes = judge_warnings(config, config.judge)
    try:
        probe(config.judge)
    except ModelUnavailableError as error:
        notes.append(f"{error.message} The judge is asked again after the contenders have answered.")
    return notes


def generators(recipes: Sequence[Recipe]) -> list[str]:
    """The names in `models:` of the models that these contenders ask."""
    return list(dict.fromkeys(recipe.spec.model for recipe in recipes if recipe.asks_model))


def embedders(recipes: Sequence[Recipe]) -> list[str]:
    return list(dict.fromkeys(recipe.embedder for recipe in recipes if recipe.embedder))


def rerankers(recipes: Sequence[Recipe]) -> list[str]:
    return list(dict.fromkeys(one.spec.retrieval.reranker for one in recipes if one.retrieves and one.reranker))


def models_of(recipes: Sequence[Recipe]) -> list[str]:
    """The names in `models:` of all models that these contenders use."""
    return list(dict.fromkeys([*generators(recipes), *embedders(recipes), *rerankers(recipes)]))
