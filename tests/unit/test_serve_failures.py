"""What clients and the server's own lines learn of an answer that failed: a status that fits, and no address."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from bakeoff.contenders.direct import Direct
from bakeoff.contenders.streaming import stream_of
from bakeoff.errors import BakeoffError, ContenderError, RunFolderError, StoreGoneError, TooLongError, error_line
from bakeoff.models.engines.openai import OpenAiGenerator
from bakeoff.models.prompts import CLOSED_BOOK
from bakeoff.models.providers.embeddings import ApiEmbedder
from bakeoff.models.settings import ApiModel
from bakeoff.protocols import Contender
from bakeoff.records import Answer, GenerationSettings, Labels, Question
from bakeoff.serve.answering import Asked
from bakeoff.serve.guard.guarded import access_of, guarded
from bakeoff.serve.keys import Holder, KeyFile
from bakeoff.serve.metrics import Gauge, Metrics
from bakeoff.serve.openai.routes import OpenAiApi, exception_handlers
from bakeoff.serve.request_log import RequestLog
from bakeoff.serve.server_log import Forwarding, ServerLog
from tests.fake_api import FakeApi, Fault
from tests.serving import Scripted

QUESTION = "How long is the zyxwv under warranty?"
SETTINGS = GenerationSettings(max_new_tokens=8)


class Asking(Scripted):
    """Answers with one contender."""

    def __init__(self, contender: Contender) -> None:
        super().__init__()
        self.contender = contender

    def answer(self, asked: Asked, labels: Labels) -> Iterator[str | Answer]:
        yield from stream_of(self.contender, Question(id=asked.id, text=asked.question, fact=asked.id))


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """All that the server writes of itself."""
    written: list[str] = []
    handler = Forwarding(ServerLog("json", lambda line: written.append(line.decode())))
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


def client_of(answering: Scripted, lines: list[str], folder: Any) -> TestClient:
    api = OpenAiApi(answering, lambda request: Holder(name="test", labels=None))
    app: Any = Starlette(routes=api.routes(), exception_handlers=exception_handlers())
    log = ServerLog("json", lambda line: lines.append(line.decode()))
    access = access_of("127.0.0.1", KeyFile(folder / "keys.jsonl"))
    app = guarded(app, access, lambda inner: RequestLog(inner, log, lambda method, status: None))
    return TestClient(app, base_url="http://localhost", raise_server_exceptions=False)


def ask(client: TestClient, stream: bool = False) -> Any:
    messages = [{"role": "user", "content": QUESTION}]
    return client.post("/v1/chat/completions", json={"model": "shop", "messages": messages, "stream": stream})


def model(url: str, **more: Any) -> ApiModel:
    return ApiModel(api="openai", base_url=url, model="m", retries=0, **more)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("decline_below", [None, -9.0])
@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (None, 502, "model_unavailable"),
        (Fault(status=500, body=QUESTION), 502, "model_unavailable"),
        (Fault(status=401, body=QUESTION), 502, "model_unavailable"),
        (Fault(status=402, body=QUESTION), 502, "model_unavailable"),
        (Fault("error inside"), 502, "model_unavailable"),
        (Fault(status=429, body=QUESTION), 503, "model_busy"),
        (Fault(status=503, body=QUESTION), 503, "model_busy"),
        (Fault(status=504, body=QUESTION), 504, "model_timeout"),
    ],
)
def test_a_model_behind_a_server_that_fails_is_a_bad_gateway(
    tmp_path: Any,
    lines: list[str],
    fault: Fault | None,
    status: int,
    code: str,
    decline_below: float | None,
    stream: bool,
) -> None:
    """In one piece or streaming, with a threshold or without; its address stands in the server's log alone."""
    with FakeApi(fault=fault) as api:
        url = api.url
        generator = OpenAiGenerator(model(url), first_wait_s=0.001)
        if fault is None:
            api.close()
        client = client_of(Asking(Direct("shop", generator, CLOSED_BOOK, SETTINGS, decline_below)), lines, tmp_path)
        reply = ask(client, stream)
    if reply.status_code == 200:  # the first piece had been sent before the model's server failed
        assert stream and fault == Fault("error inside")
        error = json.loads(reply.text.split("data: ")[-2])["error"]
    else:
        error = reply.json()["error"]
        assert reply.status_code == status
        assert ("Retry-After" in reply.headers) == (status == 503)
    assert (error["code"], error["type"]) == (code, "server_error")
    assert "127.0.0.1" not in reply.text and "Errno" not in reply.text
    (line,) = [json.loads(line) for line in lines]
    assert line["outcome"] == "failed" and line["error"].startswith("Api")
    assert fault == Fault("error inside") or url in line["error"]
    assert "zyxwv" not in str(lines)


def test_an_embedder_behind_a_server_that_fails_is_a_bad_gateway(tmp_path: Any, lines: list[str]) -> None:
    """It is asked outside of answers, too."""
    with FakeApi() as api:
        answering = Scripted()
        embedder: Any = ApiEmbedder(model(api.url))
        answering.embedder = embedder
        client = client_of(answering, lines, tmp_path)
        sent = {"model": embedder.name, "input": "zyxwv"}
        assert client.post("/v1/embeddings", json=sent).status_code == 200
        api.fault = Fault(status=500, body=QUESTION)
        reply = client.post("/v1/embeddings", json=sent)
        assert (reply.status_code, reply.json()["error"]["code"]) == (502, "model_unavailable")
        assert "127.0.0.1" not in reply.text and "zyxwv" not in str(lines)
        assert any(f"{api.url}/embeddings answered 500" in line for line in lines)


class Failing:
    """Raises an error, or gives it in place of its answer."""

    name = "shop"

    def __init__(self, error: Exception, raises: bool) -> None:
        self._error, self._raises = error, raises

    def answer(self, questions: Any) -> list[Answer]:
        if self._raises:
            raise self._error
        return [Answer(question_id=one.id, contender="shop", error=error_line(self._error)) for one in questions]


@pytest.mark.parametrize("raises", [True, False])
def test_a_question_that_is_too_long_is_the_askers_to_shorten(tmp_path: Any, lines: list[str], raises: bool) -> None:
    """The remedy for the operator is not shown; nothing failed."""
    error = TooLongError("A prompt of 9,000 tokens does not fit.", "lower retrieval.k")
    reply = ask(client_of(Asking(Failing(error, raises)), lines, tmp_path))
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "context_length_exceeded")
    assert "shorten the question" in reply.text and "retrieval" not in reply.text
    (line,) = [json.loads(line) for line in lines]
    assert (line["level"], line["outcome"], line["error"]) == ("info", "refused", "TooLongError")


def test_documents_that_are_gone_for_a_moment_are_told_as_such(tmp_path: Any, lines: list[str]) -> None:
    """In an answer and elsewhere; what is gone stands in the log alone."""
    for kind in (StoreGoneError, RunFolderError, BakeoffError):  # a bucket, a damaged file, a folder that was moved
        gone = kind("The documents in s3://zyxwv cannot be read.", "wait")
        reply = ask(client_of(Asking(Failing(gone, raises=True)), lines, tmp_path))
        assert (reply.status_code, reply.json()["error"]["code"]) == (503, "unavailable")
        assert reply.headers["Retry-After"] and "zyxwv" not in reply.text

    def fail(request: Request) -> Response:
        raise RunFolderError("/srv/zyxwv/store.sqlite is gone.", "put it back")

    app = Starlette(routes=[Route("/health", fail)], exception_handlers=exception_handlers())
    reply = TestClient(app, raise_server_exceptions=False).get("/health")
    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "unavailable")
    assert reply.headers["Retry-After"] and "zyxwv" not in reply.text


def test_metrics_leave_out_a_gauge_that_cannot_be_read() -> None:
    def fail() -> float:
        raise RunFolderError("The store is gone.")

    text = Metrics(
        [Gauge(name="gone", help="Gone.", read=fail), Gauge(name="there", help="There.", read=lambda: 7)]
    ).text()
    assert "there 7" in text and "gone" not in text.casefold().replace("there", "")


def test_what_failed_inside_is_in_the_log_with_its_place_and_not_in_the_reply(tmp_path: Any, lines: list[str]) -> None:
    """A class of a team's own: the traceback without the words of errors that quote."""
    try:
        try:
            raise ValueError(QUESTION)
        except ValueError as cause:
            raise ContenderError(f"'shop' failed with ValueError: {cause}") from cause
    except ContenderError as error:
        reply = ask(client_of(Asking(Failing(error, raises=True)), lines, tmp_path))
    assert (reply.status_code, reply.json()["error"]["code"]) == (500, "answering_failed")
    assert "ValueError" not in reply.text and "zyxwv" not in str(lines)
    traced, line = (json.loads(line) for line in lines)
    assert "test_serve_failures.py" in traced["traceback"] and traced["traceback"].strip().endswith("ContenderError")
    assert traced["request_id"] == line["request_id"] and line["error"] == "ContenderError"
