"""Streams of models behind servers: several at once, closing, and callers who leave. All protocols."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bakeoff.models.cancelling import Caller, CallerGoneError, on_behalf_of
from bakeoff.models.load import load_generator
from bakeoff.models.settings import ApiModel
from bakeoff.protocols import Generator
from bakeoff.records import Completion, GenerationSettings, Message, Prompt
from tests.fake_api import FakeApi, Recorded

WRITE = GenerationSettings(max_new_tokens=1000)
PROMPT = Prompt(messages=(Message(role="user", content="say much"),))
WORDS = " ".join(f"word{i}" for i in range(400))


@pytest.fixture
def server() -> Iterator[FakeApi]:
    """A server that has much to say, and waits after its first words until `hold` is set."""
    with FakeApi(reply=lambda messages: WORDS) as api:
        api.hold = threading.Event()
        yield api
        api.hold.set()


@pytest.fixture(params=["openai", "ollama", "anthropic", "google"])
def generator(request: pytest.FixtureRequest, server: FakeApi) -> Generator:
    url = server.base_url(request.param)
    return load_generator(ApiModel(api=request.param, base_url=url, model="m", concurrency=3, retries=0))


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within 30 seconds"
        time.sleep(0.005)


def held(server: FakeApi) -> threading.Event:
    assert server.hold is not None
    return server.hold


def test_as_many_streams_as_the_settings_say_are_read_at_once(generator: Generator, server: FakeApi) -> None:
    """A server asks for no more than that, and all of them are under way together."""
    assert generator.n_parallel == 3  # type: ignore[attr-defined]
    streams = [generator.stream(PROMPT, WRITE) for _ in range(3)]
    texts = ["" for _ in streams]

    def read(i: int) -> None:
        texts[i] = "".join(item for item in streams[i] if isinstance(item, str))

    threads = [threading.Thread(target=read, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    until(lambda: server.most_at_once == 3)
    held(server).set()
    for thread in threads:
        thread.join()
    assert texts == [WORDS] * 3


def test_closing_a_stream_ends_its_request(generator: Generator, server: FakeApi) -> None:
    """The server notices, and the connection is free for the next request."""
    for _ in range(4):  # more than there are connections
        stream = generator.stream(PROMPT, WRITE)
        assert next(iter(stream))
        stream.close()  # type: ignore[attr-defined]
    held(server).set()
    until(lambda: server.n_left == 4)
    *_, last = generator.stream(PROMPT, WRITE)
    assert isinstance(last, Completion) and last.text == WORDS


def test_who_leaves_ends_a_request_while_the_server_is_silent(generator: Generator, server: FakeApi) -> None:
    """Nobody can close a stream that waits for its next piece, but its caller may leave: that ends the wait."""
    somebody = Caller()
    with on_behalf_of(somebody):
        stream = generator.stream(PROMPT, WRITE)
        next(iter(stream))
        threading.Timer(0.05, somebody.leave).start()
        with pytest.raises(CallerGoneError):
            list(stream)
    assert not held(server).is_set()
    held(server).set()
    until(lambda: server.n_left == 1)
    assert generator.generate([PROMPT], WRITE)[0].text == WORDS


@pytest.mark.parametrize("is_streamed", [True, False])
def test_who_leaves_ends_a_request_before_the_first_byte_of_its_answer(is_streamed: bool) -> None:
    """A server that computes and sends nothing yet sees its connection end, and may stop. No second attempt is made."""
    somebody, connections = Caller(), list[socket.socket]()
    with socket.create_server(("127.0.0.1", 0)) as listener, on_behalf_of(somebody):
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        model = load_generator(ApiModel(api="openai", base_url=url, model="m", retries=4))

        def serve() -> None:
            connections.append(listener.accept()[0])
            connections[0].recv(65_536)
            somebody.leave()

        threading.Thread(target=serve, daemon=True).start()
        with pytest.raises(CallerGoneError):
            list(model.stream(PROMPT, WRITE)) if is_streamed else model.generate([PROMPT], WRITE)
        connections[0].settimeout(30)
        while connections[0].recv(65_536):
            pass
        listener.settimeout(0.3)
        with pytest.raises(TimeoutError):
            listener.accept()
    connections[0].close()


@pytest.mark.parametrize("api", ["openai", "ollama", "anthropic", "google"])
def test_streams_share_their_connection(api: Any) -> None:
    """A stream is read to its end, so that the next one needs no new connection (and no new handshake)."""
    with FakeApi() as server:
        generator = load_generator(ApiModel(api=api, base_url=server.base_url(api), model="m", concurrency=1))
        for _ in range(5):
            assert list(generator.stream(PROMPT, GenerationSettings(max_new_tokens=9)))
        assert (server.n_requests, server.n_connections) == (5, 1)


def test_characters_that_python_calls_line_ends_do_not_end_a_line() -> None:
    """JSON may hold U+2028, a form feed and others as they are; only a line feed ends a line of a stream."""
    said = "one\u2028two\x85three"
    event = json.dumps({"choices": [{"delta": {"content": said}, "finish_reason": "stop"}]}, ensure_ascii=False)
    with FakeApi(recorded=[Recorded(lines=(f"data: {event}\r", "data: [DONE]\r"))]) as api:
        generator = load_generator(ApiModel(api="openai", base_url=api.url, model="m", retries=0))
        *pieces, completion = generator.stream(PROMPT, WRITE)
    assert pieces == [said]
    assert isinstance(completion, Completion) and completion.text == said
