"""Callers who leave: who waits or computes for them hears of it."""

import threading
import time

import pytest

from bakeoff.models.cancelling import Caller, CallerGoneError, acquire, caller, on_behalf_of, sleep
from bakeoff.models.providers.threads import in_parallel


def later(call) -> None:
    threading.Timer(0.05, call).start()


def test_outside_a_server_nobody_leaves() -> None:
    """And the caller of a block is the caller in that block only, in that thread only."""
    nobody, somebody = caller(), Caller()
    with on_behalf_of(somebody):
        assert caller() is somebody
        assert in_another_thread(caller) is nobody
    assert caller() is nobody and not nobody.is_gone


def in_another_thread(call):
    values = []
    thread = threading.Thread(target=lambda: values.append(call()))
    thread.start()
    thread.join()
    return values[0]


def test_who_leaves_wakes_who_waits() -> None:
    """During the wait, or before it began; not after it."""
    somebody = Caller()
    calls: list[int] = []
    with somebody.when_gone(lambda: calls.append(1)):
        pass
    with somebody.when_gone(lambda: calls.append(2)):
        somebody.leave()
    with somebody.when_gone(lambda: calls.append(3)):
        assert calls == [2, 3]


def test_a_lock_and_a_sleep_are_given_up() -> None:
    """A lock that is free is acquired; the caller of one that is not may leave, and that of a sleep too."""
    lock = threading.Lock()
    acquire(lock)
    for wait in (lambda: acquire(lock), lambda: sleep(60)):
        somebody = Caller()
        later(somebody.leave)
        with on_behalf_of(somebody), pytest.raises(CallerGoneError):
            wait()
    lock.release()
    acquire(lock)


def test_calls_in_parallel_are_given_up_and_know_their_caller() -> None:
    """The caller does not wait for calls that are under way."""
    somebody, end = Caller(), threading.Event()
    callers: list[Caller] = []

    def call(i: int) -> None:
        callers.append(caller())
        end.wait(30)

    later(somebody.leave)
    begun = time.monotonic()
    with on_behalf_of(somebody), pytest.raises(CallerGoneError):
        in_parallel(call, range(10), 2)
    assert time.monotonic() - begun < 20
    end.set()
    assert callers[:2] == [somebody, somebody] and len(callers) == 2


def test_a_single_call_has_a_thread_only_where_its_caller_may_leave() -> None:
    """A thread costs more than the rest of such a call; a server's work needs one, so that it can be left."""
    assert in_parallel(lambda _: threading.get_ident(), [0], 8) == [threading.get_ident()]
    with on_behalf_of(Caller()):
        assert in_parallel(lambda _: threading.get_ident(), [0], 8) != [threading.get_ident()]
