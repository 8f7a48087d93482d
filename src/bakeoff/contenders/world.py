"""The workbench: opens a contender from its folder, with the index, embedder and models it needs.

Takes a world (a folder with the document store, the index and `contenders/<name>/`), gives contenders ready to answer.
The pilot measures and the server serves what this opens, so both use the same object from the same folder.
"""

import importlib
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bakeoff.contenders.closed_book import ClosedBook
from bakeoff.contenders.custom import Custom
from bakeoff.contenders.extract import Extract
from bakeoff.contenders.long_context import LongContext
from bakeoff.contenders.rag import Rag
from bakeoff.contenders.remembering import Remembering
from bakeoff.contenders.router import Familiarity, Router, Routing
from bakeoff.corpus.store import DocumentStore
from bakeoff.errors import ConfigError, RunFolderError
from bakeoff.files import jsonl
from bakeoff.models.prompts import PromptTemplate
from bakeoff.models.settings import LocalModel
from bakeoff.protocols import Contender, Generator
from bakeoff.records import Answer, GenerationSettings, Record
from bakeoff.runs.config import Models, Retrieval

Kind = Literal["closed-book", "rag", "extract", "router", "long-context", "custom"]

MODELS_KEPT = 2


class Spec(Record):
    """What `contenders/<name>/contender.json` says: all that opening it needs beside the shared store and index."""

    name: str
    kind: Kind
    models: Models
    retrieval: Retrieval
    template: PromptTemplate | None = None
    adapter: bool = False
    decline_below: float | None = None
    answer_words: int = 0
    routing: Routing | None = None
    import_path: str | None = None


class Workbench:
    """Opens what a world holds, each model once."""

    def __init__(self, world: Path, models: Models, retrieval: Retrieval) -> None:
        self.world = world
        self.models = models
        self.retrieval = retrieval
        self._generators: dict[Path | None, Generator] = {}

    @cached_property
    def store(self) -> DocumentStore:
        return DocumentStore(self.world / "store.sqlite")

    @cached_property
    def embedder(self) -> Any:
        from bakeoff.models.embed import load_embedder

        return load_embedder(self.models.embedder)

    @cached_property
    def index(self) -> Any:
        from bakeoff.retrieval.hybrid import HybridIndex

        return HybridIndex.open(self.world / "index", self.embedder, max_tokens=self.retrieval.chunk_tokens)

    def generator(self, adapter: Path | None = None) -> Generator:
        """The configured generator, with this adapter merged in where one is given.

        The two used last are kept: what a router needs, and no more memory than that.
        """
        from bakeoff.models.load import load_generator

        generator = self._generators.pop(adapter, None)
        if generator is None:
            while len(self._generators) >= MODELS_KEPT:
                self._generators.pop(next(iter(self._generators)))
            local = LocalModel.model_validate({"name": self.models.generator, "engine": self.models.engine})
            generator = load_generator(local, adapter)
        self._generators[adapter] = generator
        return generator

    def release(self) -> None:
        """Let go of every model."""
        self._generators.clear()

    def folder(self, name: str) -> Path:
        return self.world / "contenders" / name

    def spec(self, name: str) -> Spec:
        """The spec in a contender's folder. Raises RunFolderError where it is missing."""
        path = self.folder(name) / "contender.json"
        if not path.exists():
            raise RunFolderError(
                f"There is no contender '{name}' in {self.world}.", "finish the run first: bakeoff run CONFIG --resume"
            )
        return Spec.model_validate_json(path.read_text(encoding="utf-8"))

    def save(self, spec: Spec) -> None:
        jsonl.write_text(self.folder(spec.name) / "contender.json", spec.model_dump_json(indent=1) + "\n")

    def open(self, name: str, given: Callable[[str], Iterable[Answer]] | None = None) -> Contender:
        """The contender in this world's folder of that name, ready to answer.

        `given` tells what a contender behind a router answered before, so that it is not asked again.
        """
        spec = self.spec(name)
        limit = GenerationSettings(max_new_tokens=spec.models.max_new_tokens)
        if spec.kind == "custom":
            return Custom(name, import_contender(spec.import_path or ""))
        if spec.kind == "extract":
            return Extract(name, self.index, self.embedder, spec.retrieval.k, spec.decline_below, spec.answer_words)
        if spec.kind == "router":
            return self._open_router(spec, given)
        generator, template = self._generator_of(spec), self._template_of(spec)
        if spec.kind == "rag":
            return Rag(name, self.index, generator, template, spec.retrieval.k, limit, spec.decline_below)
        if spec.kind == "long-context":
            return LongContext(name, list(self.store.documents()), generator, template, limit, spec.decline_below)
        return ClosedBook(name, generator, template, limit, spec.decline_below)

    def _open_router(self, spec: Spec, given: Callable[[str], Iterable[Answer]] | None) -> Contender:
        if spec.routing is None:
            raise RunFolderError(
                f"The router in {self.folder(spec.name)} was never calibrated.",
                "finish the run first: bakeoff run CONFIG --resume",
            )
        near, far = self.open(spec.routing.near), self.open(spec.routing.far)
        if given is not None:
            near, far = Remembering(near, given(near.name)), Remembering(far, given(far.name))
        return Router(spec.name, near, far, self.familiarity(), spec.routing.familiarity_at_least)

    def familiarity(self) -> Familiarity:
        """How familiar a question is to the tuned model, from the embeddings of its training questions."""
        return Familiarity(self.embedder, np.load(self.folder("router") / "trained.npy", allow_pickle=False))

    def _generator_of(self, spec: Spec) -> Generator:
        return self.generator(self.folder(spec.name) / "adapter" if spec.adapter else None)

    def _template_of(self, spec: Spec) -> PromptTemplate:
        """The spec's template, refused where the adapter was trained with another."""
        if spec.template is None:
            raise RunFolderError(f"The contender '{spec.name}' has no prompt template.", "start a new run")
        trained_with = self.folder(spec.name) / "template.txt"
        if spec.adapter and trained_with.read_text().strip() != spec.template.fingerprint:
            raise RunFolderError(
                f"The tuned model of '{spec.name}' was trained with another prompt template than its contender.json.",
                "restore contender.json, or start a new run",
            )
        return spec.template


def import_contender(path: str) -> Contender:
    """An instance of the class at a full import path, for a team's own contender (called with no arguments).

    Raises ConfigError where there is none, where importing or calling it fails, and where it cannot answer.
    """
    module, _, name = path.rpartition(".")
    try:
        contender = getattr(importlib.import_module(module), name)()
    except Exception as error:  # a team's own code may raise anything
        raise ConfigError(
            f"The contender '{path}' cannot be made: {type(error).__name__}: {error}.",
            "give the full import path of a class that takes no arguments; if the path is right, mend the class",
        ) from error
    if not callable(getattr(contender, "answer", None)):
        raise ConfigError(
            f"The contender '{path}' has no method answer(questions).",
            "give the class one that returns one Answer for each question",
        )
    return contender  # type: ignore[no-any-return]
