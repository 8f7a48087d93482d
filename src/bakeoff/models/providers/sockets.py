"""Connections that are shut down as soon as the caller of a request leaves, whatever the request waits for.

Takes an HTTP client, gives it such connections. A server then sees that nobody reads its answer, and stops computing
it, also before the first byte of it was sent. Knows nothing about requests.
"""

import socket
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, TypeVar

import httpx2
from httpcore2 import NetworkBackend, NetworkStream, SyncBackend

from bakeoff.models.cancelling import caller

T = TypeVar("T")


def ends_with_caller(client: httpx2.Client) -> httpx2.Client:
    """The client, whose requests raise CallerGoneError when their caller leaves."""
    for transport in (client._transport, *client._mounts.values()):
        if isinstance(transport, httpx2.HTTPTransport):
            transport._pool._network_backend = _Backend()  # no public parameter reaches it
    return client


class _Backend(NetworkBackend):
    def __init__(self) -> None:
        self._backend = SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> NetworkStream:
        return _Stream(self._backend.connect_tcp(host, port, timeout, local_address, socket_options))


class _Stream(NetworkStream):
    def __init__(self, stream: NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._while_wanted(lambda: self._stream.read(max_bytes, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._while_wanted(lambda: self._stream.write(buffer, timeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> NetworkStream:
        return _Stream(self._while_wanted(lambda: self._stream.start_tls(ssl_context, server_hostname, timeout)))

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _while_wanted(self, work: Callable[[], T]) -> T:
        """What the work gives. Raises CallerGoneError if the caller leaves meanwhile, which ends it at once."""
        somebody = caller()
        with somebody.when_gone(self._shut_down):
            try:
                return work()
            finally:
                somebody.raise_if_gone()

    def _shut_down(self) -> None:
        """For both directions, without what TLS would still send: another thread is reading."""
        with suppress(OSError):  # the server was faster
            socket.socket.shutdown(self._stream.get_extra_info("socket"), socket.SHUT_RDWR)
