"""A tiny random model of each family's shape on each engine that runs it: batches, streams, ends, counts, thinking."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bakeoff.models.engines.optimum_export import installed_version
from bakeoff.models.engines.transformers import TransformersGenerator
from bakeoff.models.load import load_generator
from bakeoff.models.settings import LocalModel
from bakeoff.protocols import Generator
from bakeoff.records import Completion, GenerationSettings, Message, Prompt
from bakeoff.tuning.lora import Example, TrainingSettings, train_adapter
from tests.unit.shapes import SHAPES

LIMIT = 12
WRITE = GenerationSettings(max_new_tokens=LIMIT)
SYSTEM = Message(role="system", content="Be brief.")
PROMPTS = [
    Prompt(messages=(SYSTEM, Message(role="user", content=f"question {i} {'and ' * (i * 9)}?"))) for i in range(4)
]
OWN_GRAPH = ("llama", "qwen2", "qwen3", "mistral full")
EXPORTED = ("phi3", "mistral")
exporter = pytest.mark.skipif(installed_version() is None, reason="optimum-intel is not installed")
PAIRS = [
    *((name, "transformers") for name in SHAPES),
    *((name, "openvino") for name in OWN_GRAPH),
    *(pytest.param((name, "openvino"), marks=exporter) for name in EXPORTED),
]


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("BAKEOFF_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module", params=PAIRS, ids=" on ".join)
def generator(request: pytest.FixtureRequest, folders: Callable[[str], Path]) -> Generator:
    name, engine = request.param
    return load_generator(LocalModel(name=str(folders(name)), engine=engine))


def test_a_batch_says_what_each_prompt_alone_says(generator: Generator) -> None:
    """Also where the prompts are longer than the window of the attention."""
    together = generator.generate(PROMPTS, WRITE)
    alone = [generator.generate([prompt], WRITE)[0] for prompt in PROMPTS]
    assert [one.text for one in together] == [one.text for one in alone]
    assert [one.logprob for one in together] == pytest.approx([one.logprob for one in alone], abs=1e-2)
    assert len({one.text for one in together}) > 1


def test_a_stream_says_what_a_batch_says(generator: Generator) -> None:
    """Half characters and blanks of this tokenizer included. A random text may hold the end of thinking that never
    began: nothing before it counts, and it may have been sent.
    """
    n_same = 0
    for prompt in PROMPTS:
        *pieces, last = generator.stream(prompt, WRITE)
        (whole,) = generator.generate([prompt], WRITE)
        assert isinstance(last, Completion)
        sent = "".join(map(str, pieces))
        assert whole.text == last.text and (sent == whole.text or not whole.text)
        n_same += sent == whole.text
        assert last.usage.completion_tokens == whole.usage.completion_tokens
    assert n_same >= len(PROMPTS) - 1


def test_a_stop_text_ends_an_answer(generator: Generator) -> None:
    """The text ends before it, and no more tokens than needed count."""
    whole = max(generator.generate(PROMPTS, WRITE), key=lambda one: len(one.text))
    prompt = PROMPTS[[one.text for one in generator.generate(PROMPTS, WRITE)].index(whole.text)]
    stop = whole.text[len(whole.text) // 2 :][:1]
    (stopped,) = generator.generate([prompt], WRITE.model_copy(update={"stop": (stop,)}))
    assert stopped.text == whole.text[: whole.text.find(stop)]
    assert not stopped.truncated and stopped.usage.completion_tokens <= whole.usage.completion_tokens


def test_tokens_are_counted(generator: Generator) -> None:
    """A character is at least a token here, and no special token is added."""
    assert generator.count_tokens("") == 0 < generator.count_tokens("some words") <= 11
    assert generator.context_tokens == 1024


@pytest.mark.parametrize("name", SHAPES)
def test_the_end_of_a_turn_ends_an_answer(name: str, folders: Callable[[str], Path], tmp_path: Path) -> None:
    """A tuned model writes the token that its template writes, not only the one that ends a text."""
    if name == "gemma2":
        pytest.skip("cannot be tuned")
    generator = TransformersGenerator(folders(name), "m", taught(folders(name), "yes", tmp_path))
    (completion,) = generator.generate(PROMPTS[:1], WRITE)
    assert (completion.text, completion.truncated) == ("yes", False)
    assert completion.usage.completion_tokens < LIMIT


@pytest.mark.parametrize("engine", ["transformers", "openvino"])
def test_a_model_that_thinks_first_answers_without_its_thoughts(
    engine: str, folders: Callable[[str], Path], tmp_path: Path
) -> None:
    """Its tokens count, nothing of it is streamed, and a limit within it leaves an empty, truncated answer.

    It writes the marks of its thoughts in characters, since marks in training examples are plain text.
    """
    adapter = taught(folders("qwen3"), "<think>hm</think>\n\nyes", tmp_path)
    generator = load_generator(LocalModel(name=str(folders("qwen3")), engine=engine), adapter)
    for limit, expected in ((40, ("yes", False, 23)), (12, ("", True, 12))):
        settings = GenerationSettings(max_new_tokens=limit)
        (whole,) = generator.generate(PROMPTS[:1], settings)
        assert (whole.text, whole.truncated, whole.usage.completion_tokens) == expected
        *pieces, last = generator.stream(PROMPTS[0], settings)
        assert "".join(map(str, pieces)) == whole.text
        assert isinstance(last, Completion) and last.usage.completion_tokens == expected[2]


@exporter
def test_a_tuned_model_is_exported_with_its_adapter(folders: Callable[[str], Path], tmp_path: Path) -> None:
    """It says what it was taught."""
    adapter = taught(folders("phi3"), "yes", tmp_path)
    generator = load_generator(LocalModel(name=str(folders("phi3")), engine="openvino"), adapter)
    assert [one.text for one in generator.generate(PROMPTS[:1], WRITE)] == ["yes"]


def taught(model: Path, completion: str, folder: Path) -> Path:
    """An adapter with which the model answers the first prompt so."""
    examples = [Example(prompt=prompt, completion=completion) for prompt in PROMPTS[:1]]
    settings = TrainingSettings(rank=8, alpha=16, max_epochs=60, learning_rate=1e-2)
    report = train_adapter(model, examples, [], settings, folder)
    assert report.stopped_because == "the examples are learned"
    return folder
