"""The `protocols.Tuner` of each tuning method: LoRA and full fine-tuning here, on examples or on preferences."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bakeoff.protocols import Tuner
from bakeoff.tuning.full import FullSettings, train_full
from bakeoff.tuning.lessons import Lesson
from bakeoff.tuning.lora import TrainingSettings, train_adapter
from bakeoff.tuning.preferences.train import TOKENS_PER_BATCH, TOKENS_PER_ROW, train_preferences
from bakeoff.tuning.report import Progress, TrainingReport
from bakeoff.tuning.settings import PREFERENCE_RATES, Method, Tuning


class LocalTuner:
    """Trains a local model here: an adapter (`lora`) or all its weights (`full`), on examples or on preferences."""

    def __init__(self, method: Method, seed: int) -> None:
        self._method: Method = method
        self._seed = seed

    def fit(
        self,
        weights: Path,
        lesson: Lesson,
        settings: Tuning,
        folder: Path,
        on_progress: Callable[[Progress], None] | None = None,
        start_from: Path | None = None,
    ) -> TrainingReport:
        """Trains into the folder. Resumes and raises as `lora.train_adapter`, `full.train_full` and
        `preferences.train.train_preferences`.
        """
        loop = self._loop(settings, lesson)
        if settings.preferences and lesson.preferences:
            return train_preferences(
                weights, lesson.preferences, settings.preferences, loop, folder, start_from, on_progress
            )
        if isinstance(loop, TrainingSettings):
            return train_adapter(weights, lesson.examples, lesson.dev, loop, folder, on_progress, start_from)
        return train_full(weights, lesson.examples, lesson.dev, loop, folder, on_progress, start_from)

    def _loop(self, settings: Tuning, lesson: Lesson) -> TrainingSettings | FullSettings:
        shared = _shared(settings, lesson, self._seed)
        if self._method == "lora":
            return TrainingSettings(rank=settings.own_rank, **shared)
        return FullSettings(**shared)


def _shared(settings: Tuning, lesson: Lesson, seed: int) -> dict[str, Any]:
    """What both methods take from the configuration."""
    if settings.preferences and lesson.preferences:
        return {
            "learning_rate": settings.preferences.learning_rate or PREFERENCE_RATES[settings.method],
            "max_epochs": settings.preferences.epochs,
            "max_seconds": settings.max_seconds,
            "seed": seed,
            "tokens_per_batch": TOKENS_PER_BATCH,
            "tokens_per_row": TOKENS_PER_ROW,
            "n_dev_examples": max(1, len(lesson.preferences.held)),
        }
    return {
        "learning_rate": settings.own_learning_rate,
        "max_epochs": lesson.max_epochs,
        "max_seconds": settings.max_seconds,
        "seed": seed,
        "schedule": settings.schedule,
        "layer_decay": settings.layer_decay,
        "unfreezing": settings.unfreezing,
    }


def tuner_for(method: Method, seed: int) -> Tuner:
    """The tuner for that method, with this seed."""
    return LocalTuner(method, seed)
