"""What a run takes from earlier runs beside it: completions, vectors and tuned models, where nothing has changed.

Takes the folder of all runs, gives kept results, and the folders of equal trainings. What is taken counts with the time
and the tokens that it took when it was made, and is never used to measure latency. docs/reuse.md says what depends on
what.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from bakeoff.contenders.identities import content_sum
from bakeoff.contenders.identity import documents_sha256
from bakeoff.contenders.kept_models import engine_versions, source_sum
from bakeoff.contenders.model_identity import folder_sum, model_sum
from bakeoff.contenders.recipe import Material, Recipe
from bakeoff.contenders.world import WorldFolder
from bakeoff.files.jsonl import write_text
from bakeoff.models.kept.results import KEPT_AT, KeptResults
from bakeoff.models.model_files import TRAINED
from bakeoff.models.settings import LocalModel, ModelSettings
from bakeoff.records import Record
from bakeoff.runs.earlier import TRAININGS
from bakeoff.tuning.lessons import Lesson

WORLDS = ("", "race/", "update/")
"""Where a run folder has tuned models: in its world, in that of its races, and after the update."""


class Trained(Record):
    """What a training depended on, as one sum, and what it took."""

    key: str
    seconds: float
    tokens: int
    detail: str


class Reuse:
    """What the runs in one folder share. Without a folder nothing is shared."""

    def __init__(self, runs: Path | None = None) -> None:
        self._runs = runs
        self.results = KeptResults(runs / KEPT_AT) if runs else None
        self._trainings = [0, 0]

    def trained(self, key: str, target: Path) -> Path | None:
        """The folder of a training with this key and the name of `target`, a folder in a run; None if there is none."""
        if self._runs is None:
            return None
        places = (f"*/{world}adapters/{target.name}/{TRAINED}" for world in WORLDS)
        known = (path.parent for place in places for path in self._runs.glob(place))
        same = next((folder for folder in known if folder != target and trained_in(folder, key)), None)
        own = self._runs / target.relative_to(self._runs).parts[0]
        if same is None or not same.is_relative_to(own):  # a race of this run is no earlier run
            self._trainings[0] += same is not None
            self._trainings[1] += 1
        return same

    @property
    def counts(self) -> dict[str, tuple[int, int]]:
        """By kind: how many were taken from earlier runs, and how many were needed."""
        if self.results is None:
            return {}
        return {**self.results.counts, TRAININGS: (self._trainings[0], self._trainings[1])}

    def close(self) -> None:
        if self.results is not None:
            self.results.close()


NO_REUSE = Reuse()


def training_key(recipe: Recipe, world: WorldFolder, lesson: Lesson, start_from: Path | None, seed: int) -> str:
    """One sum over all that a recipe's tuned model depends on: settings, weights, examples, code."""
    return content_sum(
        [
            recipe.adapter,
            model_sum(world.models[recipe.spec.model]),
            *lesson.content,
            folder_sum(start_from) if start_from else "",
            seed,
            *_code(),
        ]
    )


def retrieval_key(recipe: Recipe, part: str, world: WorldFolder, material: Material) -> str:
    """The same of a tuned part of retrieval."""
    named = [world.models[name] for name in _named(recipe, world)]
    models = [model_sum(settings) for settings in (*named, *_weights_named(recipe))]
    data = material.model_dump(mode="json", include={"train", "dev", "seed"})
    code = (*_code(), source_sum("corpus", "contenders"))
    return content_sum([recipe.retrieval_training(part), models, documents_sha256(world.store), data, *code])


def copy_folder(source: Path, target: Path, instead: bool = False, but: Sequence[str] = ("checkpoint*",)) -> None:
    """Copies a folder, as a whole or not at all, unless it is there. `instead`: then it is put in its place. Files and
    folders whose names match one of `but` are not copied.
    """
    if instead or not target.exists():
        half = target.with_name(target.name + ".part")
        shutil.rmtree(half, ignore_errors=True)
        shutil.copytree(source, half, ignore=shutil.ignore_patterns(*but))
        if instead:
            shutil.rmtree(target, ignore_errors=True)
        half.rename(target)


def write_trained(folder: Path, trained: Trained) -> None:
    write_text(folder / TRAINED, trained.model_dump_json(indent=1) + "\n")


def trained_in(folder: Path, key: str) -> Trained | None:
    """What is known of the training in this folder, if it has this key."""
    try:
        trained = Trained.model_validate_json((folder / TRAINED).read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None
    return trained if trained.key == key else None


def _named(recipe: Recipe, world: WorldFolder) -> list[str]:
    """The untuned models of its retrieval."""
    names = (recipe.spec.retrieval.embedder, recipe.spec.retrieval.reranker)
    return [name for name in names if name in world.models]


def _weights_named(recipe: Recipe) -> list[ModelSettings]:
    """The model that its options name instead of one in `models:`."""
    name = getattr(recipe.options, "reranker_model", None)
    return [LocalModel(name=name)] if name else []


def _code() -> tuple[object, ...]:
    return source_sum("tuning"), source_sum("models"), source_sum("retrieval"), engine_versions()
