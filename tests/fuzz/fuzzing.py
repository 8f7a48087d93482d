"""Gives targets what their strategies draw, and keeps what went wrong: of each kind of failure the smallest."""

import contextlib
import signal
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, given, seed, settings

from bakeoff.errors import BakeoffError
from tests.fuzz.targets import Target

LONGEST_S = 10.0
MORE_BYTES = 3 * 2**30
EXAMPLES = 300
SOURCE = f"{Path('src') / 'bakeoff'}"


class SlowError(Exception):
    """It took longer than it may."""


class Finding(NamedTuple):
    """A failure: its kind and its place in the code, what was given, and how."""

    kind: str
    given: str
    trace: str


class Fuzzed(NamedTuple):
    """What came of fuzzing one target."""

    n_given: int
    n_refused: int
    slowest_s: float
    findings: tuple[Finding, ...]


class Fuzzing:
    """Of one target. `take` is called with each value that is drawn."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self.n_given = self.n_refused = 0
        self.slowest_s = 0.0
        self.found: dict[str, Finding] = {}

    def take(self, value: Any) -> None:
        begun = time.perf_counter()
        self.n_given += 1
        try:
            with _bounded():
                self._target.take(value)
        except BakeoffError as error:
            self.n_refused += 1
            if not error.message.strip():
                self._keep("an error without a message", value, repr(error))
        except (Exception, RecursionError) as error:  # noqa: BLE001  (whatever it is, it is what we look for)
            self._keep(_kind(error), value, traceback.format_exc())
        self.slowest_s = max(self.slowest_s, time.perf_counter() - begun)

    def _keep(self, kind: str, value: Any, trace: str) -> None:
        given = repr(value)
        if kind not in self.found or len(given) < len(self.found[kind].given):
            self.found[kind] = Finding(kind, given, trace)

    def outcome(self) -> Fuzzed:
        return Fuzzed(self.n_given, self.n_refused, self.slowest_s, tuple(self.found.values()))


def fuzzed(target: Target, seconds: float, first_seed: int) -> Fuzzed:
    """By Hypothesis, for so long, from this seed on."""
    fuzzing, end, number = Fuzzing(target), time.monotonic() + seconds, first_seed
    with _with_little_memory():
        while time.monotonic() < end:
            _round(fuzzing, number, end)
            number += 1
    return fuzzing.outcome()


def _round(fuzzing: Fuzzing, number: int, end: float) -> None:
    @seed(number)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(fuzzing._target.given)
    def one(value: Any) -> None:
        if time.monotonic() < end or not fuzzing.n_given:  # on a busy machine the first value may come late
            fuzzing.take(value)

    one()


def _kind(error: BaseException) -> str:
    """The type of an error and the innermost place in the product's code."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if SOURCE in frame.filename]
    place = f"{frames[-1].filename.rpartition(SOURCE)[2]}:{frames[-1].lineno}" if frames else "?"
    return f"{type(error).__name__} at {place}"


@contextlib.contextmanager
def _with_little_memory() -> Iterator[None]:
    """What takes much more ends with an error, and not the other processes of the machine; where Linux says how much
    there is.
    """
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (ImportError, OSError):
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    limit = pages * resource.getpagesize() + MORE_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit if before[1] < 0 else min(limit, before[1]), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@contextlib.contextmanager
def _bounded() -> Iterator[None]:
    """Raises SlowError in what takes too long, where the system has alarms."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def late(number: int, frame: FrameType | None) -> None:
        raise SlowError(f"longer than {LONGEST_S:g} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, LONGEST_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
