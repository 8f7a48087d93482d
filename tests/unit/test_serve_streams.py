"""Blocking iterators in worker threads: order, errors, closing, and a reader that is slow."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from bakeoff.models.cancelling import CallerGoneError, caller
from bakeoff.serve.queue import AnswerQueue
from bakeoff.serve.streams import AHEAD, Stepper, unless_gone


class Counting:
    """Counts up; remembers how far it got and whether it was closed."""

    def __init__(self, n: int, error: Exception | None = None):
        self.n, self.error, self.at, self.closed = n, error, 0, threading.Event()

    def items(self) -> Iterator[int]:
        try:
            while self.at < self.n:
                yield self.at
                self.at += 1
            if self.error:
                raise self.error
        finally:
            self.closed.set()


def test_all_items_come_in_order():
    """Then the iterator is closed."""
    counting = Counting(1000)

    async def read() -> list[int]:
        return [item async for item in Stepper[int]().items(counting.items())]

    assert asyncio.run(read()) == list(range(1000))
    assert counting.closed.is_set()


def test_an_error_comes_after_the_items_before_it():
    """As in the iterator itself."""
    seen = []

    async def read() -> None:
        async for item in Stepper[int]().items(Counting(3, KeyError("three")).items()):
            seen.append(item)

    with pytest.raises(KeyError, match="three"):
        asyncio.run(read())
    assert seen == [0, 1, 2]


def test_a_slow_reader_holds_the_iterator_back_and_closing_stops_it():
    """It is never far ahead, and does not run to its end."""
    counting = Counting(10_000)

    async def read() -> None:
        items = Stepper[int]().items(counting.items())
        assert await anext(items) == 0
        await asyncio.sleep(0.1)
        await items.aclose()

    asyncio.run(read())
    assert counting.at <= AHEAD + 1
    assert counting.closed.is_set()


def test_work_is_cancelled_when_the_client_goes_away():
    """None comes back; the iterator is closed."""
    counting = Counting(10**9)

    async def receive() -> dict[str, str]:
        await asyncio.sleep(0.05)
        return {"type": "http.disconnect"}

    async def read() -> str:
        async for _ in Stepper[int]().items(counting.items()):
            pass
        return "finished"

    assert asyncio.run(unless_gone(receive, read)) is None
    assert counting.closed.wait(60)


def test_work_that_finishes_first_gives_its_value():
    """The watch for the client ends with it; errors of the work come out as they are."""

    async def receive() -> dict[str, str]:
        await asyncio.sleep(3600)
        return {}

    async def work() -> int:
        return 7

    async def fail() -> int:
        raise ValueError("no")

    assert asyncio.run(unless_gone(receive, work)) == 7
    with pytest.raises(ValueError, match="no"):
        asyncio.run(unless_gone(receive, fail))


def test_a_client_that_goes_away_ends_a_wait():
    """An iterator that waits for a turn is told that its caller is gone: closing does not wait for the turn."""
    queue = AnswerQueue(1, 2)

    def waiting() -> Iterator[int]:
        with queue.turn():
            yield 1

    async def read() -> None:
        task = asyncio.ensure_future(anext(Stepper[int]().items(waiting())))
        while not queue.counts().waiting:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with queue.turn():
        asyncio.run(asyncio.wait_for(read(), 30))
        counts = queue.counts()
    assert (counts.waiting, counts.given_up) == (0, 1)


def test_an_iterator_in_the_middle_of_a_step_learns_that_nobody_reads():
    """A step that goes on for long can ask, and gives up."""
    begun, gave_up = threading.Event(), threading.Event()

    def thinking() -> Iterator[int]:
        begun.set()
        try:
            while True:
                caller().raise_if_gone()
        except CallerGoneError:
            gave_up.set()
            raise
        yield 1

    async def read() -> None:
        task = asyncio.ensure_future(anext(Stepper[int]().items(thinking())))
        await asyncio.to_thread(begun.wait, 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(asyncio.wait_for(read(), 30))
    assert gave_up.is_set()
