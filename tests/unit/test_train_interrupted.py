"""Interrupted training: what is saved, what is repeated, and that the resulting adapter is the same."""

import json
import os
import random
import signal
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest

from bakeoff.tuning.checkpoint import Schedule
from bakeoff.tuning.held_signals import held_signals
from bakeoff.tuning.lora import TrainingSettings, train_adapter
from tests.unit.interrupted_training import (
    REAL_CLOCK,
    adapter_command,
    attempt,
    interrupt_until_finished,
    steps_between_checkpoints,
)
from tests.unit.tiny_model import arithmetic, write_tiny_model

torch = pytest.importorskip("torch")

EVERY = 7
LONG = TrainingSettings(
    rank=4,
    alpha=8,
    max_epochs=12,
    examples_per_batch=4,
    tokens_per_batch=150,
    patience=20,
    checkpoint_every_s=EVERY,
    learning_rate=5e-3,
)


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same number of threads everywhere, so that results are equal bit for bit."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def whole(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training without interruption."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        train_adapter(tiny, arithmetic(20), arithmetic(6, 100), LONG, folder)
    return folder


def _assert_same_training(one: Path, other: Path) -> None:
    """The same bits of every tensor and the same curve, except for times."""
    from safetensors.torch import load_file

    tensors = [load_file(folder / "adapter_model.safetensors") for folder in (one, other)]
    assert tensors[0].keys() == tensors[1].keys()
    assert all(torch.equal(tensors[0][name], tensors[1][name]) for name in tensors[0])
    curves = [
        [{**json.loads(line), "seconds": 0} for line in (folder / "training.jsonl").read_text().splitlines()]
        for folder in (one, other)
    ]
    assert curves[0] == curves[1]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_training_interrupted_at_random_moments_ends_with_the_same_adapter(
    tiny: Path, whole: Path, tmp_path: Path, number: signal.Signals
) -> None:
    """After SIGKILL no more steps are repeated than fit between two checkpoints; after SIGTERM none."""
    attempts = interrupt_until_finished(adapter_command(tiny, tmp_path / "cut", LONG.model_dump_json()), number, seed=5)
    assert len(attempts) > 2
    for before, after in pairwise(ended for ended in attempts if ended.steps):
        n_again = before.steps[-1] + 1 - after.steps[0]
        assert 0 <= n_again <= (EVERY if number == signal.SIGKILL else 0)
    assert any(ended.steps[0] > 1 for ended in attempts if ended.steps)
    _assert_same_training(whole, tmp_path / "cut")


@pytest.mark.slow
def test_by_the_real_clock_a_kill_costs_no_more_than_lies_between_two_checkpoints(
    tiny: Path, whole: Path, tmp_path: Path
) -> None:
    """Where any batch takes longer than `checkpoint_every_s`, each is saved: a kill costs the batch at hand."""
    settings = LONG.model_copy(update={"checkpoint_every_s": 1e-6})
    command = [sys.executable, "-c", REAL_CLOCK, str(tiny), str(tmp_path), settings.model_dump_json()]
    draw = random.Random(11)
    attempts, allowed = [], []
    for _ in range(2):
        attempts.append(attempt(command, draw.randint(4, 12), draw.uniform(0, 0.02), signal.SIGKILL))
        assert attempts[-1].returncode == -signal.SIGKILL
        allowed.append(steps_between_checkpoints(tmp_path) + 1)
    attempts.append(attempt(command, 0, 0.0, signal.SIGKILL))
    assert attempts[-1].returncode == 0
    for (before, after), most in zip(pairwise(attempts), allowed, strict=True):
        n_again = before.steps[-1] + 1 - after.steps[0]
        assert 0 <= n_again <= min(1, most)
    _assert_same_training(whole, tmp_path)


class CrashError(Exception):
    """What a test raises in the middle of a training."""


@pytest.mark.parametrize("fatal", [3, 5, 8])
def test_measuring_on_the_dev_examples_goes_on_where_it_was_killed(
    tiny: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fatal: int
) -> None:
    """With many dev examples on a slow machine this takes minutes, so batches are saved like steps."""
    from bakeoff.tuning.tuned_model import TunedModel

    n_measured, plain = 0, TunedModel.fit

    def counted(self: TunedModel, batches: list) -> object:
        nonlocal n_measured
        if n_measured == fatal:
            raise CrashError
        n_measured += 1
        return plain(self, batches)

    arguments = (tiny, arithmetic(20), arithmetic(6, 100), LONG.model_copy(update={"checkpoint_every_s": 2}), tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(TunedModel, "fit", counted)
        with pytest.raises(CrashError):
            train_adapter(*arguments, clock=lambda: float(n_measured))
    n_before, n_measured, fatal = n_measured, 0, -1
    n_in_all = 0
    monkeypatch.setattr(TunedModel, "fit", counted)
    train_adapter(*arguments, clock=lambda: float(n_measured))
    _assert_same_training(whole, tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        again = tmp_path / "again"
        n_after, n_measured = n_measured, 0
        patch.setattr(TunedModel, "fit", counted)
        train_adapter(*arguments[:-1], again)
        n_in_all = n_measured
    assert n_in_all > LONG.max_epochs  # several batches each time
    assert n_before + n_after - n_in_all <= 2


def test_ctrl_c_takes_effect_after_the_step_at_hand_which_is_saved(tiny: Path, whole: Path, tmp_path: Path) -> None:
    """However old the last checkpoint is, nothing is repeated."""
    arguments = (tiny, arithmetic(20), arithmetic(6, 100), LONG, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        train_adapter(
            *arguments,
            on_progress=lambda at: os.kill(os.getpid(), signal.SIGINT) if at.step == 3 else None,
            clock=lambda: 0.0,
        )
    steps: list[int] = []
    train_adapter(*arguments, on_progress=lambda at: steps.append(at.step))
    assert steps[0] == 4
    _assert_same_training(whole, tmp_path)


def test_how_often_it_is_saved_may_change_between_attempts(tiny: Path, whole: Path, tmp_path: Path) -> None:
    """It does not affect the result."""

    def crash(at: object) -> None:
        raise CrashError

    arguments = (tiny, arithmetic(20), arithmetic(6, 100))
    with pytest.raises(CrashError):
        train_adapter(*arguments, LONG, tmp_path, on_progress=crash)
    train_adapter(*arguments, LONG.model_copy(update={"checkpoint_every_s": 0}), tmp_path)
    _assert_same_training(whole, tmp_path)


@pytest.mark.parametrize("seed", range(20))
def test_no_more_work_is_lost_than_fits_between_two_checkpoints(seed: int) -> None:
    """Whatever the pieces of work take, finished but unsaved work (without its last piece) is short enough."""
    draw = random.Random(seed)
    now, unsaved, every_s = 0.0, [0.0], 60.0
    schedule = Schedule(every_s, lambda: now)
    n_pieces = n_saved = 0
    for _ in range(500):
        piece = draw.choice([0.1, 5.0, 20.0, 50.0, 90.0]) * draw.uniform(0.5, 1.0)
        assert sum(unsaved) <= every_s
        now, n_pieces = now + piece, n_pieces + 1
        unsaved.append(piece)
        if schedule.is_due():
            schedule.saved()
            unsaved, n_saved = [0.0], n_saved + 1
    assert n_saved < n_pieces


def test_short_pieces_are_not_saved_one_by_one() -> None:
    """A checkpoint takes time too: with steps of a second, there are some 60 between two checkpoints."""
    now = 0.0
    schedule = Schedule(60, lambda: now)
    saved_at = []
    for _ in range(600):
        now += 1
        if schedule.is_due():
            schedule.saved()
            saved_at.append(now)
    assert saved_at[:2] == [60, 120]


def test_a_held_signal_takes_effect_at_the_end() -> None:
    """The body sees the signal and finishes its current work."""
    done = []
    with pytest.raises(KeyboardInterrupt), held_signals() as arrived:
        os.kill(os.getpid(), signal.SIGINT)
        done.append(list(arrived))
    assert done == [[signal.SIGINT]]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_held_signal_is_not_lost_where_the_body_fails() -> None:
    """The process was asked to stop, whatever else failed."""
    with pytest.raises(KeyboardInterrupt), held_signals():
        os.kill(os.getpid(), signal.SIGINT)
        raise CrashError


def test_a_second_signal_takes_effect_at_once() -> None:
    """A user who presses Ctrl-C twice does not want to wait."""
    reached = []
    with pytest.raises(KeyboardInterrupt), held_signals():
        os.kill(os.getpid(), signal.SIGINT)
        reached.append("first")
        os.kill(os.getpid(), signal.SIGINT)
        reached.append("second")
    assert reached == ["first"]


def test_a_signal_that_was_held_for_long_takes_effect_in_the_midst() -> None:
    """A step of minutes does not keep the process from ending before whoever stops it kills it."""
    began, reached = time.monotonic(), []
    with pytest.raises(KeyboardInterrupt), held_signals(within_s=0.3):
        os.kill(os.getpid(), signal.SIGINT)
        reached.append("first")
        for _ in range(2000):
            time.sleep(0.01)
        reached.append("second")
    assert reached == ["first"]
    assert 0.2 < time.monotonic() - began < 10
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_signal_that_took_effect_in_time_does_not_come_again() -> None:
    """The body ended before the limit."""
    with pytest.raises(KeyboardInterrupt), held_signals(within_s=0.2):
        os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.5)


def test_a_signal_that_somebody_handles_does_not_stop_the_training(tiny: Path, whole: Path, tmp_path: Path) -> None:
    """A program with its own handler receives it after the step, and the training continues."""
    heard = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        train_adapter(
            tiny, arithmetic(20), arithmetic(6, 100), LONG, tmp_path,
            on_progress=lambda at: os.kill(os.getpid(), signal.SIGTERM) if at.step in (2, 9) else None,
        )  # fmt: skip
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM, signal.SIGTERM]
    _assert_same_training(whole, tmp_path)


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    """As the parent process configured it."""
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with held_signals() as arrived:
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert arrived == []


def test_a_training_in_another_thread_holds_nothing() -> None:
    """Python lets only the main thread set handlers."""
    collected: list[object] = []

    def work() -> None:
        with held_signals() as arrived:
            collected.append((arrived, signal.getsignal(signal.SIGINT)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert collected == [([], signal.default_int_handler)]
