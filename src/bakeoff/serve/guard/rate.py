"""Limits how many requests a key, or an address without a key, may send. Too many: 429 with Retry-After.

A token bucket for each: `burst` requests at once, then `per_minute` evenly. Memory is bounded: of the buckets, the ones
used last are kept. IPv6 addresses count by their /64 network, since one machine can use all of it.
Source: RFC 6585, section 4 (429); RFC 9110, section 10.2.3 (Retry-After).
"""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable

from bakeoff.records import Record
from bakeoff.serve.guard.asgi import App, Receive, Scope, Send, refuse
from bakeoff.serve.guard.bearer import OpenPaths, identified

MAX_BUCKETS = 10_000
PER_MINUTE = 6000
"""The default of a server."""


class Rate(Record):
    """At most `burst` requests at once and `per_minute` in the long run."""

    per_minute: float
    burst: int


def rate_of(per_minute: int) -> Rate:
    """This many requests in a minute, a sixth of them at once."""
    return Rate(per_minute=per_minute, burst=max(1, per_minute // 6))


class Buckets:
    """`take(name)` counts a request. It gives the seconds to wait, 0 if the request may go on."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst = float(rate.burst)
        self._per_second = rate.per_minute / 60
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str) -> float:
        now = self._clock()
        tokens, at = self._buckets.pop(name, (self._burst, now))
        tokens = min(self._burst, tokens + (now - at) * self._per_second)
        may_go = tokens >= 1
        self._buckets[name] = (tokens - 1 if may_go else tokens, now)
        if len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)
        return 0.0 if may_go else (1 - tokens) / self._per_second

    def __len__(self) -> int:
        return len(self._buckets)


class RateLimit:
    """By the holder that `bearer.Identify` found, else by address.

    Reading an `unlimited` path is not counted: the page is many small files, which cost next to nothing.
    """

    def __init__(self, app: App, buckets: Buckets, unlimited: OpenPaths | None = None) -> None:
        self._app = app
        self._buckets = buckets
        self._unlimited = unlimited or OpenPaths()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        seconds = 0.0 if self._unlimited.include(scope) else self._buckets.take(_counted_as(scope))
        if seconds:
            wait = max(1, math.ceil(seconds))
            message = f"Too many requests. Try again in {wait} s."
            await refuse(send, 429, message, "rate_limit_exceeded", [(b"retry-after", str(wait).encode())])
        else:
            await self._app(scope, receive, send)


def _counted_as(scope: Scope) -> str:
    holder = identified(scope)
    if holder is not None and holder.name:
        return f"key {holder.name}"
    return f"address {network_of((scope.get('client') or ('unknown',))[0])}"


def network_of(address: str) -> str:
    """What one client can use of addresses: an IPv4 address, or the /64 network of an IPv6 address.

    >>> network_of("192.0.2.7"), network_of("2001:db8::7"), network_of("::ffff:192.0.2.7")
    ('192.0.2.7', '2001:db8::/64', '192.0.2.7')
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
