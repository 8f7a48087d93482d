"""One line of the server's log for each request, when its response has ended.

Pure ASGI, outside all guards but inside the request's id: refused requests are logged too. Holds no query (its values
are the client's texts), no body and no key; of the key its name.
"""

import time
from collections.abc import Callable

from bakeoff.serve.guard.asgi import App, Event, Receive, Scope, Send, state_of
from bakeoff.serve.guard.bearer import identified
from bakeoff.serve.guard.request_id import request_id_of
from bakeoff.serve.outcome import Ended
from bakeoff.serve.server_log import ServerLog

NOT_SENT = 499
"""The status where none was sent: the client went away, or the server stopped. Source: nginx."""
UNAVAILABLE = 503


def note_ended(scope: Scope, ended: Ended) -> None:
    """Keeps how the answer of this request ended, for its line."""
    state_of(scope)["ended"] = ended


class RequestLog:
    """`requested(method, status)` is called for each request."""

    def __init__(self, app: App, log: ServerLog, requested: Callable[[str, int], None]) -> None:
        self._app = app
        self._log = log
        self._requested = requested

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun, status, n_bytes = time.perf_counter(), NOT_SENT, 0

        async def sending(event: Event) -> None:
            nonlocal status, n_bytes
            if event["type"] == "http.response.start":
                status = event["status"]
            n_bytes += len(event.get("body", b""))
            await send(event)

        try:
            await self._app(scope, receive, sending)
        finally:
            self._requested(scope["method"], status)
            self._write(scope, status, 1000 * (time.perf_counter() - begun), n_bytes)

    def _write(self, scope: Scope, status: int, ms: float, n_bytes: int) -> None:
        holder, ended = identified(scope), state_of(scope).get("ended")
        self._log.line(
            "request",
            _level(status, ended),
            request_id=request_id_of(scope),
            method=scope["method"],
            path=scope["path"],
            status=status,
            ms=round(ms, 1),
            bytes=n_bytes,
            key=holder.name if holder else None,
            contender=ended.contender if ended else None,
            outcome=ended.outcome if ended else None,
            error=ended.error if ended else None,
            problem=state_of(scope).get("access_problem"),
        )


def _level(status: int, ended: Ended | None) -> str:
    """A server that is busy, stopping or out of room for a while is no error of its program."""
    if ended and ended.outcome == "failed":
        return "error"
    if status == UNAVAILABLE:
        return "warning"
    return "error" if status >= 500 else "info"
