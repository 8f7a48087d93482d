"""The queue of questions: a few are answered at once, some wait in the order in which they came, more are refused.

Takes what an engine can do at once. Knows nothing about questions, engines or HTTP. Safe to use from many threads.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import fmean

from bakeoff.models.cancelling import caller
from bakeoff.records import Record
from bakeoff.serve.answering import RefusedError

N_WAITING = 64
N_RECENT = 50
"""Turns whose durations are remembered."""
UNKNOWN_S = 5.0
"""What a turn is taken to last before the first one has ended."""
LONGEST_RETRY_S = 300
"""Nobody is told to wait longer: the estimate is not that good."""
STOPPING_RETRY_S = 10


class QueueCounts(Record):
    """The queue at one moment, and since the server started.

    `refused` were not taken, `given_up` left while they waited. `finished` turns lasted `seconds` in all, after
    `seconds_waited` in all.
    """

    running: int
    waiting: int
    refused: int
    given_up: int
    finished: int
    seconds: float
    seconds_waited: float


class AnswerQueue:
    """Lets at most `n_running` at once through `turn`. At most `n_waiting` wait for it: first come, first served."""

    def __init__(self, n_running: int = 1, n_waiting: int = N_WAITING) -> None:
        if n_running < 1 or n_waiting < 0:
            raise ValueError(f"a queue for {n_running} running and {n_waiting} waiting questions lets nobody through")
        self.n_running, self.n_waiting = n_running, n_waiting
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._waiting: deque[_Place] = deque()
        self._running: set[_Place] = set()
        self._recent: deque[float] = deque(maxlen=N_RECENT)
        self._is_closing = False
        self._n_refused = self._n_given_up = self._n_finished = 0
        self._seconds = self._seconds_waited = 0.0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Waits for a turn, which lasts as long as the block.

        Raises RefusedError at once if too many wait already (429) or the server stops (503), or later if it stops
        before the turn. Raises CallerGoneError as soon as the caller leaves (`models/cancelling.py`).
        """
        place = self._entered()
        try:
            with caller().when_gone(place.called.set):
                place.called.wait()
            self._begin(place)
            yield
        finally:
            self._leave(place)

    def _entered(self) -> "_Place":
        with self._lock:
            if self._is_closing:
                self._n_refused += 1
                raise _stopping()
            if len(self._waiting) >= self.n_waiting and not self._has_room():
                self._n_refused += 1
                raise _full(self.n_running, len(self._waiting), self._retry_after_s())
            place = _Place()
            self._waiting.append(place)
            self._call_next()
        return place

    def _has_room(self) -> bool:
        return not self._waiting and len(self._running) < self.n_running

    def _call_next(self) -> None:
        """Turns the first who wait into running ones, while there is room."""
        while self._waiting and len(self._running) < self.n_running and not self._is_closing:
            place = self._waiting.popleft()
            place.begun = time.monotonic()
            self._running.add(place)
            place.called.set()

    def _begin(self, place: "_Place") -> None:
        """Raises RefusedError or CallerGoneError if `place` was called for another reason than its turn."""
        caller().raise_if_gone()
        if place.begun is None:
            raise _stopping()

    def _leave(self, place: "_Place") -> None:
        with self._lock:
            if place in self._running:
                self._running.remove(place)
                self._note(place)
            else:
                self._n_given_up += place in self._waiting
                self._waiting = deque(other for other in self._waiting if other is not place)
            self._call_next()
            if not self._running:
                self._idle.notify_all()

    def _note(self, place: "_Place") -> None:
        assert place.begun is not None
        seconds = time.monotonic() - place.begun
        self._recent.append(seconds)
        self._n_finished += 1
        self._seconds += seconds
        self._seconds_waited += place.begun - place.came

    def _retry_after_s(self) -> int:
        """After how many seconds all who wait now will have had their turn begin, by the recent turns."""
        mean = fmean(self._recent) if self._recent else UNKNOWN_S
        return min(LONGEST_RETRY_S, max(1, math.ceil(mean * (len(self._waiting) + 1) / self.n_running)))

    def counts(self) -> QueueCounts:
        """How many run, wait and were refused, for a server's metrics."""
        with self._lock:
            return QueueCounts(
                running=len(self._running),
                waiting=len(self._waiting),
                refused=self._n_refused,
                given_up=self._n_given_up,
                finished=self._n_finished,
                seconds=self._seconds,
                seconds_waited=self._seconds_waited,
            )

    def close(self, within_s: float) -> int:
        """Refuses new questions and those that wait, and waits for the running ones, at most `within_s` seconds.

        Gives the number that still run.
        """
        with self._lock:
            self._is_closing = True
            self._n_refused += len(self._waiting)
            for place in self._waiting:
                place.called.set()
            self._waiting.clear()
            self._idle.wait_for(lambda: not self._running, within_s)
            return len(self._running)


class _Place:
    """Somebody in the queue. `called` is set at the turn, and also when there will be none."""

    def __init__(self) -> None:
        self.called = threading.Event()
        self.came = time.monotonic()
        self.begun: float | None = None


def _full(n_running: int, n_waiting: int, retry_after_s: int) -> RefusedError:
    return RefusedError(
        f"{n_running} questions are being answered and {n_waiting} are waiting, which is as many as are taken.",
        f"ask again in {retry_after_s} s",
        429,
        "queue_full",
        retry_after_s,
    )


def _stopping() -> RefusedError:
    return RefusedError("The server is stopping.", "ask again later", 503, "stopping", STOPPING_RETRY_S)
