"""Bad input through the real server: the right status, a text that says what is wrong, and good clients unharmed."""

import contextlib
import http.client
import json
import resource
import shutil
import signal
import socket
import threading
import time

import pytest

import bakeoff
from tests.end_to_end.server_process import Server, free_port
from tests.end_to_end.small import bakeoff as command
from tests.end_to_end.small import make

QUESTION = "How long is a year on Golth?"
GOOD = {"model": "rag", "messages": [{"role": "user", "content": QUESTION}]}
CHAT = "/v1/chat/completions"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of one finished run."""
    folder = tmp_path_factory.mktemp("planets")
    bakeoff.run(make(folder, contenders=["rag"]), runs=folder / "runs")
    return folder


@pytest.fixture
def folder(finished, tmp_path):
    """A copy of it that a test may change."""
    return shutil.copytree(finished, tmp_path / "copy", ignore=shutil.ignore_patterns("deployments", "stderr*"))


@pytest.fixture(scope="module")
def server(finished):
    serving = Server(finished).wait()
    yield serving
    _, said = serving.stop()
    assert "Traceback" not in said and '"traceback"' not in said
    assert [line["status"] for line in serving.lines() if line.get("status", 0) >= 500] == []


def post(server: Server, body: bytes, path: str = CHAT, headers=JSON) -> tuple[int, dict]:
    """The status and the value of the reply."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    with contextlib.closing(connection):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            # A server that refuses a body by its length may close before all of it was sent.
            connection.request("POST", path, body, headers)
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())


def about(content, **more) -> bytes:
    return json.dumps({**GOOD, "messages": [{"role": "user", "content": content}], **more}).encode()


MANY = [{"role": ("user", "assistant")[i % 2], "content": f"Question {i}?"} for i in range(9_999)]


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"{", 400, "not JSON"),
        (b"", 400, "empty"),
        (b"[1]", 400, "a list"),
        (b"null", 400, "null"),
        (b'{"model": "rag", "messages": NaN}', 400, "not JSON"),
        (b"\xff\xfe{}", 400, "not UTF-8"),
        (about("x").replace(b"x", b"\xed\xa0\x80"), 400, "not UTF-8"),
        (about(r"x").replace(b'"x"', rb'"half \ud800 a character"'), 400, "not JSON"),
        (about("x" * 2**20), 400, "1,048,576 characters"),
        (about("x" * 3 * 2**20), 413, "larger than"),
        (about("x")[:-1] + b', "deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, "not JSON"),
        (about("x")[:-1] + b', "n": 1' + b"0" * 5000 + b"}", 400, "out of range"),
        (about("x")[:-1] + b', "n": 1e999}', 400, "'n'"),
        (about("x", n=2), 400, "one answer"),
        (about("x", stream="yes"), 400, "'stream'"),
        (about([{"type": "image_url", "image_url": {"url": "https://x.example/y.png"}}]), 400, "image_url"),
        (about(" \n"), 400, "no question"),
        (about(QUESTION, messages=[]), 400, "'messages'"),
        (about(QUESTION, model="gpt-9"), 404, "rag"),
        (about(QUESTION, model="\x00" * 3), 404, "does not exist"),
        (about(QUESTION, model=7), 400, "'model'"),
    ],
)
def test_a_bad_body_gets_its_status_and_a_clear_text(server, body, status, words):
    """As an error object of OpenAI. A good client is answered afterwards."""
    got, value = post(server, body)
    assert got == status, value
    assert words in value["error"]["message"] and set(value["error"]) == {"message", "type", "param", "code"}
    assert server.ask(QUESTION, "rag")["bakeoff"]["answer"] == "63 days"


def test_ten_thousand_messages_are_a_conversation(server):
    """Only the last question is answered."""
    body = json.dumps({**GOOD, "messages": [*MANY, {"role": "user", "content": QUESTION}]}).encode()
    status, value = post(server, body)
    assert status == 200 and value["bakeoff"]["answer"] == "63 days"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (CHAT, {}, 415),
        (CHAT, {"Content-Type": "text/plain"}, 415),
        ("/v1/nothing", JSON, 404),
        ("/health", JSON, 405),
        (CHAT, {**JSON, "Host": "evil.example"}, 421),
        (CHAT, {**JSON, "Origin": "https://evil.example"}, 403),
        (CHAT, {**JSON, "Content-Length": "x"}, 400),
        (CHAT, {**JSON, "X-Forwarded-For": "192.0.2.1"}, 403),
    ],
)
def test_a_bad_head_gets_its_status(server, path, headers, status):
    """Content types, addresses, methods, hosts, origins, lengths, proxies."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    with contextlib.closing(connection):
        connection.request("POST", path, json.dumps(GOOD), headers)
        assert connection.getresponse().status == status


@pytest.mark.parametrize(
    "path", ["/v1/models/%ff%00%0a..%2f", "/history?n=999999999999", "/log/export?form=%00", "/web/..%2fx"]
)
def test_a_bad_address_is_the_clients_fault(server, path):
    """Never the server's."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", path)
        assert connection.getresponse().status in (400, 404)


def test_good_clients_are_answered_beside_500_that_send_nothing(server):
    """And beside ones that have sent half of a head or of a body; at no moment is a good one refused."""
    body = json.dumps(GOOD)
    halves = (b"", b"POST /v1/chat", f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\nx".encode())
    silent = []
    with contextlib.ExitStack() as stack:
        for i in range(500):
            silent.append(stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=60)))
            silent[-1].sendall(halves[i % 3] if i % 10 == 0 else b"")
        replies: list[int] = []
        threads = [threading.Thread(target=lambda: replies.append(post(server, body.encode())[0])) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert replies == [200] * 20


def full(n_bytes: int):
    """Sets in the new process how large a file may become: what exceeds it is an error, as on a full disk."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

    return limit


def test_answers_go_on_while_the_disk_is_full(folder):
    """/health and a line say that the log cannot be written; when the server stops it says how many were lost."""
    Server(folder).wait().stop()  # what is copied once is there
    log = folder / "deployments" / "planets" / "log.sqlite"
    server = Server(folder, limits=full(log.stat().st_size + 8_192)).wait()
    for _ in range(30):
        assert server.ask(QUESTION, "rag")["bakeoff"]["answer"] == "63 days"
    deadline = time.monotonic() + 60
    while server.get("/health")["log"] == "ok" and time.monotonic() < deadline:
        assert server.ask(QUESTION, "rag")["bakeoff"]["answer"] == "63 days"
    health = server.get("/health")
    assert (health["status"], health["log"]) == ("ok", "failing")
    warning = next(line for line in server.lines() if line["level"] == "warning")
    assert "The disk could not be used" in warning["message"]
    status, said = server.stop()
    assert status == 1 and "entries of" in said and "were lost: The disk could not" in said and "ulimit -f" in said
    again = Server(folder).wait()
    assert again.get("/health")["log"] == "ok"
    assert again.stop()[0] == 0


def test_a_full_disk_at_the_first_start_is_one_message(folder):
    """Nothing half made is served afterwards."""
    limited = Server(folder, limits=full(4_096))
    limited.process.wait(timeout=60)
    assert limited.process.returncode == 1
    assert limited.said().startswith("bakeoff: ") and "ulimit -f" in limited.said()
    assert "Traceback" not in limited.said()
    assert Server(folder).wait().stop()[0] == 0


def test_a_missing_adapter_is_named(folder):
    """A tuned contender whose adapter is gone is refused when the server starts."""
    path = folder / "runs" / "planets" / "contenders" / "rag" / "contender.json"
    built = json.loads(path.read_text())
    built["spec"]["recipe"] = "hybrid"
    path.write_text(json.dumps(built))
    done = command("serve", "planets", "-c", "rag", "--port", str(free_port()), cwd=folder)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "adapters" in done.stderr and "is missing or empty" in done.stderr
