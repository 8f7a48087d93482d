"""What a training is given: settings, the protocol of a model in training, the loss of a batch, all in a `Task`.

Takes examples and a model's folder, gives a `Task` with the checksums of what decides about its outcome. Trains
nothing: that is `training`.
"""

import hashlib
import importlib.util
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from pydantic import Field
from pydantic_core import to_json

from bakeoff.errors import InputError, MissingExtraError
from bakeoff.models.chat import Chat
from bakeoff.models.checksums import model_sha256
from bakeoff.records import Record
from bakeoff.tuning.checkpoint import DevFit
from bakeoff.tuning.packing import Example, Row
from bakeoff.tuning.settings import Schedule, Unfreezing

if TYPE_CHECKING:
    import torch

    from bakeoff.tuning.fast_model import Fit


class LoopSettings(Record):
    """How any model is trained. Each method adds its own (`lora.TrainingSettings`, `full.FullSettings`).

    A batch holds at most `examples_per_batch` examples and `tokens_per_batch` tokens, or a single longer example. It is
    computed in rows of at most `tokens_per_row` tokens (which limits memory), in each of which the passages that its
    examples share are computed once. Training stops after `patience` epochs in a row without improvement on the dev
    examples, of which at most `n_dev_examples` are used. After `max_seconds` it stops and keeps the best model so
    far. A checkpoint is saved often enough that a kill loses at most `checkpoint_every_s` seconds of work, or one batch
    if that takes longer. `schedule`, `layer_decay` and `unfreezing` are those of `settings.Tuning`; the warm-up is part
    of the linear schedule only.
    """

    learning_rate: float = Field(gt=0)
    max_epochs: int = Field(default=10, ge=1)
    examples_per_batch: int = Field(default=16, ge=1)
    tokens_per_batch: int = Field(default=2048, ge=1)
    tokens_per_row: int = Field(default=1024, ge=1)
    max_seconds: float | None = Field(default=None, gt=0)
    patience: int = Field(default=3, ge=1)
    n_dev_examples: int = Field(default=48, ge=1)
    warmup_steps: int = Field(default=5, ge=0)
    checkpoint_every_s: float = Field(default=60.0, ge=0)
    seed: int = 0
    schedule: Schedule = "linear"
    layer_decay: float = Field(default=1.0, ge=1)
    unfreezing: Unfreezing = "none"

    def identity(self) -> str:
        """What of the settings decides about the tuned model, as JSON. Options that came later count where they differ
        from their defaults, and the keys have the order of earlier versions, so that a finished training stays one.
        """
        later = [name for name in LATER if getattr(self, name) == type(self).model_fields[name].default]
        names = [name for name in self.key_order() if name not in later]
        values = {**self.model_dump(mode="json"), "checkpoint_every_s": 0.0}  # that one does not change the model
        return "{" + ",".join(f'"{name}":{to_json(values[name]).decode()}' for name in names) + "}"

    @classmethod
    def key_order(cls) -> list[str]:
        """The names of all settings in the order in which `identity` has them."""
        return list(cls.model_fields)


LATER = ("schedule", "layer_decay", "unfreezing")


class Trainable(Protocol):
    """A model in training. `parameters` are the tensors that the optimizer changes, by name."""

    chat: Chat
    parameters: "dict[str, torch.nn.Parameter]"

    def loss(self, row: Row) -> "torch.Tensor":
        """The summed loss of a row's completion tokens."""
        ...

    def fit(self, rows: Iterable[Row]) -> "Fit":
        """How well the completions of these rows are predicted."""
        ...

    def log_probabilities(self, row: Row) -> "torch.Tensor":
        """The log-probability of each of the row's completions, in order, summed over its tokens."""
        ...

    def train_only(self, names: Collection[str]) -> None:
        """From now on only these parameters have gradients."""
        ...

    def after_step(self) -> None:
        """Takes over the parameters after the optimizer has changed them."""
        ...

    def forget_gradients(self) -> None:
        """Drops what a step that failed in between has summed up."""
        ...

    def kept(self) -> "dict[str, torch.Tensor]":
        """A copy of what `save` writes, as it is now."""
        ...

    def load(self, tensors: "dict[str, torch.Tensor]") -> None:
        """Sets the parameters to these values."""
        ...

    def load_folder(self, folder: Path) -> None:
        """Sets the parameters to those of an earlier tuned model."""
        ...

    def save(self, folder: Path, tensors: "dict[str, torch.Tensor]") -> None:
        """Writes the tuned model with these values of `kept`. Called once, at the end."""
        ...


class Part(NamedTuple):
    """A row of a batch, and which of the task's examples are in it, in order."""

    examples: tuple[int, ...]
    row: Row


Objective = Callable[[Trainable, Sequence[Part]], "Iterator[torch.Tensor]"]
"""Takes the model and a batch, gives the loss of the batch in summands. Each is back-propagated before the next one is
computed, so that only one needs its memory. An objective may pack rows of its own from the numbers of the examples."""


def completion_loss(model: Trainable, batch: Sequence[Part]) -> "Iterator[torch.Tensor]":
    """The mean loss of the completions' tokens: a summand for each row."""
    n_wanted = sum(len(part.row.wanted) for part in batch)
    for part in batch:
        yield model.loss(part.row) / n_wanted


def completion_fit(model: Trainable, part: Part) -> "Fit":
    """How well the completions of a row of dev examples are predicted."""
    return model.fit([part.row])


def no_objection(dev: DevFit) -> str:
    """Accepts every model."""
    return ""


@dataclass(frozen=True)
class Task:
    """What is trained. `model` loads it; `request` says what else decides about the outcome, by name, as checksums or
    words: a folder that holds a training with another request is refused. `start_from` is an earlier tuned model.

    `fit` measures a row of dev examples. `objection` says why a model with these results on dev must not be kept; then
    training stops with the best model before, or the one it began with. `begin` is called with the model to begin with
    and the folder for checkpoints, before any step, and again when the training is resumed.
    """

    model: Callable[[], Trainable]
    examples: Sequence[Example]
    dev: Sequence[Example]
    settings: LoopSettings
    request: Mapping[str, str]
    start_from: Path | None = None
    objective: Objective = completion_loss
    fit: "Callable[[Trainable, Part], Fit]" = completion_fit
    objection: Callable[[DevFit], str] = no_objection
    begin: Callable[[Trainable, Path], None] | None = None


def request_of(
    model_folder: Path,
    examples: Sequence[Example],
    dev: Sequence[Example],
    settings: LoopSettings,
    first: Mapping[str, Path | None],
) -> dict[str, str]:
    """A short hash of each input that determines the tuned model. `first` names the one to start from."""
    return {
        "model": model_sha256(model_folder),
        "examples": sha256_of(example.model_dump_json() for example in examples),
        "dev examples": sha256_of(example.model_dump_json() for example in dev),
        "settings": sha256_of([settings.identity()]),
        **{name: model_sha256(folder) if folder else "" for name, folder in first.items()},
    }


def sha256_of(texts: Iterable[str]) -> str:
    """The checksum of some texts in order."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def require_trainable(modules: Sequence[str], examples: Sequence[Example]) -> None:
    """Raises MissingExtraError if a package is not installed, InputError if there is nothing to train on."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError("Fine-tuning", module, "local")
    if not examples:
        raise InputError("There is no example to train on.", "give questions with answers to the training split")
