"""Server-sent events: how a stream is written, and the response that sends it.

Takes JSON values and bytes. The answer stops when the client goes away.
"""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bakeoff.serve.streams import unless_gone

DONE = b"data: [DONE]\n\n"
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}  # the second: nginx passes pieces on at once


def event(value: dict[str, Any], named: bool = False) -> bytes:
    """One event; a named one says its type in a line of its own. Only ASCII: no character inside ends a line."""
    name = f"event: {value['type']}\n" if named else ""
    return f"{name}data: {json.dumps(value, separators=(',', ':'))}\n\n".encode("ascii")


class EventStream(Response):
    """Sends frames as they come. Closes them at the end, and when the client goes away."""

    media_type = "text/event-stream"

    def __init__(self, frames: AsyncGenerator[bytes, None]) -> None:
        self._frames = frames
        self.status_code = 200
        self.background = None
        self.init_headers(_HEADERS)
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_all() -> None:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            async for frame in self._frames:
                await send({"type": "http.response.body", "body": frame, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})

        async with aclosing(self._frames):
            await unless_gone(receive, send_all)
