"""`label-head`: a logistic head on a sentence embedder that was tuned on the labelled examples by contrast.

The run's embedder is tuned as SetFit does (`tuning/contrastive.py`). Unless the options decide, it is used as it comes
if a head on that has the lower loss on dev: with many labels and few examples, tuning may do harm. Needs no language
model.
Source: Tunstall et al. 2022, arXiv:2209.11055.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
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
from bakeoff.contenders.recipe import Material, Recipe, World
from bakeoff.measure.comparison import Days
from bakeoff.models.embed import HashEmbedder
from bakeoff.models.settings import LocalModel, ModelSettings
from bakeoff.records import Record
from bakeoff.tuning.contrastive import ContrastiveSettings, has_pairs, tune_embedder

EMBEDDER = "embedder"
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
        examples, folder = training_examples(material), world.contender_folder(self.spec.name)
        dev, tune = dev_examples(material, examples.labels), self._options.tune
        shutil.rmtree(folder / EMBEDDER, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        untuned = None if tune else self._fit(world, examples, dev)
        if tune is not False:
            _tune(world.models[self.embedder], examples.texts, examples.numbers, self._settings(material), folder)
            tuned = self._fit(world, examples, dev)
            if untuned is not None and tuned is not None and untuned <= tuned:
                shutil.rmtree(folder / EMBEDDER)
                self._fit(world, examples, dev)
        return Fitted()

    def _fit(self, world: World, examples: Examples, dev: Examples) -> float | None:
        """Fits the head on the vectors of the embedder that is there. Returns its loss on dev."""
        embedder = self._opened(world)
        dev_vectors = embedder.embed_queries(dev.texts) if dev.texts else embedder.embed_queries(("",))[:0]
        folder = world.contender_folder(self.spec.name)
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


def _tune(
    settings: ModelSettings, texts: Sequence[str], numbers: np.ndarray, contrastive: ContrastiveSettings, folder: Path
) -> None:
    from bakeoff.models.sentence_model import read_sentence_model
    from bakeoff.models.weights import resolve_model

    assert isinstance(settings, LocalModel)
    source = resolve_model(settings.name)
    tune_embedder(source, read_sentence_model(source), texts, numbers, contrastive, folder / EMBEDDER)
