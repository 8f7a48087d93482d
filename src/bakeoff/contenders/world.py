"""A world: a folder with a document store, indexes, tuned models and contenders, and how they are opened.

Takes the folder and the run's models, gives contenders ready to answer. The pilot measures and a server serves what
this opens, so both use the same object from the same folder. Each index and each model is opened once.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bakeoff.contenders.access import Guarded, why_refused
from bakeoff.contenders.built import Built, Given
from bakeoff.contenders.kept_models import kept_embedder, kept_generator
from bakeoff.contenders.load import make_recipe
from bakeoff.corpus.place import place_of
from bakeoff.corpus.stores import existing_store
from bakeoff.errors import RunFolderError
from bakeoff.files import jsonl
from bakeoff.files.plain_types import message_of
from bakeoff.imports import named_by_folder, search_in
from bakeoff.models.checksums import Sums
from bakeoff.models.kept.results import KeptResults
from bakeoff.models.prompts import PromptTemplate
from bakeoff.models.settings import LocalModel, ModelSettings
from bakeoff.protocols import Contender, DocumentStore, Embedder, Generator, SearchIndex
from bakeoff.retrieval.opening import open_index, remove_indexes
from bakeoff.retrieval.repairing import sound_index
from bakeoff.retrieval.settings import Retrieval, index_folder_name
from bakeoff.tuning.retriever.folders import check_part, folder_name, is_tuned_part, untuned_name

MODELS_KEPT = 2
FINISH = "finish the run first: bakeoff run CONFIG --resume"


Helped = Callable[["WorldFolder", str, Embedder], Embedder]
"""Gives an embedder of a world with others that help it."""


class WorldFolder:
    """Opens the contents of a folder, each model once.

    `documents` is the folder of the document store and the indexes, if that is another one: a server's documents
    change, its contenders do not. `sums` are the checksums that models must have, by name; a model without any is not
    checked. What worlds `beside` it with the same documents have open is used and not opened again: the store, and
    embedders, indexes and untuned models whose settings are the same. `kept` are results of earlier runs, which models
    need not give again. `helped` gives an embedder of this machine, by its name, with workers that help it.
    """

    def __init__(
        self,
        root: Path,
        models: Mapping[str, ModelSettings],
        imports_from: Path | None = None,
        *,
        documents: Path | None = None,
        sums: Mapping[str, Sums] | None = None,
        beside: Sequence["WorldFolder"] = (),
        kept: KeptResults | None = None,
        helped: Helped | None = None,
    ) -> None:
        self.root = root
        self.documents = documents or root
        self.models = models
        self.imports_from = imports_from
        self._sums = sums or {}
        self._kept = kept
        self._helped = helped
        self._embedders: dict[str, Any] = {}
        self._rerankers: dict[str, Any] = {}
        self._indexes: dict[str, Any] = {}
        self._generators: dict[tuple[str, str], Generator] = {}
        for other in beside:
            if other.documents == self.documents:
                self._share(other)

    def _share(self, other: "WorldFolder") -> None:
        """Takes over what another world has open. An adapter is never shared: its name does not say its weights,
        as that of a tuned embedder does.
        """
        self.store = other.store
        same = {name for name, settings in self.models.items() if other.models.get(name) == settings}
        same |= {name for name in other._embedders if name not in other.models and self._has_part(name)}
        self._embedders |= {name: embedder for name, embedder in other._embedders.items() if name in same}
        self._indexes |= {name: index for name, index in other._indexes.items() if name.rpartition("-")[0] in same}
        self._rerankers |= {name: one for name, one in other._rerankers.items() if name in same or self._has_part(name)}
        untuned = {key: model for key, model in [*other._generators.items()] if not key[1]}
        self._generators |= {key: model for key, model in untuned.items() if key[0] in same}

    @cached_property
    def store(self) -> DocumentStore:
        """The documents, which are there. Raises RunFolderError if they are gone."""
        return existing_store(self.documents)

    def _has_part(self, name: str) -> bool:
        return is_tuned_part(name, self.models) and self.adapter_folder(name).exists()

    def embedder(self, name: str) -> Any:
        """The embedder of this name in `models:`, or the tuned one of this name.

        Raises RunFolderError if its weights have another sum than before.
        """
        if name not in self._embedders:
            from bakeoff.models.embed import load_embedder

            settings = self.models.get(name) or self.part_settings(name)
            self._check_sums(name)
            embedder: Any = load_embedder(settings)
            if name not in self.models:
                embedder.name = name  # not where it is: an index made with it is opened in other folders too
            is_here = isinstance(settings, LocalModel) and settings.answered_by is None
            helped = self._helped(self, name, embedder) if self._helped and is_here else None
            self._embedders[name] = kept_embedder(embedder, settings, self._kept, helped)
        return self._embedders[name]

    def reranker(self, name: str) -> Any:
        """The reranker of this name in `models:`, or the tuned one of this name.

        Raises RunFolderError if its weights have another sum than before.
        """
        if name not in self._rerankers:
            from bakeoff.models.rerank import load_reranker, reranker_for

            if name in self.models:
                self._check_sums(name)
                self._rerankers[name] = reranker_for(self.models[name])
            else:
                self._rerankers[name] = load_reranker(check_part(self.adapter_folder(name)))
        return self._rerankers[name]

    def part_settings(self, name: str) -> LocalModel:
        """The tuned embedder of this name as a model, on the engine of the one that it was tuned from.

        Raises RunFolderError if its weights are not those of its name.
        """
        untuned = self.models.get(untuned_name(name, self.models))
        engine = untuned.engine if isinstance(untuned, LocalModel) else "auto"
        return LocalModel(name=str(check_part(self.adapter_folder(name))), engine=engine)

    def index(self, retrieval: Retrieval) -> SearchIndex:
        """The index for these settings. Settings that differ only in the number of passages share one index."""
        name = retrieval.index
        if name not in self._indexes:
            embedder = self.embedder(retrieval.embedder)
            self._indexes[name] = open_index(self.documents, name, embedder, retrieval.chunk_tokens)
        return self._indexes[name]

    def forget_indexes(self, but: Collection[str]) -> None:
        """Lets go of what is open but for these, by their names: the next use opens it again."""
        self._indexes = {name: index for name, index in self._indexes.items() if name in but}

    def sound_index(self, retrieval: Retrieval) -> SearchIndex:
        """The same, for somebody who brings it up to date and whose folder this is alone. An index in a folder here
        that cannot be read is removed, with a warning: it comes back empty, and `sync` fills it. What is here of an
        index in a bucket is read from there again.
        """
        if place_of(self.documents) is not None:
            index = self.index(retrieval)
            index.check()
            return index

        def remove() -> None:
            self._indexes.pop(retrieval.index, None)
            remove_indexes(self.documents, [index_folder_name(retrieval.index)])

        return sound_index(lambda: self.index(retrieval), remove)

    def generator(self, model: str, adapter: str = "", template: PromptTemplate | None = None) -> Generator:
        """The model of this name in `models:`, with the tuned weights merged in if `adapter` names some. After a
        full training, the tuned model in its place.

        Keeps only the two models used last, which is what a router needs. Raises RunFolderError if the tuned model was
        trained with another template than the one given, or if the model's weights have another sum than before.
        """
        from bakeoff.models.load import load_generator

        if adapter and template is not None:
            self._check_template(adapter, template)
        key = (model, adapter)
        generator = self._generators.pop(key, None)
        if generator is None:
            here = [known for known in self._generators if isinstance(self.models[known[0]], LocalModel)]
            for known in here[: len(here) - MODELS_KEPT + 1]:  # models behind a server take no memory
                self._generators.pop(known)
            folder = self.adapter_folder(adapter) if adapter else None
            search_in(self.imports_from)
            self._check_sums(model)
            loaded = load_generator(self.models[model], folder)
            generator = kept_generator(loaded, self.models[model], folder, self._kept)
        self._generators[key] = generator
        return generator

    def _check_sums(self, name: str) -> None:
        if self._sums.get(name):
            from bakeoff.models.model_sums import check_sums

            check_sums(name, self.models[name], self._sums[name], self.root)

    def _check_template(self, adapter: str, template: PromptTemplate) -> None:
        path = self.adapter_folder(adapter) / "template.txt"
        if not path.exists():
            raise RunFolderError(f"The tuned model in {path.parent} is not complete: it has no template.txt.", FINISH)
        if path.read_text(encoding="utf-8").strip() != template.fingerprint:
            raise RunFolderError(
                f"The tuned model in {path.parent} was trained with another prompt template.",
                "restore contender.json, or start a new run",
            )

    def check_indexes(self) -> None:
        """Raises RunFolderError if an index that is open does not hold the documents as they are now. One that is
        missing is opened as an empty one, in which nothing is ever found.
        """
        for name, index in self._indexes.items():
            if index.version != self.store.version:
                raise RunFolderError(
                    f"The index '{name}' of {self.documents} does not hold its documents: it was deleted, or was never "
                    "finished.",
                    "make it again: bakeoff run CONFIG --resume",
                )

    def release(self) -> None:
        """Releases every generator from memory, and the memory that its engine has outside of this process."""
        from bakeoff.models.memory import make_room_to_train

        self._generators.clear()
        make_room_to_train()

    def contender_folder(self, name: str) -> Path:
        return self.root / "contenders" / name

    def adapter_folder(self, adapter: str) -> Path:
        return self.root / "adapters" / folder_name(adapter)

    def built(self, name: str) -> Built:
        """The content of a contender's file. Raises RunFolderError if it is missing or broken."""
        path = self.contender_folder(name) / "contender.json"
        if not path.exists():
            known = sorted(file.parent.name for file in self.root.glob("contenders/*/contender.json"))
            raise RunFolderError(
                f"There is no contender '{name}' in {self.root}; the contenders are: {', '.join(known) or 'none'}.",
                f"name one of them, or {FINISH}",
            )
        try:
            built = Built.model_validate_json(path.read_text(encoding="utf-8"))
        except ValueError as error:
            reason = message_of(error.errors()[0]) if isinstance(error, ValidationError) else error
            raise RunFolderError(f"Cannot read {path}: {reason}.", "restore the file, or start a new run") from error
        named_by_folder(self.root, built.spec)
        return built

    def is_calibrated(self, name: str) -> bool:
        """Whether this contender has already been built and fitted."""
        return (self.contender_folder(name) / "contender.json").exists() and self.built(name).calibrated

    def save(self, built: Built) -> None:
        """Replaces a contender's file as a whole or not at all."""
        path = self.contender_folder(built.spec.name) / "contender.json"
        jsonl.write_text(path, built.model_dump_json(indent=1) + "\n")

    def open(self, name: str, given: Given | None = None) -> Contender:
        """The contender of that name, ready to answer.

        `given` returns earlier answers of the contenders behind a router, so that they are not asked again. A question
        of somebody whom the contender must not answer (`contenders.access.why_refused`) gets an error.
        """
        built = self.built(name)
        recipe = make_recipe(built.spec, self.imports_from)
        contender = recipe.open(self, built.fitted, given)
        if recipe.keeps_to_labels and not recipe.adapter:
            return contender
        return Guarded(contender, lambda labels: why_refused(self, name, labels))
