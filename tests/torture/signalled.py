"""`bakeoff run` in a process of its own that gets a signal at a moment that chance chooses."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from tests.end_to_end.small import environment

START_SHARE = 0.2
"""So many of the signals come while the command starts, the others while the pilot works."""


class Length(NamedTuple):
    """How long an undisturbed run takes: until its folder is there, and from then to the end."""

    start_s: float
    work_s: float


class Ended(NamedTuple):
    """How a run ended: its exit code, what it said, and the seconds from the signal to the end."""

    code: int
    said: str
    seconds: float


class Command:
    """A run of a pilot, begun now."""

    def __init__(self, pilot: Path, name: str, *arguments: str) -> None:
        self._folder = pilot / "runs" / name
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bakeoff", "run", "--name", name, *arguments],
            cwd=pilot,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def length(self) -> Length:
        """Waits for the end of an undisturbed run. Raises RuntimeError if it fails."""
        begun = time.perf_counter()
        self._wait_for_folder()
        there = time.perf_counter()
        _, said = self._process.communicate()
        if self._process.returncode:
            raise RuntimeError(said)
        return Length(there - begun, time.perf_counter() - there)

    def signalled(self, number: signal.Signals, length: Length, chance: random.Random) -> Ended:
        """Sends the signal at a moment before the end, as far as can be known, and waits for the end."""
        if chance.random() < START_SHARE:
            wait_s = length.start_s * chance.random()
        else:
            self._wait_for_folder()
            wait_s = length.work_s * chance.random()
        try:
            self._process.wait(wait_s)
        except subprocess.TimeoutExpired:
            self._process.send_signal(number)
        sent = time.perf_counter()
        _, said = self._process.communicate()
        return Ended(self._process.returncode, said, time.perf_counter() - sent)

    def _wait_for_folder(self) -> None:
        while not self._folder.exists() and self._process.poll() is None:
            time.sleep(0.002)
