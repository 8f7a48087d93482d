"""Training: the loop over batches with checkpoints, dev examples and patience, for whatever model is trained.

Takes a `Task` (a model, its examples and settings), gives a folder with the tuned model, its loss curve
(training.jsonl) and its report (report.json). A killed training resumes exactly. Knows neither what the parameters of
the model are (`tuned_model`: an adapter, `full_model`: all weights) nor what the loss of a batch is (`task.Objective`).
Imports torch when a training starts.
"""

import math
import random
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bakeoff.apart.peak_memory import peak_memory_bytes
from bakeoff.errors import BakeoffError, RunFolderError
from bakeoff.files import jsonl
from bakeoff.files.room import room_remedy
from bakeoff.models import saved_state
from bakeoff.models.memory import keep_fewer_kernels, make_room_to_train
from bakeoff.models.short_memory import again_in_pieces, first_pieces
from bakeoff.models.threads import free_threads, use_threads
from bakeoff.tuning import checkpoint
from bakeoff.tuning.checkpoint import DevFit, Position
from bakeoff.tuning.held_signals import held_signals
from bakeoff.tuning.packing import encode, pack, plan
from bakeoff.tuning.pieces import LESS, in_pieces, most_pieces
from bakeoff.tuning.rates import layers_of, share_of_layer, share_of_rate, trained_in
from bakeoff.tuning.report import Point, Progress, TrainingReport
from bakeoff.tuning.task import Part, Task

LEARNT_LOSS = 0.01  # if the mean loss of an epoch is below this, more epochs on the same examples teach nothing
GRADIENT_NORM = 1.0


class TrainingError(BakeoffError):
    """A training that cannot continue."""


def train(
    task: Task,
    folder: Path,
    on_progress: Callable[[Progress], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> TrainingReport:
    """Trains into a folder.

    Keeps the epoch that was best on the dev examples, or the last if there are none.

    Called again after a kill, it continues from its last checkpoint and ends with the same model as without the kill
    (bit for bit if the number of threads is the same). Called again when finished, it returns the report. Ctrl-C and
    SIGTERM take effect after the current batch, which is saved first, or after six seconds. `clock` gives seconds.
    Raises InputError for examples that cannot be used, RunFolderError if the folder holds another training or cannot be
    written, TrainingError if the loss is no longer a finite number. With too little memory, rows are computed in pieces
    from then on (`models.short_memory`); raises MemoryShortError if that does not help.
    """
    checkpoint.claim(folder, task.request, "remove that folder, or train into another folder")
    report = folder / "report.json"
    if report.exists():
        return TrainingReport.model_validate_json(report.read_text(encoding="utf-8"))
    make_room_to_train()
    use_threads(free_threads())
    keep_fewer_kernels()
    training = _Training(task, folder)
    try:
        return training.run(on_progress, clock)
    except OSError as error:
        raise RunFolderError(
            f"{folder} could not be written: {error.strerror or error}.", f"{room_remedy(error)}; {saved_state.RESUMES}"
        ) from error


class _Training:
    """One training: the model, the plan of all its batches, and its current position."""

    def __init__(self, task: Task, folder: Path) -> None:
        import torch

        self.task, self.settings, self.folder = task, task.settings, folder
        self.model = task.model()
        if task.start_from:
            self.model.load_folder(task.start_from)
        self.examples = encode(self.model.chat, task.examples)
        n_dev = min(self.settings.n_dev_examples, len(task.dev))
        drawn = random.Random(self.settings.seed).sample(range(len(task.dev)), n_dev)
        self.dev = self._dev_rows(drawn)
        epochs = [self._plan(epoch) for epoch in range(self.settings.max_epochs)]
        self.plan = [(epoch, batch) for epoch, batches in enumerate(epochs, 1) for batch in batches]
        self.layers = layers_of(self.model.parameters)
        self.optimizer = torch.optim.AdamW(self._groups(), lr=0.0, weight_decay=0.0, fused=True)
        self.unfrozen = 0
        self.at = Position()
        self.best: dict[str, Any] = self.model.kept() if task.begin else {}
        self.curve = folder / "training.jsonl"

    def _groups(self) -> list[dict[str, Any]]:
        """The parameters that have the same learning rate, with its share of the highest: one group without a decay."""
        decay, last = self.settings.layer_decay, max(self.layers.values(), default=0)
        if decay == 1:
            return [{"params": list(self.model.parameters.values()), "share": 1.0}]
        groups: dict[int, list[Any]] = {}
        for name, parameter in self.model.parameters.items():
            groups.setdefault(self.layers[name], []).append(parameter)
        return [{"params": groups[at], "share": share_of_layer(at, last, decay)} for at in sorted(groups)]

    def _plan(self, epoch: int) -> list[list[list[int]]]:
        settings = self.settings
        key = f"{settings.seed} {epoch}"
        return plan(self.examples, settings.tokens_per_batch, settings.tokens_per_row, settings.examples_per_batch, key)

    def _dev_rows(self, drawn: Sequence[int]) -> list[Part]:
        if not drawn:
            return []
        dev = encode(self.model.chat, [self.task.dev[i] for i in drawn])
        batches = plan(dev, self.settings.tokens_per_batch, self.settings.tokens_per_row, len(dev), "dev")
        rows = [row for batch in batches for row in batch]
        self.dev_examples = dict(zip(drawn, dev, strict=True))
        return [Part(tuple(drawn[i] for i in row), pack([dev[i] for i in row])) for row in rows]

    def run(self, on_progress: Callable[[Progress], None] | None, clock: Callable[[], float]) -> TrainingReport:
        """Does all remaining work, then writes the tuned model and the report."""
        self._begin(clock)
        self._resume()
        self._move(pieces=max(self.at.pieces, first_pieces()))
        first, began = self.at, clock()
        schedule = checkpoint.Schedule(self.settings.checkpoint_every_s, clock)
        while True:  # another handler may handle the signal without stopping; then the training continues
            with held_signals() as signals:
                while not self._is_done() and not signals:
                    self._work(lambda: first.seconds + clock() - began, first, on_progress)
                    if schedule.is_due() and not self._is_done():
                        self._save_checkpoint()
                        schedule.saved()
                if self._is_done():
                    return self._finish()
                self._save_checkpoint()
                schedule.saved()

    def _begin(self, clock: Callable[[], float]) -> None:
        """What comes before the first step, with the model to begin with; its time is part of the training's."""
        if self.task.begin:
            began = clock()
            self.task.begin(self.model, self._checkpoint_path.parent)
            self._move(seconds=clock() - began)

    def _work(
        self, seconds: Callable[[], float], first: Position, on_progress: Callable[[Progress], None] | None
    ) -> None:
        """One step, or one batch of dev examples: the unit of work that is never interrupted."""
        if self.at.dev is not None:
            self._measure_batch()
        else:
            loss = self._step()
            self._move(seconds=seconds())
            self._end_step(loss)
            if on_progress:
                on_progress(self._progress(first, loss))
        self._move(seconds=seconds())
        self._stop_when_late()

    def _is_done(self) -> bool:
        return self.at.dev is None and (bool(self.at.stopped_because) or self.at.step == len(self.plan))

    def _step(self) -> float:
        """One batch: its gradient, and one step of the optimizer. Returns the loss."""
        batch = self._batch()
        loss = self._in_memory(batch, lambda: self._gradient(batch))
        self._change(loss)  # never done again: it may have changed some parameters before it fails
        rows = [part.row for part in batch]
        n_wanted = sum(len(row.wanted) for row in rows)
        self._move(
            step=self.at.step + 1,
            n_tokens=self.at.n_tokens + sum(row.n_tokens for row in rows),
            n_computed_tokens=self.at.n_computed_tokens + sum(row.tokens.numel() for row in rows),
            epoch_loss=self.at.epoch_loss + loss * n_wanted,
            epoch_wanted=self.at.epoch_wanted + n_wanted,
        )
        return loss

    def _batch(self) -> list[Part]:
        """The rows of the next step."""
        epoch, numbers = self.plan[self.at.step]
        self._unfreeze(epoch)
        return [Part(tuple(row), pack([self.examples[i] for i in row])) for row in numbers]

    def _in_memory(self, parts: Sequence[Part], work: Callable[[], Any]) -> Any:
        """Does work on these parts; again with more pieces if there is too little memory."""
        what, remedy = f"Step {self.at.step + 1} of the training", f"{LESS}; {saved_state.RESUMES}"
        return again_in_pieces(work, self.at.pieces, most_pieces(parts), what, remedy, self._cut)

    def _cut(self, pieces: int) -> None:
        self._move(pieces=pieces)
        self.model.forget_gradients()

    def _gradient(self, batch: Sequence[Part]) -> float:
        """Sums up the gradient of the batch, and returns its loss."""
        loss = 0.0
        cut = [piece for part in batch for piece in in_pieces(part, self.examples, self.at.pieces)]
        for summand in self.task.objective(self.model, cut):
            summand.backward()
            loss += float(summand.detach())
        return loss

    def _change(self, loss: float) -> None:
        """Changes the parameters by their gradients. Raises TrainingError if these are no finite numbers."""
        import torch

        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters.values(), GRADIENT_NORM)
        if not math.isfinite(loss) or not math.isfinite(float(norm)):
            raise TrainingError(
                f"After {self.at.step} steps the loss is {loss} and its gradient is {float(norm)}.",
                f"lower the learning rate (now {self.settings.learning_rate:g})",
            )
        rate = self._learning_rate()
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["share"]
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.model.after_step()

    def _unfreeze(self, epoch: int) -> None:
        """With gradual unfreezing, lets this epoch train the last layers only."""
        if self.settings.unfreezing == "gradual" and self.unfrozen != epoch:
            self.model.train_only(trained_in(epoch, self.layers))
            self.unfrozen = epoch

    def _learning_rate(self) -> float:
        """The rate of this step, before the share of a layer."""
        settings = self.settings
        share = share_of_rate(settings.schedule, self.at.step, len(self.plan), settings.warmup_steps)
        return settings.learning_rate * share

    def _move(self, **changes: Any) -> None:
        self.at = self.at.model_copy(update=changes)

    @property
    def _epoch(self) -> int:
        """The epoch of the last finished step, starting at 1."""
        return self.plan[max(0, self.at.step - 1)][0]

    def _ends_epoch(self) -> bool:
        return self.at.step == len(self.plan) or self.plan[self.at.step][0] != self._epoch

    def _end_step(self, loss: float) -> None:
        """Logs a step. At the end of an epoch, starts measuring on the dev examples."""
        self._log(loss)
        if self._ends_epoch():
            self._begin_measuring()

    def _stop_when_late(self) -> None:
        """At the time limit, measures the last, unfinished epoch and then stops."""
        limit = self.settings.max_seconds
        if limit and self.at.seconds >= limit and not self.at.stopped_because:
            self._move(stopped_because=f"the limit of {limit:g} s")
            if self.at.dev is None and self.at.epoch_wanted:
                self._begin_measuring()

    def _begin_measuring(self) -> None:
        self._move(dev=DevFit())
        if not self.dev:
            self._end_measuring()

    def _measure_batch(self) -> None:
        """Measures the next batch of dev examples. The last batch ends the epoch."""
        dev = self.at.dev or DevFit()
        part = self.dev[dev.n_batches]
        fits = self._in_memory([part], lambda: self._fits(part))
        dev = DevFit(
            n_batches=dev.n_batches + 1,
            loss=dev.loss + sum(fit.loss for fit in fits),
            n_wanted=dev.n_wanted + sum(fit.n_wanted for fit in fits),
            exact=(*dev.exact, *(exact for fit in fits for exact in fit.exact)),
            gain=dev.gain + sum(fit.gain for fit in fits),
        )
        self._move(dev=dev)
        if dev.n_batches == len(self.dev):
            self._end_measuring()

    def _fits(self, part: Part) -> list[Any]:
        return [self.task.fit(self.model, piece) for piece in in_pieces(part, self.dev_examples, self.at.pieces)]

    def _end_measuring(self) -> None:
        """Keeps the model if it is the best so far, and stops if more epochs would not help."""
        loss = self.at.epoch_loss / self.at.epoch_wanted
        fit = self.at.dev or DevFit()
        objection = self.task.objection(fit)
        better = self._keep_if_better(loss, fit, objection)
        self._move(dev=None, epoch_loss=0.0, epoch_wanted=0, n_worse=0 if better else self.at.n_worse + 1)
        if objection:
            self._move(stopped_because=objection)
        if self.at.stopped_because:
            return
        if loss < LEARNT_LOSS:
            self._move(stopped_because="the examples are learned")
        elif self.at.n_worse >= self.settings.patience:
            self._move(stopped_because=f"no improvement on the dev examples for {self.at.n_worse} epochs")

    def _keep_if_better(self, loss: float, fit: DevFit, objection: str) -> bool:
        """Whether the model is the best so far: more dev completions exactly right, then a lower loss on them. One that
        there is an objection to never is.
        """
        better, dev_loss, exact = True, None, None
        if fit.n_batches:
            dev_loss, exact = fit.loss / fit.n_wanted, sum(fit.exact) / len(fit.exact)
            best_exact, best_loss = self.at.best_exact, self.at.best_loss
            better = best_exact is None or best_loss is None or (exact, -dev_loss) > (best_exact, -best_loss)
        better = better and not objection
        if better:
            self.best = self.model.kept()
            self._move(best_exact=exact, best_loss=dev_loss)
        self._log(loss, dev_loss, exact, fit.gain / len(fit.exact) if fit.gain else None)
        return better

    def _log(
        self,
        loss: float,
        dev_loss: float | None = None,
        dev_exact: float | None = None,
        dev_gain: float | None = None,
    ) -> None:
        jsonl.append(
            self.curve,
            [
                Point(
                    step=self.at.step,
                    epoch=self._epoch,
                    n_tokens=self.at.n_tokens,
                    loss=loss,
                    seconds=self.at.seconds,
                    dev_loss=dev_loss,
                    dev_exact=dev_exact,
                    dev_gain=dev_gain,
                )
            ],
        )

    def _progress(self, first: Position, loss: float) -> Progress:
        """Speed and remaining time, from the steps since this call began."""
        seconds, steps = self.at.seconds - first.seconds, self.at.step - first.step
        eta_s = seconds / steps * (len(self.plan) - self.at.step)
        if self.settings.max_seconds:
            eta_s = min(eta_s, max(0.0, self.settings.max_seconds - self.at.seconds))
        return Progress(
            step=self.at.step,
            n_steps=len(self.plan),
            epoch=self._epoch,
            loss=loss,
            eta_s=eta_s,
            tokens_per_s=(self.at.n_tokens - first.n_tokens) / max(seconds, 1e-9),
        )

    def _save_checkpoint(self) -> None:
        tensors = {f"now/{name}": tensor.detach().contiguous() for name, tensor in self.model.parameters.items()}
        tensors |= {f"best/{name}": tensor for name, tensor in self.best.items()}
        for number, moments in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer/{number}/{name}": tensor for name, tensor in moments.items()}
        saved_state.save(self._checkpoint_path, tensors, self.at)

    @property
    def _checkpoint_path(self) -> Path:
        return self.folder / "checkpoint" / "state.safetensors"

    def _resume(self) -> None:
        """Returns to the last checkpoint, if there is one, and cuts the loss curve there."""
        saved = saved_state.load(self._checkpoint_path, Position)
        if saved:
            tensors, self.at = saved
            self.model.load(saved_state.under("now/", tensors))
            self.best = saved_state.under("best/", tensors)
            state = saved_state.optimizer_state(tensors)
            self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": state})
        jsonl.write(self.curve, [point for point in jsonl.read(self.curve, Point) if self._has_reached(point)])

    def _has_reached(self, point: Point) -> bool:
        """Whether a point of the curve was logged before this position. The end of an epoch comes after its steps."""
        is_being_measured = self.at.dev is not None and point.dev_loss is not None
        return point.step < self.at.step or (point.step == self.at.step and not is_being_measured)

    def _finish(self) -> TrainingReport:
        """Writes the tuned model, then the report (which marks the training as complete). Deletes the checkpoint."""
        self.model.save(self.folder, self.best)
        at = self.at
        n_in_epoch = sum(epoch == self._epoch for epoch, _ in self.plan)
        n_before = sum(epoch < self._epoch for epoch, _ in self.plan)
        report = TrainingReport(
            n_examples=len(self.examples),
            n_tokens=at.n_tokens,
            n_computed_tokens=at.n_computed_tokens,
            n_steps=at.step,
            epochs=round(self._epoch - 1 + (at.step - n_before) / n_in_epoch, 2),
            seconds=at.seconds,
            tokens_per_s=at.n_tokens / max(at.seconds, 1e-9),
            best_dev_loss=at.best_loss,
            best_dev_exact=at.best_exact,
            stopped_because=at.stopped_because or f"all {self.settings.max_epochs} epochs done",
            peak_memory_bytes=peak_memory_bytes(),
        )
        jsonl.write_text(self.folder / "report.json", report.model_dump_json(indent=1))
        shutil.rmtree(self._checkpoint_path.parent, ignore_errors=True)
        return report
