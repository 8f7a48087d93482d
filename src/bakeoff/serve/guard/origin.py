"""Refuses requests that pages of other origins make. By default no other page may read an answer (no CORS).

A page of any site can send a form or a plain POST to a server on 127.0.0.1 without asking. Browsers say where a request
comes from: the Origin header must name the requested host, or an origin that the operator allowed, which then gets CORS
headers. Programs that are no browser send no Origin and are not affected.
Source: WHATWG Fetch, sections 3.2 (Origin) and 3.3 (CORS); W3C, Fetch Metadata (Sec-Fetch-Site).
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from bakeoff.errors import ConfigError
from bakeoff.serve.guard.asgi import App, Headers, Receive, Scope, Send, headers_of, refuse, with_headers
from bakeoff.serve.guard.host import host_of

PORTS = {"http": "80", "https": "443"}
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def checked_origins(origins: Iterable[str]) -> frozenset[str]:
    """Origins such as https://chat.example:8080. Raises ConfigError for anything else, also for '*'."""
    checked = set()
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in PORTS or not parts.netloc or origin != f"{parts.scheme}://{parts.netloc}":
            raise ConfigError(
                f"{origin!r} is not an origin.",
                "write scheme, host and port, without a path: https://chat.example:8080",
            )
        checked.add(origin.lower())
    return frozenset(checked)


class OriginGuard:
    """`origins`: other origins whose pages may use the API. Empty by default."""

    def __init__(self, app: App, origins: frozenset[str] = frozenset()) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = headers_of(scope, b"origin")
        origin = given[0].decode("latin-1").lower() if given else ""
        is_shared = origin in self._origins
        if len(given) > 1 or (given and not is_shared and not _is_same(origin, scope)) or _is_cross_site(scope, given):
            message = "Pages of other sites may not use this server. Its operator can allow an origin by name."
            await refuse(send, 403, message, "origin_not_allowed")
        elif is_shared and scope["method"] == "OPTIONS":
            await send({"type": "http.response.start", "status": 204, "headers": [*_shared(origin), *_preflight()]})
            await send({"type": "http.response.body", "body": b""})
        else:
            await self._app(scope, receive, with_headers(send, _shared(origin)) if is_shared else send)


def _is_same(origin: str, scope: Scope) -> bool:
    """Whether the origin is the requested host. The scheme is not compared: a proxy may have ended TLS."""
    try:
        parts = urlsplit(origin)
        name, port = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname, parts.port
    except ValueError:
        return False
    default = PORTS.get(parts.scheme, "")
    host = host_of(scope)
    return bool(default and host) and (name, str(port or default)) == (host and host[0], (host and host[1]) or default)


def _is_cross_site(scope: Scope, origin: list[bytes]) -> bool:
    """A change that a page of another site asks for, from a browser that did not say which."""
    site = headers_of(scope, b"sec-fetch-site")
    return not origin and scope["method"] not in SAFE_METHODS and bool({b"cross-site", b"same-site"} & set(site))


def _shared(origin: str) -> Headers:
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", b"x-request-id, retry-after"),
        (b"cross-origin-resource-policy", b"cross-origin"),
        (b"vary", b"origin"),
    ]


def _preflight() -> Headers:
    return [
        (b"access-control-allow-methods", b"GET, POST, PUT, DELETE"),
        (b"access-control-allow-headers", b"authorization, content-type, x-request-id"),
        (b"access-control-max-age", b"600"),
    ]
