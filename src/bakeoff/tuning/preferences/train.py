"""Tuning from preferences: DPO or KTO on a model that was tuned before, as an adapter or as a whole model.

Takes judged answers and settings, gives a folder as every training does. The loop is `training`, the losses are those
of `objective`. Knows nothing about evaluation. Imports torch when a training starts.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bakeoff.tuning.full import FullSettings, whole
from bakeoff.tuning.lora import TrainingSettings, adapted
from bakeoff.tuning.preferences.lesson import PreferenceLesson
from bakeoff.tuning.report import Progress, TrainingReport
from bakeoff.tuning.settings import Preferences
from bakeoff.tuning.task import Task, request_of, require_trainable, sha256_of
from bakeoff.tuning.training import train

TOKENS_PER_BATCH, TOKENS_PER_ROW = 1024, 512
"""Half of the usual ones, because a pair has two answers."""


def train_preferences(
    model_folder: Path,
    lesson: PreferenceLesson,
    settings: Preferences,
    loop: TrainingSettings | FullSettings,
    folder: Path,
    start_from: Path | None,
    on_progress: Callable[[Progress], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> TrainingReport:
    """Trains into a folder, from the tuned model in `start_from` (None: the model itself), which is the reference.

    Keeps the epoch that prefers most held-out pairs as people do. Stops when the liked answers that are held out
    became less likely than under the reference, and keeps an earlier epoch, or the reference itself. Resumes and raises
    as `training.train`. The report's tokens are those of one answer of each pair.
    """
    is_lora = isinstance(loop, TrainingSettings)
    require_trainable(("torch", "transformers", *(["peft"] if is_lora else [])), [one.example for one in lesson.train])
    train_on, held = ([one.example for one in judged] for judged in lesson)
    request = request_of(
        model_folder, train_on, held, loop, {"first adapter" if is_lora else "first model": start_from}
    )
    request["preferences"] = sha256_of([settings.what_is_learned(), *_lines(lesson)])
    from bakeoff.tuning.preferences.objective import Dpo, Kto  # imports torch

    objective = (Dpo if settings.method == "dpo" else Kto)(lesson, settings, loop.seed)
    model = partial(adapted, model_folder, loop) if isinstance(loop, TrainingSettings) else partial(whole, model_folder)
    task = Task(
        model, train_on, held, loop, request, start_from, objective, objective.fit, objective.objection, objective.begin
    )
    return train(task, folder, on_progress, clock)


def _lines(lesson: PreferenceLesson) -> Sequence[str]:
    return [one.model_dump_json() for judged in lesson for one in judged]
