"""Limits the body of a request: its size, also where no length is given, and the time that a client takes to send it.

Too large: 413. Too slow: 408. A length that is not a number, or is given in two ways: 400. The connection is closed,
since the rest of the body would follow. Once a response has begun, a slow body no longer matters.
Source: RFC 9110, sections 8.6, 15.5.9 and 15.5.14; RFC 9112, section 6.3.
"""

import asyncio
import contextlib
import time

from bakeoff.records import Record
from bakeoff.serve.guard.asgi import CLOSE, App, Event, Receive, Scope, Send, headers_of, refuse


class BodyLimits(Record):
    """`max_bytes` holds for all paths, `larger` for those that begin with a prefix (uploads).

    A client may pause for `idle_s`; the whole body must be there after `total_s`. `question_characters` is for the
    routes: the most of a question with its system messages.
    """

    max_bytes: int = 2 * 1024 * 1024
    larger: tuple[tuple[str, int], ...] = ()
    idle_s: float = 15.0
    total_s: float = 300.0
    question_characters: int = 8_000

    def of(self, path: str) -> int:
        return max([self.max_bytes, *(size for prefix, size in self.larger if path.startswith(prefix))])


DISCARDED_BYTES, DISCARDED_S = 32 * 1024 * 1024, 5.0
"""At most so much of a body that is too large is read before it is refused."""


class BodyRefusedError(Exception):
    """Ends the application while it reads a body that was refused. The client already has its response."""


class BodyGuard:
    def __init__(self, app: App, limits: BodyLimits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit, length = self._limits.of(scope["path"]), headers_of(scope, b"content-length")
        if length and (len(length) > 1 or not length[0].isdigit() or headers_of(scope, b"transfer-encoding")):
            await refuse(send, 400, "The length of the body is not clear.", "invalid_content_length", [CLOSE])
        elif length and int(length[0][:20]) > limit:
            await _discard(receive)
            await _refuse_size(send, limit)
        else:
            body = _Body(receive, send, limit, self._limits)
            try:
                await self._app(scope, body.receive, body.send)
            except BodyRefusedError:
                if not body.refused:
                    raise


class _Body:
    """One request: counts what it receives, and sends nothing more after a refusal."""

    def __init__(self, receive: Receive, send: Send, limit: int, limits: BodyLimits) -> None:
        self.refused = False
        self._receive = receive
        self._send = send
        self._limit = limit
        self._limits = limits
        self._n_bytes = 0
        self._more = True
        self._started = False
        self._deadline = time.monotonic() + limits.total_s

    async def receive(self) -> Event:
        event = await self._next() if self._more and not self._started else await self._receive()
        if event["type"] == "http.request":
            self._n_bytes += len(event.get("body", b""))
            self._more = event.get("more_body", False)
        else:
            self._more = False
        if self._n_bytes > self._limit:
            await self._refuse(413)
        return event

    async def send(self, event: Event) -> None:
        if not self.refused:
            self._started = True
            await self._send(event)

    async def _next(self) -> Event:
        seconds = min(self._limits.idle_s, self._deadline - time.monotonic())
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                return await self._receive()
        except TimeoutError:
            await self._refuse(408)
            raise

    async def _refuse(self, status: int) -> None:
        self.refused, was_started = True, self._started
        if not was_started and status == 413:
            await _discard(self._receive)
            await _refuse_size(self._send, self._limit)
        elif not was_started:
            message = "The body of the request did not arrive in time."
            await refuse(self._send, 408, message, "request_timeout", [CLOSE])
        raise BodyRefusedError


async def _discard(receive: Receive) -> None:
    """Reads the rest of a body that is too large: a client that still sends when it is answered loses the answer."""
    n_bytes, more = 0, True
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DISCARDED_S):
            while more and n_bytes < DISCARDED_BYTES:
                event = await receive()
                n_bytes += len(event.get("body", b""))
                more = event["type"] == "http.request" and event.get("more_body", False)


async def _refuse_size(send: Send, limit: int) -> None:
    message = f"The body of the request is larger than {limit} bytes, which is the limit here."
    await refuse(send, 413, message, "request_too_large", [CLOSE])
