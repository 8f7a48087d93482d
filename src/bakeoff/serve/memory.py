"""What a server does about memory: it gives free memory back to the system, and collects little garbage.

Each prompt has another length, so an engine's buffers leave gaps of many sizes: without this, a server keeps hundreds
of megabytes that nothing uses. Only glibc gives memory back; elsewhere nothing happens.
"""

import gc
import threading
import time
from collections.abc import Callable

from bakeoff.models.memory import give_back

EVERY_S = 60.0


class FreeMemory:
    """`give_back()` may be called after each answer: it works at most once in `every_s` seconds."""

    def __init__(self, every_s: float = EVERY_S, trim: Callable[[], object] = give_back) -> None:
        self._every_s = every_s
        self._trim = trim
        self._lock = threading.Lock()
        self._last = time.monotonic()

    def give_back(self) -> bool:
        """Whether it was given back now."""
        with self._lock:
            if time.monotonic() - self._last < self._every_s:
                return False
            self._last = time.monotonic()
        self._trim()
        return True


def settle() -> None:
    """After a server has loaded what it answers from: the garbage collector no longer looks through that.

    A look through the objects of 100,000 passages stops all threads for 200 ms, every ten seconds under load. What is
    no longer used is freed first, and goes back to the system.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    give_back()


def settle_again() -> None:
    """After much was replaced. In a process that never settled, only memory is freed and given back."""
    if gc.get_freeze_count():
        settle()
    else:
        give_back()
