"""Hostile clients, in a process of their own.

    python -m tests.torture.attackers PORT KIND CONNECTIONS SECONDS

Keeps so many connections of a kind open for so long, each opened again when it is closed. Prints a line when all were
opened once, and at the end how many were opened and how many bytes were sent.
"""

import asyncio
import contextlib
import itertools
import json
import random
import socket
import sys
from collections.abc import Awaitable, Callable

GIB = 2**30
ADDRESS = "127.0.0.2"
"""Not that of the good clients, as the limit of requests counts by address."""
PIECE = 64 * 1024
SLOW_S = 1.0
"""Between two bytes of who is slow."""
AFTER_REFUSAL_S = 0.05
POST = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
GET = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
BAD = (
    "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "GET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
    "GET /web/page.css HTTP/1.1\r\nHost: localhost\r\nRange: bytes=9-1\r\n\r\n",
    "GET /web/page.css HTTP/1.1\r\nHost: localhost\r\nRange: bytes=-99999999999999999999\r\n\r\n",
    "GET /web/page.css HTTP/1.1\r\nHost: localhost\r\nRange: bytes=" + "0-1," * 5000 + "0-1\r\n\r\n",
    "GET /web/%2e%2e%2f%2e%2e%2fetc%2fpasswd HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /%00%ff%fe HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
    "GET /health HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: localhost\r\nX: " + "x" * 200_000 + "\r\n\r\n",
    "GET /" + "a" * 200_000 + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: localhost\r\n" + "".join(f"X{i}: y\r\n" for i in range(5000)) + "\r\n",
    POST + "Content-Length: -1\r\n\r\n{}",
    POST + "Content-Length: 99999999999999999999999\r\n\r\n{}",
    POST + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    POST + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    POST + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n",
    POST + "Content-Length: 60000\r\n\r\n" + "[" * 60_000,
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 100,
    "\r\n" * 10_000,
)


class Counts:
    """What was opened and sent."""

    def __init__(self) -> None:
        self.opened = self.sent = 0


class Connection:
    """One connection of a hostile client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counts: Counts) -> None:
        self._reader, self._writer, self._counts = reader, writer, counts

    async def send(self, content: bytes) -> None:
        """Raises OSError once the server has closed."""
        self._writer.write(content)
        await self._writer.drain()
        self._counts.sent += len(content)
        if self._reader.at_eof():
            raise ConnectionResetError

    async def read(self) -> None:
        """Until the server closes."""
        while await self._reader.read(PIECE):
            pass


async def slow_head(to: Connection) -> None:
    await to.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
    await _drip(to)


async def slow_body(to: Connection) -> None:
    await to.send(f"{POST}Content-Length: 1000000\r\n\r\n".encode())
    await _drip(to)


async def slow_reader(to: Connection) -> None:
    """Asks for much, and reads nothing."""
    await to.send(GET.encode() * 50)
    await asyncio.sleep(3600)


async def large_body(to: Connection) -> None:
    await to.send(f"{POST}Content-Length: {GIB}\r\n\r\n".encode())
    for _ in range(GIB // PIECE):
        await to.send(b" " * PIECE)
    await to.read()


async def large_chunks(to: Connection) -> None:
    await to.send(f"{POST}Transfer-Encoding: chunked\r\n\r\n".encode())
    for _ in range(GIB // PIECE):
        await to.send(b"%x\r\n" % PIECE + b" " * PIECE + b"\r\n")
    await to.read()


async def small_chunks(to: Connection) -> None:
    """Of one byte each."""
    await to.send(f"{POST}Transfer-Encoding: chunked\r\n\r\n".encode())
    piece = b"1\r\n \r\n" * (PIECE // 6)
    for _ in range(6 * GIB // PIECE):
        await to.send(piece)
    await to.read()


async def large_upload(to: Connection) -> None:
    """A body for the documents, which may be larger."""
    await to.send(f"POST /documents?{GIB} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    for _ in range(GIB // PIECE):
        await to.send(b"%x\r\n" % PIECE + b" " * PIECE + b"\r\n")
    await to.read()


async def bad_request(to: Connection) -> None:
    await to.send(random.choice(BAD).encode("latin-1"))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SLOW_S):
            await to.read()


async def _drip(to: Connection) -> None:
    while True:
        await asyncio.sleep(SLOW_S)
        await to.send(b"x")


KINDS: dict[str, Callable[[Connection], Awaitable[None]]] = {
    "slow heads": slow_head,
    "slow bodies": slow_body,
    "who never reads": slow_reader,
    "1 GiB bodies": large_body,
    "1 GiB in chunks": large_chunks,
    "1 GiB in chunks of a byte": small_chunks,
    "1 GiB for the documents": large_upload,
    "what is not valid": bad_request,
}
SLOW = ("slow heads", "slow bodies", "who never reads")
"""Those that cost a client nothing but connections."""


async def attack(port: int, kind: str, n: int, seconds: float) -> Counts:
    """So many connections at a time."""
    counts = Counts()

    async def attacker() -> None:
        for i in itertools.count():
            with contextlib.suppress(OSError):
                sock = socket.socket()
                sock.setblocking(False)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                with contextlib.suppress(OSError):  # not every system has it
                    sock.bind((ADDRESS, 0))
                await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
                reader, writer = await asyncio.open_connection(sock=sock, limit=4096)
                counts.opened += 1
                try:
                    await KINDS[kind](Connection(reader, writer, counts))
                finally:
                    writer.transport.abort()
            await asyncio.sleep(AFTER_REFUSAL_S * min(i + 1, 10))

    attackers = [asyncio.ensure_future(attacker()) for _ in range(n)]
    while counts.opened < n:
        await asyncio.sleep(0.05)
    sys.stdout.write("\n")
    sys.stdout.flush()
    await asyncio.wait(attackers, timeout=seconds)
    return counts


if __name__ == "__main__":
    made = asyncio.run(attack(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
    sys.stdout.write(json.dumps(vars(made)) + "\n")
