"""How a served run stops: answers in progress are finished, nothing new is taken; a second signal ends it at once."""

import http.client
import json
import signal
import socket
import sqlite3
import time
import urllib.request

import pytest

import bakeoff
from tests.end_to_end.server_process import Server
from tests.end_to_end.small import make

QUESTION = "How long is a year on Golth?"
PACE_S = "0.5"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One finished run whose answers are written word by word, with pauses if the server is told so."""
    folder = tmp_path_factory.mktemp("planets")
    models = {"generator": "tests.end_to_end.small.paced", "embedder": "hash"}
    bakeoff.run(make(folder, contenders=["rag"], models=models), runs=folder / "runs")
    return folder


def ask(server: Server):
    """A stream that has begun: its first event was read."""
    body = json.dumps({"model": "rag", "stream": True, "messages": [{"role": "user", "content": QUESTION}]}).encode()
    request = urllib.request.Request(server.url + "/v1/chat/completions", body, {"Content-Type": "application/json"})
    reply = urllib.request.urlopen(request, timeout=60)
    assert reply.readline().startswith(b"data: ")
    return reply


def text_of(stream: bytes) -> str:
    """The text in the events of a stream."""
    events = [json.loads(line[6:]) for line in stream.splitlines() if line.startswith(b"data: {")]
    return "".join(choice["delta"].get("content", "") for event in events for choice in event["choices"])


def logged(folder) -> list[dict]:
    """What the log holds, read when the server has gone."""
    with sqlite3.connect(folder / "deployments" / "planets" / "log.sqlite") as connection:
        rows = connection.execute("SELECT body FROM entries ORDER BY number DESC").fetchall()
    return [json.loads(body) for (body,) in rows]


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_a_stream_in_progress_is_finished_and_logged(folder, sig):
    """The whole answer arrives, new connections are refused, the exit code is 0, and the lines say what happened."""
    server = Server(folder, BAKEOFF_TEST_PACE=PACE_S).wait()
    n_before = len(logged(folder))
    stream = ask(server)
    for _ in range(2):  # as `timeout` does: to the process and to its group
        server.process.send_signal(sig)
    wait_until_closed(server.port)
    rest = stream.read()
    assert text_of(rest).startswith("63 days") and rest.endswith(b"data: [DONE]\n\n")
    assert server.process.wait(timeout=60) == 0
    newest, *others = logged(folder)
    assert len(others) == n_before and newest["text"] == "63 days" and newest["error"] is None
    events = [line["event"] for line in server.lines()]
    assert events[0] == "start" and events[-3:] == ["stopping", "request", "stopped"]
    assert server.lines()[-3]["signal"] == sig.name and server.lines()[-2]["outcome"] == "answered"


def wait_until_closed(port: int) -> None:
    """Until a new connection is refused: at the latest a little after the signal."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            return
        time.sleep(0.02)
    raise AssertionError("the port is still open")


def test_an_answer_that_takes_too_long_is_cut_off_and_logged(folder):
    """After the grace: the stream ends without its end, and the log says that the answer was not given."""
    server = Server(folder, "--grace", "0.1", BAKEOFF_TEST_PACE="3").wait()
    stream = ask(server)
    server.process.send_signal(signal.SIGTERM)
    with pytest.raises(http.client.IncompleteRead):
        stream.read()
    assert server.process.wait(timeout=60) == 0
    assert logged(folder)[0]["error"].startswith("cancelled")
    request = next(line for line in server.lines() if line.get("outcome"))
    assert request["outcome"] == "cancelled"


def test_a_second_signal_ends_it_at_once(folder):
    """Long before the answer in progress would end."""
    server = Server(folder, "--grace", "600", BAKEOFF_TEST_PACE="60").wait()
    body = json.dumps({"model": "rag", "messages": [{"role": "user", "content": QUESTION}]})
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(f"{head}Content-Type: application/json\r\n\r\n{body}".encode())
        while "bakeoff_answers_running 1" not in metrics(server):
            time.sleep(0.02)
        server.process.send_signal(signal.SIGTERM)
        wait_until_closed(server.port)
        time.sleep(1.1)  # a signal that follows at once is taken for the same one
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=30) == 128 + signal.SIGTERM


def metrics(server: Server) -> str:
    with urllib.request.urlopen(server.url + "/metrics", timeout=30) as reply:
        return reply.read().decode()


def test_a_server_that_nobody_asks_stops_at_once_with_0(folder):
    server = Server(folder, "--log-format", "text").wait()
    status, said = server.stop()
    assert status == 0
    assert "Serving rag" in said and "Traceback" not in said and "GET /health 200" in said
