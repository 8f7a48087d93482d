"""The ASGI types, and answers that need no framework: an OpenAI error object with a status.

Knows neither keys nor limits. `state_of(scope)` is what Starlette shows as `request.state`.
Source: ASGI specification 3.0, HTTP message format; OpenAI API reference, "Error codes".
"""

import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

CLOSE = (b"connection", b"close")
KINDS = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


def state_of(scope: Scope) -> MutableMapping[str, Any]:
    """What middlewares know about this request."""
    state: MutableMapping[str, Any] = scope.setdefault("state", {})
    return state


def headers_of(scope: Scope, name: bytes) -> list[bytes]:
    """All values of a header, in order. `name` in lower case."""
    return [value for key, value in scope["headers"] if key.lower() == name]


def error_body(status: int, message: str, code: str | None) -> bytes:
    """An error object in the form of OpenAI's, as JSON."""
    kind = KINDS.get(status, "invalid_request_error" if status < 500 else "server_error")
    error = {"message": message, "type": kind, "param": None, "code": code}
    return json.dumps({"error": error}, ensure_ascii=False).encode("utf-8", "replace")


async def refuse(send: Send, status: int, message: str, code: str | None, headers: Headers = ()) -> None:
    """Answers with an error object in the form of OpenAI's."""
    body = error_body(status, message, code)
    lines = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})


def with_headers(send: Send, added: Headers) -> Send:
    """A `send` that adds headers to the response, except those that it already has."""

    async def sending(event: Event) -> None:
        if event["type"] == "http.response.start":
            present = {name.lower() for name, _ in event.get("headers", ())}
            more = [(name, value) for name, value in added if name not in present]
            event = {**event, "headers": [*event.get("headers", ()), *more]}
        await send(event)

    return sending
