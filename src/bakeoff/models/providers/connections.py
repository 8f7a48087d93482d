"""Connections to one server: each request takes the one that was used last, and no request looks at the others.

Takes a model's settings, or how an HTTP client with one connection is made; gives streamed responses. A client with
many connections looks at all of them, under one lock, whenever a request begins or ends: with dozens at once, requests
wait for that.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import httpx2

from bakeoff import __version__
from bakeoff.files.http_client import http_client
from bakeoff.files.proxies import check_proxies
from bakeoff.models.cancelling import acquire
from bakeoff.models.providers.sockets import ends_with_caller
from bakeoff.models.settings import ApiModel

IDLE_S = 30.0
"""A connection that was not used for so long is closed."""


class Connections:
    """At most `most` at once; a further request waits until one is free, or its caller leaves. Safe for threads."""

    def __init__(self, make: Callable[[], httpx2.Client], most: int) -> None:
        self._make = make
        self._room = threading.BoundedSemaphore(most)
        self._free: deque[tuple[float, httpx2.Client]] = deque()
        """Those that nobody uses, with the time of their last use; the last one was used last."""
        self._lock = threading.Lock()
        self._is_closed = False

    def send(self, method: str, url: str, **content: Any) -> httpx2.Response:
        """The response, whose body is not read yet. Its connection is free again when it is closed.

        `content` is what httpx takes. Raises as a client of httpx.
        """
        client = self._taken()
        try:
            response = client.send(client.build_request(method, url, **content), stream=True)
            assert isinstance(response.stream, httpx2.SyncByteStream)
            response.stream = _Ending(response.stream, lambda: self._given_back(client))
        except BaseException:
            self._given_back(client)
            raise
        return response

    def close(self) -> None:
        """Closes those that nobody uses, and the others once they are free."""
        with self._lock:
            self._is_closed = True
            free, self._free = self._free, deque()
        for _, client in free:
            client.close()

    def _taken(self) -> httpx2.Client:
        acquire(self._room)
        try:
            with self._lock:
                if self._free:
                    return self._free.pop()[1]
            return self._make()
        except BaseException:
            self._room.release()
            raise

    def _given_back(self, client: httpx2.Client) -> None:
        now, old = time.monotonic(), list[httpx2.Client]()
        with self._lock:
            if self._is_closed:
                old.append(client)
            else:
                self._free.append((now, client))
            while self._free and now - self._free[0][0] > IDLE_S:
                old.append(self._free.popleft()[1])
        self._room.release()
        for one in old:
            one.close()


def connections_to(settings: ApiModel) -> Connections:
    """Those to the server of a model. They share what is read of certificates.

    Raises ConfigError for a proxy that cannot be used, before any request.
    """
    trusts_env = settings.location != "here"  # no proxy for this machine
    if trusts_env:
        check_proxies()
    verify = httpx2.create_ssl_context(trust_env=trusts_env)

    def make() -> httpx2.Client:
        client = http_client(
            trusts_env,
            follow_redirects=False,
            verify=verify,
            timeout=httpx2.Timeout(settings.timeout_s, pool=None),
            limits=httpx2.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=IDLE_S),
            headers={"User-Agent": f"bakeoff/{__version__}"},
        )
        return ends_with_caller(client)

    return Connections(make, settings.concurrency)


class _Ending(httpx2.SyncByteStream):
    """The body of a response, which says when it is closed."""

    def __init__(self, stream: httpx2.SyncByteStream, ended: Callable[[], None]) -> None:
        self._stream, self._ended = stream, ended
        self._is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        try:
            self._stream.close()
        finally:
            if not self._is_closed:
                self._is_closed = True
                self._ended()
