"""Runs one command, and ends it with everything it started as soon as the process that asked for it is gone.

Takes a command. Its own standard input is a pipe that nobody writes to: it ends when the parent closes it or dies, even
by SIGKILL. Started by its path, it needs the standard library only: python watched.py COMMAND ...
"""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from types import FrameType

LOOK_EVERY_S = 0.5
TIME_TO_END_S = 10.0
KILLED_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux (man 2 prctl)


def watch(command: list[str]) -> int:
    """The exit status of the command, which is ended if the parent or a signal says so."""
    parent, asked = os.getppid(), list[int]()

    def ask(number: int, frame: FrameType | None) -> None:
        asked.append(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, ask)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=_die_with_parent)
    try:
        while child.poll() is None and not asked and not _is_left(parent):
            pass
    finally:
        _end(child)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def _die_with_parent() -> None:
    """Between fork and exec: where Linux can, the child is killed if this process is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(KILLED_WITH_PARENT, signal.SIGKILL)


def _is_left(parent: int) -> bool:
    """Whether the parent is gone, or has closed the pipe. Waits a moment for either."""
    readable, _, _ = select.select([0], [], [], LOOK_EVERY_S)
    return (bool(readable) and not os.read(0, 1)) or os.getppid() != parent


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ends the whole process group of the child: asks it to, and kills what is left after a while."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGTERM)
        end = time.monotonic() + TIME_TO_END_S
        while time.monotonic() < end:
            child.poll()
            os.killpg(child.pid, 0)  # raises once the group is empty
            time.sleep(0.05)
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


if __name__ == "__main__":
    sys.exit(watch(sys.argv[1:]))
