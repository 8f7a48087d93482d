"""The engine for Ollama's own protocol: the context, reading answers, and detecting a cut prompt."""

import json
from typing import Any

import pytest

from bakeoff.errors import ModelUnavailableError
from bakeoff.models.engines.ollama import OllamaGenerator, ollama_url
from bakeoff.models.settings import ApiModel
from bakeoff.records import Completion, GenerationSettings, Message, Prompt
from tests.fake_api import FakeApi, Fault

FIVE = GenerationSettings(max_new_tokens=5)


def ask(*texts: str) -> list[Prompt]:
    return [Prompt(messages=(Message(role="user", content=text),)) for text in texts]


def generator(server: FakeApi, **more: Any) -> OllamaGenerator:
    settings = {"api": "ollama", "base_url": server.ollama_url, "model": "m", "timeout_s": 5.0, "retries": 0, **more}
    return OllamaGenerator(ApiModel(**settings), first_wait_s=0.001)


def completion_from(prompt: str, **reply: Any) -> Completion:
    whole = {"message": {"content": "a b"}, "done": True, "done_reason": "stop", **reply}
    with FakeApi(fault=Fault("not json", body=json.dumps(whole))) as server:
        return generator(server, context_tokens=100).generate(ask(prompt), FIVE)[0]


def test_what_is_sent() -> None:
    """The context size, the limit, temperature, seed and stop texts, and the request not to cut the prompt."""
    with FakeApi() as server:
        settings = GenerationSettings(max_new_tokens=7, temperature=0.5, seed=3, stop=("\n",))
        generator(server, context_tokens=9000).generate(ask("hello"), settings)
        body = server.bodies[0]
        assert server.requests[0].path == "/api/chat"
        assert body["options"] == {"num_ctx": 9000, "num_predict": 7, "temperature": 0.5, "seed": 3, "stop": ["\n"]}
        assert (body["model"], body["stream"], body["truncate"]) == ("m", False, False)


@pytest.mark.parametrize("url", ["http://h:11434", "http://h:11434/v1", "http://h:11434/api"])
def test_the_address_may_be_that_of_any_of_its_apis(url: str) -> None:
    """People also give the address of the OpenAI protocol."""
    assert ollama_url(url) == "http://h:11434"


def test_usage_logprobs_and_origin_are_the_servers() -> None:
    """Counts, the mean log-probability and the model as the server names it."""
    one = completion_from("q", model="m:latest", prompt_eval_count=11, eval_count=2, logprobs=[{"logprob": -1.0}])
    assert (one.usage.prompt_tokens, one.usage.completion_tokens, one.logprob) == (11, 2, -1.0)
    assert one.origin and one.origin.model == "m:latest" and not one.truncated


@pytest.mark.parametrize(
    ("reply", "truncated"),
    [
        ({"done_reason": "length"}, True),
        ({"prompt_eval_count": 98, "eval_count": 2}, True),
        ({"prompt_eval_count": 97, "eval_count": 2}, False),
        ({}, False),
    ],
)
def test_an_answer_that_a_limit_ended_is_truncated(reply: dict[str, Any], truncated: bool) -> None:
    """By `done_reason`, or if prompt and answer fill the context completely."""
    assert completion_from("q", **reply).truncated is truncated


@pytest.mark.parametrize("thought", ["<think>24?</think>\n", "24?\n</think>\n\n"])
def test_what_a_model_thinks_is_not_its_answer(thought: str) -> None:
    """As with a local model."""
    assert completion_from("q", message={"content": f"{thought}36 months"}).text == "36 months"


@pytest.mark.parametrize(("reason", "looped"), [("stop", False), ("length", True)])
def test_an_answer_that_ended_by_itself_is_no_loop(reason: str, looped: bool) -> None:
    """As with a local model: three equal lines may be the whole answer."""
    text = "Click on the Save button. " * 4
    completion = completion_from("q", message={"content": text}, done_reason=reason)
    assert completion.looped is looped and (completion.text == text) is not looped


def test_a_stream_holds_no_thinking() -> None:
    """As with a local model, neither in the pieces nor in the completion after them."""
    with FakeApi(reply=lambda _: "<think>24 months? No.</think> 36 months.") as server:
        *pieces, last = generator(server).stream(ask("q")[0], GenerationSettings(max_new_tokens=20))
    assert isinstance(last, Completion) and "".join(map(str, pieces)) == last.text == "36 months."


def test_a_prompt_that_was_cut_is_an_error() -> None:
    """A server that cuts silently counts half a context for a prompt that cannot fit. Its answer is refused."""
    cut = completion_from("word " * 200, prompt_eval_count=52, eval_count=2)
    assert cut.error and "cut the prompt to 52 tokens" in cut.error and "context_tokens" in cut.error
    assert completion_from("word " * 40, prompt_eval_count=52, eval_count=2).error is None


def test_a_prompt_that_does_not_fit_is_refused_by_the_server() -> None:
    """The request asks for a refusal, and the server's message is the error. The other prompts get their answers."""
    with FakeApi() as server:
        first, second = generator(server, context_tokens=64).generate(ask("a " * 99, "b"), FIVE)
        assert first.error and "exceeds the context length 64" in first.error
        assert second.text == "you said b"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("error inside"), "the model crashed"),
        (Fault("half"), "closed the connection"),
        (Fault(status=404, body='{"error": "model \'m\' not found"}'), "model 'm' not found"),
        (Fault("not json", body='{"message": {"content": "a"}}'), "not the whole answer"),
        (Fault("not json", body="{}"), "no message"),
    ],
)
def test_a_reply_that_is_no_answer_is_an_error_of_that_completion(fault: Fault, words: str) -> None:
    """A batch does not raise, and the error names what was received."""
    with FakeApi(fault=fault) as server:
        (one,) = generator(server).generate(ask("q"), FIVE)
        assert one.error and words in one.error and one.text == ""


def test_one_completion_has_the_temperature_and_seed_of_the_model() -> None:
    """What a probe asks with is what the run will ask with."""
    with FakeApi() as server:
        generator(server, temperature=0.7, seed=3).complete(ask("a")[0], FIVE)
        options = server.bodies[0]["options"]
        assert (options["temperature"], options["seed"]) == (0.7, 3)


def test_a_stream_that_a_limit_ended_says_so() -> None:
    """With the counts, the log-probability and the origin that the server gives."""
    with FakeApi(reply=lambda _: "a b c d e f g") as server:
        *pieces, last = generator(server).stream(ask("one two")[0], FIVE)
    assert isinstance(last, Completion) and last.origin is not None
    assert pieces == ["a", " b", " c", " d", " e"]
    assert (last.text, last.truncated, last.logprob) == ("a b c d e", True, -0.5)
    assert (last.usage.prompt_tokens, last.usage.completion_tokens) == (2, 5)
    assert last.origin.model == "fake-model-2026"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("half"), "before the end of the answer"),
        (Fault("cut off"), "closed the connection"),
        (Fault("error inside"), "the model crashed"),
        (Fault("not json", body="hello"), "not a JSON object"),
        (Fault(status=404, body='{"error": "model unknown"}'), "model unknown"),
    ],
)
def test_a_stream_that_fails_raises(fault: Fault, words: str) -> None:
    """An incomplete stream is not returned as an answer."""
    with FakeApi(fault=fault) as server, pytest.raises(ModelUnavailableError, match=words):
        list(generator(server).stream(ask("one two three")[0], FIVE))
