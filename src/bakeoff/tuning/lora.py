"""LoRA fine-tuning of a local model, for small data on few cores. A killed training resumes exactly.

Takes examples and settings, gives a folder with a PEFT adapter, its loss curve (training.jsonl) and its report
(report.json). The loop is `training`. Knows nothing about evaluation. Imports torch when a training starts. Source of
the method: Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models" (arXiv 2106.09685).
"""

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from pydantic import Field

from bakeoff.tuning.packing import Example
from bakeoff.tuning.report import Progress, TrainingReport
from bakeoff.tuning.settings import LEARNING_RATES, RANK
from bakeoff.tuning.task import LoopSettings, Task, Trainable, request_of, require_trainable
from bakeoff.tuning.training import TrainingError, train

__all__ = ["Example", "Progress", "TrainingError", "TrainingReport", "TrainingSettings", "train_adapter"]


class TrainingSettings(LoopSettings):
    """How an adapter is trained. The defaults learned facts fastest in our tests: see docs/results/training.md."""

    rank: int = Field(default=RANK, ge=1)
    alpha: int = Field(default=32, ge=1)
    learning_rate: float = Field(default=LEARNING_RATES["lora"], gt=0)
    target_modules: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")

    @classmethod
    def key_order(cls) -> list[str]:
        """That of the first version."""
        names = [name for name in cls.model_fields if name not in ("rank", "alpha", "target_modules")]
        at = names.index("warmup_steps") + 1
        return ["rank", "alpha", *names[:at], "target_modules", *names[at:]]


def train_adapter(
    model_folder: Path,
    examples: Sequence[Example],
    dev_examples: Sequence[Example],
    settings: TrainingSettings,
    folder: Path,
    on_progress: Callable[[Progress], None] | None = None,
    start_from: Path | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> TrainingReport:
    """Trains an adapter into a folder.

    Resumes, stops and raises as `training.train`. `start_from` is the folder of an adapter to begin with. Raises
    ModelUnavailableError if LoRA or the fast training does not fit the model.
    """
    require_trainable(("torch", "transformers", "peft"), examples)
    request = request_of(model_folder, examples, dev_examples, settings, {"first adapter": start_from})
    model = partial(adapted, model_folder, settings)
    return train(Task(model, examples, dev_examples, settings, request, start_from), folder, on_progress, clock)


def adapted(model_folder: Path, settings: TrainingSettings) -> Trainable:
    """The model with a new adapter."""
    from bakeoff.tuning.tuned_model import TunedModel

    return TunedModel(model_folder, settings.rank, settings.alpha, settings.target_modules, settings.seed)
