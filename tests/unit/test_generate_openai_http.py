"""The HTTP engine against a small server on this machine: order, retries, refusals, what it reads and sends."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bakeoff.errors import ConfigError, ModelUnavailableError
from bakeoff.models.engines.openai_http import OpenAiGenerator
from bakeoff.records import GenerationSettings, Message, Prompt

Reply = tuple[int, bytes, dict[str, str]]


class Server:
    """Answers with what `reply(body, number of the request)` gives, and keeps what it was asked."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[Any] = []
        self.reply: Callable[[dict[str, Any], int], Reply] = lambda body, n: said(body["messages"][-1]["content"])
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with outer._lock:
                    outer.bodies.append(body)
                    outer.headers.append(self.headers)
                    number = len(outer.bodies)
                status, content, headers = outer.reply(body, number)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Silent."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def generator(self, **more: Any) -> OpenAiGenerator:
        return OpenAiGenerator(self.url, "m", **{"first_wait_s": 0.01, "timeout_s": 5.0, **more})


def said(text: str, **more: Any) -> Reply:
    choice = {"message": {"role": "assistant", "content": text}, **more.pop("choice", {})}
    return 200, json.dumps({"choices": [choice], **more}).encode(), {}


def failed(status: int, words: str = "no", **headers: str) -> Reply:
    return status, words.encode(), headers


def ask(*texts: str) -> list[Prompt]:
    return [Prompt(messages=(Message(role="user", content=text),)) for text in texts]


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.http.shutdown()
    one.http.server_close()


def test_completions_come_in_the_order_of_the_prompts(server: Server) -> None:
    """Twenty prompts asked several at a time come back each in its own place."""
    texts = [f"number {i}" for i in range(20)]
    assert [one.text for one in server.generator().generate(ask(*texts), GenerationSettings(max_new_tokens=5))] == texts


def test_what_is_sent(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Model, messages, limit, temperature 0, and the key of the named variable; no key, no header."""
    monkeypatch.setenv("MY_KEY", "secret")
    server.generator(api_key_env="MY_KEY").generate(ask("hello"), GenerationSettings(max_new_tokens=7))
    body = server.bodies[0]
    assert (body["model"], body["max_tokens"], body["temperature"]) == ("m", 7, 0)
    assert body["messages"] == [{"role": "user", "content": "hello"}]
    assert server.headers[0]["Authorization"] == "Bearer secret"
    server.generator(api_key_env="NOT_SET_ANYWHERE").generate(ask("hello"), GenerationSettings(max_new_tokens=7))
    assert server.headers[1]["Authorization"] is None


def test_usage_and_logprobs_are_the_servers(server: Server) -> None:
    """Token counts come from the reply, and the log-probability is the mean over its tokens."""
    logprobs = {"logprobs": {"content": [{"logprob": -1.0}, {"logprob": -3.0}]}}
    counted = {"prompt_tokens": 11, "completion_tokens": 2}
    server.reply = lambda body, n: said("a b", choice=logprobs, usage=counted)
    (completion,) = server.generator().generate(ask("q"), GenerationSettings(max_new_tokens=5))
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (11, 2)
    assert completion.logprob == -2.0
    assert 0 < completion.usage.seconds < 5


def test_without_usage_tokens_are_estimated(server: Server) -> None:
    """A server that counts nothing: a token for every four characters, and no log-probability."""
    server.reply = lambda body, n: said("12345")
    (completion,) = server.generator().generate(ask("12345678"), GenerationSettings(max_new_tokens=5))
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (2, 2)
    assert completion.logprob is None


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(server: Server, status: int) -> None:
    """Two failures and then an answer: the answer counts."""
    server.reply = lambda body, n: failed(status) if n < 3 else said("at last")
    (completion,) = server.generator().generate(ask("q"), GenerationSettings(max_new_tokens=5))
    assert (completion.text, completion.error, len(server.bodies)) == ("at last", None, 3)


def test_the_wait_that_a_server_asks_for_is_kept(server: Server) -> None:
    """Retry-After comes before the engine's own waits."""
    server.reply = lambda body, n: failed(429, **{"Retry-After": "0.3"}) if n == 1 else said("ok")
    (completion,) = server.generator(first_wait_s=0.0).generate(ask("q"), GenerationSettings(max_new_tokens=5))
    assert completion.text == "ok" and completion.usage.seconds >= 0.3


def test_retries_end(server: Server) -> None:
    """A server that stays broken is asked retries + 1 times; then the completion has the error."""
    server.reply = lambda body, n: failed(500, "broken for good")
    (completion,) = server.generator(retries=2).generate(ask("q"), GenerationSettings(max_new_tokens=5))
    assert len(server.bodies) == 3
    assert completion.text == "" and completion.error and "500: broken for good" in completion.error


@pytest.mark.parametrize("status", [400, 422])
def test_a_server_that_refuses_logprobs_is_asked_without(server: Server, status: int) -> None:
    """Once for the first prompt, never again for the others; the answers count, without a log-probability."""
    server.reply = lambda body, n: failed(status, "unknown: logprobs") if "logprobs" in body else said("ok")
    generator = server.generator(concurrency=1)
    completions = generator.generate(ask("a", "b", "c"), GenerationSettings(max_new_tokens=5))
    assert [(one.text, one.error, one.logprob) for one in completions] == [("ok", None, None)] * 3
    assert ["logprobs" in body for body in server.bodies] == [True, False, False, False]


def test_one_refused_prompt_does_not_cost_the_others(server: Server) -> None:
    """A 400 is asked again without log-probabilities only, its own prompt alone fails, the others keep theirs."""
    server.reply = lambda body, n: failed(400, "bad") if body["messages"][0]["content"] == "b" else said("ok")
    generator = server.generator(concurrency=1)
    first, second, third = generator.generate(ask("a", "b", "c"), GenerationSettings(max_new_tokens=5))
    assert (first.text, third.text) == ("ok", "ok")
    assert ["logprobs" in body for body in server.bodies] == [True, True, False, True]
    assert second.error and "400: bad" in second.error


@pytest.mark.parametrize(
    "content", [b"not json", b"[1]", b"{}", b'{"choices": []}', b'{"choices": [{"message": null}]}', b'{"choices": 3}']
)
def test_a_reply_that_is_none_is_an_error_of_that_completion(server: Server, content: bytes) -> None:
    """Whatever a server sends with status 200, a batch does not raise."""
    server.reply = lambda body, n: (200, content, {})
    (completion,) = server.generator().generate(ask("q"), GenerationSettings(max_new_tokens=5))
    assert completion.error and completion.text == ""


def test_a_reply_cut_off_is_an_error_of_that_completion(server: Server) -> None:
    """A connection closed in the middle of a reply does not raise either."""
    server.reply = lambda body, n: (200, b'{"choices"', {"Content-Length": "500", "Connection": "close"})
    (completion,) = server.generator(timeout_s=1.0).generate(ask("q"), GenerationSettings(max_new_tokens=5))
    assert completion.error and "no whole JSON reply" in completion.error


def test_a_server_that_is_not_there_is_an_error_of_each_completion(server: Server) -> None:
    """Nobody listening: every completion says so, and the key is in no message."""
    generator = server.generator(retries=1)
    server.http.shutdown()
    server.http.server_close()
    completions = generator.generate(ask("a", "b"), GenerationSettings(max_new_tokens=5))
    assert all(one.error and "cannot be reached" in one.error for one in completions)


def test_a_stream_gives_the_pieces(server: Server) -> None:
    """The deltas of the events, in order; comments, empty choices and what follows [DONE] are passed over."""
    deltas = [{"role": "assistant"}, {"content": "Hel"}, {"content": "lo"}]
    events = [": waiting", *(f"data: {json.dumps({'choices': [{'delta': one}]})}" for one in deltas)]
    events += ['data: {"choices": []}', "data: [DONE]", 'data: {"choices": [{"delta": {"content": "late"}}]}']
    server.reply = lambda body, n: (200, "\n\n".join(events).encode() + b"\n\n", {})
    assert list(server.generator().stream(ask("q")[0], GenerationSettings(max_new_tokens=5))) == ["Hel", "lo"]
    assert server.bodies[0]["stream"] is True


def test_a_refused_stream_raises(server: Server) -> None:
    """A stream that the server refuses is a ModelUnavailableError with the server's words."""
    server.reply = lambda body, n: failed(401, "who are you")
    with pytest.raises(ModelUnavailableError, match="401: who are you"):
        list(server.generator().stream(ask("q")[0], GenerationSettings(max_new_tokens=5)))


@pytest.mark.parametrize(
    ("url", "model"), [("file:///etc/passwd", "m"), ("http://", "m"), ("http://h/v1", ""), ("", "m")]
)
def test_an_address_must_be_http_and_name_a_model(url: str, model: str) -> None:
    """Anything but an http(s) address with a host, and a model, is a ConfigError that shows the form."""
    with pytest.raises(ConfigError, match="openai:https://host/v1#model-name"):
        OpenAiGenerator(url, model)
