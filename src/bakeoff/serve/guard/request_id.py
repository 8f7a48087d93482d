"""Gives every request an id: the client's X-Request-ID if it is a plain word, else a random one.

The response carries it, and the application finds it with `request_id_of`. Whatever runs for the request, in threads
too, finds it with `current_request_id`.
"""

import re
import uuid
from contextvars import ContextVar

from bakeoff.serve.guard.asgi import App, Receive, Scope, Send, headers_of, state_of, with_headers

NAME = b"x-request-id"
PLAIN = re.compile(rb"[A-Za-z0-9_-]{1,64}")
_CURRENT: ContextVar[str] = ContextVar("request_id", default="")


class RequestId:
    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = headers_of(scope, NAME)
        is_plain = len(given) == 1 and PLAIN.fullmatch(given[0])
        request_id = given[0].decode() if is_plain else uuid.uuid4().hex
        state_of(scope)["request_id"] = request_id
        _CURRENT.set(request_id)
        await self._app(scope, receive, with_headers(send, [(NAME, request_id.encode())]))


def request_id_of(scope: Scope) -> str:
    """The id of a request. Empty outside the guard."""
    return str(state_of(scope).get("request_id", ""))


def current_request_id() -> str:
    """The id of the request that this code runs for. Empty for none."""
    return _CURRENT.get()
