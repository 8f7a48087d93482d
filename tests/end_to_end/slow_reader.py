"""Models of the small pilot that take a while, or end the process that asks them."""

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from bakeoff.models.engines.scripted import ScriptedGenerator
from tests.end_to_end.small import reader

PAUSE_S = 0.02
IN_A_WORKER = "executors" in sys.argv[0]


def slow_reader(pause_s: float = PAUSE_S) -> ScriptedGenerator:
    """The reader, which takes a while for each answer."""
    usual = reader()._reply

    def reply(message: str) -> str:
        time.sleep(pause_s)
        return usual(message)

    return ScriptedGenerator(reply, logprob=-0.1)


def slower_reader() -> ScriptedGenerator:
    """The same, much slower. It writes the Ray node that it answers on into the file that BAKEOFF_TEST_NODE names."""
    slow = slow_reader(0.15)._reply

    def reply(message: str) -> str:
        if "ray" in sys.modules and sys.modules["ray"].is_initialized():
            Path(os.environ["BAKEOFF_TEST_NODE"]).write_text(sys.modules["ray"].get_runtime_context().get_node_id())
        return slow(message)

    return ScriptedGenerator(reply, logprob=-0.1)


def deadly() -> ScriptedGenerator:
    """The reader. One question ends the worker that is asked it, unless BAKEOFF_TEST_HARMLESS is set."""
    usual, is_deadly = reader()._reply, "BAKEOFF_TEST_HARMLESS" not in os.environ

    def reply(message: str) -> str:
        if "Kesta" in message.splitlines()[-1] and IN_A_WORKER and is_deadly:
            os._exit(7)
        return usual(message)

    return ScriptedGenerator(reply, logprob=-0.1)


def dies_once(mark: Path) -> str:
    """A job that ends its worker the first time."""
    if not mark.exists():
        mark.touch()
        os._exit(7)
    return "alive"


def dies() -> None:
    """A job that ends every worker."""
    os._exit(7)


def doubled(n: int) -> int:
    """A job that raises an error for what is no number."""
    return n + n


class OddError(Exception):
    """An error that cannot be pickled."""


def raises_odd() -> None:
    """A job with such an error."""
    error = OddError("with a lock")
    error.lock = threading.Lock()  # type: ignore[attr-defined]
    raise error


def sleeps(seconds: float) -> None:
    """A job that takes so long."""
    time.sleep(seconds)


def sleeps_on(started: Path) -> None:
    """For minutes, and whoever asks it to end is not heard. Its start is noted in this file."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    started.touch()
    time.sleep(600)


def waits_for(paths: Sequence[Path]) -> None:
    while not all(path.exists() for path in paths):
        time.sleep(0.01)
