"""A client that calls an ASGI application directly, with any headers and any body, also wrong ones."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote


class Response(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The code of an OpenAI error object."""
        return json.loads(self.body)["error"]["code"]


def scope_of(method: str, path: str, headers: Sequence[tuple[str, str]], client: str = "127.0.0.1") -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "path": unquote(path.partition("?")[0]),
        "query_string": path.partition("?")[2].encode(),
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        "client": (client, 50000),
        "state": {},
    }


def send_request(
    app: Any,
    method: str = "GET",
    path: str = "/v1/models",
    headers: Sequence[tuple[str, str]] = (("host", "localhost"),),
    body: Sequence[bytes | float] = (b"",),
    client: str = "127.0.0.1",
    stays: bool = False,
) -> Response:
    """The response to one request. `body` lists its pieces; a number is a pause in seconds before the next piece.

    The client goes away after the last piece, or, with `stays`, after the response.
    """
    return asyncio.run(_respond(app, scope_of(method, path, headers, client), list(body), stays))


async def _respond(app: Any, scope: dict[str, Any], body: list[bytes | float], stays: bool) -> Response:
    events: list[dict[str, Any]] = []
    is_complete = asyncio.Event()

    async def receive() -> dict[str, Any]:
        while body and isinstance(body[0], int | float):
            await asyncio.sleep(body.pop(0))
        if body:
            return {"type": "http.request", "body": body.pop(0), "more_body": bool(body)}
        if stays:
            await is_complete.wait()
        return {"type": "http.disconnect"}

    async def send(event: dict[str, Any]) -> None:
        events.append(event)
        if event["type"] == "http.response.body" and not event.get("more_body", False):
            is_complete.set()

    await app(scope, receive, send)
    starts = [event for event in events if event["type"] == "http.response.start"]
    assert len(starts) == 1, "a response begins exactly once"
    headers = {name.decode(): value.decode("latin-1") for name, value in starts[0].get("headers", ())}
    return Response(starts[0]["status"], headers, b"".join(event.get("body", b"") for event in events[1:]))


async def echo(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """An application that reads the whole body and answers with its size, as a framework would."""
    size, more = 0, True
    while more:
        event = await receive()
        size += len(event.get("body", b""))
        more = event.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": str(size).encode()})
