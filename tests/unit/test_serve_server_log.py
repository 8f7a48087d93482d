"""The server's own lines: one for each request, with ids and outcomes, and never a text or a key."""

import asyncio
import json
import logging
import threading

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from bakeoff.errors import BakeoffError
from bakeoff.serve import server_log
from bakeoff.serve.guard.guarded import access_of, guarded
from bakeoff.serve.keys import KeyFile
from bakeoff.serve.openai.errors import ApiError
from bakeoff.serve.openai.routes import OpenAiApi, exception_handlers
from bakeoff.serve.request_log import RequestLog
from bakeoff.serve.server_log import Background, Forwarding, ServerLog, to_stderr, trace
from tests.serving import Scripted, running
from tests.unit.asgi_client import scope_of, send_request

SECRET = "Please tell me everything of zyxwv%s in full"


class Lines(list):
    """What a log wrote."""

    def log(self, form: str = "json") -> ServerLog:
        return ServerLog(form, lambda line: self.append(line.decode()))

    def values(self) -> list[dict]:
        return [json.loads(line) for line in self]


def application(folder, log: ServerLog, keys: KeyFile | None = None, requested=lambda method, status: None):
    """The scripted API behind the guards, with a log of requests."""
    from bakeoff.serve.guard.bearer import holder_of

    api = OpenAiApi(Scripted(), lambda request: holder_of(request.scope))
    app = Starlette(routes=api.routes(), exception_handlers=exception_handlers())
    access = access_of("127.0.0.1", keys or KeyFile(folder / "keys.jsonl"))
    return guarded(app, access, lambda inner: RequestLog(inner, log, requested))


def ask(app, words: str = "", headers=(), **more):
    """The response to a question with these words."""
    messages = [{"role": "user", "content": SECRET % words}]
    body = json.dumps({"model": "shop", "messages": messages, **more}).encode()
    sent = [("host", "localhost"), ("content-type", "application/json"), ("x-request-id", "mine"), *headers]
    return send_request(app, "POST", "/v1/chat/completions?zyxwv=1", sent, [body], stays=True)


def test_a_request_is_one_line(tmp_path):
    """With its id, what was asked of whom, how it ended, how long it took, and how much was sent."""
    lines = Lines()
    reply = ask(application(tmp_path, lines.log()))
    (line,) = lines.values()
    assert line.pop("time").endswith("+00:00") and line.pop("ms") > 0
    assert line == {
        "level": "info",
        "event": "request",
        "request_id": "mine",
        "method": "POST",
        "path": "/v1/chat/completions",
        "status": 200,
        "bytes": len(reply.body),
        "contender": "shop",
        "outcome": "answered",
    }


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("words", ["", "unknown", "break at once", "break halfway", "full queue"])
def test_no_line_holds_a_text_or_a_key(tmp_path, form, stream, words):
    """Neither a question's, nor an answer's, nor the values of a query; of a key its name."""
    keys = KeyFile(tmp_path / "keys.jsonl")
    key = keys.add("front-desk", labels=())
    lines = Lines()
    ask(application(tmp_path, lines.log(form), keys), words, [("authorization", f"Bearer {key}")], stream=stream)
    assert len(lines) == 1 and "front-desk" in lines[0]
    for secret in ("zyxwv", "Kettles", "withheld", key):
        assert secret not in lines[0]


@pytest.mark.parametrize(
    ("words", "fields"),
    [
        ("unknown", {"status": 200, "outcome": "declined", "level": "info"}),
        ("break at once", {"status": 500, "outcome": "failed", "level": "error", "error": "error"}),
        ("full queue", {"status": 429, "outcome": "refused", "level": "info", "error": "queue_full"}),
    ],
)
def test_the_line_says_how_the_answer_ended(tmp_path, words, fields):
    lines = Lines()
    ask(application(tmp_path, lines.log()), words)
    (line,) = lines.values()
    assert fields.items() <= line.items()


def test_a_request_that_a_guard_refuses_has_a_line(tmp_path):
    """An unknown key, another host: their status, and no name of a key."""
    keys = KeyFile(tmp_path / "keys.jsonl")
    keys.add("front-desk", labels=())
    lines = Lines()
    app = application(tmp_path, lines.log(), keys)
    ask(app, "", [("authorization", "Bearer sk-zyxwv")])
    send_request(app, "GET", "/x", [("host", "evil.example")])
    assert [(line["status"], line["path"], line.get("key")) for line in lines.values()] == [
        (401, "/v1/chat/completions", None),
        (421, "/x", None),
    ]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/embeddings"])
def test_a_client_that_goes_away_in_its_body_is_no_error_of_the_server(tmp_path, path):
    """One line with the status 499, for people and for metrics; no traceback."""
    lines, counted = Lines(), []
    app = application(tmp_path, lines.log(), requested=lambda method, status: counted.append(status))
    headers = [("host", "localhost"), ("content-type", "application/json")]
    assert send_request(app, "POST", path, headers, [b'{"model": "sh', 0.0]).status == 499
    (line,) = lines.values()
    assert (line["status"], line["level"], counted) == (499, "info", [499])


@pytest.fixture
def forwarded():
    """The lines to which Python's own log goes."""
    lines = Lines()
    handler = Forwarding(lines.log())
    logging.getLogger().addHandler(handler)
    yield lines
    logging.getLogger().removeHandler(handler)


def test_the_cause_of_a_server_error_is_in_the_log_and_not_in_the_reply(tmp_path, forwarded):
    """With the request's id, for every error object of the server's own that another error caused."""

    def failing(request):
        raise ApiError("No documents now; the server's log says why.", status=503) from BakeoffError(
            "The disk is full: /srv/store.sqlite.", "free some space"
        )

    app = Starlette(routes=[Route("/", failing)], exception_handlers=exception_handlers())
    app = guarded(app, access_of("127.0.0.1", KeyFile(tmp_path / "keys.jsonl")))
    reply = send_request(app, "GET", "/", [("host", "localhost"), ("x-request-id", "mine")])
    assert reply.status == 503 and b"/srv" not in reply.body
    (line,) = forwarded.values()
    assert (line["level"], line["request_id"]) == ("error", "mine")
    assert line["message"] == "The disk is full: /srv/store.sqlite. -> free some space"


def test_a_request_that_was_cut_off_gets_an_error_object(tmp_path):
    """When the server stops, and when something fails outside the routes."""

    async def cut_off(scope, receive, send):
        raise asyncio.CancelledError

    app = guarded(cut_off, access_of("127.0.0.1", KeyFile(tmp_path / "keys.jsonl")))
    sent = []

    async def call():
        with pytest.raises(asyncio.CancelledError):
            await app(scope_of("GET", "/", [("host", "localhost")]), None, collected)

    async def collected(event):
        sent.append(event)

    asyncio.run(call())
    assert sent[0]["status"] == 503 and json.loads(sent[1]["body"])["error"]["code"] == "stopping"


def test_a_path_cannot_write_a_line_of_its_own(tmp_path):
    """In text as in JSON; a long one is cut."""
    for form in ("json", "text"):
        lines = Lines()
        app = application(tmp_path, lines.log(form))
        send_request(app, "GET", "/a\n12:00:00 GET /forged 200\x1b[2J", [("host", "localhost")])
        send_request(app, "GET", "/" + "x" * 5000, [("host", "localhost")])
        assert len(lines) == 2 and all(line.count("\n") == 1 and "\x1b" not in line for line in lines)
        assert len(lines[1]) < 1000


def test_a_crash_is_logged_with_its_traceback_and_the_id_of_its_request(tmp_path):
    """The client gets the id and no detail; the HTTP server's record becomes a line of the log."""
    import httpx2

    lines = Lines()
    log = lines.log()
    handler = Forwarding(log)
    logging.getLogger("uvicorn.error").addHandler(handler)
    try:
        with running(application(tmp_path, log)) as url:
            body = {"model": "shop", "messages": [{"role": "user", "content": SECRET % "crash"}]}
            reply = httpx2.post(f"{url}/v1/chat/completions", json=body, headers={"X-Request-ID": "mine"}, timeout=20)
    finally:
        logging.getLogger("uvicorn.error").removeHandler(handler)
    crash = next(line for line in lines.values() if line["event"] == "error")
    assert reply.status_code == 500 and "mine" in reply.json()["error"]["message"]
    assert "ZeroDivisionError" not in reply.text
    assert crash["request_id"] == "mine" and crash["level"] == "error"
    assert crash["traceback"].endswith("ZeroDivisionError") and "serving.py" in crash["traceback"]
    assert not any("zyxwv" in line for line in lines)


def test_a_traceback_names_causes_and_quotes_no_values():
    """The message of a ValueError or a KeyError could hold a text; others are kept."""
    try:
        try:
            int("zyxwv")
        except ValueError as error:
            raise RuntimeError("the engine stopped") from error
    except RuntimeError as error:
        text = trace(error)
    assert "zyxwv" not in text.replace('int("zyxwv")', "")
    assert text.index("ValueError") < text.index("RuntimeError: the engine stopped")
    assert "KeyError" in trace(KeyError("zyxwv")) and "zyxwv" not in trace(KeyError("zyxwv"))


def test_the_error_in_a_group_is_shown():
    assert "OSError: no room" in trace(ExceptionGroup("tasks", [OSError("no room")]))


def test_warnings_of_libraries_become_lines():
    """Errors too; what is less than a warning does not."""
    lines = Lines()
    logger = logging.Logger("some.library")
    logger.addHandler(Forwarding(lines.log()))
    logger.info("nothing")
    logger.warning("look at %s", "this")
    (line,) = lines.values()
    assert (line["event"], line["level"], line["source"], line["message"]) == (
        "message",
        "warning",
        "some.library",
        "look at this",
    )


def test_a_closed_stderr_stops_nothing(monkeypatch):
    """As of a log collector that went away, or of a file on a full disk."""

    class Closed:
        def fileno(self) -> int:
            return 987_654

    monkeypatch.setattr("sys.stderr", Closed())
    to_stderr(b"lost\n")


def test_text_is_for_people(tmp_path):
    """Time, method, path, status; the id only where there is an error to look for."""
    lines = Lines()
    app = application(tmp_path, lines.log("text"))
    ask(app)
    ask(app, "break at once")
    assert "POST /v1/chat/completions 200" in lines[0] and "mine" not in lines[0] and "shop answered" in lines[0]
    assert "ERROR POST /v1/chat/completions 500" in lines[1] and "(request mine)" in lines[1]


def test_a_collector_that_does_not_read_holds_nobody_up(monkeypatch):
    """Lines wait, up to a limit; further ones are dropped and counted. What waited is written when it reads again."""
    monkeypatch.setattr(server_log, "MOST_WAITING", 5)
    reads, written = threading.Event(), []

    def write(line: bytes) -> None:
        reads.wait(20)
        written.append(line)

    lines = Background(write)
    for i in range(50):
        lines(b"%d" % i)
    assert lines.n_dropped >= 44
    reads.set()
    lines.close(20)
    assert len(written) == 50 - lines.n_dropped and written[0] == b"0"
