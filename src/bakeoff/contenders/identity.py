"""What a contender consists of, as SHA-256 sums: equal sums mean that it answers with the same parts.

Takes a world and the name of a contender, gives its `Identity`. A run's report and a server show the same sum, so
anybody can check that what is served is what was measured. Loads no engine and no model.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bakeoff.contenders.identities import Identity, content_sum
from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.model_identity import code_sum, file_sum, folder_sum, model_sum
from bakeoff.contenders.recipe import Recipe
from bakeoff.contenders.world import WorldFolder
from bakeoff.corpus.store import content_hash
from bakeoff.imports import imported
from bakeoff.models.load import THE_GENERATOR, is_import_path
from bakeoff.models.settings import LocalModel, ModelSettings
from bakeoff.protocols import DocumentStore
from bakeoff.retrieval.opening import index_sha256
from bakeoff.tuning.retriever.folders import check_part


def identity_of(world: WorldFolder, name: str) -> Identity:
    """The identity of a contender of this world.

    Raises RunFolderError if the contender or its adapter is missing or its index is damaged, ModelUnavailableError for
    missing weights, ConfigError for a class that cannot be imported.
    """
    return _identity(world, name).model_copy(update={"bakeoff": source_sha256()})


def _identity(world: WorldFolder, name: str) -> Identity:
    """The same without the sum of Bakeoff's source."""
    built = world.built(name)
    recipe = make_recipe(built.spec, world.imports_from)
    asked = [world.models[recipe.spec.model]] if recipe.asks_model else []
    embedders = [_embedder(world, recipe.embedder)] if recipe.embedder else []
    return Identity(
        contender=name,
        **{part: sum_of() for part, sum_of in sums_in(world, recipe).items()},
        model="".join(map(model_sum, asked)),
        embedder="".join(map(model_sum, embedders)),
        reranker=_reranker(world, recipe.reranker) if recipe.reranker else "",
        code=_code(recipe, [*asked, *embedders], world.imports_from),
        behind=tuple(_identity(world, other) for other in recipe.sends_to(built.fitted)),
    )


def sums_in(world: WorldFolder, recipe: Recipe) -> dict[str, Callable[[], str]]:
    """What computes the sum of each part of a contender whose files are in the folder of the world itself."""
    sums: dict[str, Callable[[], str]] = {"settings": lambda: folder_sum(world.contender_folder(recipe.spec.name))}
    if recipe.adapter:
        sums["adapter"] = lambda: folder_sum(world.adapter_folder(recipe.adapter))
    if recipe.shows:
        sums["documents"] = lambda: documents_sha256(world.store)
    if recipe.index:
        sums["index"] = lambda: index_sha256(world.documents, recipe.index)
    return sums


@functools.cache
def source_sha256() -> str:
    """One sum over the source of Bakeoff that can decide about an answer: all that `contenders` may import."""
    return code_sum(lambda package: package not in NOT_ANSWERING)


NOT_ANSWERING = (
    "decide",
    "runs",
    "report",
    "pilot",
    "synthesis",
    "labelling",
    "serve",
    "learn",
    "exports",
    "importing",
    "doctor",
    "cli",
)
"""The packages that `contenders` knows nothing about. They carry answers on, compare and show them."""


def documents_sha256(store: DocumentStore) -> str:
    """One sum over the ids and contents of all documents. Their order and their times of change do not count."""
    return content_sum(sorted((document.id, content_hash(document)) for document in store.documents()))


def _embedder(world: WorldFolder, name: str) -> ModelSettings:
    """The settings of an embedder of `models:` or of a tuned one."""
    return world.models[name] if name in world.models else world.part_settings(name)


def _reranker(world: WorldFolder, name: str) -> str:
    """The sum of a reranker of `models:`, or of the files of a tuned one."""
    return model_sum(world.models[name]) if name in world.models else folder_sum(check_part(world.adapter_folder(name)))


def code_of(recipe: Recipe, models: Mapping[str, ModelSettings], imports_from: Path | None) -> str:
    """The sum of the files of your own classes that a contender of this recipe is made of; empty if there are none."""
    names = [recipe.spec.model if recipe.asks_model else "", recipe.embedder]
    return _code(recipe, [models[name] for name in names if name in models], imports_from)


def _code(recipe: Recipe, models: Sequence[ModelSettings], imports_from: Path | None) -> str:
    """The sum of the files of classes that are not Bakeoff's own: the contender's, and those of its models."""
    kind = type(recipe)
    kinds = [getattr(recipe, "made_by", kind) if kind.__module__.startswith("bakeoff.") else kind]
    for model in models:
        if isinstance(model, LocalModel) and is_import_path(model.name):
            kinds.append(imported(model.name, imports_from, THE_GENERATOR))
    sums = [file_sum(kind) for kind in kinds if not getattr(kind, "__module__", "bakeoff.").startswith("bakeoff.")]
    return sums[0] if len(sums) == 1 else content_sum(sums) if sums else ""
