"""`generator-label-head`: a logistic head on the last layer's states of a language model, which stays as it is.

The vector of a message is the state of the prompt's last token and the mean over its tokens, each scaled to its spread
in training. The model is frozen: tuning it with LoRA takes minutes for each hundred examples on two cores, and the head
can be fitted again in seconds. Sources: a probe on frozen states, Alain and Bengio 2016, arXiv:1610.01644; the state
after "in one word", Jiang et al. 2023, arXiv:2307.16645.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bakeoff.contenders.built import Fitted, Given
from bakeoff.contenders.label_answers import (
    NONE,
    Chosen,
    Examples,
    LabelAnswers,
    dev_examples,
    read_labels,
    training_examples,
    why_no_labels,
)
from bakeoff.contenders.label_heads import Head, fit_head, read_tensors, write_tensors
from bakeoff.contenders.label_models import DESCRIBING, causal_reader, why_no_model
from bakeoff.contenders.recipe import Material, Recipe, World
from bakeoff.measure.comparison import Days
from bakeoff.models.prompts import PromptTemplate

SCALE = "scale.safetensors"


class GeneratorLabelHead(Recipe):
    """A classifier on a language model's states."""

    name = "generator-label-head"
    title = "Generator with a label head"
    summary = "a logistic head on the last states of the language model, which is not tuned"
    uses = ("model",)
    approach = "fine-tuning"
    days = Days(setup=5.0, data=3.0, upkeep_per_month=0.5)

    def obstacle(self, world: World, material: Material) -> str | None:
        """It needs examples of two labels and a local model."""
        return why_no_labels(material) or why_no_model(world.models[self.spec.model])

    @property
    def template(self) -> PromptTemplate | None:
        """The prompt whose states are read."""
        return DESCRIBING

    def prepare(self, world: World, material: Material) -> Fitted:
        """Reads the states of all examples, and fits the head."""
        examples, folder = training_examples(material), world.contender_folder(self.spec.name)
        folder.mkdir(parents=True, exist_ok=True)
        reader, dev = causal_reader(world, self.spec.model), dev_examples(material, examples.labels)
        states, dev_states = (reader.states(_prompts(texts))[0] for texts in (examples.texts, dev.texts))
        examples, states = _that_fit(examples, states)
        dev, dev_states = _that_fit(dev, dev_states)
        scale = {"mean": states.mean(axis=0), "spread": np.maximum(states.std(axis=0), 1e-6)}
        write_tensors(folder / SCALE, scale)
        fit_head(folder, examples, _scaled(states, scale), dev, _scaled(dev_states, scale))
        return Fitted()

    def open(self, world: World, fitted: Fitted, given: Given | None = None) -> LabelAnswers:
        """The model with the head."""
        folder: Path = world.contender_folder(self.spec.name)
        head, scale = Head(folder), read_tensors(folder / SCALE, ("mean", "spread"))
        reader = causal_reader(world, self.spec.model)

        def classify(texts: Sequence[str]) -> Chosen:
            states, n_tokens = reader.states(_prompts(texts))
            fits = ~np.isnan(states).any(axis=1)
            found = head.choose(_scaled(np.where(fits[:, None], states, 0.0), scale), n_tokens)
            return found._replace(numbers=np.where(fits, found.numbers, NONE))

        return LabelAnswers(self.spec.name, read_labels(folder), classify, fitted.decline_below)


def _prompts(texts: Sequence[str]) -> list:
    return [DESCRIBING.render(text) for text in texts]


def _that_fit(examples: Examples, states: np.ndarray) -> tuple[Examples, np.ndarray]:
    """The examples that fit into the model's context, with their states."""
    fits = ~np.isnan(states).any(axis=1)
    texts = tuple(text for text, is_there in zip(examples.texts, fits, strict=True) if is_there)
    return Examples(examples.labels, texts, examples.numbers[fits]), states[fits]


def _scaled(states: np.ndarray, scale: dict[str, np.ndarray]) -> np.ndarray:
    """Vectors with a length of about 1."""
    return np.asarray((states - scale["mean"]) / scale["spread"] / np.sqrt(states.shape[1]))
