"""A training in a process of its own, which a test interrupts at random moments and starts again until it has finished.

In `CHILD` time is counted in finished steps, so that a test can hold how many steps a kill costs, on any machine.
`REAL_CLOCK` keeps the real time, and notes when it finished each step and when the checkpoint was written.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from bakeoff.models.saved_state import files

CHILD = """
import sys
from pathlib import Path
from bakeoff.tuning.lora import TrainingSettings, train_adapter
from tests.unit.tiny_model import arithmetic
model, folder, settings = sys.argv[1:]
finished = 0
def show(at):
    global finished
    finished = at.step
    print(at.step, flush=True)
train_adapter(Path(model), arithmetic(20), arithmetic(6, 100), TrainingSettings.model_validate_json(settings),
              Path(folder), on_progress=show, clock=lambda: float(finished))
"""

REAL_CLOCK = """
import sys, time
from pathlib import Path
from bakeoff.tuning.lora import TrainingSettings, train_adapter
from tests.unit.interrupted_training import NOTES, last_saved
from tests.unit.tiny_model import arithmetic
model, folder, settings = sys.argv[1:]
def show(at):
    saved_at = last_saved(Path(folder))
    with (Path(folder) / NOTES).open("a") as notes:
        print(time.time_ns(), saved_at, file=notes)
    print(at.step, flush=True)
train_adapter(Path(model), arithmetic(20), arithmetic(6, 100), TrainingSettings.model_validate_json(settings),
              Path(folder), on_progress=show)
"""
NOTES = "notes.txt"

FULL = CHILD.replace("bakeoff.tuning.lora", "bakeoff.tuning.full").replace("TrainingSettings", "FullSettings")
FULL = FULL.replace("train_adapter", "train_full")

PREFERENCES = """
import sys
from pathlib import Path
from bakeoff.tuning.lora import TrainingSettings
from bakeoff.tuning.preferences.train import train_preferences
from bakeoff.tuning.settings import Preferences
from tests.unit.tiny_model import preferred
model, folder, settings, start = sys.argv[1:]
finished = 0
def show(at):
    global finished
    finished = at.step
    print(at.step, flush=True)
train_preferences(Path(model), preferred(20, 6), Preferences(files="x", sft_weight=0.5, allowed_fall=1e9),
                  TrainingSettings.model_validate_json(settings), Path(folder), Path(start),
                  on_progress=show, clock=lambda: float(finished))
"""


class Attempt(NamedTuple):
    """One process: the steps it finished, in order, and how it ended."""

    steps: list[int]
    returncode: int


def attempt(command: list[str], n_steps: int, wait_s: float, number: signal.Signals) -> Attempt:
    """Start the command, send the signal some time after it has printed so many steps, and see it end."""
    process = subprocess.Popen(
        command, cwd=Path(__file__).parents[2], env=os.environ.copy(), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    steps = []
    for line in process.stdout:
        steps.append(int(line))
        if len(steps) == n_steps:
            time.sleep(wait_s)
            process.send_signal(number)
    process.stdout.close()
    return Attempt(steps, process.wait())


def adapter_command(model: Path, folder: Path, settings: str) -> list[str]:
    return [sys.executable, "-c", CHILD, str(model), str(folder), settings]


def full_command(model: Path, folder: Path, settings: str) -> list[str]:
    """The same, of a training of all weights."""
    return [sys.executable, "-c", FULL, str(model), str(folder), settings]


def preference_command(model: Path, folder: Path, settings: str, start: Path) -> list[str]:
    """The same, of DPO on an adapter."""
    return [sys.executable, "-c", PREFERENCES, str(model), str(folder), settings, str(start)]


def interrupt_until_finished(command: list[str], number: signal.Signals, seed: int) -> list[Attempt]:
    """Every attempt, the last of which finished the training."""
    draw = random.Random(seed)
    attempts = []
    while not attempts or attempts[-1].returncode:
        attempts.append(attempt(command, draw.randint(1, 28), draw.uniform(0, 0.02), number))
        assert attempts[-1].returncode in (0, -number)
    return attempts


def last_saved(folder: Path) -> int:
    """When the last checkpoint of a training was written, in nanoseconds; 0 if there is none."""
    states = files(folder / "checkpoint" / "state.safetensors")
    return max((state.stat().st_mtime_ns for state in states if state.exists()), default=0)


def steps_between_checkpoints(folder: Path) -> int:
    """How many steps `REAL_CLOCK` finished between the last two times that its checkpoint was written."""
    notes = [tuple(map(int, line.split())) for line in (folder / NOTES).read_text().splitlines()]
    last = last_saved(folder)
    before = max((saved_at for _, saved_at in notes if saved_at < last), default=0)
    return sum(before < finished_at <= last for finished_at, _ in notes)
