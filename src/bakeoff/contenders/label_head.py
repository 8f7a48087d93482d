"""`label-head`: a logistic head on a sentence embedder that was tuned on the labelled examples by contrast.

The run's embedder is tuned as SetFit does (`tuning/contrastive.py`). Unless the options decide, it is used as it comes
if a head on that has the lower loss on dev: with many labels and few examples, tuning may do harm. Needs no language
model.
Source: Tunstall et al. 2022, arXiv:2209.11055.
"""

import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import Field

from bakeoff.contenders.built import Fitted, Given
from bakeoff.contenders.label_answers import (
    Chosen,
    Examples,
    LabelAnswers,
    dev_examples,
    read_labels,
    training_examples,
    why_no_labels,
)
from bakeoff.contenders.label_heads import Head, fit_head
from bakeoff.contenders.recipe import Made, Material, OnProgress, Recipe, Took, World
from bakeoff.contenders.span_training import digest
from bakeoff.files import jsonl
from bakeoff.measure.comparison import Days
from bakeoff.models import saved_state
from bakeoff.models.checksums import model_sha256
from bakeoff.models.embed import HashEmbedder
from bakeoff.models.kept.clock import now
from bakeoff.models.settings import LocalModel, ModelSettings
from bakeoff.models.weights import resolve_model
from bakeoff.records import Record
from bakeoff.tuning.checkpoint import claim
from bakeoff.tuning.contrastive import ContrastiveSettings, has_pairs, n_steps, tune_embedder

EMBEDDER, TRAINING = "embedder", "training"
CHECKPOINT, REPORT = "checkpoint.safetensors", "report.json"
LEAVE = "options: {tune: false} puts the head on the embedder as it is"


class HeadOptions(Record):
    """Whether the embedder is tuned (None: if that is better on dev), and how: see `ContrastiveSettings`."""

    tune: bool | None = None
    epochs: int = Field(default=ContrastiveSettings().epochs, ge=1)
    learning_rate: float = Field(default=ContrastiveSettings().learning_rate, gt=0, lt=1)
    max_steps: int = Field(default=ContrastiveSettings().max_steps, ge=1)


class LabelHead(Recipe):
    """A classifier on sentence vectors."""

    name = "label-head"
    title = "Label head"
    summary = "a logistic head on the sentence embedder, tuned on the labelled examples; no language model"
    uses = ("retrieval.embedder",)
    approach = "fine-tuning"
    days = Days(setup=4.0, data=3.0, upkeep_per_month=0.5)
    asks_model = False
    Options = HeadOptions

    @property
    def embedder(self) -> str:
        """The embedder that is tuned."""
        return self.spec.retrieval.embedder

    def obstacle(self, world: World, material: Material) -> str | None:
        """It needs examples of two labels; tuning also needs an embedder here, and two examples of one label."""
        reason = why_no_labels(material)
        if reason or self._options.tune is False:
            return reason
        embedder = world.models[self.embedder]
        if not isinstance(embedder, LocalModel) or embedder.name == HashEmbedder.name:
            return f"the embedder {embedder.label} has no weights here that could be tuned; {LEAVE}"
        if not has_pairs(training_examples(material).numbers):
            return f"every label has one training example, and tuning compares two of one label; {LEAVE}"
        return None

    def prepare(self, world: World, material: Material) -> Fitted:
        """Tunes the embedder, then fits the head on its vectors."""
        return self.make(world, material, lambda done, total: None).fitted

    def make(self, world: World, material: Material, on_progress: OnProgress) -> Made:
        """The same; a training on these examples that is finished is not repeated, one that was killed goes on."""
        examples, folder = training_examples(material), world.contender_folder(self.spec.name)
        dev, tune = dev_examples(material, examples.labels), self._options.tune
        folder.mkdir(parents=True, exist_ok=True)
        if tune is False:
            _remove(folder)
            self._fit(world.embedder(self.embedder), folder, examples, dev)
            return Made()
        settings = self._settings(material)
        _claimed(folder, _request(world.models[self.embedder], examples, dev, [settings.model_dump_json(), str(tune)]))
        if (folder / TRAINING / REPORT).exists():
            self._fit(self._opened(world), folder, examples, dev)
            return Made()
        begun = now()
        untuned = None if tune else self._fit(world.embedder(self.embedder), folder, examples, dev)
        at = _tuned(world.models[self.embedder], examples, settings, folder, on_progress)
        tuned = self._fit(self._opened(world), folder, examples, dev)
        if untuned is not None and tuned is not None and untuned <= tuned:
            shutil.rmtree(folder / EMBEDDER)
            self._fit(world.embedder(self.embedder), folder, examples, dev)
        took = Took(
            seconds=now() - begun + at.earlier_s,
            tokens=at.n_tokens,
            detail=f"{len(examples.texts)} examples, {at.n_steps} steps",
        )
        jsonl.write_text(folder / TRAINING / REPORT, took.model_dump_json(indent=1) + "\n")
        saved_state.remove(folder / TRAINING / CHECKPOINT)
        return Made(took=took)

    def _fit(self, embedder: Any, folder: Path, examples: Examples, dev: Examples) -> float | None:
        """Fits the head on the vectors of an embedder. Returns its loss on dev."""
        dev_vectors = embedder.embed_queries(dev.texts) if dev.texts else embedder.embed_queries(("",))[:0]
        return fit_head(folder, examples, embedder.embed_queries(examples.texts), dev, dev_vectors)

    @property
    def _options(self) -> HeadOptions:
        assert isinstance(self.options, HeadOptions)
        return self.options

    def _settings(self, material: Material) -> ContrastiveSettings:
        of = self._options
        return ContrastiveSettings(
            epochs=of.epochs, learning_rate=of.learning_rate, max_steps=of.max_steps, seed=material.seed
        )

    def _opened(self, world: World) -> Any:
        """The embedder of this contender: its own, on the engine of the run's, or the run's."""
        own, settings = world.contender_folder(self.spec.name) / EMBEDDER, world.models[self.embedder]
        if not own.exists() or not isinstance(settings, LocalModel):
            return world.embedder(self.embedder)
        from bakeoff.models.embed import load_embedder

        return load_embedder(LocalModel(name=str(own), engine=settings.engine))

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> LabelAnswers:
        """The embedder with the head."""
        folder = world.contender_folder(self.spec.name)
        embedder, head = self._opened(world), Head(folder)

        def classify(texts: Sequence[str]) -> Chosen:
            return head.choose(embedder.embed_queries(texts))

        return LabelAnswers(self.spec.name, read_labels(folder), classify, fitted.decline_below)


def _request(model: ModelSettings, examples: Examples, dev: Examples, settings: Sequence[str]) -> dict[str, str]:
    """A hash of each input that decides about the weights, and whether they are used."""
    assert isinstance(model, LocalModel)  # obstacle has excluded others
    asked = (f"{label}\0{text}" for of in (examples, dev) for text, label in zip(of.texts, of.numbers, strict=True))
    return {
        "examples": digest([*examples.labels, *asked]),
        "settings": digest(settings),
        "model": model_sha256(resolve_model(model.name)),
    }


def _claimed(folder: Path, request: dict[str, str]) -> None:
    """Removes a training on anything else, as before a change of the documents, and writes down what is trained."""
    path = folder / TRAINING / "request.json"
    if not path.exists() or json.loads(path.read_text(encoding="utf-8")) != request:
        _remove(folder)
    claim(folder / TRAINING, request)


def _remove(folder: Path) -> None:
    for name in (TRAINING, EMBEDDER):
        shutil.rmtree(folder / name, ignore_errors=True)


class _At(NamedTuple):
    """What tuning took: steps, tokens, and the seconds before a kill."""

    n_steps: int
    n_tokens: int
    earlier_s: float


def _tuned(
    settings: ModelSettings, examples: Examples, contrastive: ContrastiveSettings, folder: Path, on_progress: OnProgress
) -> _At:
    """Tunes the embedder, unless a process that was killed later has."""
    from bakeoff.models.sentence_model import read_sentence_model

    assert isinstance(settings, LocalModel)
    source, target = resolve_model(settings.name), folder / EMBEDDER
    total = n_steps(len(examples.texts), contrastive)
    if target.exists():
        return _At(total, 0, 0.0)
    begun = time.monotonic()
    at = tune_embedder(
        source,
        read_sentence_model(source),
        examples.texts,
        examples.numbers,
        contrastive,
        target,
        folder / TRAINING / CHECKPOINT,
        on_progress,
    )
    return _At(at.step, at.n_tokens, max(0.0, at.seconds - (time.monotonic() - begun)))
