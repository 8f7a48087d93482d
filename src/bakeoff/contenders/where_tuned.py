"""Why a contender's model cannot be tuned, here or at its host, known before anything is trained or sent.

Takes a recipe and the run's models, gives a reason. Reads weights only to say whether they are there.
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bakeoff.errors import BakeoffError
from bakeoff.models.load import has_no_weights
from bakeoff.models.settings import ApiModel, LocalModel, ModelSettings
from bakeoff.models.weights import resolve_model
from bakeoff.records import Question
from bakeoff.tuning.hosted.hosts import has_ended
from bakeoff.tuning.hosted.settings import NEEDS_DEPLOYMENT, Hosted
from bakeoff.tuning.tunable import why_not_tunable

if TYPE_CHECKING:
    from bakeoff.contenders.recipe import Recipe

NO_QUESTIONS = "there are no training questions: every fact is held out"


def why_not_tuned(settings: ModelSettings, train: Sequence[Question]) -> str | None:
    """Why a model cannot be tuned on this machine on these questions; None if it can."""
    elsewhere = ", unless its host does it (tuning.host)" if isinstance(settings, ApiModel) else ""
    if not isinstance(settings, LocalModel) or has_no_weights(settings):
        return f"the weights of {settings.label} are not on this machine; only a local model can be tuned{elsewhere}"
    if not train:
        return NO_QUESTIONS
    if not any(question.answerable for question in train):
        return "there are no answerable questions to train on"
    reason = why_not_tunable(resolve_model(settings.name))
    return f"{settings.label} cannot be tuned: {reason}" if reason else None


def why_not_hosted(
    recipe: "Recipe", models: Mapping[str, ModelSettings], n_train: int, today: datetime.date | None = None
) -> str | None:
    """Why it cannot be tuned at its host, or (where it runs the host's adapter) not run here; None if it can."""
    hosted, trained = recipe.spec.tuning.host, recipe.spec.trained_as or recipe.spec.model
    assert hosted is not None  # that is the question
    reason = _why_not_trained(models[trained], hosted, n_train, today or datetime.date.today())
    if reason:
        return reason
    if recipe.spec.trained_as:
        return _why_not_here(models[recipe.spec.model])
    if hosted.api in NEEDS_DEPLOYMENT and hosted.deployment is None:
        here = f"; its adapter is measured as '{recipe.spec.name}-local'" if hosted.local else ""
        return (
            f"a model that was tuned at {models[trained].host} answers there from a deployment only, and none is "
            f"used here (tuning.host.deployment){here}"
        )
    return None


def _why_not_trained(settings: ModelSettings, hosted: Hosted, n_train: int, today: datetime.date) -> str | None:
    if not isinstance(settings, ApiModel):
        return f"tuning.host is for a model behind a server, and {settings.label} is on this machine; leave host out"
    if settings.api != "openai":
        return f"{settings.label} has api: {settings.api}; only a model with api: openai can be tuned at its host"
    ended = has_ended(settings.host, today)
    if ended is not None:
        return f"{ended.host} {ended.what} since {ended.day.isoformat()} ({ended.source})"
    return None if n_train else NO_QUESTIONS


def _why_not_here(settings: ModelSettings) -> str | None:
    """Why a host's adapter cannot be run on this model."""
    if not isinstance(settings, LocalModel) or has_no_weights(settings):
        return f"tuning.host.local names {settings.label}, which has no weights on this machine"
    if settings.adapter is not None:
        return f"tuning.host.local names {settings.label}, which has an adapter of its own"
    try:
        resolve_model(settings.name)
    except BakeoffError as error:
        return f"the weights of {settings.label} are not on this machine: {error.message}"
    return None
