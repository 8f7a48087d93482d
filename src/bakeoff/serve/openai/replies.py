"""One answer as a reply: an object, or a stream of events.

Takes an answer's stream and a writer (`ChatWriter`, `ResponseWriter`), gives a response. The status is decided by the
first item: a question that is refused, or an answer that fails before its first piece, is an error with its own status.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bakeoff.serve.answering import Answered
from bakeoff.serve.openai.errors import AnsweringFailedError, ApiError
from bakeoff.serve.openai.sse import DONE, EventStream, event
from bakeoff.serve.showing import Ending, Showing
from bakeoff.serve.streams import unless_gone

Items = AsyncGenerator[str | Answered, None]
GONE = 499
"""The status for a client that went away before its answer; only logs show it. Source: nginx."""


class Writer(Protocol):
    """Writes one answer in the form of one API."""

    def begin(self) -> list[dict[str, Any]]:
        """The events before the first piece."""
        ...

    def piece(self, text: str) -> list[dict[str, Any]]:
        """The events for a piece of text; none for an empty one."""
        ...

    def end(self, ending: Ending) -> list[dict[str, Any]]:
        """The events after the last piece."""
        ...

    def fail(self, error: ApiError) -> list[dict[str, Any]]:
        """The events for an answer that failed after `begin`."""
        ...

    def whole(self, ending: Ending) -> dict[str, Any]:
        """The reply of a client that does not stream."""
        ...


async def object_reply(request: Request, items: Items, writer: Writer, showing: Showing) -> Response:
    """The whole answer in one object. Raises AnsweringFailedError if it failed."""

    async def finish() -> Ending:
        async for item in items:
            if isinstance(item, Answered):
                return showing.end(_succeeded(item))
            showing.piece(item)
        raise AnsweringFailedError("it ended without an answer.")

    async with aclosing(items):
        ending = await unless_gone(request.receive, finish)
    return Response(status_code=GONE) if ending is None else JSONResponse(writer.whole(ending))


async def stream_reply(request: Request, items: Items, writer: Writer, showing: Showing, named: bool) -> Response:
    """The answer as events, sent as they come. Raises AnsweringFailedError if it failed before its first piece.

    With `named`, every event has a line with its type, and no [DONE] follows the last one.
    """

    async def first_item() -> str | Answered:
        item = await anext(items, None)
        if item is None:
            raise AnsweringFailedError("it ended without an answer.")
        return _succeeded(item) if isinstance(item, Answered) else item

    try:
        first = await unless_gone(request.receive, first_item)
    except BaseException:
        await items.aclose()
        raise
    if first is None:
        await items.aclose()
        return Response(status_code=GONE)
    return EventStream(_frames(first, items, writer, showing, named))


async def _frames(
    first: str | Answered, items: Items, writer: Writer, showing: Showing, named: bool
) -> AsyncGenerator[bytes, None]:
    """The bytes of each event."""
    async with aclosing(items):
        yield b"".join(event(value, named) for value in writer.begin())
        item: str | Answered | None = first
        while isinstance(item, str):
            frames = b"".join(event(value, named) for value in writer.piece(showing.piece(item)))
            if frames:
                yield frames
            item = await anext(items, None)
        try:
            values = writer.end(showing.end(_succeeded(item)))
        except AnsweringFailedError as error:
            values = writer.fail(error)
        yield b"".join(event(value, named) for value in values)
        if not named:
            yield DONE


def _succeeded(item: Answered | None) -> Answered:
    if item is None:
        raise AnsweringFailedError("it ended without an answer.")
    if item.answer.error is not None:
        raise AnsweringFailedError(item.answer.error)
    return item
