"""Small trainings of each kind, for a process that is killed: they tell each step, and keep the optimizer's last state.

Every training is on one thread, so that equal ones give equal bits.
"""

from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from bakeoff.models.spans import training as spans
from bakeoff.models.spans.network import untrained
from bakeoff.models.spans.windows import SpanTokenizer
from bakeoff.tuning import contrastive
from bakeoff.tuning.full import FullSettings, train_full
from bakeoff.tuning.lora import TrainingSettings, train_adapter
from bakeoff.tuning.retriever import training as retriever
from tests.torture.trainings import OPTIMIZER, STATES
from tests.unit.test_contrastive import MEAN, tuned
from tests.unit.test_retriever_training import Line
from tests.unit.test_sentence_model import write_model
from tests.unit.test_spans import questions
from tests.unit.tiny_model import arithmetic, write_tiny_model
from tests.unit.tiny_span_model import write_tiny_bert

Told = Callable[[int, float], None]
LOOP = {"max_epochs": 12, "examples_per_batch": 4, "tokens_per_batch": 150, "patience": 20, "checkpoint_every_s": 0.0}
WEIGHTS = "weights.safetensors"


class Remembered(torch.optim.AdamW):
    """The optimizer, which the process keeps at hand."""

    last: "Remembered"

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        Remembered.last = self


def prepare(models: Path) -> None:
    """The models that are trained."""
    write_tiny_model(models / "chat")
    write_model(models / "sentences", MEAN)
    write_tiny_bert(models / "bert")


def train(kind: str, models: Path, folder: Path, steps: Connection) -> None:
    """Trains to the end, on from the last checkpoint. Sends (step, loss) after each step."""
    torch.set_num_threads(1)
    torch.optim.AdamW = Remembered  # type: ignore[misc]
    folder.mkdir(parents=True, exist_ok=True)
    TRAININGS[kind](models, folder, lambda step, loss: steps.send((step, loss)))
    moments = Remembered.last.state_dict()["state"]
    save_file({f"{at}/{name}": tensor for at, of in moments.items() for name, tensor in of.items()}, folder / OPTIMIZER)


def _adapter(models: Path, folder: Path, told: Told) -> None:
    settings = TrainingSettings(rank=4, alpha=8, learning_rate=5e-3, **LOOP)
    train_adapter(
        models / "chat", arithmetic(20), arithmetic(6, 100), settings, folder, lambda at: told(at.step, at.loss)
    )


def _whole_model(models: Path, folder: Path, told: Told) -> None:
    settings = FullSettings(learning_rate=1e-3, **LOOP)
    train_full(models / "chat", arithmetic(20), arithmetic(6, 100), settings, folder, lambda at: told(at.step, at.loss))


def _retriever(models: Path, folder: Path, told: Told) -> None:
    """Tells no loss: the loop has none to tell before the end of an epoch. The weights show it."""
    task = Line([0.5, 0.6, 0.9, 0.7, 0.8])
    settings = retriever.Settings(
        epochs=12, learning_rate=0.1, pairs_per_batch=2, patience=20, checkpoint_every_s=0.0, keep="always"
    )

    def save(best: Any) -> str:
        save_file(dict(best), folder / WEIGHTS)
        return "part"

    retriever.train(task, settings, folder, save, lambda step, of: told(step, 0.0))


def _embedder(models: Path, folder: Path, told: Told) -> None:
    """Tells no loss, either."""
    contrastive.CHECKPOINT_EVERY_S = 0.0
    tuned(models / "sentences", folder / "tuned", lambda step, of: told(step, 0.0))


def _span_reader(models: Path, folder: Path, told: Told) -> None:
    how = spans.SpanTraining(learning_rate=1e-3, tokens_per_step=256, bfloat16=False)
    network = untrained(models / "bert", 1)
    lesson = [spans.read(SpanTokenizer(models / "bert"), questions())] * 40
    spans.train(
        network, lesson, how, lambda step: told(step.number, step.loss), folder / STATES["span reader"], save_every=1
    )
    changed = {name: tensor for name, tensor in network.state_dict().items() if "word_embeddings" not in name}
    save_file({name: tensor.contiguous() for name, tensor in changed.items()}, folder / WEIGHTS)


TRAININGS: dict[str, Callable[[Path, Path, Told], None]] = {
    "adapter": _adapter,
    "whole model": _whole_model,
    "retriever": _retriever,
    "embedder": _embedder,
    "span reader": _span_reader,
}
