"""Runs blocking iterators for asynchronous code, and stops work when the client goes away.

Takes iterators and ASGI's `receive`. Knows nothing about answers.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, MutableMapping
from typing import Any, Generic, TypeVar

import anyio
from anyio import CancelScope, CapacityLimiter, to_thread

from bakeoff.models.cancelling import Caller, CallerGoneError, on_behalf_of

T = TypeVar("T")
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

MOST_THREADS = 512
"""At most this many answers are waited for at once; a further one waits for a thread."""
AHEAD = 1024
"""An iterator runs at most this many items ahead of a slow client.

Enough for a whole answer: a client that reads slowly keeps no other one out of the queue.
"""


class _End:
    """Marks the end of an iterator."""


_END = _End()


class Stepper(Generic[T]):
    """Runs blocking iterators, each in a worker thread. One for a server: its threads are counted together."""

    def __init__(self, most_threads: int = MOST_THREADS) -> None:
        self._limiter = CapacityLimiter(most_threads)

    async def items(self, iterator: Iterator[T]) -> AsyncGenerator[T, None]:
        """The items as they come; at most AHEAD of them wait to be read.

        The iterator is closed at the end, after an error, and when this generator is closed. Then the step that has
        begun is the last one, and it is told that its caller is gone (`models/cancelling.py`): waiting ends at once,
        and an engine stops at its next token.
        """
        arrived: asyncio.Queue[T | _End] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        pump = _Pump(iterator, lambda item: loop.call_soon_threadsafe(arrived.put_nowait, item))
        work = asyncio.ensure_future(to_thread.run_sync(pump.run, limiter=self._limiter))
        try:
            while not isinstance(item := await arrived.get(), _End):
                pump.room.release()
                yield item
            await work
        finally:
            pump.stop()
            with CancelScope(shield=True):
                await asyncio.wait([work])


class _Pump(Generic[T]):
    """Hands over the items of an iterator, in the thread that calls `run`, until it is stopped."""

    def __init__(self, iterator: Iterator[T], hand_over: Callable[[T | _End], Any]) -> None:
        self._caller = Caller()
        self.room = threading.Semaphore(AHEAD)
        self._iterator = iterator
        self._hand_over = hand_over

    def run(self) -> None:
        """The items, then the mark of the end. Raises what the iterator raises."""
        with on_behalf_of(self._caller):
            try:
                while not self._caller.is_gone and not isinstance(item := next(self._iterator, _END), _End):
                    self._hand_over(item)
                    self.room.acquire()
            except CallerGoneError:
                pass  # nobody is left to hear of it
            finally:
                _close(self._iterator)
                self._hand_over(_END)

    def stop(self) -> None:
        self._caller.leave()
        self.room.release()


async def unless_gone(receive: Receive, work: Callable[[], Awaitable[T]]) -> T | None:
    """What `work` returns, or None if the client went away before; then the work was cancelled.

    The body of the request must have been read before.
    """
    results: list[T] = []

    async def finish() -> None:
        results.append(await work())
        group.cancel_scope.cancel()

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        group.cancel_scope.cancel()

    failure: BaseExceptionGroup[BaseException] | None = None
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(watch)
            group.start_soon(finish)
    except BaseExceptionGroup as raised:
        failure = raised
    if failure is not None:
        raise failure.exceptions[0]
    return results[0] if results else None


def _close(iterator: Iterator[Any]) -> None:
    close = getattr(iterator, "close", None)
    if close is not None:
        close()
