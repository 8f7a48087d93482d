"""The tuning methods by name, each a `protocols.Tuner`: LoRA, and full fine-tuning. A lesson of preferences goes to
`preferences.train`, with either.
"""

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


class LoraTuner:
    """Low-rank adapters on a local model: see `tuning.lora`."""

    def __init__(self, seed: int) -> None:
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
        """Trains an adapter into the folder. Resumes and raises as `tuning.lora.train_adapter`."""
        training = TrainingSettings(rank=settings.own_rank, **_shared(settings, lesson, self._seed))
        if settings.preferences and lesson.preferences:
            return train_preferences(
                weights, lesson.preferences, settings.preferences, training, folder, start_from, on_progress
            )
        return train_adapter(weights, lesson.examples, lesson.dev, training, folder, on_progress, start_from)


class FullTuner:
    """All weights of a local model: see `tuning.full`."""

    def __init__(self, seed: int) -> None:
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
        """Trains a whole model into the folder. Resumes and raises as `tuning.full.train_full`."""
        training = FullSettings(**_shared(settings, lesson, self._seed))
        if settings.preferences and lesson.preferences:
            return train_preferences(
                weights, lesson.preferences, settings.preferences, training, folder, start_from, on_progress
            )
        return train_full(weights, lesson.examples, lesson.dev, training, folder, on_progress, start_from)


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


TUNERS: dict[Method, type[LoraTuner] | type[FullTuner]] = {"lora": LoraTuner, "full": FullTuner}


def tuner_for(method: Method, seed: int) -> Tuner:
    """The tuner for that method, with this seed."""
    return TUNERS[method](seed)
