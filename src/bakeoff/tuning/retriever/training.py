"""The training loop of retrieval tuning: epochs over pairs, measured on dev after each; the best epoch is kept.

Takes what is trained (`Task`), gives the best weights and a report. Epoch 0 is the untuned state: a training that never
beats it says so. A killed training continues from its last checkpoint and ends with the same weights. Knows nothing
about models.
"""

import math
import random
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

from bakeoff.errors import ContenderError
from bakeoff.files import jsonl
from bakeoff.models import saved_state
from bakeoff.models.memory import make_room_to_train
from bakeoff.records import Record
from bakeoff.tuning.checkpoint import Schedule
from bakeoff.tuning.held_signals import held_signals

GRADIENT_NORM = 1.0
WARMUP = 0.1
"""The share of the steps in which the learning rate rises."""
Progress = Callable[[int, int], None]


class Settings(Record):
    """How a part of retrieval is trained. It stops after `patience` epochs without improvement on dev, and after
    `max_seconds`. A kill loses about `checkpoint_every_s` seconds of work.
    """

    epochs: int = 3
    learning_rate: float = 5e-5
    pairs_per_batch: int = 16
    patience: int = 2
    max_seconds: float | None = None
    checkpoint_every_s: float = 60.0
    keep: Literal["better", "always"] = "better"
    seed: int = 7


class Quality(Record):
    """How good retrieval is on dev: `found` is the share of questions with evidence among the passages that are shown,
    `mean_reciprocal_rank` that of the first passage with evidence.
    """

    found: float
    mean_reciprocal_rank: float

    def is_better_than(self, other: "Quality") -> bool:
        """More found; if that is equal, found earlier."""
        return (self.found, self.mean_reciprocal_rank) > (other.found, other.mean_reciprocal_rank)


class Position(Record):
    """How far a training has come. `measured` are the untuned state and each epoch; `best` is the best epoch from 1."""

    step: int = 0
    n_tokens: int = 0
    seconds: float = 0.0
    losses: tuple[float, ...] = ()
    epoch_loss: float = 0.0
    epoch_steps: int = 0
    measured: tuple[Quality, ...] = ()
    best: int = 0
    stopped_because: str = ""


class Report(Record):
    """What a training took and achieved. `name` is that of the tuned part, empty if the untuned one is kept."""

    name: str = ""
    n_pairs: int
    n_dev: int
    n_steps: int
    n_tokens: int
    seconds: float
    losses: tuple[float, ...]
    measured: tuple[Quality, ...]
    best: int
    stopped_because: str

    @property
    def untuned(self) -> Quality:
        return self.measured[0]

    @property
    def tuned(self) -> Quality:
        return self.measured[self.best]

    @property
    def improved(self) -> bool:
        return self.tuned.is_better_than(self.untuned)


class Task(Protocol):
    """What is trained: its parameters by name, the loss of some of its pairs, and its quality on dev."""

    parameters: Mapping[str, Any]
    n_pairs: int
    n_dev: int

    def loss(self, batch: Sequence[int]) -> tuple[Any, int]:
        """The mean loss of the pairs of these numbers, and the number of tokens that were read."""
        ...

    def quality(self) -> Quality:
        """The quality on dev with the present parameters."""
        ...

    def untuned(self) -> Quality:
        """The same without tuning."""
        ...


def report_of(folder: Path) -> Report | None:
    """The report of a finished training, None if there is none."""
    path = folder / "report.json"
    return Report.model_validate_json(path.read_text(encoding="utf-8")) if path.exists() else None


def train(
    task: Task,
    settings: Settings,
    folder: Path,
    save: Callable[[Mapping[str, Any]], str],
    on_progress: Progress | None = None,
    clock: Callable[[], float] = time.monotonic,
    preparation_s: float = 0.0,
) -> Report:
    """Trains, and calls `save` with the best weights if they are kept; it gives the name of the tuned part.

    The seconds of the report are those of the training and of its preparation. Called again after a kill, it
    continues. Raises ContenderError if the loss is no longer a finite number.
    """
    make_room_to_train()
    report = _Training(task, settings, folder).run(save, on_progress, clock)
    report = report.model_copy(update={"seconds": report.seconds + preparation_s})
    jsonl.write_text(folder / "report.json", report.model_dump_json(indent=1) + "\n")
    shutil.rmtree(folder / "checkpoint", ignore_errors=True)
    return report


def computing(device: str) -> Any:
    """A context in which matrix products are computed in bfloat16 if the processor supports it.

    Weights, their gradients and the optimizer's steps stay in float32.
    """
    import torch

    capabilities = torch.cpu.get_capabilities()
    on_cpu = any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16"))
    supported = torch.cuda.is_bf16_supported() if device == "cuda" else on_cpu
    return torch.autocast(device, torch.bfloat16, enabled=supported)


class _Training:
    """One training: the plan of all its batches, and its current position."""

    def __init__(self, task: Task, settings: Settings, folder: Path) -> None:
        import torch

        self._task, self._settings, self._folder = task, settings, folder
        epochs = [self._batches(epoch) for epoch in range(1, settings.epochs + 1)]
        self._plan = [(epoch, batch) for epoch, batches in enumerate(epochs, 1) for batch in batches]
        self._optimizer = torch.optim.AdamW(task.parameters.values(), lr=0.0, weight_decay=0.0, fused=True)
        self._at = Position()
        self._best: dict[str, Any] = {}
        self._state = folder / "checkpoint" / "state.safetensors"

    def _batches(self, epoch: int) -> list[list[int]]:
        """The pairs in random order, cut into batches whose sizes differ by at most one: none has a single pair."""
        order = list(range(self._task.n_pairs))
        random.Random(f"{self._settings.seed} {epoch}").shuffle(order)
        n = max(1, round(len(order) / self._settings.pairs_per_batch))
        return [order[len(order) * i // n : len(order) * (i + 1) // n] for i in range(n)]

    def run(self, save: Callable[[Mapping[str, Any]], str], on_progress: Progress | None, clock: Any) -> Report:
        """Does all remaining work."""
        self._resume()
        before, began = self._at.seconds, clock()
        schedule = Schedule(self._settings.checkpoint_every_s, clock)
        while True:  # another handler may handle the signal without stopping; then the training continues
            with held_signals() as signals:
                while not self._is_done() and not signals:
                    self._work()
                    self._move(seconds=before + clock() - began)
                    self._stop_when_late()
                    if on_progress:
                        on_progress(self._at.step, len(self._plan))
                    if schedule.is_due() and not self._is_done():
                        self._save_checkpoint()
                        schedule.saved()
                if self._is_done():
                    return self._finish(save)
                self._save_checkpoint()
                schedule.saved()

    def _move(self, **changes: Any) -> None:
        self._at = self._at.model_copy(update=changes)

    def _is_done(self) -> bool:
        ended = bool(self._at.stopped_because) or self._at.step == len(self._plan)
        return ended and not self._is_to_measure()

    def _is_to_measure(self) -> bool:
        """Whether dev is the next piece of work: before the first step, after each epoch, and when time is up."""
        at = self._at
        if not at.measured:
            return True
        if not at.epoch_steps:
            return False
        epoch = self._plan[at.step - 1][0]
        ends = at.step == len(self._plan) or self._plan[at.step][0] != epoch
        return ends or bool(at.stopped_because)

    def _work(self) -> None:
        """One step, or one measurement: the unit of work that is never interrupted."""
        if not self._at.measured:
            self._move(measured=(self._task.untuned(),))
        elif self._is_to_measure():
            self._measure()
        else:
            self._step()

    def _step(self) -> None:
        import torch

        _, batch = self._plan[self._at.step]
        for group in self._optimizer.param_groups:
            group["lr"] = self._learning_rate()
        loss, n_tokens = self._task.loss(batch)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self._task.parameters.values(), GRADIENT_NORM)
        value = float(loss.detach())
        if not math.isfinite(value) or not math.isfinite(float(norm)):
            raise ContenderError(
                f"After {self._at.step} steps the loss of tuning its retrieval is {value}.",
                f"lower options.learning_rate (now {self._settings.learning_rate:g})",
            )
        self._optimizer.step()
        self._optimizer.zero_grad()
        self._move(
            step=self._at.step + 1,
            n_tokens=self._at.n_tokens + n_tokens,
            epoch_loss=self._at.epoch_loss + value,
            epoch_steps=self._at.epoch_steps + 1,
        )

    def _learning_rate(self) -> float:
        """Rises during the warm-up, then falls linearly to zero behind the last planned step."""
        n, step = len(self._plan), self._at.step
        warm = min(1.0, (step + 1) / (WARMUP * n + 1))
        return self._settings.learning_rate * warm * (1 - step / n)

    def _measure(self) -> None:
        """Measures an epoch on dev, and keeps its weights if it is the best tuned one so far."""
        at, quality = self._at, self._task.quality()
        measured = (*at.measured, quality)
        best = at.best
        if not best or quality.is_better_than(at.measured[best]):
            best = len(measured) - 1
            self._best = {name: tensor.detach().cpu().clone() for name, tensor in self._task.parameters.items()}
        losses = (*at.losses, at.epoch_loss / at.epoch_steps)
        self._move(measured=measured, best=best, losses=losses, epoch_loss=0.0, epoch_steps=0)
        n_worse = len(measured) - 1 - best
        if n_worse >= self._settings.patience and not at.stopped_because:
            self._move(stopped_because=f"no improvement on dev for {n_worse} epochs")

    def _stop_when_late(self) -> None:
        limit = self._settings.max_seconds
        if limit and self._at.seconds >= limit and not self._at.stopped_because and self._at.step:
            self._move(stopped_because=f"the limit of {limit:g} s")

    def _save_checkpoint(self) -> None:
        tensors = {f"now/{name}": tensor.detach().contiguous() for name, tensor in self._task.parameters.items()}
        tensors |= {f"best/{name}": tensor for name, tensor in self._best.items()}
        for number, moments in self._optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer/{number}/{name}": tensor for name, tensor in moments.items()}
        saved_state.save(self._state, tensors, self._at)

    def _resume(self) -> None:
        """Returns to the last checkpoint, if there is one."""
        import torch

        saved = saved_state.load(self._state, Position)
        if saved is None:
            return
        tensors, self._at = saved
        with torch.no_grad():
            for name, parameter in self._task.parameters.items():
                parameter.copy_(tensors[f"now/{name}"])
        self._best = {name: tensors[f"best/{name}"] for name in self._task.parameters if f"best/{name}" in tensors}
        state = saved_state.optimizer_state(tensors)
        self._optimizer.load_state_dict({**self._optimizer.state_dict(), "state": state})

    def _finish(self, save: Callable[[Mapping[str, Any]], str]) -> Report:
        """Saves the tuned part if it is kept."""
        at = self._at
        report = Report(
            n_pairs=self._task.n_pairs,
            n_dev=self._task.n_dev,
            n_steps=at.step,
            n_tokens=at.n_tokens,
            seconds=at.seconds,
            losses=at.losses,
            measured=at.measured,
            best=at.best,
            stopped_because=at.stopped_because or f"all {self._settings.epochs} epochs done",
        )
        if report.improved or self._settings.keep == "always":
            report = report.model_copy(update={"name": save(self._best)})
        return report
