"""The weights behind a contender: its base model, its adapter, and how it is asked.

Takes an origin and the name of a contender, gives folders and the content of `bakeoff.json`, which stands beside every
exported model: a tuned model is to be asked with the prompt that it was trained with. Loads no model.
"""

import json
from pathlib import Path
from typing import NamedTuple

import bakeoff
from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.recipe import Recipe
from bakeoff.errors import ConfigError, MissingExtraError
from bakeoff.exports.origin import Origin
from bakeoff.files.jsonl import write_text
from bakeoff.models.checksums import ORIGIN, weights_sha256
from bakeoff.models.load import has_no_weights
from bakeoff.models.settings import LocalModel
from bakeoff.models.tuned_folder import is_whole_model
from bakeoff.models.weights import resolve_model
from bakeoff.sentences import listed

CARD = "bakeoff.json"


class Weights(NamedTuple):
    """What one contender is made of. `base` is the folder of the model below the adapter, called `label`. Where all
    weights were tuned, `adapter` is the folder of that whole model.
    """

    origin: str
    recipe: Recipe
    label: str
    base: Path
    adapter: Path | None

    @property
    def contender(self) -> str:
        return self.recipe.spec.name

    @property
    def is_made_here(self) -> bool:
        """Whether Bakeoff made the base in its cache, so that no other machine has it under its name."""
        return (self.base / ORIGIN).exists()

    @property
    def base_name(self) -> str:
        """How other tools find the base: its name on the hub, or its folder on this machine."""
        is_path = Path(self.label).expanduser().exists() or self.is_made_here
        return str(self.base.resolve()) if is_path else self.label

    def write_card(self, folder: Path) -> None:
        """Writes `bakeoff.json`: what the model is, and the prompt and limits that it was measured with."""
        spec, template = self.recipe.spec, self.recipe.template
        card = {
            "bakeoff": bakeoff.__version__,
            "exported_from": self.origin,
            "contender": self.contender,
            "recipe": spec.recipe,
            "base_model": self.label,
            "sha256": weights_sha256(self.base, self.adapter),
            "prompt": template.model_dump() if template else None,
            "max_new_tokens": spec.generation.max_new_tokens,
        }
        write_text(folder / CARD, json.dumps(card, indent=1, ensure_ascii=False) + "\n")


def weights_of(origin: Origin, contender: str | None = None) -> Weights:
    """The weights of a contender, checked to be those that were measured.

    Raises ConfigError if it has none here, RunFolderError if they were changed, ModelUnavailableError if they are
    missing, MissingExtraError without torch or peft.
    """
    recipe = _recipe(origin, origin.chosen(contender))
    settings = origin.world.models[recipe.spec.model] if recipe.asks_model else None
    if not isinstance(settings, LocalModel) or has_no_weights(settings):
        why = f"its model, {settings.label}, has no weights here" if settings else "it asks no model of its own"
        raise ConfigError(f"'{recipe.spec.name}' cannot be exported as a model: {why}.", _others(origin, tuned=False))
    _require_packages()
    origin.check_unchanged(recipe.spec.name)
    tuned = origin.world.adapter_folder(recipe.adapter) if recipe.adapter else None
    own = Path(settings.adapter).expanduser() if settings.adapter else None
    return Weights(origin.name, recipe, settings.label, resolve_model(settings.name), tuned or own)


def require_adapter(origin: Origin, weights: Weights) -> Path:
    """The adapter. Raises ConfigError if the contender has none, or all its weights were tuned."""
    if weights.adapter is not None and is_whole_model(weights.adapter):
        raise ConfigError(
            f"'{weights.contender}' has no adapter: all weights of its model were tuned (tuning.method: full).",
            "export it as a whole: --to merged or --to gguf",
        )
    if weights.adapter is None:
        raise ConfigError(f"'{weights.contender}' has no adapter: its model is not tuned.", _others(origin, tuned=True))
    return weights.adapter


def _recipe(origin: Origin, name: str) -> Recipe:
    return make_recipe(origin.world.built(name).spec, origin.world.imports_from)


def _others(origin: Origin, tuned: bool) -> str:
    """The contenders that could be exported, as a remedy."""
    recipes = [_recipe(origin, name) for name in origin.contenders]
    fit = [recipe.spec.name for recipe in recipes if (recipe.adapter if tuned else _has_weights(origin, recipe))]
    kind = "tuned contender" if tuned else "contender with a local model"
    return f"name another one with --contender: {listed(fit)}" if fit else f"{origin.name} has no {kind}"


def _has_weights(origin: Origin, recipe: Recipe) -> bool:
    return recipe.asks_model and not has_no_weights(origin.world.models[recipe.spec.model])


def _require_packages() -> None:
    try:
        import peft  # noqa: F401
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("Exporting a model", error.name or "peft", "local") from error
