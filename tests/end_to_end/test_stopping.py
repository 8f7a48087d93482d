"""`bakeoff run` is told to end while it trains: what it says, what it keeps, and what comes out."""

import json
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from bakeoff.cli.stopping import stoppable
from bakeoff.errors import StoppedError
from tests.end_to_end.small import bakeoff, environment, make
from tests.unit.tiny_model import write_tiny_model


def _steps(curve: Path) -> list[int]:
    """The steps whose lines are whole."""
    lines = curve.read_text().split("\n")[:-1] if curve.exists() else []
    return [point["step"] for point in map(json.loads, lines) if point["dev_loss"] is None]


def _adapter(adapters: Path) -> Path:
    """The folder of the one tuned model; a folder that is not there while there is none."""
    return next(adapters.glob("tuned-*"), adapters / "none")


def _stop_while_training(folder: Path, arguments: list[str], n_steps: int) -> tuple[int, str]:
    """Send SIGTERM once the training has got so far; the exit code and what stood on the standard error."""
    adapters = folder / "runs" / "planets" / "adapters"
    process = subprocess.Popen(
        [sys.executable, "-m", "bakeoff", "run", *arguments],
        cwd=folder, env=environment(), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while process.poll() is None and (_steps(_adapter(adapters) / "training.jsonl") or [0])[-1] < n_steps:
        time.sleep(0.005)
    process.send_signal(signal.SIGTERM)
    _, message = process.communicate()
    return process.returncode, message


def test_a_run_that_gets_sigterm_while_it_trains_loses_no_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At three random moments: exit code 143 and one message each time; then the adapter of an undisturbed run."""
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    make(
        tmp_path,
        contenders=["tuned"],
        models={
            "generator": {"name": str(write_tiny_model(tmp_path / "tiny")), "engine": "transformers"},
            "embedder": "hash",
        },
        tuning={"epochs": 40, "rank": 4},
    )
    draw, n_steps, before = random.Random(11), 0, 0
    for arguments in ([], ["--resume"], ["--resume"]):
        n_steps = before + draw.randint(2, 9)
        code, message = _stop_while_training(tmp_path, arguments, n_steps)
        assert code == 128 + signal.SIGTERM
        assert "Stopped by SIGTERM" in message and "--resume" in message and "Traceback" not in message
        adapter = _adapter(tmp_path / "runs" / "planets" / "adapters")
        assert (adapter / "checkpoint" / "state.safetensors").exists()
        steps = _steps(adapter / "training.jsonl")
        assert steps == list(range(1, steps[-1] + 1)) and steps[-1] >= n_steps
        before = steps[-1]
    finished = bakeoff("run", "--resume", cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr
    whole = bakeoff("run", "--name", "whole", cwd=tmp_path)
    assert whole.returncode == 0, whole.stderr
    other = _adapter(tmp_path / "runs" / "whole" / "adapters")
    assert _steps(adapter / "training.jsonl") == _steps(other / "training.jsonl")
    one, two = (load_file(folder / "adapter_model.safetensors") for folder in (adapter, other))
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)])
def test_each_signal_has_its_exit_code(number: signal.Signals, code: int) -> None:
    """The shell's: 128 and the signal's number; the handlers from before are back afterwards."""
    handlers = [signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGHUP)]
    with pytest.raises(StoppedError, match="Stopped by") as stopped, stoppable("bakeoff run a.yaml --resume"):
        signal.raise_signal(number)
        time.sleep(1)
    assert stopped.value.exit_code == code
    assert [signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGHUP)] == handlers


def test_a_signal_whose_exception_was_lost_stops_the_run_at_the_next_event() -> None:
    """Python drops what is raised while it cleans up an object."""
    with pytest.raises(StoppedError, match="SIGTERM"), stoppable("bakeoff run a.yaml --resume") as check:
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        check()


def test_a_run_below_nohup_goes_on_when_the_terminal_closes() -> None:
    """A signal that is ignored stays ignored."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    went_on = False
    try:
        with stoppable("bakeoff run a.yaml --resume") as check:
            signal.raise_signal(signal.SIGHUP)
            check()
            went_on = True
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
    assert went_on
