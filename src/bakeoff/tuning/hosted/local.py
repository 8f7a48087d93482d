"""The `protocols.Tuner` of an adapter that was trained at a host and is used on this machine.

Takes the folder of the tuned model at its host, gives a folder with a PEFT adapter, checked against the local weights.
"""

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from bakeoff.errors import AdapterError, ContenderError, ModelUnavailableError
from bakeoff.models.adapter_check import check_adapter
from bakeoff.models.settings import ApiModel
from bakeoff.tuning.hosted.download import fetch_adapter
from bakeoff.tuning.hosted.host import Job
from bakeoff.tuning.hosted.hosts import host_for
from bakeoff.tuning.hosted.http import HostClient
from bakeoff.tuning.hosted.journal import Journal
from bakeoff.tuning.lessons import Lesson
from bakeoff.tuning.report import TrainingReport
from bakeoff.tuning.settings import Tuning


class DownloadTuner:
    """Fetches the adapter of a model that was tuned at the host of `model`."""

    def __init__(self, model: ApiModel) -> None:
        self._model = model

    def fit(
        self,
        weights: Path,
        lesson: Lesson,
        settings: Tuning,
        folder: Path,
        on_progress: Callable[[Any], None] | None = None,
        start_from: Path | None = None,
    ) -> TrainingReport:
        """Writes the adapter of the job in `start_from`. The training itself is in the report of that one.

        Raises ContenderError if the host has none, or it does not fit the model in `weights`.
        """
        assert start_from is not None and settings.host is not None  # the builder tunes there first
        begun, record = time.monotonic(), Journal(start_from).read()
        if record is None or not record.model:
            raise ContenderError("There is no finished job at the host to take the adapter from.", "use --resume")
        job = Job(id=record.job, status="done", model=record.model)
        with closing(HostClient(self._model)) as client:
            second = fetch_adapter(host_for(self._model, settings.host, client), client, job, folder)
        try:
            check_adapter(weights, folder)
        except (AdapterError, ModelUnavailableError) as error:
            raise ContenderError(
                error.message, f"name the weights of {record.base_model} in tuning.host.local"
            ) from error
        seconds = time.monotonic() - begun
        return TrainingReport(
            n_examples=record.n_examples,
            n_tokens=0,
            n_computed_tokens=0,
            n_steps=0,
            epochs=record.epochs,
            seconds=seconds,
            tokens_per_s=0.0,
            best_dev_loss=None,
            best_dev_exact=None,
            stopped_because=f"adapter of job {record.job}, fetched from {second or record.host}",
            peak_memory_bytes=0,
        )
