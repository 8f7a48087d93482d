"""Runs blocking iterators for asynchronous code, and stops work when the client goes away.

Takes iterators and ASGI's `receive`. Knows nothing about answers.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, MutableMapping
from typing import Any, Generic, TypeVar

import anyio
from anyio import CancelScope, CapacityLimiter, to_thread

T = TypeVar("T")
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

MOST_THREADS = 512
"""At most this many answers are waited for at once; a further one waits for a thread."""


class _End:
    """Marks the end of an iterator."""


_END = _End()


class Stepper(Generic[T]):
    """Steps through blocking iterators in worker threads. One for a server: its threads are counted together."""

    def __init__(self, most_threads: int = MOST_THREADS) -> None:
        self._limiter = CapacityLimiter(most_threads)

    async def items(self, iterator: Iterator[T]) -> AsyncGenerator[T, None]:
        """The items. The iterator is closed at the end, after an error, and when this generator is closed.

        A step that has begun is waited for even if the caller was cancelled, so an iterator is never used by two
        threads at once.
        """
        try:
            while not isinstance(item := await self._in_thread(next, iterator, _END), _End):
                yield item
        finally:
            with CancelScope(shield=True):
                await self._in_thread(_close, iterator)

    async def _in_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await to_thread.run_sync(function, *arguments, limiter=self._limiter)


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
