"""Full fine-tuning of a local model: all its weights are trained. A killed training resumes exactly.

Takes examples and settings, gives a folder with a whole model (settings, weights, tokenizer), its loss curve
(training.jsonl) and its report (report.json). The loop is `training`. Knows nothing about evaluation. Imports torch
when a training starts.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from pydantic import Field

from bakeoff.tuning.packing import Example
from bakeoff.tuning.report import Progress, TrainingReport
from bakeoff.tuning.settings import LEARNING_RATES
from bakeoff.tuning.task import LoopSettings, Task, Trainable, request_of, require_trainable
from bakeoff.tuning.training import train

__all__ = ["FullSettings", "train_full"]


class FullSettings(LoopSettings):
    """How all weights of a model are trained. A checkpoint is much larger than an adapter's, so it is rarer."""

    learning_rate: float = Field(default=LEARNING_RATES["full"], gt=0)
    checkpoint_every_s: float = Field(default=180.0, ge=0)


def train_full(
    model_folder: Path,
    examples: Sequence[Example],
    dev_examples: Sequence[Example],
    settings: FullSettings,
    folder: Path,
    on_progress: Callable[[Progress], None] | None = None,
    start_from: Path | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> TrainingReport:
    """Trains a whole model into a folder.

    Resumes, stops and raises as `training.train`. `start_from` is the folder of a model that was fully tuned from the
    same one, to begin with.
    """
    require_trainable(("torch", "transformers"), examples)
    request = request_of(model_folder, examples, dev_examples, settings, {"first model": start_from})
    model = partial(whole, model_folder)
    return train(Task(model, examples, dev_examples, settings, request, start_from), folder, on_progress, clock)


def whole(model_folder: Path) -> Trainable:
    """The model with all its weights in training."""
    from bakeoff.tuning.full_model import FullModel

    return FullModel(model_folder)
