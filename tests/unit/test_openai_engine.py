"""The engine for OpenAI's protocol: requests, negotiation, reading answers, and how streams end."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bakeoff.errors import ModelUnavailableError
from bakeoff.models.engines.openai import OpenAiGenerator
from bakeoff.models.engines.openai_dialect import Dialect, named_parameters
from bakeoff.models.engines.openai_reading import StreamedReply, pieces_of
from bakeoff.models.providers.client import ApiError
from bakeoff.models.settings import ApiModel
from bakeoff.records import Completion, GenerationSettings, Message, Prompt
from tests.fake_api import FakeApi, Fault

FIVE = GenerationSettings(max_new_tokens=5)


def ask(*texts: str) -> list[Prompt]:
    return [Prompt(messages=(Message(role="user", content=text),)) for text in texts]


def generator(api: FakeApi, **more: Any) -> OpenAiGenerator:
    settings = {"api": "openai", "base_url": api.url, "model": "m", "timeout_s": 5.0, "retries": 1, **more}
    return OpenAiGenerator(ApiModel(**settings), first_wait_s=0.001)


def completion_from(reply: dict[str, Any], settings: GenerationSettings = FIVE, **more: Any) -> Completion:
    with FakeApi(fault=Fault("not json", body=json.dumps(reply))) as api:
        return generator(api, **more).generate(ask("12345678"), settings)[0]


def text_of(stream: Iterator[str | Completion]) -> str:
    """The pieces of a stream, which its completion follows, joined."""
    *pieces, last = stream
    text = "".join(piece for piece in pieces if isinstance(piece, str))
    assert isinstance(last, Completion) and last.text == text
    return text


def said(text: Any, **more: Any) -> dict[str, Any]:
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop", **more.pop("choice", {})}
    return {"choices": [choice], **more}


# --- what is sent


def test_what_is_sent() -> None:
    """Model, messages, limit, temperature 0, stop texts, log-probabilities; no seed unless one is set."""
    with FakeApi() as api:
        generator(api).generate(ask("hello"), GenerationSettings(max_new_tokens=7, stop=("\n",)))
        assert api.bodies == [
            {
                "model": "m",
                "messages": [{"role": "user", "content": "hello"}],
                "max_tokens": 7,
                "temperature": 0.0,
                "stop": ["\n"],
                "logprobs": True,
            }
        ]


def test_temperature_and_seed_of_the_call_come_before_those_of_the_model() -> None:
    """Values that the call does not set come from the model's settings."""
    with FakeApi() as api:
        warm = generator(api, temperature=0.7, seed=3)
        warm.generate(ask("a"), FIVE)
        warm.generate(ask("a"), GenerationSettings(temperature=0.0, seed=9))
        assert [(body["temperature"], body["seed"]) for body in api.bodies] == [(0.7, 3), (0.0, 9)]


# --- negotiation


@pytest.mark.parametrize(
    ("refuses", "sent", "left_out"),
    [
        (("logprobs",), {"max_tokens", "temperature", "stop"}, {"logprobs"}),
        (("seed",), {"max_tokens", "temperature", "stop"}, {"seed"}),
        (("stop",), {"max_tokens", "temperature"}, {"stop"}),
        (("temperature",), {"max_tokens", "stop"}, {"temperature"}),
        (("max_tokens", "temperature", "logprobs"), {"max_completion_tokens", "stop"}, {"max_tokens", "temperature"}),
        (("temperature", "logprobs", "seed"), {"max_tokens", "stop"}, {"temperature", "logprobs", "seed"}),
    ],
)
@pytest.mark.parametrize("all_at_once", [True, False])
def test_parameters_are_negotiated_in_one_extra_request(
    refuses: tuple[str, ...], sent: set[str], left_out: set[str], all_at_once: bool
) -> None:
    """The server names refused parameters, all at once or the first only: one extra request for thirty prompts."""
    settings = GenerationSettings(max_new_tokens=7, temperature=0.0, seed=1, stop=("\n",))
    with FakeApi(refuses=refuses, refuse_all_at_once=all_at_once) as api:
        engine = generator(api, concurrency=8)
        completions = engine.generate(ask(*(f"number {i}" for i in range(30))), settings)
        assert [one.error for one in completions] == [None] * 30
        assert api.n_requests == 31
        assert sent <= api.bodies[-1].keys() and not left_out & api.bodies[-1].keys()
        assert left_out <= set(engine.refused_parameters)
        assert text_of(engine.stream(ask("q")[0], FIVE)) == "you said q"
        assert api.n_requests == 32


def test_what_was_negotiated_is_known_to_the_next_generator_of_that_model() -> None:
    """A generator that is thrown away and made anew asks no refused parameter again; another model is asked for all."""
    with FakeApi(refuses=("temperature", "logprobs")) as api:
        assert generator(api).generate(ask("a"), FIVE)[0].error is None
        assert api.n_requests == 2
        again = generator(api, timeout_s=4.0)
        assert again.refused_parameters == ("logprobs", "seed", "temperature")
        assert again.generate(ask("a", "b"), FIVE)[1].text == "you said b"
        assert text_of(generator(api).stream(ask("c")[0], FIVE)) == "you said c"
        assert api.n_requests == 5
        generator(api, model="other").generate(ask("a"), FIVE)
        assert api.n_requests == 7


def test_one_completion_has_the_temperature_and_seed_of_the_model() -> None:
    """What a probe asks with is what the run will ask with."""
    with FakeApi() as api:
        generator(api, temperature=0.7, seed=3).complete(ask("a")[0], FIVE)
        assert (api.bodies[0]["temperature"], api.bodies[0]["seed"]) == (0.7, 3)


@pytest.mark.parametrize("words", [None, "no"])
@pytest.mark.parametrize("asked_before", [True, False])
def test_a_stream_without_counts_is_estimated(words: str | None, asked_before: bool) -> None:
    """A server that refuses `stream_options`, naming it or not, keeps its other parameters; asked once, not again."""
    with FakeApi(refuses=("stream_options",)) as api:
        api.refusal_words = words
        engine = generator(api)
        if asked_before:
            engine.generate(ask("q"), FIVE)
        *_, last = engine.stream(ask("12345678")[0], FIVE)
        assert isinstance(last, Completion)
        assert (last.usage.prompt_tokens, last.usage.completion_tokens) == (2, 5)  # characters / 4
        assert "stream_options" not in api.bodies[-1] and api.bodies[-1]["temperature"] == 0.0
        known_to_be_taken = words is None or asked_before
        assert ("logprobs" in api.bodies[-1]) == known_to_be_taken
        n_requests = api.n_requests
        assert text_of(engine.stream(ask("q")[0], FIVE)) == "you said q"
        assert api.n_requests == n_requests + 1


def test_an_odd_order_of_refusals_still_ends_in_an_answer() -> None:
    """If a server refuses one parameter and later another kind, there is one more request for each."""
    with FakeApi(refuses=("logprobs", "max_tokens")) as api:
        completions = generator(api).generate(ask("a", "b", "c"), FIVE)
        assert [one.text for one in completions] == ["you said a", "you said b", "you said c"]
        assert api.n_requests == 5


def test_a_refusal_that_names_nothing_costs_log_probabilities_only() -> None:
    """If a server answers 400 to log-probabilities without naming them, temperature 0 is kept."""
    with FakeApi(refuses=("logprobs",)) as api:
        api.refusal_words = "no"
        engine = generator(api)
        assert engine.generate(ask("a", "b"), FIVE)[1].text == "you said b"
        assert api.n_requests == 3 and api.bodies[-1]["temperature"] == 0.0


def test_a_prompt_that_is_refused_costs_no_other() -> None:
    """After a request was accepted, a 400 is caused by the prompt: it is sent once, and others are not affected."""
    with FakeApi(context_tokens=50) as api:
        first, second, third = generator(api, concurrency=1).generate(ask("a", "b " * 99, "c"), FIVE)
        assert (first.text, third.text) == ("you said a", "you said c")
        assert second.error and "maximum context length is 50" in second.error and second.text == ""
        assert api.n_requests == 3 and "logprobs" in api.bodies[-1]


def test_a_first_prompt_that_is_refused_changes_nothing_for_the_others() -> None:
    """The first prompt is too long: it is sent once more with fewer parameters. Later requests send all parameters."""
    with FakeApi(context_tokens=50) as api:
        first, second = generator(api, concurrency=1).generate(ask("a " * 99, "b"), FIVE)
        assert first.error and second.text == "you said b"
        assert api.n_requests == 3 and {"logprobs", "temperature"} <= api.bodies[-1].keys()


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ('{"error": {"message": "Unsupported parameter: \'max_tokens\'", "param": "max_tokens"}}', {"max_tokens"}),
        ('{"error": {"message": "Only the default (1) value", "param": "temperature"}}', {"temperature"}),
        ('{"detail": [{"loc": ["body", "logprobs"], "msg": "Extra inputs are not permitted"}]}', {"logprobs"}),
        ('{"detail": [{"loc": ["body", "x"], "msg": "missing", "input": {"temperature": 0}}]}', set()),
        ('{"message": "top_logprobs and seed are unknown"}', {"logprobs", "seed"}),
        ("unknown field: seed", {"seed"}),
        ("please stop", set()),
        ('"stop" is not supported; use max_completion_tokens', {"stop"}),
        ("", set()),
    ],
)
def test_what_a_refusal_names(body: str, named: set[str]) -> None:
    """In OpenAI's, pydantic's and plain words. Repeated parts of the request are not a refusal."""
    assert named_parameters(body) == named


def test_a_dialect_says_what_is_sent() -> None:
    """If nothing is refused, everything is sent. A refused limit is sent under its new name."""
    settings = GenerationSettings(max_new_tokens=9, temperature=0.0, seed=4)
    everything = {"max_tokens": 9, "temperature": 0.0, "seed": 4, "logprobs": True}
    assert Dialect().parameters(settings, {"logprobs": True}) == everything
    plainer = Dialect().without(frozenset({"max_tokens"}))
    assert plainer.parameters(settings, {"logprobs": True}) == {"max_completion_tokens": 9}


# --- what is read


def test_usage_logprobs_and_origin_are_the_servers() -> None:
    """Token counts, the mean log-probability, the model as the server names it, its fingerprint and the day."""
    choice = {"logprobs": {"content": [{"logprob": -1.0}, {"logprob": -3.0}]}}
    counted = {"prompt_tokens": 11, "completion_tokens": 2}
    one = completion_from(said("a b", choice=choice, usage=counted, model="m-2026-01-01", system_fingerprint="fp_1"))
    assert (one.usage.prompt_tokens, one.usage.completion_tokens, one.logprob) == (11, 2, -2.0)
    assert one.origin and (one.origin.model, one.origin.fingerprint) == ("m-2026-01-01", "fp_1")
    assert one.origin.on is not None and not one.truncated


def test_without_usage_tokens_are_estimated() -> None:
    """If a server counts no tokens: one for every four characters, and no log-probability."""
    one = completion_from(said("12345"))
    assert (one.usage.prompt_tokens, one.usage.completion_tokens, one.logprob) == (2, 2, None)


@pytest.mark.parametrize(
    ("finish", "counted", "truncated"),
    [
        ("length", None, True),
        ("stop", {"prompt_tokens": 90, "completion_tokens": 10}, True),
        ("stop", {"prompt_tokens": 90, "completion_tokens": 9}, False),
        (None, None, False),
    ],
)
def test_an_answer_that_a_limit_ended_is_truncated(finish: str | None, counted: Any, truncated: bool) -> None:
    """By `finish_reason`, or if prompt and answer fill the context completely."""
    one = completion_from(said("a b", choice={"finish_reason": finish}, usage=counted), context_tokens=100)
    assert (one.truncated, one.error) == (truncated, None)


def test_a_stop_text_that_the_server_ignores_is_cut_here() -> None:
    """Text after the stop text is not part of the answer, and a limit reached there does not count as truncation."""
    one = completion_from(said("Paris\nQ: next", choice={"finish_reason": "length"}), GenerationSettings(stop=("\n",)))
    assert (one.text, one.truncated) == ("Paris", False)


@pytest.mark.parametrize("thought", ["<think>24?</think>\n", "24?\n</think>\n\n"])
def test_what_a_model_behind_a_server_thinks_is_not_its_answer(thought: str) -> None:
    """As with a local model. Tokens that are estimated include the thought, which the server wrote too."""
    completion = completion_from(said(f"{thought}36 months"))
    assert completion.text == "36 months" and completion.usage.completion_tokens >= len(thought + "36 months") // 4


def test_a_thought_that_the_limit_cut_off_is_no_answer() -> None:
    """The text is empty and truncated, as with a local model."""
    completion = completion_from(said("<think>24? No,", choice={"finish_reason": "length"}))
    assert (completion.text, completion.truncated) == ("", True)


@pytest.mark.parametrize(("reason", "looped"), [("stop", False), ("eos", False), ("length", True)])
def test_an_answer_that_ended_by_itself_is_no_loop(reason: str, looped: bool) -> None:
    """As with a local model: three equal lines may be the whole answer."""
    text = "Click on the Save button. " * 4
    completion = completion_from(said(text, choice={"finish_reason": reason}))
    assert completion.looped is looped and (completion.text == text) is not looped


def test_texts_in_other_places_are_read() -> None:
    """Parts of a text, a refusal, and no text at all."""
    assert completion_from(said([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}])).text == "ab"
    assert (
        completion_from(said(None, choice={"message": {"content": None, "refusal": "I will not."}})).text
        == "I will not."
    )
    assert completion_from(said(None)).text == ""


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ({}, "no choice"),
        ({"choices": []}, "no choice"),
        ({"choices": 3}, "no choice"),
        ({"choices": [{"message": None}]}, "no choice"),
        ({"error": {"message": "quota exceeded", "code": 402}}, "quota exceeded"),
        (said("half of", choice={"finish_reason": "content_filter"}), "content_filter"),
    ],
)
def test_a_reply_that_is_no_answer_is_an_error_of_that_completion(reply: dict[str, Any], words: str) -> None:
    """Whatever a server sends with status 200, a batch does not raise, and the error names what was received."""
    one = completion_from(reply)
    assert one.error and words in one.error and one.text == ""


def test_strange_texts_are_sent_and_read() -> None:
    """A lone surrogate and control characters in a prompt do not break the request."""
    with FakeApi(reply=lambda _: "fine") as api:
        assert generator(api).generate(ask("a\ud800\x00b"), FIVE)[0].text == "fine"


# --- streams


def test_a_stream_gives_the_pieces() -> None:
    """Comments and chunks without choices are skipped. The stop text and anything after it are removed."""
    with FakeApi(reply=lambda _: "Hel lo wor ld") as api:
        assert list(generator(api).stream(ask("q")[0], FIVE))[:-1] == ["Hel", " lo", " wor", " ld"]
        assert api.bodies[0]["stream"] is True
        stopped = generator(api).stream(ask("q")[0], GenerationSettings(stop=("o wo",)))
        assert text_of(stopped) == "Hel l"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("half"), "before the end of the answer"),
        (Fault("cut off"), "closed the connection"),
        (Fault("error inside"), "the model crashed"),
        (Fault("silent"), "no text for"),
        (Fault("html"), "HTML page"),
        (Fault(status=401, body="who are you"), "401: who are you"),
        (Fault("not json", body="data: {half"), "not JSON"),
        (Fault("not json", body='{"error": {"message": "no GPU"}}'), "no GPU"),
    ],
)
def test_a_stream_that_fails_raises(fault: Fault, words: str) -> None:
    """Half a stream is not passed off as an answer: the error comes after the last piece, with the reason."""
    pieces: list[str | Completion] = []
    with FakeApi(reply=lambda _: "one two three four", fault=fault) as api:
        with pytest.raises(ModelUnavailableError, match=words):
            pieces += generator(api, timeout_s=0.3, retries=0).stream(ask("q")[0], FIVE)
        assert "four" not in "".join(map(str, pieces))


def test_a_stream_is_asked_again_before_its_first_piece() -> None:
    """A busy server at the start is retried, as for any request."""
    with FakeApi(fault=Fault(status=503, times=1)) as api:
        assert text_of(generator(api).stream(ask("q")[0], FIVE)) == "you said q"


def test_a_stream_that_a_limit_ended_says_so() -> None:
    """With the counts, the log-probability and the origin that the server gives."""
    with FakeApi(reply=lambda _: "a b c d e f g") as api:
        *_, last = generator(api).stream(ask("one two")[0], FIVE)
    assert isinstance(last, Completion) and last.origin is not None
    assert (last.text, last.truncated, last.logprob) == ("a b c d e", True, -0.5)
    assert (last.usage.prompt_tokens, last.usage.completion_tokens) == (2, 5)
    assert (last.origin.model, last.origin.fingerprint) == ("fake-model-2026", "fp_fake")


def test_a_stop_text_that_the_server_ignores_ends_the_stream_here() -> None:
    """Beyond the number of stop texts that are sent: the counts are estimates then, and nothing is truncated."""
    stops = ("1", "2", "3", "4", " c")
    with FakeApi(reply=lambda _: "a b c d e f g") as api:
        *_, last = generator(api).stream(ask("q")[0], GenerationSettings(max_new_tokens=5, stop=stops))
    assert isinstance(last, Completion)
    assert (last.text, last.truncated, last.usage.completion_tokens) == ("a b", False, 2)


def test_a_stream_holds_no_thinking() -> None:
    """As with a local model, neither in the pieces nor in the completion after them."""
    with FakeApi(reply=lambda _: "<think>24 months? No.</think> 36 months.") as api:
        assert text_of(generator(api).stream(ask("q")[0], GenerationSettings(max_new_tokens=20))) == "36 months."


def test_a_stream_with_an_end_of_thinking_alone_ends_as_the_answer() -> None:
    """What was sent cannot be taken back, but the completion, which is graded, holds the answer only."""
    with FakeApi(reply=lambda _: "24 months? No.</think> 36 months.") as api:
        *pieces, last = generator(api).stream(ask("q")[0], GenerationSettings(max_new_tokens=20))
    assert isinstance(last, Completion) and last.text == "36 months."
    assert "".join(map(str, pieces)).endswith("36 months.") and "</think>" not in "".join(map(str, pieces))


def test_a_stream_may_end_without_done_once_the_reason_is_given() -> None:
    """Some servers send no [DONE]. The finish reason also marks the end."""
    event = {"choices": [{"delta": {"content": "x"}, "finish_reason": "stop"}]}
    reply = StreamedReply()
    assert list(pieces_of([f"data: {json.dumps(event)}"], 1.0, reply)) == ["x"]
    assert reply.whole()["choices"][0]["finish_reason"] == "stop"
    with pytest.raises(ApiError, match="after 0 characters"):
        list(pieces_of(["event: ping"], 1.0, StreamedReply()))
