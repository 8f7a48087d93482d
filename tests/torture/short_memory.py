"""Promise 26: running out of memory is contained. Trainings and contenders get less memory than they ask for, and the
system ends workers: the work is done again in smaller pieces, at most three times, and somebody is told.

What asks for too much raises what PyTorch raises, and a worker ends itself by the signal that the system uses. That the
system itself ends a process cannot be tried without starving the machine.
"""

import json
import logging
import os
import random
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bakeoff.measure.collect import collect
from bakeoff.models import short_memory
from bakeoff.models.short_memory import RESTARTS, MemoryShortError, first_pieces
from bakeoff.pilot.executors import local
from bakeoff.protocols import Job
from bakeoff.records import Answer, Question
from tests.torture.promise import Promise, Seen, Trial

ALLOWED = 1e-4
N_QUESTIONS = 16
REFUSED = (
    lambda: MemoryError(),
    lambda: RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"),
    lambda: RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB."),
)


class Heard(logging.Handler):
    """The warnings that a user sees."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def trial(told: Trial) -> Seen:
    """Trainings, askings and workers in turn."""
    chance, broken, figures = told.chance(), list[str](), list[str]()
    heard, logger = Heard(), logging.getLogger(short_memory.__name__)
    logger.addHandler(heard)
    try:
        for name, tried, n in (
            ("trainings", _trainings, told.times(20, 4)),
            ("askings", _askings, told.times(20, 10)),
            ("workers ended", _workers, told.times(20, 1)),
        ):
            n_refused, found = tried(told.folder, chance, n, heard)
            figures.append(f"{n} {name}" + (f" ({n_refused} of them told that it does not fit)" if n_refused else ""))
            broken += [f"{name}: {line}" for line in found]
    finally:
        logger.removeHandler(heard)
    return Seen("; ".join(figures), tuple(broken))


def _trainings(folder: Path, chance: random.Random, n: int, heard: Heard) -> tuple[int, list[str]]:
    """A row of more examples than fit asks for too much. In float32, so that only the order of sums differs."""
    from bakeoff.tuning import fast_model
    from bakeoff.tuning.lora import TrainingSettings, train_adapter
    from bakeoff.tuning.tuned_model import TunedModel
    from tests.unit.tiny_model import arithmetic, write_tiny_model

    model = write_tiny_model(folder / "chat")
    settings = TrainingSettings(rank=4, alpha=8, max_epochs=2, examples_per_batch=16, learning_rate=5e-3)
    plain, most = TunedModel.loss, 10**6

    def limited(self: Any, row: Any) -> Any:
        if len(row.n_wanted) > most:
            raise chance.choice(REFUSED)()
        return plain(self, row)

    def losses(name: str) -> list[float]:
        train_adapter(model, arithmetic(32), [], settings, folder / name)
        curve = (folder / name / "training.jsonl").read_text().splitlines()
        return [json.loads(line)["loss"] for line in curve]

    has_bfloat16, fast_model.has_bfloat16 = fast_model.has_bfloat16, lambda device: False
    wanted, n_refused, broken = losses("whole"), 0, list[str]()
    TunedModel.loss = limited  # type: ignore[method-assign]
    try:
        for number in range(n):
            heard.lines.clear()
            most = chance.choice((1, 2, 4, 8))
            try:
                found = losses(f"short-{number}")
            except MemoryShortError as error:
                n_refused += 1
                broken += _untold(error) + ([] if most == 1 else [f"{most} examples would have fitted"])
                continue
            worst = max(abs(one - other) for one, other in zip(found, wanted, strict=True))
            broken += [f"a loss is {worst:.2g} from the undisturbed one"] if worst > ALLOWED else []
            broken += _warned(heard, most < 16)
    finally:
        TunedModel.loss = plain  # type: ignore[method-assign]
        fast_model.has_bfloat16 = has_bfloat16
    return n_refused, broken


class Hungry:
    """A contender that can answer so many questions at once."""

    name = "hungry"

    def __init__(self, most: int, refused: Callable[[], BaseException]) -> None:
        self._most, self._refused = most, refused

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        if len(questions) > self._most:
            raise self._refused()
        return [Answer(question_id=one.id, contender=self.name, text=one.text) for one in questions]


def _askings(folder: Path, chance: random.Random, n: int, heard: Heard) -> tuple[int, list[str]]:
    """Every question is answered and none failed; or nothing is answered, and the error says what to do."""
    questions, n_refused, broken = _questions(), 0, list[str]()
    for number in range(n):
        heard.lines.clear()
        path, most = folder / f"answers-{number}.jsonl", chance.choice((1, 2, 3, 8, 12, 20))
        try:
            collect(Hungry(most, chance.choice(REFUSED)), questions, path, N_QUESTIONS, lambda done, total: None)
        except MemoryShortError as error:
            n_refused += 1
            broken += _untold(error) + ([] if most < N_QUESTIONS / 2**RESTARTS else [f"{most} would have fitted"])
            continue
        answers = [json.loads(line) for line in path.read_text().splitlines()]
        if [(one["question_id"], one["error"]) for one in answers] != [(one.id, None) for one in questions]:
            broken.append(f"with room for {most} the answers are {answers}")
        broken += _warned(heard, most < N_QUESTIONS)
    return n_refused, broken


def ended_unless_small(path: str, needed: int) -> int:
    """What a worker does that the system ends unless it works in so many pieces. Counts as the system does."""
    if first_pieces() < needed:
        with Path(path).open("a") as file:
            file.write("x")
        os.kill(os.getpid(), signal.SIGKILL)
    return first_pieces()


def _workers(folder: Path, chance: random.Random, n: int, heard: Heard) -> tuple[int, list[str]]:
    """A worker that the system has ended is followed by one that does the job in smaller pieces."""
    counted, broken, n_refused = local.n_ended_by_system, list[str](), 0
    for number in range(n):
        path, lines = folder / f"ended-{number}", list[str]()
        local.n_ended_by_system = lambda path=path: path.stat().st_size if path.exists() else 0  # type: ignore[assignment, misc]
        executor = local.LocalExecutor(1, 1, RESTARTS, tell=lines.append)
        needed = chance.choice((2, 2, 4, 8, 16)) if n > 1 else 2
        job = Job("a job", f"{__name__}.ended_unless_small", {"path": str(path), "needed": needed})
        try:
            ((_, outcome),) = executor.outcomes([job])
            if outcome.get() != needed or len(lines) != needed.bit_length() - 1:
                broken.append(f"{needed} pieces were needed: {outcome}, {lines}")
            if not all(local.IN_PIECES in line for line in lines):
                broken.append(f"it was said: {lines}")
        except local.WorkerError as error:
            n_refused += 1
            broken += _untold(error) + ([] if needed > 2**RESTARTS else [f"given up at {needed} pieces"])
        finally:
            executor.close()
            local.n_ended_by_system = counted
    return n_refused, broken


def _questions() -> list[Question]:
    names = [f"q{i:02}" for i in range(N_QUESTIONS)]
    return [Question(id=name, text=f"What is {name}?", fact=name, answers=(name,)) for name in names]


def _untold(error: Any) -> list[str]:
    return [] if error.remedy and "emory" in str(error) else [f"no remedy: {error}"]


def _warned(heard: Heard, expected: bool) -> list[str]:
    """Whether nobody was told, or it was tried too often."""
    n = len(heard.lines)
    if bool(n) != expected or n > RESTARTS:
        return [f"{n} warnings: {heard.lines}"]
    return []


PROMISES = (Promise(26, "running out of memory", "20 times: smaller batch, at most 3 restarts, the user told", trial),)
