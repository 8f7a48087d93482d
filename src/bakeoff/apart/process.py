"""Processes that read files: started when they are needed, kept for the next file, killed when one takes too much.

Takes a function's place (`module:function`), the name of a file and its bytes; gives what the function returns. What a
file does to its process, such as a crash, an endless loop or a bomb, happens to that file alone.
"""

import atexit
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from bakeoff.apart import frames
from bakeoff.apart.frames import Frame
from bakeoff.apart.limits import ALL_SECONDS, MEGABYTES, SECONDS, Limits, limits
from bakeoff.errors import BakeoffError, InputError
from bakeoff.sentences import counted

MOST_PROCESSES = 4
START_S = 120
"""How long a process may take to start: that is the machine's time and not the file's."""
GRACE_S = 0.5
"""How long a process may take to end by itself."""
ENVIRONMENT = ("PATH", "HOME", "LANG", "LANGUAGE", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "LD_LIBRARY_PATH", "TZ")
BEGINNINGS = ("LC_", "OMP_", "TESS", "BAKEOFF_LANG", "DYLD_")
"""What a process sees of the environment: nothing that may be a key."""


class ApartError(InputError):
    """A file that could not be read in its time or memory, or whose reader crashed. The message is without its name."""


class _Process:
    """One process with the limits it was started with."""

    def __init__(self, allowed: Limits) -> None:
        self.allowed = allowed
        self.is_ready = True
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bakeoff.apart.child", str(allowed.megabytes)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,
            )
        except OSError as error:
            raise BakeoffError(
                f"The process that reads files cannot be started ({error.strerror}).", "free memory and processes"
            ) from error

    @property
    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def called(self, function: str, name: str, content: bytes) -> Frame | None:
        """What came of it, and None if the process ended. Raises ApartError if the time is up."""
        assert self._process.stdin and self._process.stdout
        self.is_ready = False
        clock = _Clock(START_S, self.end)
        try:
            self._write(frames.CALL, frames.as_json([function, name, self.allowed.seconds]))
            if self._read() is None:
                return None
            clock.begin(self.allowed.seconds, self.allowed.all_seconds)
            self._write(frames.CONTENT, content)
            while (told := self._read()) and told.kind == frames.LONGER:
                clock.add(told)
            self.is_ready = told is not None and self._read() is not None
        finally:
            clock.stop()
        if told is None and clock.is_up:
            seconds, variable = clock.reached(self.allowed)
            remedy = f"split it, or allow more: set {variable}"
            raise ApartError(f"reading it takes longer than {counted(seconds, 'second')}", remedy)
        return told

    def _read(self) -> Frame | None:
        """No answer is larger than the memory that it was made in."""
        assert self._process.stdout
        return frames.read(self._process.stdout, self.allowed.megabytes * 2**20)

    def _write(self, kind: bytes, content: bytes) -> None:
        assert self._process.stdin
        with suppress(OSError):  # it has died: reading says so
            frames.write(self._process.stdin, kind, content)
            self._process.stdin.flush()

    def end(self) -> None:
        """Kills it with everything it started. The number of one that was waited for may be another's by now."""
        if self._process.returncode is not None:
            return
        with suppress(OSError):
            if os.name == "posix":
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()

    def close(self) -> str:
        """Ends it, and says how it ended."""
        assert self._process.stdin and self._process.stdout
        with suppress(OSError):
            self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE_S)
        code = self._process.poll()
        self.end()
        self._process.wait()
        self._process.stdout.close()
        return "no answer" if code is None else f"signal {-code}" if code < 0 else f"exit code {code}"


class _Clock:
    """Calls `end` when the time is up."""

    def __init__(self, seconds: float, end: Callable[[], None]) -> None:
        self._end, self.is_up, self._timer = end, False, threading.Timer(0, end)
        self.begin(seconds, math.inf)

    def begin(self, seconds: float, most: float) -> None:
        """From now on it is so many seconds, and with all that is added not more than `most`."""
        self._seconds, self._last, self._is_last = seconds, time.monotonic() + most, False
        self._start(seconds)

    def _start(self, seconds: float) -> None:
        self.stop()
        self._timer = threading.Timer(min(seconds, threading.TIMEOUT_MAX), self._strike)
        self._timer.daemon = True
        self._timer.start()

    def _strike(self) -> None:
        self.is_up = True
        self._end()

    def add(self, told: Frame) -> None:
        """Begins again, with the time of the file and the seconds that a step asks for, up to the last moment.

        What is no number of seconds adds nothing: a parser that was taken over may send anything.
        """
        try:
            seconds = float(told.content)
        except ValueError:
            return
        if seconds >= 0:
            left = max(0.0, self._last - time.monotonic())
            self._is_last = left <= self._seconds + seconds
            self._start(min(left, self._seconds + seconds))

    def reached(self, allowed: Limits) -> tuple[int, str]:
        """The limit whose time was up, and the variable that sets it."""
        return (allowed.all_seconds, ALL_SECONDS) if self._is_last else (allowed.seconds, SECONDS)

    def stop(self) -> None:
        self._timer.cancel()


class Processes:
    """A few processes, each for one file at a time. Safe for threads."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begins without any: in a copy of this process, those that are there belong to the other one."""
        self._lock, self._room = threading.Lock(), threading.BoundedSemaphore(MOST_PROCESSES)
        self._free: list[_Process] = []

    def call(self, function: str, name: str, content: bytes) -> Any:
        """What the function gives for the file: a JSON value.

        Raises InputError for what it refuses, with its words, and ApartError if the file takes too much time or memory,
        or makes the function fail in a way that it does not know.
        """
        allowed = limits()
        with self._room:
            process, how = self._taken(allowed), ""
            try:
                told = process.called(function, name, content)
            finally:
                if process.is_ready:
                    with self._lock:
                        self._free.append(process)
                else:
                    how = process.close()
        return _value(told, how, allowed)

    def _taken(self, allowed: Limits) -> _Process:
        with self._lock:
            process = self._free.pop() if self._free else None
        if process is not None and (process.allowed != allowed or process.has_ended):
            process.close()
            process = None
        return process or _Process(allowed)

    def close(self) -> None:
        """Ends those that are free."""
        with self._lock:
            free, self._free = self._free, []
        for process in free:
            process.close()


def _value(told: Frame | None, how: str, allowed: Limits) -> Any:
    try:
        if told is not None and told.kind == frames.GAVE:
            return told.value
        if told is not None and told.kind == frames.REFUSED:
            message, remedy = map(str, told.value)
            raise InputError(message, remedy)
        why = str(told.value) if told is not None and told.content else f"its reader ended with {how}"
    except (ValueError, TypeError, RecursionError):  # a parser that was taken over may send anything
        why = "its reader sent no answer"
    if told is not None and told.kind == frames.NO_MEMORY:
        remedy = f"split it, or allow more: set {MEGABYTES}"
        raise ApartError(f"reading it takes more than {allowed.megabytes:,} MB of memory", remedy)
    remedy = f"open it in its program and save it again; if it is large, split it, or set {MEGABYTES} higher"
    raise ApartError(f"it is broken in a way that its reader does not know ({why})"[:300], remedy)


def _environment() -> dict[str, str]:
    known = {name: value for name, value in os.environ.items() if name in ENVIRONMENT or name.startswith(BEGINNINGS)}
    path = os.pathsep.join(filter(None, sys.path))
    return {**known, "PYTHONPATH": path, "PYTHONSAFEPATH": "1", "PYTHONIOENCODING": "utf-8", "OMP_THREAD_LIMIT": "1"}


PROCESSES = Processes()
"""Those of this process."""
atexit.register(PROCESSES.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=PROCESSES.forget)


def call(function: str, name: str, content: bytes) -> Any:
    """As `Processes.call`."""
    return PROCESSES.call(function, name, content)
