"""Whether the caller of the work in this thread still wants it.

A server answers in worker threads. If a client goes away, its thread may be deep inside an engine, or waiting for one:
closing an iterator does not reach it there. So the server runs the work `on_behalf_of` a caller, and what waits or
computes for long asks `caller()` whether it is gone. Work outside a server has a caller that never goes away.
Knows nothing about engines or servers.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

LOOK_EVERY_S = 0.05
"""How often to look whether the caller is gone where nothing wakes the waiting thread."""


class CallerGoneError(Exception):
    """The work was given up because its caller is gone. Nobody is left who reads an answer or an error."""


class Caller:
    """Somebody who waits for work. Safe to use from several threads."""

    def __init__(self) -> None:
        self._is_gone = False
        self._calls: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    @property
    def is_gone(self) -> bool:
        return self._is_gone

    def leave(self) -> None:
        """Says that the caller is gone, to all that wait for this too."""
        with self._lock:
            self._is_gone = True
            calls = list(self._calls)
        for call in calls:
            call()

    def raise_if_gone(self) -> None:
        """Raises CallerGoneError if the caller is gone."""
        if self._is_gone:
            raise CallerGoneError

    @contextmanager
    def when_gone(self, call: Callable[[], None]) -> Iterator[None]:
        """Calls `call` in another thread if the caller leaves within this block; at once if it has left before."""
        with self._lock:
            self._calls.append(call)
            is_gone = self._is_gone
        if is_gone:
            call()
        try:
            yield
        finally:
            with self._lock:
                self._calls.remove(call)


_STAYS = Caller()
_CALLER: ContextVar[Caller] = ContextVar("caller", default=_STAYS)


def caller() -> Caller:
    """The caller of the work in this thread. Ask in the thread that was called: new threads do not inherit it."""
    return _CALLER.get()


def can_leave() -> bool:
    """Whether the work in this thread has a caller who may go away."""
    return _CALLER.get() is not _STAYS


@contextmanager
def on_behalf_of(somebody: Caller) -> Iterator[None]:
    """Within this block, `caller()` in this thread is `somebody`."""
    before = _CALLER.set(somebody)
    try:
        yield
    finally:
        _CALLER.reset(before)


def acquire(lock: "threading.Lock | threading.Semaphore") -> None:
    """Acquires the lock, or a place. Raises CallerGoneError if the caller leaves while it waits."""
    while not lock.acquire(timeout=LOOK_EVERY_S):
        caller().raise_if_gone()


def sleep(seconds: float) -> None:
    """Sleeps. Raises CallerGoneError as soon as the caller leaves."""
    gone = threading.Event()
    with caller().when_gone(gone.set):
        gone.wait(seconds)
    caller().raise_if_gone()
