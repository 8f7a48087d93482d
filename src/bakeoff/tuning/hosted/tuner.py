"""The `protocols.Tuner` for a model behind a server: it is tuned at its host, and stays there.

Takes examples, gives a folder that names the tuned model (`hosted_model.json`) in place of weights.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from bakeoff.files import jsonl
from bakeoff.models.settings import ApiModel, TokenPrice
from bakeoff.models.tuned_folder import HOSTED_MODEL, HostedModel, hosted_model
from bakeoff.tuning.hosted.host import Job, Order
from bakeoff.tuning.hosted.hosts import host_for
from bakeoff.tuning.hosted.http import HostClient
from bakeoff.tuning.hosted.job import USUAL, HostedJob, Pace
from bakeoff.tuning.hosted.journal import JobRecord, Journal, new_name
from bakeoff.tuning.hosted.settings import NEEDS_DEPLOYMENT, Hosted
from bakeoff.tuning.hosted.spending import MILLION, Permission, estimate, training_price
from bakeoff.tuning.lessons import Lesson
from bakeoff.tuning.packing import Example
from bakeoff.tuning.report import TrainingReport
from bakeoff.tuning.settings import Tuning

FREE = TokenPrice(input_tokens=0, output_tokens=0)


class HostedTuner:
    """Tunes at the model's host. `name` is the contender's, for messages."""

    def __init__(self, name: str, seed: int, permission: Permission, pace: Pace = USUAL) -> None:
        self._name, self._seed, self._permission, self._pace = name, seed, permission, pace

    def fit(
        self,
        weights: ApiModel,
        lesson: Lesson,
        settings: Tuning,
        folder: Path,
        on_progress: Callable[[Any], None] | None = None,
        start_from: Path | None = None,
    ) -> TrainingReport:
        """Has the model tuned and waits for it. Called again after a kill, it finds its job again.

        Raises ContenderError if it is not allowed, refused, failed, or not ended in time.
        """
        hosted = settings.host
        assert hosted is not None  # that is why it is tuned here
        earlier = hosted_model(start_from) if start_from else None
        journal = Journal(folder)
        record = journal.read() or self._planned(journal, weights, hosted, lesson, earlier)
        if record.step != "ready" or record.file_left:
            pace = self._pace._replace(most_s=settings.max_seconds or self._pace.most_s)
            order = _order(record, settings, self._seed, earlier is not None)
            with closing(HostClient(weights)) as client:
                told = on_progress or (lambda at: None)
                runner = HostedJob(host_for(weights, hosted, client), journal, pace, weights.retries, told)
                record, job = runner.run(record, training_file(lesson.examples), order)
            record = self._finished(journal, record, job, hosted)
        _write_model(folder, record, hosted)  # a finished job may be all that is left of its folder
        return _report(record)

    def _planned(
        self, journal: Journal, model: ApiModel, hosted: Hosted, lesson: Lesson, earlier: HostedModel | None
    ) -> JobRecord:
        """The first record of a job, if what it may cost is allowed."""
        cost = estimate(lesson.examples, lesson.max_epochs, hosted, self._name)
        limit = self._permission.limit(cost.usd[1], f"Tuning '{self._name}' at {model.host}")
        return journal.write(
            JobRecord(
                name=new_name(),
                host=model.host,
                api=hosted.api,
                base_model=model.model,
                begins_with=earlier.model if earlier else model.model,
                n_examples=len(lesson.examples),
                epochs=lesson.max_epochs,
                most_tokens=cost.tokens[1],
                most_usd=cost.usd[1],
                limit_usd=limit,
                begun_at=journal.clock(),
            )
        )

    def _finished(self, journal: Journal, record: JobRecord, job: Job, hosted: Hosted) -> JobRecord:
        """The record with what the job took: as the host says, or at the high end of the estimate."""
        tokens = job.tokens if job.tokens is not None else record.most_tokens
        usd = tokens * training_price(hosted, self._name) / MILLION if job.usd is None else job.usd
        return journal.change(
            record,
            step="ready",
            model=job.model,
            tokens=tokens,
            usd=usd,
            is_estimate=job.tokens is None and job.usd is None,
            seconds=record.seconds or journal.clock() - record.begun_at,
        )


def training_file(examples: Sequence[Example]) -> bytes:
    """The examples as hosts take them: a conversation on each line.

    Source: https://platform.openai.com/docs/api-reference/fine-tuning/chat-input.
    """
    return b"".join(_line(example) for example in examples)


def _line(example: Example) -> bytes:
    asked = [{"role": message.role, "content": message.content} for message in example.prompt.messages]
    row = {"messages": [*asked, {"role": "assistant", "content": example.completion}]}
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"


def _order(record: JobRecord, settings: Tuning, seed: int, goes_on: bool) -> Order:
    hosted = settings.host
    assert hosted is not None
    return Order(
        name=record.name,
        model=record.begins_with,
        file=record.file,
        epochs=record.epochs,
        seed=seed,
        goes_on=goes_on,
        is_full=settings.method == "full",
        rank=settings.rank,
        learning_rate=settings.learning_rate,
        hyperparameters=hosted.hyperparameters,
    )


def _write_model(folder: Path, record: JobRecord, hosted: Hosted) -> None:
    rents = record.api in NEEDS_DEPLOYMENT
    price = FREE if rents else hosted.price  # a deployment is paid by the minute
    model = HostedModel(model=record.model, host=record.host, needs_deployment=rents, price=price)
    jsonl.write_text(folder / HOSTED_MODEL, model.model_dump_json(indent=1) + "\n")


def _report(record: JobRecord) -> TrainingReport:
    return TrainingReport(
        n_examples=record.n_examples,
        n_tokens=record.tokens,
        n_computed_tokens=record.tokens,
        n_steps=0,
        epochs=record.epochs,
        seconds=record.seconds,
        tokens_per_s=record.tokens / record.seconds if record.seconds else 0.0,
        best_dev_loss=None,
        best_dev_exact=None,
        stopped_because=f"job {record.job} at {record.host}",
        peak_memory_bytes=0,
    )
