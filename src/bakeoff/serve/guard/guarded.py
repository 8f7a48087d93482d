"""Stacks the guards around an application, in the one order that is safe.

Takes an ASGI application and what is allowed, gives an ASGI application. Knows nothing about routes. From the outside:
id, the log of requests, security headers, failures, host, origin, who asks, rate, key, body. So a request for another
host never costs anything, and attempts without a key are limited too. WebSockets are refused: nothing here uses them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from bakeoff.errors import ConfigError
from bakeoff.serve.guard.asgi import App, Receive, Scope, Send
from bakeoff.serve.guard.bearer import Authenticate, Identify, OpenPaths
from bakeoff.serve.guard.body import BodyGuard, BodyLimits
from bakeoff.serve.guard.failed import Failures
from bakeoff.serve.guard.host import LOOPBACK_NAMES, AllowedHosts, HostGuard, allowed_hosts, is_loopback
from bakeoff.serve.guard.origin import OriginGuard, checked_origins
from bakeoff.serve.guard.rate import PER_MINUTE, Buckets, Rate, RateLimit, rate_of
from bakeoff.serve.guard.request_id import RequestId
from bakeoff.serve.guard.security_headers import SecurityHeaders
from bakeoff.serve.keys import KeyFile

POLICY_VIOLATION = 1008
DEFAULT_RATE = rate_of(PER_MINUTE)
DEFAULT_BODY = BodyLimits()
MONITOR = ("/monitor", "/monitor/monitor.js", "/monitor/monitor.css")
"""The page on what use shows and its files, which hold no data."""
REVIEW = ("/review", "/review/web/")
"""The page on which answers are reviewed and its files, which hold no data either."""


@dataclass(frozen=True)
class Access:
    """What is allowed.

    `needs_key` False: none is needed as long as there are no keys. `open_paths` need none; `unlimited` ones are not
    counted.
    """

    hosts: AllowedHosts
    keys: KeyFile
    needs_key: bool = True
    origins: frozenset[str] = frozenset()
    open_paths: OpenPaths = field(default_factory=lambda: OpenPaths("/", "/web/", "/health", *MONITOR, *REVIEW))
    unlimited: OpenPaths = field(default_factory=lambda: OpenPaths("/health", "/", "/web/", *MONITOR, *REVIEW))
    rate: Rate = DEFAULT_RATE
    body: BodyLimits = DEFAULT_BODY


def access_of(
    bound: str,
    keys: KeyFile,
    host_names: Iterable[str] = (),
    origins: Iterable[str] = (),
    rate: Rate = DEFAULT_RATE,
    body: BodyLimits = DEFAULT_BODY,
) -> Access:
    """What a server bound to an address allows. With keys, a key is needed, on loopback too, and from the moment at
    which the first one is added.

    Raises ConfigError where others could reach the server (it is bound to more than loopback, or has names beyond it)
    and there is no key, or for a bad name or origin; RunFolderError if the keys cannot be read.
    """
    names = list(host_names)
    hosts = allowed_hosts(bound, names)
    is_private = is_loopback(bound) and {name.lower() for name in names} <= set(LOOPBACK_NAMES)
    has_keys = bool(keys.keys)
    if not has_keys and not is_private:
        raise ConfigError(
            f"The server would be open to others ({', '.join([bound, *names])}), and {keys.path} has no keys.",
            "make one with: bakeoff keys add NAME; or bind to 127.0.0.1",
        )
    return Access(
        hosts=hosts,
        keys=keys,
        needs_key=has_keys or not is_private,
        origins=checked_origins(origins),
        rate=rate,
        body=body,
    )


def guarded(app: App, access: Access, logged: Callable[[App], App] | None = None) -> App:
    """The application behind all guards. The lifespan of the application is passed through.

    `logged` puts the log of requests around the guards.
    """
    inner: App = BodyGuard(app, access.body)
    inner = Authenticate(inner, access.open_paths)
    inner = RateLimit(inner, Buckets(access.rate), access.unlimited)
    inner = Identify(inner, access.keys, access.needs_key)
    inner = OriginGuard(inner, access.origins)
    inner = HostGuard(inner, access.hosts)
    inner = Failures(inner)
    inner = SecurityHeaders(inner)
    if logged is not None:
        inner = logged(inner)
    inner = RequestId(inner)

    async def entrance(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await inner(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        else:
            await app(scope, receive, send)

    return entrance
