"""One suite over every generator: order, limits, counts, errors as states, streams that say what a batch says.

The local engines run on a random model of a few thousand parameters; with the mark `models`, on the default model.
"""

import math
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.fake_api import FakeApi
from tests.unit.tiny_model import write_tiny_model

from bakeoff.errors import BakeoffError
from bakeoff.models.cancelling import Caller, CallerGoneError, on_behalf_of
from bakeoff.models.engines.scripted import ScriptedGenerator
from bakeoff.models.load import load_generator
from bakeoff.models.settings import ApiModel, LocalModel
from bakeoff.protocols import Generator
from bakeoff.records import Completion, GenerationSettings, Message, Prompt

DEFAULT = "HuggingFaceTB/SmolLM2-135M-Instruct"
SYSTEM = Message(role="system", content="Answer in a few words.")
TEXTS = (
    "What is the capital of France?",
    "2+2?",
    "Name three colours of the rainbow, and one animal that lives in it.",
)
PROMPTS = [Prompt(messages=(SYSTEM, Message(role="user", content=text))) for text in TEXTS]
TOO_LONG = Prompt(messages=(Message(role="user", content="no end " * 5000),))
LIMIT = 12
WRITE = GenerationSettings(max_new_tokens=LIMIT)


def reply(message: str) -> str:
    return f"you said {message}"


@pytest.fixture(scope="module")
def echo() -> Iterator[FakeApi]:
    """A server that says what the script says, refuses what is too long, and streams when asked to."""
    with FakeApi(reply=lambda messages: reply(messages[-1]["content"]), context_tokens=1000) as api:
        yield api


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture(
    scope="module",
    params=[
        "scripted",
        "openai",
        "ollama",
        "anthropic",
        "google",
        "tiny transformers",
        "tiny openvino",
        pytest.param("default transformers", marks=pytest.mark.models),
        pytest.param("default openvino", marks=pytest.mark.models),
    ],
)
def generator(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Generator]:
    which, _, engine = request.param.partition(" ")
    if which == "scripted":
        yield ScriptedGenerator(reply, context_tokens=1000)
    elif which in ("openai", "ollama", "anthropic", "google"):
        url = request.getfixturevalue("echo").base_url(which)
        yield load_generator(ApiModel(api=which, base_url=url, model=f"of-{which}", context_tokens=1000))
    elif which == "default":
        yield load_generator(LocalModel(name=DEFAULT, engine=engine))
    else:
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("BAKEOFF_CACHE", str(tmp_path_factory.mktemp("cache")))
            yield load_generator(LocalModel(name=str(request.getfixturevalue("tiny")), engine=engine))


def texts(completions: Sequence[Completion]) -> list[str]:
    return [one.text for one in completions]


def test_a_batch_says_what_each_prompt_alone_says(generator: Generator) -> None:
    """Completions are in the order of the prompts, and the company of others changes none."""
    together = texts(generator.generate([*PROMPTS, *reversed(PROMPTS)], WRITE))
    alone = [generator.generate([prompt], WRITE)[0].text for prompt in PROMPTS]
    assert together == [*alone, *reversed(alone)]
    assert len(set(alone)) > 1


def test_nothing_asked_nothing_said(generator: Generator) -> None:
    """An empty batch gives an empty list."""
    assert generator.generate([], WRITE) == []


def test_the_limit_is_kept_and_counted(generator: Generator) -> None:
    """No completion has more tokens than allowed, one token is possible, and usage and logprob are plausible."""
    for limit in (1, LIMIT):
        for completion in generator.generate(PROMPTS, GenerationSettings(max_new_tokens=limit)):
            assert 1 <= completion.usage.completion_tokens <= limit
            assert completion.usage.prompt_tokens >= 2
            assert completion.usage.seconds > 0
            assert completion.error is None
            if generator.name == "of-anthropic":
                assert completion.logprob is None  # that API gives none
                continue
            assert completion.logprob is not None and completion.logprob <= 0 and math.isfinite(completion.logprob)


def test_a_prompt_that_cannot_be_answered_costs_no_other(generator: Generator) -> None:
    """A prompt beyond the context has its error; those beside it have what they have alone."""
    first, failed, last = generator.generate([PROMPTS[0], TOO_LONG, PROMPTS[1]], WRITE)
    assert failed.error and failed.text == ""
    assert (first.error, last.error) == (None, None)
    assert texts([first, last]) == texts(generator.generate([PROMPTS[0], PROMPTS[1]], WRITE))


def test_a_stream_says_what_a_batch_says(generator: Generator) -> None:
    """The pieces of a stream, joined, are the completion, and the last item is all that a batch says of it."""
    for prompt in PROMPTS:
        *pieces, last = generator.stream(prompt, WRITE)
        (whole,) = generator.generate([prompt], WRITE)
        assert "".join(pieces) == whole.text
        assert_same(last, whole)


def test_a_stream_says_that_a_limit_ended_it(generator: Generator) -> None:
    """Its completion is truncated where that of a batch is, and was drawn with the same seed."""
    for settings in (GenerationSettings(max_new_tokens=1), WRITE.model_copy(update={"temperature": 1.5, "seed": 3})):
        *_, last = generator.stream(PROMPTS[2], settings)
        assert_same(last, generator.generate([PROMPTS[2]], settings)[0])
    assert generator.generate(PROMPTS[2:], GenerationSettings(max_new_tokens=1))[0].truncated


def assert_same(streamed: object, whole: Completion) -> None:
    """A stream's completion is that of a batch but for the seconds it took."""
    assert isinstance(streamed, Completion)
    assert streamed.usage.seconds > 0
    assert streamed.logprob == pytest.approx(whole.logprob, abs=1e-3)
    more = {"usage": streamed.usage.model_copy(update={"seconds": whole.usage.seconds}), "logprob": whole.logprob}
    assert streamed.model_copy(update=more) == whole


def test_a_text_ends_before_a_stop_text(generator: Generator) -> None:
    """Whole or streamed, it is what came before the first stop text, and no limit truncated it."""
    for prompt in PROMPTS:
        text = generator.generate([prompt], WRITE)[0].text
        for stop in (text[len(text) // 2 :][:2], text[-1], text[:1]):
            settings = GenerationSettings(max_new_tokens=LIMIT, stop=("never written", stop))
            (stopped,) = generator.generate([prompt], settings)
            assert stopped.text == text[: text.find(stop)]
            assert (stopped.truncated, stopped.error) == (False, None)
            *pieces, last = generator.stream(prompt, settings)
            assert "".join(pieces) == stopped.text
            assert_same(last, stopped)


def test_a_stop_text_of_one_prompt_costs_no_other(generator: Generator) -> None:
    """In a batch, each text ends at its own first stop text."""
    whole = texts(generator.generate(PROMPTS, WRITE))
    stop = whole[0][len(whole[0]) // 2 :][:2]
    settings = GenerationSettings(max_new_tokens=LIMIT, stop=(stop,))
    stopped = generator.generate(PROMPTS, settings)
    assert texts(stopped) == [text.split(stop)[0] for text in whole]
    assert all(1 <= one.usage.completion_tokens <= LIMIT for one in stopped)


def test_a_text_that_the_limit_ended_is_truncated(generator: Generator) -> None:
    """Truncated: all tokens were used, and a higher limit has more of them. Not truncated: it has the same text."""
    for limit in (1, LIMIT):
        for prompt in PROMPTS:
            (short,) = generator.generate([prompt], GenerationSettings(max_new_tokens=limit))
            (long,) = generator.generate([prompt], GenerationSettings(max_new_tokens=3 * LIMIT))
            assert long.text.startswith(short.text)
            if short.truncated:
                assert short.usage.completion_tokens == limit < long.usage.completion_tokens
            else:
                assert long.text == short.text
    assert generator.generate(PROMPTS[:1], GenerationSettings(max_new_tokens=1))[0].truncated


def test_a_seed_repeats_what_was_drawn(generator: Generator, request: pytest.FixtureRequest) -> None:
    """The same seed gives the same text; on models that run here other seeds give others, less probable ones too."""

    def drawn(seed: int) -> Completion:
        settings = GenerationSettings(max_new_tokens=LIMIT, temperature=1.5, seed=seed)
        return generator.generate(PROMPTS[:1], settings)[0]

    assert drawn(3).text == drawn(3).text
    if "tiny" in request.node.name or "default" in request.node.name:
        several = [drawn(seed) for seed in range(8)]
        assert len({one.text for one in several}) > 1
        greedy = generator.generate(PROMPTS[:1], WRITE)[0].logprob
        assert greedy is not None
        assert all(one.logprob is not None and one.logprob <= 0 for one in several)
        assert min(one.logprob for one in several if one.logprob is not None) < greedy


def test_a_stream_of_a_prompt_that_does_not_fit_raises(generator: Generator) -> None:
    """A stream has no completion to hold the error: it is raised before the first piece."""
    with pytest.raises(BakeoffError):
        next(iter(generator.stream(TOO_LONG, WRITE)))


def test_a_stream_may_be_left(generator: Generator) -> None:
    """Whoever stops reading a stream gets the generator back, unharmed."""
    before = texts(generator.generate(PROMPTS[:1], WRITE))
    stream = generator.stream(PROMPTS[2], WRITE)
    next(iter(stream))
    stream.close()  # type: ignore[attr-defined]
    assert texts(generator.generate(PROMPTS[:1], WRITE)) == before


def test_tokens_are_counted(generator: Generator) -> None:
    """Nothing has no tokens, a longer text has more, and the context has room for some."""
    counts = [generator.count_tokens(text) for text in ("", "some words", "some words " * 10)]
    assert counts[0] == 0 < counts[1] < counts[2]
    assert generator.context_tokens > counts[2]
    assert generator.name


def test_several_threads_may_ask(generator: Generator) -> None:
    """A server asks from several threads: each gets its own answer."""
    expected = [generator.generate([prompt], WRITE)[0].text for prompt in PROMPTS]
    found: dict[int, Any] = {}
    threads = [
        threading.Thread(target=lambda i=i: found.update({i: generator.generate([PROMPTS[i]], WRITE)[0].text}))
        for i in range(len(PROMPTS))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[i] for i in range(len(PROMPTS))] == expected


def test_several_streams_may_be_read_at_once(generator: Generator) -> None:
    """Each says what a batch says, whoever reads beside it."""
    expected = texts(generator.generate(PROMPTS, WRITE))
    streams = [generator.stream(prompt, WRITE) for prompt in PROMPTS]
    found: dict[int, str] = {}

    def read(i: int) -> None:
        found[i] = "".join(item for item in streams[i] if isinstance(item, str))

    threads = [threading.Thread(target=read, args=(i,)) for i in range(len(PROMPTS))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[i] for i in range(len(PROMPTS))] == expected


def test_a_caller_may_leave(generator: Generator) -> None:
    """Then the stream ends early, or is finished already. The generator is unharmed."""
    before = texts(generator.generate(PROMPTS[:1], WRITE))
    somebody = Caller()
    with on_behalf_of(somebody):
        stream = generator.stream(PROMPTS[2], WRITE)
        next(iter(stream))
        somebody.leave()
        try:
            *_, last = stream
            assert isinstance(last, Completion)
        except CallerGoneError:
            pass
    assert texts(generator.generate(PROMPTS[:1], WRITE)) == before
