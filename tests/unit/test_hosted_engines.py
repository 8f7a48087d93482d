"""The engines for Anthropic's and Google's APIs: what is sent in special cases, negotiation, and streams that fail."""

import time
from typing import Any

import pytest

from bakeoff.errors import ModelUnavailableError
from bakeoff.models.engines.google import MOST_STOPS
from bakeoff.models.engines.hosted import events_in
from bakeoff.models.load import load_generator
from bakeoff.models.providers.client import ApiError, ApiTimeoutError
from bakeoff.models.settings import ApiModel
from bakeoff.records import Completion, GenerationSettings, Message, Prompt
from tests.fake_api import FakeApi, Recorded

BOTH = pytest.mark.parametrize("api", ["anthropic", "google"])
SETTINGS = GenerationSettings(max_new_tokens=24)
TALK = Prompt(
    messages=(
        Message(role="system", content="One."),
        Message(role="user", content="a"),
        Message(role="assistant", content="b"),
        Message(role="system", content="Two."),
        Message(role="user", content="c"),
    )
)


def generator(server: FakeApi, api: str, **more: Any) -> Any:
    named = {"api": api, "base_url": server.base_url(api), "model": "m", "retries": 0, "timeout_s": 5.0}
    return load_generator(ApiModel(**{**named, **more}))


def ask(text: str) -> Prompt:
    return Prompt(messages=(Message(role="user", content=text),))


def test_a_conversation_as_both_write_it() -> None:
    """System messages go together into their own place; an answer is of the assistant, or of the model."""
    with FakeApi() as server:
        generator(server, "anthropic").complete(TALK, SETTINGS)
        generator(server, "google").complete(TALK, SETTINGS)
        anthropic, google = server.bodies
    assert anthropic["system"] == "One.\n\nTwo."
    assert [(row["role"], row["content"]) for row in anthropic["messages"]] == [
        ("user", "a"), ("assistant", "b"), ("user", "c"),
    ]  # fmt: skip
    assert google["systemInstruction"] == {"parts": [{"text": "One.\n\nTwo."}]}
    assert [(row["role"], row["parts"][0]["text"]) for row in google["contents"]] == [
        ("user", "a"), ("model", "b"), ("user", "c"),
    ]  # fmt: skip


def test_stop_texts_that_a_server_does_not_take_are_cut_here() -> None:
    """Anthropic refuses blanks alone, Google more than five: the completion ends there all the same."""
    stops = GenerationSettings(max_new_tokens=24, stop=("\n", *(f"<{i}>" for i in range(6)), "!"))
    with FakeApi(reply=lambda messages: "one\ntwo" if messages[-1]["content"] == "a" else "three!four") as server:
        anthropic, google = generator(server, "anthropic"), generator(server, "google")
        assert [one.complete(ask("a"), stops).text for one in (anthropic, google)] == ["one", "one"]
        assert server.bodies[0]["stop_sequences"] == [*(f"<{i}>" for i in range(6)), "!"]
        assert len(server.bodies[1]["generationConfig"]["stopSequences"]) == MOST_STOPS
        assert google.complete(ask("b"), stops).text == "three"
        *pieces, last = google.stream(ask("b"), stops)
        assert "".join(pieces) == last.text == "three" and not last.truncated


def test_a_tuned_model_of_google_is_named_by_its_path() -> None:
    """`tunedModels/...` is not below `models/`; what could end the path is escaped."""
    with FakeApi() as server:
        for name, path in (("tunedModels/mine", "tunedModels/mine"), ("a?b#c", "models/a%3Fb%23c")):
            generator(server, "google", model=name).complete(ask("a"), SETTINGS)
            assert server.requests[-1].path == f"/v1beta/{path}:generateContent"


def test_a_seed_goes_where_there_is_one() -> None:
    """Anthropic has none."""
    with FakeApi() as server:
        for api in ("anthropic", "google"):
            generator(server, api, seed=5, temperature=0.5).complete(ask("a"), SETTINGS)
        anthropic, google = server.bodies
    assert "seed" not in str(anthropic) and anthropic["temperature"] == 0.5
    assert (google["generationConfig"]["seed"], google["generationConfig"]["temperature"]) == (5, 0.5)


@BOTH
def test_the_first_request_negotiates_for_all(api: str) -> None:
    """Thirty prompts at once, of which the first alone is refused; a later stream is not refused either."""
    words = {"anthropic": "thinking is not supported", "google": "Budget 0 is invalid. Only works in thinking mode."}
    with FakeApi() as server:
        said = generator(server, api).complete(ask("x"), SETTINGS)
        assert said.text == "you said x"
        server.own = lambda path, body: (  # type: ignore[method-assign]
            Recorded(400, {"error": {"message": words[api]}}) if "thinking" in str(body) else None
        )
        before, engine = server.n_requests, generator(server, api, model="other", concurrency=8)
        completions = engine.generate([ask(f"number {i}") for i in range(30)], SETTINGS)
        assert [one.error for one in completions] == [None] * 30
        assert server.n_requests == before + 31
        assert [*engine.stream(ask("q"), SETTINGS)][-1].text == "you said q"
        assert server.n_requests == before + 32
        assert "thinking" in engine.note and "max_new_tokens" in engine.note


@BOTH
def test_a_refusal_that_names_nothing_is_the_answer(api: str) -> None:
    """It is not tried again with fewer parameters: the prompt was at fault."""
    with FakeApi(recorded=[Recorded(400, {"error": {"message": "no"}})]) as server:
        completion = generator(server, api).generate([ask("a")], SETTINGS)[0]
        assert completion.error and "answered 400: no" in completion.error and server.n_requests == 1


@BOTH
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "holds no answer|does not say how"),
        ({"type": "message", "content": None, "candidates": None}, "holds no answer"),
        ({"type": "message", "content": [], "candidates": []}, "does not say how the answer ended"),
        ({"error": {"message": "the model crashed"}}, "error in place of an answer: the model crashed"),
    ],
)
def test_what_is_no_answer_is_an_error(api: str, body: dict[str, Any], words: str) -> None:
    """Never an empty answer."""
    with FakeApi(recorded=[Recorded(body=body)]) as server, pytest.raises(ModelUnavailableError, match=words):
        generator(server, api).complete(ask("a"), SETTINGS)


def test_a_message_that_does_not_say_how_it_ended_is_cut_off() -> None:
    """A gateway may leave out `stop_reason`: whether the answer is whole is then not known."""
    message = {"type": "message", "content": [{"type": "text", "text": "half an"}], "stop_reason": None}
    expected = pytest.raises(ApiError, match="does not say how the answer ended")
    with FakeApi(recorded=[Recorded(body=message)]) as server, expected:
        generator(server, "anthropic").complete(ask("a"), SETTINGS)


@BOTH
def test_a_stream_of_pings_ends(api: str) -> None:
    """Pings and thoughts are no text: after `timeout_s` of them the answer is an error."""
    ping = 'data: {"type": "ping", "candidates": []}'
    with FakeApi() as server:
        server.own = lambda path, body: Recorded(lines=_Slow(ping, 50))  # type: ignore[arg-type, method-assign]
        with pytest.raises(ApiTimeoutError, match=r"no text for 0\.3 seconds"):
            list(generator(server, api, timeout_s=0.3).stream(ask("a"), SETTINGS))


class _Slow(tuple):  # type: ignore[type-arg]
    """Lines that come one by one, 30 ms apart."""

    def __new__(cls, line: str, n: int) -> "_Slow":
        return super().__new__(cls, (line,) * n)

    def __iter__(self) -> Any:
        for line in super().__iter__():
            time.sleep(0.03)
            yield line


def test_events_are_the_objects_of_a_stream() -> None:
    """Names of events and comments are no objects; what is not JSON is an error."""
    assert [*events_in(["event: ping", 'data: {"a": 1}', ": note", "data: [1]"])] == [{}, {"a": 1}, {}, {}]
    with pytest.raises(ApiError, match="not JSON: '<html>'"):
        list(events_in(["data: <html>"]))


@BOTH
def test_usage_of_a_stream_that_a_stop_text_ends(api: str) -> None:
    """The counts have not come yet: new tokens are estimated from the text so far."""
    stops = GenerationSettings(max_new_tokens=50, stop=("five",))
    with FakeApi(reply=lambda messages: "one two three four five six seven") as server:
        engine = generator(server, api)
        last = [*engine.stream(ask("a"), GenerationSettings(max_new_tokens=50))][-1]
        assert isinstance(last, Completion) and last.usage.completion_tokens == 7
        *pieces, stopped = engine.stream(ask("a"), stops)
        assert "".join(pieces).strip() == stopped.text.strip() == "one two three four"
        assert stopped.usage.completion_tokens > 0
