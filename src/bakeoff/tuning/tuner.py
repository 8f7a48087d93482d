"""The tuning methods by name, each a `protocols.Tuner`. LoRA is the only one so far."""

from collections.abc import Callable
from pathlib import Path

from bakeoff.protocols import Tuner
from bakeoff.tuning.lessons import Lesson
from bakeoff.tuning.lora import Progress, TrainingReport, TrainingSettings, train_adapter
from bakeoff.tuning.settings import Method, Tuning


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
        training = TrainingSettings(
            rank=settings.rank,
            learning_rate=settings.learning_rate,
            max_epochs=lesson.max_epochs,
            max_seconds=settings.max_seconds,
            seed=self._seed,
        )
        return train_adapter(weights, lesson.examples, lesson.dev, training, folder, on_progress, start_from)


TUNERS: dict[Method, type[LoraTuner]] = {"lora": LoraTuner}


def tuner_for(method: Method, seed: int) -> Tuner:
    """The tuner for that method, with this seed."""
    return TUNERS[method](seed)
