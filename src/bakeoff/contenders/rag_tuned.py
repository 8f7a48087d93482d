"""`rag-tuned`: as `rag`, but retrieval is tuned on the training questions: its embedder, a reranker, or both.

A part that finds no more on dev than the untuned one is not used, and the report says so. Sources: Karpukhin et al.
2020, arXiv:2004.04906 (the embedder, with hard negatives); Nogueira and Cho 2019, arXiv:1901.04085 (the reranker).
"""

import hashlib
import json
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from bakeoff.contenders.grounded import Grounded
from bakeoff.contenders.rag import Rag
from bakeoff.contenders.recipe import Fitted, Given, Material, OnProgress, Took, World
from bakeoff.contenders.retrieval_tuning import Sources, kept, take, tune
from bakeoff.contenders.spec import Spec
from bakeoff.errors import ConfigError, ModelUnavailableError
from bakeoff.measure.comparison import Days, Entrant
from bakeoff.models.embed import HashEmbedder
from bakeoff.models.settings import LocalModel, ModelSettings
from bakeoff.models.weights import resolve_model
from bakeoff.records import Record
from bakeoff.retrieval.rerank import Reranked
from bakeoff.tuning.retriever import dev, pairs
from bakeoff.tuning.retriever.folders import untuned_name
from bakeoff.tuning.retriever.training import Settings, report_of

Part = Literal["embedder", "reranker"]
RATES: Mapping[str, float] = {"embedder": 5e-5, "reranker": 1e-4}
"""The learning rates of the parts where none is given."""
MARK_EVIDENCE = (
    "name the document of an answer in the column source of the question file, or quote its line in evidence"
)
PAIRS: Mapping[str, int] = {"embedder": 16, "reranker": 8}
"""The questions of a batch."""


class Tuned(Record):
    """What is tuned, and how. `candidates` are the hits that the reranker puts in order, `negatives` the wrong passages
    of a question in training. `reranker_model` names the model that the reranker is trained from, by default the
    embedder. `keep`: 'better' uses a tuned part only if it is better on dev, 'always' in any case.
    """

    embedder: bool = True
    reranker: bool = True
    candidates: int = Field(default=20, ge=2, le=100)
    epochs: int = Field(default=3, ge=1, le=100)
    negatives: int = Field(default=2, ge=1, le=20)
    learning_rate: float | None = Field(default=None, gt=0, lt=1)
    reranker_model: str | None = Field(default=None, min_length=1)
    keep: Literal["better", "always"] = "better"


class RagTuned(Rag):
    """Passages found by tuned retrieval, read by the untuned model."""

    name = "rag-tuned"
    title = "RAG, tuned retrieval"
    summary = (
        "passages found by an embedder and a reranker tuned on the training questions, read by the model as it comes"
    )
    days = Days(setup=8.0, data=2.0, upkeep_per_month=1.0)
    respects_labels = True
    uses = (
        *("model", "generation", "retrieval", "presentation", "prompts.grounded", "prompts.rewrite"),
        *("tuning.examples", "tuning.max_seconds"),
    )
    tunes_retrieval = ("embedder", "reranker")
    Options = Tuned
    options: Tuned

    def __init__(self, spec: Spec) -> None:
        super().__init__(spec)
        if not self.tuned_parts:
            raise ConfigError(
                f"The contender '{spec.name}' has options.embedder and options.reranker false: nothing is tuned.",
                "set one of them to true, or use the recipe rag",
            )
        if spec.retrieval.reranker:
            raise ConfigError(
                f"The contender '{spec.name}' has retrieval.reranker '{spec.retrieval.reranker}', but rag-tuned puts "
                "its hits in order with the reranker that it tunes.",
                "set retrieval: {reranker: ''} for this contender, or use the recipe rag",
            )
        self._trainings: list[str] = []
        self._models: Container[str] = ()

    @property
    def tuned_parts(self) -> tuple[str, ...]:
        """The embedder, the reranker, or both."""
        return tuple(part for part in self.tunes_retrieval if getattr(self.options, part))

    @property
    def kept_parts(self) -> tuple[str, ...]:
        """The tuned parts in use. Before any training, those that are to be tuned."""
        used = {"embedder": self.spec.retrieval.embedder != self._untuned, "reranker": bool(self.spec.reranker)}
        kept = tuple(part for part in self.tuned_parts if used[part])
        return kept if kept or self._trainings else self.tuned_parts

    @property
    def knowledge(self) -> str:
        """What its model is shown: the same as with `rag` if no tuned part is kept."""
        untuned = self.spec.retrieval.model_copy(update={"embedder": self._untuned})
        return f"{untuned.label}, tuned {' and '.join(self.kept_parts)}" if self.kept_parts else untuned.label

    @property
    def _untuned(self) -> str:
        """The name in `models:` of the embedder that tuning begins with."""
        return untuned_name(self.spec.retrieval.embedder, self._models)

    def entrant(self, models: Mapping[str, ModelSettings]) -> Entrant:
        """As for all recipes; which embedder is untuned depends on the models."""
        self._models = models
        entrant = super().entrant(models)
        if self.kept_parts == self.tuned_parts:
            return entrant
        kept = f"passages found by a tuned {self.kept_parts[0]}" if self.kept_parts else "the same as rag"
        dropped = " and ".join(part for part in self.tuned_parts if part not in self.kept_parts)
        summary = f"{kept}; not in use, since not better on dev: a tuned {dropped}"
        days = entrant.days if self.kept_parts else Rag.days  # what is served then needs no more work than `rag`
        return entrant.model_copy(update={"summary": summary, "days": days})

    def parts(self) -> tuple[str, ...]:
        """Those of `rag`, the trainings of its retrieval, and the untuned index, which wrong passages come from."""
        untuned = self.spec.retrieval.model_copy(update={"embedder": self._untuned}).index
        more = (f"index:{untuned}", *(f"retriever:{name}" for name in self._trainings))
        return tuple(dict.fromkeys((*super().parts(), *more)))

    def obstacle(self, world: World, material: Material) -> str | None:
        """It needs local weights, questions with evidence to train on, and others to choose on."""
        self._models = world.models
        settings = world.models[self._untuned]
        for part in self.tuned_parts:
            reason = self._why_no_weights(part, settings)
            if reason:
                return reason
        n_train, n_dev = len(pairs.trainable(material.train)), len(dev.with_evidence(material.dev))
        if n_train < pairs.FEWEST:
            return (
                f"{n_train} training questions have an answer and evidence in the documents; tuning retrieval needs at "
                f"least {pairs.FEWEST}; {MARK_EVIDENCE}"
            )
        if n_dev < dev.FEWEST:
            return (
                f"{n_dev} dev questions have an answer and evidence in the documents; at least {dev.FEWEST} are needed "
                f"to see whether tuned retrieval is better; {MARK_EVIDENCE}"
            )
        return None

    def _why_no_weights(self, part: str, settings: ModelSettings) -> str | None:
        """Why the part cannot be tuned from what this machine has."""
        named = self.options.reranker_model if part == "reranker" else None
        if named is None and (not isinstance(settings, LocalModel) or settings.name == HashEmbedder.name):
            return f"the embedder {settings.label} has no weights on this machine; only a local model can be tuned"
        try:
            folder = resolve_model(named or settings.name)  # type: ignore[union-attr]
        except ModelUnavailableError as error:
            return f"its {part} cannot be trained: {error}"
        if not (folder / "tokenizer.json").exists():
            return f"its {part} cannot be trained: {folder} has no tokenizer.json"
        return None

    def retrieval_training(self, part: str) -> str:
        """The training of a part is named by all settings that it depends on."""
        retrieval, tuning = self.spec.retrieval, self.spec.tuning
        depends_on: dict[str, Any] = {
            "retrieval": retrieval.model_dump(),
            "passages": self.spec.n_passages,
            "tuning": tuning.model_dump(include={"examples", "max_seconds"}),
            "options": self.options.model_dump(include={"epochs", "negatives", "learning_rate", "keep"}),
        }
        if part == "reranker":
            depends_on["options"] |= self.options.model_dump(include={"candidates", "reranker_model"})
        digest = hashlib.sha256(json.dumps(depends_on, sort_keys=True).encode()).hexdigest()[:8]
        return f"{part}-training-{digest}"

    def tune_retrieval(
        self, part: str, world: World, material: Material, on_progress: OnProgress, earlier: Path | None
    ) -> Took:
        """Tunes the embedder or the reranker, unless that was done, and uses it if it is kept."""
        self._models = world.models
        name = self.retrieval_training(part)
        self._trainings.append(name)
        folder = world.adapter_folder(name)
        if earlier is not None:
            take(earlier, folder)
        report = report_of(folder) or tune(part, self._sources(world, material, part), folder, on_progress)
        if report.name and part == "embedder":
            retrieval = self.spec.retrieval.model_copy(update={"embedder": report.name})
            self.spec = self.spec.model_copy(update={"retrieval": retrieval})
        elif report.name:
            self.spec = self.spec.model_copy(update={"reranker": report.name})
        said = kept(self.spec.name, part, report, self.spec.n_passages)
        return Took(seconds=report.seconds, tokens=report.n_tokens, detail=said.detail, note=said.note)

    def _sources(self, world: World, material: Material, part: str) -> Sources:
        settings = world.models[self._untuned]
        named = self.options.reranker_model if part == "reranker" else None
        assert isinstance(settings, LocalModel) or named  # obstacle has excluded the others
        return Sources(
            world=world,
            material=material,
            weights=resolve_model(named or settings.label),
            untuned=self.spec.retrieval.model_copy(update={"embedder": self._untuned}),
            retrieval=self.spec.retrieval,
            shown=self.spec.n_passages,
            candidates=self.options.candidates,
            negatives=self.options.negatives,
            examples=self.spec.tuning.examples,
            settings=Settings(
                epochs=self.options.epochs,
                learning_rate=self.options.learning_rate or RATES[part],
                pairs_per_batch=PAIRS[part],
                max_seconds=self.spec.tuning.max_seconds,
                keep=self.options.keep,
                seed=material.seed,
            ),
        )

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> Grounded:
        """A grounded contender on the tuned index, reranked if there is a reranker."""
        index: Any = world.index(self.spec.retrieval)
        if self.spec.reranker:
            index = Reranked(index, world.reranker(self.spec.reranker), self.options.candidates)
        return Grounded(
            self.spec.name,
            index,
            world.generator(self.spec.model),
            self.spec.grounded,
            self.spec.n_passages,
            self.spec.generation,
            fitted.decline_below,
            self.spec.presentation,
        )
