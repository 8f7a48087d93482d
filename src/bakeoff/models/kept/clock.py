"""A clock by which nothing is free: what was taken from before takes as long as it took when it was made.

Takes nothing, gives seconds. Whoever measures what an answer, an index or a stage takes reads this clock, so that cost
and time are those of a run that makes everything. Where latency is measured, nothing is taken, and this clock runs as
any other.
"""

import threading
import time

_TAKEN_S = [0.0]
_LOCK = threading.Lock()


def now() -> float:
    """The seconds since some moment: those of `time.perf_counter`, and those of all that this process has taken."""
    return time.perf_counter() + _TAKEN_S[0]


def taken_s() -> float:
    """How long all that this process has taken so far took when it was made."""
    return _TAKEN_S[0]


def count_taken(seconds: float) -> None:
    """Counts what was taken, with the seconds that it took when it was made."""
    with _LOCK:
        _TAKEN_S[0] += seconds
