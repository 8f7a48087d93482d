"""A server of every protocol in the test's own process: answers by a function or as recorded, and fails as told.

`with FakeApi(reply=...) as api:` serves `api.url` (OpenAI's and Anthropic's protocol, rerankers), `api.ollama_url` and
`api.google_url` until the block ends. Keeps every request that asks for something: `api.requests`, each with its path,
headers and body; what is only looked up (GET) is in `api.looked_up`.
"""

import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self

from bakeoff.models.embed import HashEmbedder
from tests.fake_batches import FakeBatches
from tests.fake_protocols import (
    Asked,
    Said,
    anthropic_events,
    anthropic_reply,
    anthropic_request,
    google_events,
    google_reply,
    google_request,
    scored,
    texts_in,
)

Messages = list[dict[str, str]]
Reply = Callable[[Messages], str]
Kind = Literal["status", "html", "redirect", "not json", "half", "error inside", "silent", "cut off"]
DIMENSION = 64
HELD_AFTER = 4
"""Lines of a stream before it waits for `hold`: with both protocols, words are among them."""


@dataclass(frozen=True)
class Fault:
    """What one request gets in place of its answer.

    'half': the answer ends in the middle (a stream without its end, a body shorter than announced). 'error inside': an
    error object with status 200, in a stream after the first words. 'silent': comments and no text until the client
    leaves. 'redirect': to `location`. `times` is how many requests have it; None is all of them.
    """

    kind: Kind = "status"
    status: int = 500
    body: str = '{"error": {"message": "out of order"}}'
    headers: dict[str, str] = field(default_factory=dict)
    location: str = ""
    times: int | None = None


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass(frozen=True)
class Recorded:
    """An answer as a server gave it: a status, headers, and an object, a text or the lines of a stream."""

    status: int = 200
    body: Any = None
    text: str | None = None
    lines: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


def echo(messages: Messages) -> str:
    """The last message, said back."""
    return f"you said {messages[-1]['content']}"


class FakeApi:
    """A server on this machine. `refuses` names parameters it answers with 400; `key` is the only key it takes."""

    def __init__(
        self,
        reply: Reply = echo,
        delay_s: float = 0.0,
        fault: Fault | None = None,
        refuses: Sequence[str] = (),
        key: str | None = None,
        model: str = "fake-model-2026",
        context_tokens: int = 1_000_000,
        refuse_all_at_once: bool = False,
        recorded: Sequence[Recorded] = (),
        known: dict[str, Any] | None = None,
        port: int = 0,
    ) -> None:
        self.reply, self.delay_s, self.fault, self.refuses, self.key = reply, delay_s, fault, tuple(refuses), key
        self.model, self.context_tokens, self.refuse_all_at_once = model, context_tokens, refuse_all_at_once
        self.recorded = list(recorded)
        """The answers to the first requests, in order; the last of them to all others."""
        self.known = known or {}
        """What GET answers, by path."""
        self.looked_up: list[str] = []
        self.escapes = ""
        """Characters that its JSON writes as \\uXXXX, as some servers do."""
        self.n_cached = 0
        """The tokens of each prompt that come from a cache."""
        self.refusal_words: str | None = None
        """The words of a refusal, where it shall not name what it refuses."""
        self.requests: list[Request] = []
        self.n_connections = 0
        self.most_at_once = 0
        self.n_left = 0
        """Requests whose client closed the connection before the end of the answer."""
        self.more_fields: Callable[[Messages], dict[str, Any]] | None = None
        """Further fields of a reply to these messages, and of its message under `message`, where it is given."""
        self.hold: threading.Event | None = None
        """A stream waits for this after its first words, where it is given."""
        self.served_s: list[float] = []
        """How long each request took here, measured: `delay_s` and what the machine added."""
        self.batches = FakeBatches()
        self._n_now = 0
        self._n_faults = 0
        self._lock = threading.Lock()
        self._http = _Server(("127.0.0.1", port), _handler(self))
        self._http.daemon_threads = True
        self.ollama_url = f"http://127.0.0.1:{self._http.server_port}"
        self.url = f"{self.ollama_url}/v1"
        self.google_url = f"{self.ollama_url}/v1beta"
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stops listening: later requests are refused by the machine itself."""
        self._http.shutdown()
        self._http.server_close()

    @property
    def n_requests(self) -> int:
        return len(self.requests)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [request.body for request in self.requests]

    def base_url(self, api: str) -> str:
        """The address that a model of this protocol is given."""
        return {"ollama": self.ollama_url, "tei": self.ollama_url, "google": self.google_url}.get(api, self.url)

    def own(self, path: str, body: dict[str, Any]) -> Recorded | None:
        """The answer that comes before those of the protocols: as recorded, or whatever a kind of server adds."""
        return self.recorded[min(self.n_requests, len(self.recorded)) - 1] if self.recorded else None

    def begin(self, request: Request) -> Fault | None:
        """Counts a request in; the fault it has, if any."""
        with self._lock:
            self.requests.append(request)
            self._n_now += 1
            self.most_at_once = max(self.most_at_once, self._n_now)
            fault = self.fault
            if fault is not None and fault.times is not None:
                self._n_faults += 1
                fault = fault if self._n_faults <= fault.times else None
        return fault

    def end(self) -> None:
        with self._lock:
            self._n_now -= 1

    def connected(self) -> None:
        with self._lock:
            self.n_connections += 1


class _Server(ThreadingHTTPServer):
    request_queue_size = 256

    def handle_error(self, *_: object) -> None:
        """A client that left in the middle of an answer is no error."""


def _handler(api: FakeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        fake = api

    return Handler


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    fake: FakeApi
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def setup(self) -> None:
        super().setup()
        self.fake.connected()

    def log_message(self, *_: object) -> None:
        """Silent."""

    def do_GET(self) -> None:
        if self.path.startswith(("/v1/files", "/v1/batches")):
            return self._serve({})
        self.fake.looked_up.append(self.path)
        known = self.fake.known.get(self.path)
        if known is None:
            return self._send(404, {"error": {"message": f"no such path: {self.path}"}})
        return self._send(200, known)

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        is_upload = self.headers["Content-Type"].startswith("multipart/")
        self._serve({"upload": content.decode()} if is_upload else json.loads(content))

    def _serve(self, body: dict[str, Any]) -> None:
        begun = time.perf_counter()
        fault = self.fake.begin(Request(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        try:
            time.sleep(self.fake.delay_s)
            self._answer(body, fault)
            self.wfile.flush()
        except OSError:
            self.fake.n_left += 1
            self.close_connection = True
        finally:
            self.fake.served_s.append(time.perf_counter() - begun)
            self.fake.end()

    def _answer(self, body: dict[str, Any], fault: Fault | None) -> None:
        if fault is not None and fault.kind in ("status", "html", "redirect", "not json"):
            return self._fail(fault)
        given = self.headers.get("x-api-key") or self.headers.get("x-goog-api-key") or self.headers.get("Authorization")
        if self.fake.key is not None and (given or "").removeprefix("Bearer ") != self.fake.key:
            return self._send(401, {"error": {"message": f"Incorrect API key provided: {given}"}})
        if self.path.startswith(("/v1/files", "/v1/batches")):
            return self._send_text(*self.fake.batches.answer(self.command, self.path, body, self._completion), {})
        one = self.fake.own(self.path, body)
        if one is not None:
            if one.lines:
                return self._send_lines("text/event-stream", iter(one.lines), fault)
            return self._send_text(
                one.status, self._json(one.body), {"Content-Type": "application/json", **one.headers}
            )
        refusal = self._refusal(body)
        if refusal is not None:
            return self._send(400, refusal)
        answers = {
            "/v1/chat/completions": self._openai,
            "/v1/embeddings": self._openai_embeddings,
            "/v1/messages": self._anthropic,
            "/v1/embed": self._cohere_embeddings,
            "/v1/rerank": self._scores,
            "/rerank": self._scores,
            "/api/chat": self._ollama,
            "/api/embed": self._ollama_embeddings,
        }
        calls = {
            "generateContent": self._google,
            "streamGenerateContent?alt=sse": self._google,
            "batchEmbedContents": self._google_embeddings,
        }
        answer = answers.get(self.path) or calls.get(self.path.rpartition(":")[2])
        if answer is None:
            return self._send(404, {"error": {"message": f"no such path: {self.path}"}})
        return answer(body, fault)

    def _fail(self, fault: Fault) -> None:
        if fault.kind == "html":
            return self._send_text(200, "<!doctype html><title>Sign in</title>", {"Content-Type": "text/html"})
        if fault.kind == "not json":
            return self._send_text(200, fault.body, {"Content-Type": "application/json", **fault.headers})
        if fault.kind == "redirect":
            return self._send_text(307, "", {"Location": fault.location})
        return self._send_text(fault.status, fault.body, fault.headers)

    def _refusal(self, body: dict[str, Any]) -> dict[str, Any] | None:
        """OpenAI's words for parameters that this model does not take: the first of them, or all in one message."""
        refused = [name for name in self.fake.refuses if name in body]
        if not refused:
            return None
        if self.fake.refusal_words is not None:
            return {"error": self.fake.refusal_words}
        named = refused if self.fake.refuse_all_at_once else refused[:1]
        hint = " Use 'max_completion_tokens' instead." if "max_tokens" in named else ""
        names = ", ".join(f"'{name}'" for name in named)
        message = f"Unsupported parameter: {names} is not supported with this model.{hint}"
        return {"error": {"message": message, "type": "invalid_request_error", "param": named[0]}}

    # --- OpenAI's protocol

    def _openai(self, body: dict[str, Any], fault: Fault | None) -> None:
        limit = body.get("max_completion_tokens") or body.get("max_tokens") or 10**9
        words, cut, n_prompt = self._words(body["messages"], limit, body.get("stop") or [])
        if n_prompt + limit > self.fake.context_tokens:
            message = f"This model's maximum context length is {self.fake.context_tokens} tokens; you sent {n_prompt}."
            return self._send(400, {"error": {"message": message}})
        reason = "length" if cut else "stop"
        if body.get("stream"):
            return self._send_lines("text/event-stream", self._events(body, (words, n_prompt, reason), fault), fault)
        if fault is not None and fault.kind == "error inside":
            return self._send(200, {"error": {"message": "the model crashed"}})
        reply = self._whole(body, (words, cut, n_prompt))
        return self._send(200, reply, half=fault is not None and fault.kind in ("half", "cut off"))

    def _completion(self, body: dict[str, Any]) -> dict[str, Any]:
        """The reply to one request of a batch."""
        limit = body.get("max_completion_tokens") or body.get("max_tokens") or 10**9
        return self._whole(body, self._words(body["messages"], limit, body.get("stop") or []))

    def _whole(self, body: dict[str, Any], said: tuple[list[str], bool, int]) -> dict[str, Any]:
        """The reply in one piece. `said` are the words, whether the limit cut them, and the words of the prompt."""
        words, cut, n_prompt = said
        choice: dict[str, Any] = {
            "message": {"role": "assistant", "content": "".join(words)},
            "finish_reason": "length" if cut else "stop",
        }
        if body.get("logprobs"):
            choice["logprobs"] = {"content": [{"token": word, "logprob": -0.5} for word in words]}
        usage: dict[str, Any] = {"prompt_tokens": n_prompt, "completion_tokens": len(words)}
        if self.fake.n_cached:
            usage["prompt_tokens_details"] = {"cached_tokens": min(self.fake.n_cached, n_prompt)}
        more = dict(self.fake.more_fields(body["messages"])) if self.fake.more_fields else {}
        choice["message"] |= more.pop("message", {})
        return {"model": self.fake.model, "system_fingerprint": "fp_fake", "choices": [choice], "usage": usage, **more}

    def _events(self, body: dict[str, Any], said: tuple[Sequence[str], int, str], fault: Fault | None) -> Iterator[str]:
        """Server-sent events, with the comments and empty chunks that real servers send among them.

        `said` are the words, the words of the prompt, and why it ended.
        """
        words, n_prompt, reason = said
        origin = {"model": self.fake.model, "system_fingerprint": "fp_fake"}
        kind = fault.kind if fault else None
        yield ": ping"
        while kind == "silent":
            time.sleep(0.02)
            yield ": ping"
        yield 'data: {"choices": [{"delta": {"role": "assistant", "content": ""}}]}'
        for i, word in enumerate(words):
            if kind is not None and i == max(1, len(words) // 2):
                if kind == "error inside":
                    yield 'data: {"error": {"message": "the model crashed"}}'
                return
            choice: dict[str, Any] = {"index": 0, "delta": {"content": word}, "finish_reason": None}
            if body.get("logprobs"):
                choice["logprobs"] = {"content": [{"token": word, "logprob": -0.5}]}
            yield f"data: {self._json({**origin, 'choices': [choice]})}"
            yield 'data: {"choices": []}'
        yield f"data: {json.dumps({'choices': [{'delta': {}, 'finish_reason': reason}]})}"
        if (body.get("stream_options") or {}).get("include_usage"):
            usage = {"prompt_tokens": n_prompt, "completion_tokens": len(words)}
            yield f"data: {json.dumps({**origin, 'choices': [], 'usage': usage})}"
        yield "data: [DONE]"

    def _openai_embeddings(self, body: dict[str, Any], fault: Fault | None) -> None:
        """The rows in another order than asked: `index` says whose they are."""
        rows = [{"index": i, "object": "embedding", "embedding": row} for i, row in enumerate(_vectors(body["input"]))]
        random.Random(0).shuffle(rows)
        reply = {"model": self.fake.model, "data": rows, "usage": {"prompt_tokens": sum(map(len, body["input"]))}}
        self._send(200, reply, half=fault is not None)

    # --- Anthropic's, Google's and Cohere's protocols

    def _anthropic(self, body: dict[str, Any], fault: Fault | None) -> None:
        said = self._said(anthropic_request(body))
        streamed = anthropic_events(said, self.fake.model, fault.kind if fault else None)
        self._written(said, body.get("stream", False), anthropic_reply(said, self.fake.model), streamed, fault)

    def _google(self, body: dict[str, Any], fault: Fault | None) -> None:
        said, is_stream = self._said(google_request(body)), "stream" in self.path
        streamed = google_events(said, self.fake.model, fault.kind if fault else None)
        self._written(said, is_stream, google_reply(said, self.fake.model), streamed, fault)

    def _said(self, asked: Asked) -> Said:
        return Said(*self._words(asked.messages, asked.limit, asked.stops))

    def _written(
        self, said: Said, is_stream: bool, whole: dict[str, Any], streamed: Iterator[str], fault: Fault | None
    ) -> None:
        if said.n_prompt > self.fake.context_tokens:
            message = f"prompt is too long: {said.n_prompt} tokens > {self.fake.context_tokens} maximum"
            return self._send(400, {"error": {"message": message}})
        if is_stream:
            return self._send_lines("text/event-stream", streamed, fault)
        if fault is not None and fault.kind == "error inside":
            return self._send(200, {"error": {"message": "the model crashed"}})
        return self._send(200, whole, half=fault is not None and fault.kind in ("half", "cut off"))

    def _google_embeddings(self, body: dict[str, Any], fault: Fault | None) -> None:
        self._send(200, {"embeddings": [{"values": row} for row in _vectors(texts_in(body))]}, half=fault is not None)

    def _cohere_embeddings(self, body: dict[str, Any], fault: Fault | None) -> None:
        self._send(200, {"embeddings": {"float": _vectors(texts_in(body))}}, half=fault is not None)

    def _scores(self, body: dict[str, Any], fault: Fault | None) -> None:
        reply = scored(body)
        if "top_k" in body or body.get("model") == "voyage":
            reply = {"data": reply["results"]}
        self._send(200, reply, half=fault is not None)

    # --- Ollama's protocol

    def _ollama(self, body: dict[str, Any], fault: Fault | None) -> None:
        options = body.get("options", {})
        window = min(options.get("num_ctx", 4096), self.fake.context_tokens)
        limit = options.get("num_predict", 10**9)
        words, cut, n_prompt = self._words(body["messages"], limit, options.get("stop") or [])
        if n_prompt > window and body.get("truncate") is False:
            return self._send(400, {"error": f"the prompt of {n_prompt} tokens exceeds the context length {window}"})
        last = {
            "model": self.fake.model, "message": {"role": "assistant", "content": ""}, "done": True,
            "done_reason": "length" if cut else "stop", "prompt_eval_count": n_prompt, "eval_count": len(words),
        }  # fmt: skip
        if body.get("stream", True):
            return self._send_lines("application/x-ndjson", self._objects(words, last, body, fault), fault)
        if fault is not None and fault.kind == "error inside":
            return self._send(200, {"error": "the model crashed"})
        whole = {**last, "message": {"role": "assistant", "content": "".join(words)}}
        if body.get("logprobs"):
            whole["logprobs"] = [{"token": word, "logprob": -0.5} for word in words]
        return self._send(200, whole, half=fault is not None and fault.kind in ("half", "cut off"))

    def _objects(
        self, words: Sequence[str], last: dict[str, Any], body: dict[str, Any], fault: Fault | None
    ) -> Iterator[str]:
        for i, word in enumerate(words):
            if fault is not None and i == max(1, len(words) // 2):
                if fault.kind == "error inside":
                    yield json.dumps({"error": "the model crashed"})
                return
            one = {"model": self.fake.model, "message": {"content": word}, "done": False}
            if body.get("logprobs"):
                one["logprobs"] = [{"token": word, "logprob": -0.5}]
            yield self._json(one)
        yield json.dumps(last)

    def _ollama_embeddings(self, body: dict[str, Any], fault: Fault | None) -> None:
        self._send(200, {"model": self.fake.model, "embeddings": _vectors(body["input"])}, half=fault is not None)

    # --- what both need

    def _words(self, messages: Messages, limit: int, stops: Sequence[str]) -> tuple[list[str], bool, int]:
        """The reply as words with the blanks before them, whether the limit cut it, and the words of the prompt."""
        text = self.fake.reply(messages)
        for stop in stops:
            text = text.split(stop, 1)[0]
        words = [word if i == 0 else f" {word}" for i, word in enumerate(text.split(" "))]
        n_prompt = sum(len(message["content"].split()) for message in messages)
        return words[:limit], len(words) > limit, n_prompt

    def _send(self, status: int, reply: Any, half: bool = False) -> None:
        self._send_text(status, self._json(reply), {"Content-Type": "application/json"}, half)

    def _json(self, value: Any) -> str:
        text = json.dumps(value)
        for character in self.fake.escapes:
            text = text.replace(character, f"\\u{ord(character):04X}")
        return text

    def _send_text(self, status: int, text: str, headers: dict[str, str], half: bool = False) -> None:
        content = text.encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if half else content)
        self.close_connection = self.close_connection or half

    def _send_lines(self, content_type: str, lines: Iterator[str], fault: Fault | None) -> None:
        """The lines one by one, in chunks; 'cut off' breaks the connection where the lines end."""
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for i, line in enumerate(lines):
            if i == HELD_AFTER and self.fake.hold is not None:
                self.fake.hold.wait(60)
            content = f"{line}\n\n".encode()
            self.wfile.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")
            self.wfile.flush()
        if fault is not None and fault.kind == "cut off":
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")


def _vectors(texts: Sequence[str]) -> list[list[float]]:
    """Three times the unit vectors of the embedder that needs no model: whoever reads them makes them unit vectors."""
    return (3.0 * HashEmbedder(DIMENSION).embed_passages(texts)).tolist()  # type: ignore[no-any-return]
