"""What a contender consists of, as SHA-256 sums: equal sums mean that it answers with the same parts.

Takes a world and the name of a contender, gives its `Identity`. A run's report and a server show the same sum, so
anybody can check that what is served is what was measured. Loads no engine and no model.
"""

import hashlib
import inspect
import json
from collections.abc import Iterable
from pathlib import Path

from pydantic import Field

from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.recipe import Recipe
from bakeoff.contenders.world import WorldFolder
from bakeoff.corpus.store import DocumentStore, content_hash
from bakeoff.errors import RunFolderError
from bakeoff.models.checksums import ORIGIN, file_sha256
from bakeoff.models.model_sums import sums_of
from bakeoff.models.settings import LocalModel, ModelSettings
from bakeoff.models.weights import resolve_model
from bakeoff.records import Record
from bakeoff.retrieval.contents import index_sha256

HOW_ASKED = {"key_env", "concurrency", "timeout_s", "retries", "price"}
"""Settings of a model behind a server that say how it is asked and paid, not which one it is."""


class Identity(Record):
    """The sums of a contender's parts; a part that it does not have is empty.

    `settings`: its spec with prompt templates and the values fitted on dev, threshold among them, and every other file
    of its folder. `model` and `adapter`: weights, tokenizer and chat template; of a model behind a server its settings,
    since its weights cannot be seen. `documents`: the texts that it may show or cite. `index`: passages with their
    vectors. `code`: your own class, if it is one. `behind`: the contenders that it sends questions to.
    """

    contender: str
    settings: str
    model: str = ""
    adapter: str = ""
    embedder: str = ""
    documents: str = ""
    index: str = ""
    code: str = ""
    behind: tuple["Identity", ...] = Field(default=())

    @property
    def sha256(self) -> str:
        """One sum over all parts."""
        return _sum(self.model_dump(mode="json"))

    def differences(self, other: "Identity") -> tuple[str, ...]:
        """The names of the parts whose sums differ."""
        return tuple(name for name in type(self).model_fields if getattr(self, name) != getattr(other, name))


class Identities(Record):
    """The identities of a run's contenders: the content of `identities.json`."""

    contenders: tuple[Identity, ...] = ()

    @property
    def sums(self) -> dict[str, str]:
        """Each contender's sum over all of its parts."""
        return {identity.contender: identity.sha256 for identity in self.contenders}

    def of(self, contender: str) -> Identity | None:
        """The identity of the contender of this name, None if it has none here."""
        return next((identity for identity in self.contenders if identity.contender == contender), None)


def identity_of(world: WorldFolder, name: str) -> Identity:
    """The identity of a contender of this world.

    Raises RunFolderError if the contender or its adapter is missing or its index is damaged, ModelUnavailableError for
    missing weights.
    """
    built = world.built(name)
    recipe = make_recipe(built.spec, world.imports_from)
    return Identity(
        contender=name,
        settings=_folder_sum(world.contender_folder(name)),
        model=_model(world.models[recipe.spec.model]) if recipe.asks_model else "",
        adapter=_folder_sum(world.adapter_folder(recipe.adapter)) if recipe.adapter else "",
        embedder=_model(world.models[recipe.embedder]) if recipe.embedder else "",
        documents=documents_sha256(world.store) if recipe.shows else "",
        index=index_sha256(world.index_folder(recipe.index)) if recipe.index else "",
        code=_code(recipe),
        behind=tuple(identity_of(world, other) for other in recipe.sends_to(built.fitted)),
    )


def documents_sha256(store: DocumentStore) -> str:
    """One sum over the ids and contents of all documents. Their order and their times of change do not count."""
    return _sum(sorted((document.id, content_hash(document)) for document in store.documents()))


def _model(settings: ModelSettings) -> str:
    """The sum of a model's weights, adapter, tokenizer and templates, or of its settings if it has no files here.

    Weights that Bakeoff made in its cache count as what they were made from.
    """
    sums = sums_of(settings)
    if not sums or not isinstance(settings, LocalModel):
        return _sum(settings.model_dump(mode="json", exclude=HOW_ASKED))
    folder = resolve_model(settings.name)
    if not (folder / ORIGIN).exists():
        others = [path for path in _files(folder) if path.suffix != ".safetensors"]
        sums |= {path.relative_to(folder).as_posix(): file_sha256(path) for path in others}
    return _sum(sums)


def _folder_sum(folder: Path) -> str:
    """One sum over the files of a folder, by path. Checkpoints and logs of a training do not count.

    Raises RunFolderError if the folder is missing or empty.
    """
    if not any(_files(folder)):
        raise RunFolderError(f"{folder} is missing or empty.", "restore it, or run the pilot again: bakeoff run CONFIG")
    return _sum({path.relative_to(folder).as_posix(): file_sha256(path) for path in _files(folder)})


def _files(folder: Path) -> Iterable[Path]:
    """The files that decide about answers: weights, configuration, tokenizer, templates, fitted values."""
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder).parts
        if path.is_file() and not inner[0].startswith(("checkpoint", ".")) and path.name not in LEFT_OUT:
            yield path


LEFT_OUT = {"report.json", "request.json", "training.jsonl", "sums.json", "README.md"}
"""Records of how something was made. Times in them would make two equal contenders look different."""


def _code(recipe: Recipe) -> str:
    """The sum of the file of a class that is not Bakeoff's own."""
    kind = type(recipe)
    module = getattr(recipe, "made_by", kind) if kind.__module__.startswith("bakeoff.") else kind
    if getattr(module, "__module__", "bakeoff.").startswith("bakeoff."):
        return ""
    try:
        return file_sha256(Path(inspect.getfile(module)))
    except (TypeError, OSError):  # made in an interactive session: there is no file
        return _sum(f"{module.__module__}.{module.__qualname__}")


def _sum(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
