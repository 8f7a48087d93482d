"""A real server on loopback: silent, slow and malformed clients are closed, and good clients are served meanwhile."""

import asyncio
import contextlib
import json
import select
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

uvicorn = pytest.importorskip("uvicorn")

from bakeoff.serve.guard.body import BodyLimits  # noqa: E402
from bakeoff.serve.guard.connections import ConnectionLimits, Refused, connection_class  # noqa: E402
from bakeoff.serve.guard.guarded import access_of, guarded  # noqa: E402
from bakeoff.serve.keys import KeyFile  # noqa: E402
from tests.unit.asgi_client import echo  # noqa: E402

LIMITS = ConnectionLimits(head_s=0.6, write_s=0.6, max_silent=40)
GOOD = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
KEPT = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
endless_stopped, silent_stopped = threading.Event(), threading.Event()


async def application(scope, receive, send):
    """Answers with the size of the body; at /endless and /silent, with a stream that ends when the client goes away."""
    if scope["type"] == "lifespan":
        return
    if scope["path"] == "/crash":
        raise ZeroDivisionError
    if scope["path"] not in ("/endless", "/silent"):
        await echo(scope, receive, send)
        return
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/silent":
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await receive()
        silent_stopped.set()
        return
    gone = asyncio.ensure_future(receive())
    while not gone.done():
        await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
        await asyncio.sleep(0)
    endless_stopped.set()


@contextlib.contextmanager
def serving(
    folder: Path,
    limits: ConnectionLimits,
    refused: Refused = lambda status, reason, request_id: None,
    most_bytes: int = 1000,
) -> Iterator[int]:
    """The port of a guarded server on loopback, without keys."""
    keys = KeyFile(folder / "keys.jsonl")
    app = guarded(application, access_of("127.0.0.1", keys, body=BodyLimits(max_bytes=most_bytes, idle_s=0.4)))
    config = uvicorn.Config(
        app, http=connection_class(limits, refused), ws="none", lifespan="off", log_config=None, timeout_keep_alive=60
    )
    server, listening = uvicorn.Server(config), socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def port(tmp_path_factory) -> Iterator[int]:
    with serving(tmp_path_factory.mktemp("keys"), LIMITS) as number:
        yield number


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def received(client: socket.socket) -> bytes:
    """Everything until the server closes."""
    pieces = []
    with contextlib.suppress(ConnectionResetError):
        while piece := client.recv(65_536):
            pieces.append(piece)
    return b"".join(pieces)


def asked(port: int, request: bytes) -> bytes:
    with connect(port) as client:
        client.sendall(request)
        return received(client)


def test_a_good_client_is_answered_beside_hundreds_that_send_nothing(port):
    """All of them are closed in the end."""
    silent = [connect(port) for _ in range(300)]
    assert asked(port, GOOD).startswith(b"HTTP/1.1 200")
    assert [received(client) for client in silent] == [b""] * 300
    assert asked(port, GOOD).startswith(b"HTTP/1.1 200")


def test_of_many_silent_connections_the_oldest_are_closed_at_once(tmp_path):
    """Long before their time is up; the newest stay, and so does a request in progress."""
    with serving(tmp_path, ConnectionLimits(head_s=600, max_silent=5)) as number, connect(number) as busy:
        busy.sendall(b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert busy.recv(100).startswith(b"HTTP/1.1 200")
        silent = [connect(number) for _ in range(20)]
        assert [received(client) for client in silent[:15]] == [b""] * 15
        assert select.select(silent[15:], [], [], 0.1)[0] == []
        assert busy.recv(100)
        assert asked(number, GOOD).startswith(b"HTTP/1.1 200")
        for client in silent:
            client.close()


def test_hundreds_of_good_clients_that_come_at_once_are_all_answered(tmp_path):
    """They are connected before the server has read what any of them asks."""
    with serving(tmp_path, ConnectionLimits(max_silent=5)) as number:
        clients = [connect(number) for _ in range(100)]
        for client in clients:
            client.sendall(GOOD)
        assert all(received(client).startswith(b"HTTP/1.1 200") for client in clients)
        for client in clients:
            client.close()


def one_response(client: socket.socket) -> bytes:
    """The next response of a kept connection, up to its last chunk."""
    read = b""
    while not read.endswith(b"0\r\n\r\n"):
        read += client.recv(65_536)
    return read


def is_closed_while_sending(client: socket.socket, pieces: bytes) -> bool:
    """Sends byte by byte, a thousand at most. Whether the server closes meanwhile."""
    for i in range(1000):
        try:
            client.sendall(pieces[i : i + 1] or b"x")
            if select.select([client], [], [], 0.02)[0] and client.recv(1, socket.MSG_PEEK) == b"":
                return True
        except ConnectionError:
            return True
    return False


@pytest.mark.parametrize("n_before", [0, 1])
def test_a_head_that_comes_byte_by_byte_is_not_awaited_for_ever(port, n_before):
    """The first request of a connection, and a later one."""
    with connect(port) as client:
        for _ in range(n_before):
            client.sendall(KEPT)
            assert one_response(client).startswith(b"HTTP/1.1 200")
        assert is_closed_while_sending(client, b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")


def test_a_kept_connection_that_rests_between_requests_stays_open(port):
    """The limit for the head begins with its first byte."""
    with connect(port) as client:
        for _ in range(2):
            client.sendall(KEPT)
            assert one_response(client).startswith(b"HTTP/1.1 200")
            time.sleep(2 * LIMITS.head_s)


def test_a_client_that_does_not_read_its_stream_is_closed(port):
    """The application learns it and stops the model."""
    endless_stopped.clear()
    with connect(port) as client:
        client.sendall(b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert endless_stopped.wait(20)


LARGE = b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ".ljust(300_000, b"x")
NO_HTTP = [
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    (b"GET\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization sk-secret\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: sk-secret\x00\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (LARGE[:65_537], 431),
    (LARGE, 431),
    (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
    (CHUNKED + b"zz\r\n", 400),
]
REFUSED = [
    (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n", 413),
    (CHUNKED + 2 * (b"2bc\r\n" + b"x" * 700 + b"\r\n"), 413),
    (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\nonly this", 408),
    (b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", 421),
    (b"GET / HTTP/1.0\r\n\r\n", 400),
    (b"GET /crash HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 500),
]


@pytest.mark.parametrize(("request_bytes", "status"), [*NO_HTTP, *REFUSED])
def test_a_malformed_or_slow_request_gets_its_status_and_an_error_object(port, request_bytes, status):
    """And its connection is closed, in plain words. Good clients are served afterwards."""
    head, _, body = asked(port, request_bytes).partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    lines = head.lower().splitlines()
    assert b"content-type: application/json" in lines and b"x-content-type-options: nosniff" in lines
    assert any(line.startswith(b"x-request-id: ") for line in lines)
    error = json.loads(body[body.index(b"{") : body.rindex(b"}") + 1])["error"]
    assert error["message"] and error["type"] == ("invalid_request_error" if status < 500 else "server_error")
    assert asked(port, GOOD).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(("request_bytes", "status"), NO_HTTP)
def test_what_is_no_http_is_told_with_its_reason_and_without_its_bytes(tmp_path, request_bytes, status):
    """Once, with the id that the response has: a header may hold a key."""
    told = []
    with serving(tmp_path, LIMITS, lambda *words: told.append(words)) as number:
        response = asked(number, request_bytes)
    ((told_status, reason, request_id),) = told
    assert told_status == status and len(reason) > 20 and "secret" not in reason
    assert request_id.encode() in response


def test_a_body_that_turns_wrong_after_the_response_began_ends_the_connection(tmp_path, caplog):
    """There is nothing to send any more; the application learns it, and no error of the server's own is logged."""
    endless_stopped.clear()
    begun = b"POST /endless HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"
    with serving(tmp_path, LIMITS) as number, connect(number) as client:
        client.sendall(begun)
        assert client.recv(100).startswith(b"HTTP/1.1 200")
        client.sendall(b"zz\r\n")
        received(client)
        assert endless_stopped.wait(20)
    assert not caplog.records


def test_a_path_with_odd_bytes_is_a_request(port):
    """Percent-encoded, they are data of the application."""
    odd = b"GET /%00%ff/../x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert asked(port, odd).startswith(b"HTTP/1.1 200")


def test_a_client_that_leaves_is_seen_to_leave_though_it_sent_its_next_request(port):
    """uvicorn reads no further while a next request waits; the work for the first one would go on."""
    with connect(port) as client:
        client.sendall(b"GET /silent HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200")
        client.sendall(KEPT)
        time.sleep(0.2)
    assert silent_stopped.wait(20)


def test_a_body_in_very_many_tiny_chunks_is_refused(tmp_path):
    """Each costs as much as a large one; as many of a good size are read, and so are a few tiny ones."""
    with serving(tmp_path, LIMITS, most_bytes=10**6) as number:
        said = asked(number, CHUNKED + b"1\r\nx\r\n" * 2000 + b"0\r\n\r\n")
        assert said.startswith(b"HTTP/1.1 400") or said == b""
        for n, chunk in ((2000, b"100\r\n" + b"x" * 256 + b"\r\n"), (500, b"1\r\nx\r\n")):
            with connect(number) as client:
                client.sendall(CHUNKED + chunk * n + b"0\r\n\r\n")
                assert client.recv(100).startswith(b"HTTP/1.1 200")


def test_requests_that_are_sent_ahead_wait_for_their_turn_and_hold_up_nobody(tmp_path):
    """All are answered in order, at the pace that is allowed; who sends one at a time is answered at once."""
    with serving(tmp_path, ConnectionLimits(ahead_per_s=20)) as number, connect(number) as ahead:
        begun = time.monotonic()
        ahead.sendall(KEPT * 39 + GOOD)
        others = [asked(number, GOOD) for _ in range(5)]
        quick_s = time.monotonic() - begun
        assert received(ahead).count(b"HTTP/1.1 200") == 40
        lasted_s = time.monotonic() - begun
    assert all(reply.startswith(b"HTTP/1.1 200") for reply in others)
    assert lasted_s >= 38 / 20 > quick_s


def test_who_leaves_while_its_next_request_waits_costs_nothing(tmp_path):
    """Its place in the row passes, and others are answered meanwhile."""
    with serving(tmp_path, ConnectionLimits(ahead_per_s=2)) as number:
        for _ in range(3):
            with connect(number) as ahead:
                ahead.sendall(KEPT * 50)
                assert ahead.recv(65_536).startswith(b"HTTP/1.1 200")
        assert asked(number, GOOD).startswith(b"HTTP/1.1 200")
