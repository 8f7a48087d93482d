"""Paged attention in the transformers engine, which runs it on a GPU only: here on a CPU, on a random model."""

import logging
import threading
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from bakeoff.models.cancelling import Caller, CallerGoneError, on_behalf_of
from bakeoff.models.engines.transformers import TransformersGenerator
from bakeoff.models.engines.transformers_paged import PagedBatches, _can_give_logprobs
from bakeoff.records import Completion, GenerationSettings, Message, Prompt
from tests.unit.tiny_model import write_looping_model, write_tiny_model

pytestmark = pytest.mark.skipif(not _can_give_logprobs(), reason="this transformers has no paged attention with them")

FEW = GenerationSettings(max_new_tokens=24)
SYSTEM = Message(role="system", content="Answer briefly, and only from what you are shown here. " * 3)
PROMPTS = [
    Prompt(messages=(SYSTEM, Message(role="user", content=f"question {i} {'and ' * (i * 5)}?"))) for i in range(9)
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture(scope="module")
def padded(folder: Path) -> TransformersGenerator:
    return TransformersGenerator(folder, "m")


@pytest.fixture(scope="module")
def paged(folder: Path) -> TransformersGenerator:
    return TransformersGenerator(folder, "m", paged=True)


def assert_same(some: list[Completion], others: list[Completion]) -> None:
    assert [one.text for one in some] == [one.text for one in others]
    assert [one.truncated for one in some] == [one.truncated for one in others]
    assert [one.looped for one in some] == [one.looped for one in others]
    assert [one.logprob for one in some] == pytest.approx([one.logprob for one in others], abs=1e-4)
    assert [(one.usage.prompt_tokens, one.usage.completion_tokens) for one in some] == [
        (one.usage.prompt_tokens, one.usage.completion_tokens) for one in others
    ]


def only_paged(generator: TransformersGenerator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Padded batches are an error from now on."""

    def never(*_: Any) -> None:
        raise AssertionError("a padded batch was written")

    monkeypatch.setattr(generator, "_complete", never)


def test_it_says_what_padded_batches_say(
    padded: TransformersGenerator, paged: TransformersGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Texts, log-probabilities and counts, in order; twice, since the model is used again."""
    expected = padded.generate(PROMPTS, FEW)
    only_paged(paged, monkeypatch)
    for _ in range(2):
        assert_same(paged.generate(PROMPTS, FEW), expected)


def test_a_stop_text_ends_a_prompt(
    padded: TransformersGenerator, paged: TransformersGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each where it holds it; the others go on."""
    texts = [one.text for one in padded.generate(PROMPTS, FEW)]
    settings = FEW.model_copy(update={"stop": (texts[0][4:6], texts[1][7:9])})
    expected = padded.generate(PROMPTS, settings)
    assert [one.text for one in expected] != texts
    only_paged(paged, monkeypatch)
    assert_same(paged.generate(PROMPTS, settings), expected)


def test_what_repeats_itself_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long before the limit."""
    folder, long = write_looping_model(tmp_path / "looping"), GenerationSettings(max_new_tokens=300)
    expected = TransformersGenerator(folder, "m").generate(PROMPTS[:3], long)
    assert all(one.looped for one in expected)
    generator = TransformersGenerator(folder, "m", paged=True)
    only_paged(generator, monkeypatch)
    assert_same(generator.generate(PROMPTS[:3], long), expected)


def test_streams_and_drawn_tokens_are_as_before(padded: TransformersGenerator, paged: TransformersGenerator) -> None:
    """The same model writes them, after a paged batch too."""
    paged.generate(PROMPTS[:2], FEW)
    drawn = GenerationSettings(max_new_tokens=12, temperature=1.5, seed=3)
    assert_same(paged.generate(PROMPTS[:3], drawn), padded.generate(PROMPTS[:3], drawn))
    assert list(paged.stream(PROMPTS[1], FEW))[:-1] == list(padded.stream(PROMPTS[1], FEW))[:-1]


def test_who_leaves_ends_the_batch(paged: TransformersGenerator) -> None:
    """And the next one is answered."""
    somebody = Caller()
    threading.Timer(0.3, somebody.leave).start()
    long = GenerationSettings(max_new_tokens=700)
    with on_behalf_of(somebody), pytest.raises(CallerGoneError):
        for _ in range(200):
            paged.generate(PROMPTS, long)
    assert all(one.error is None for one in paged.generate(PROMPTS[:2], FEW))


def test_a_model_that_cannot_be_run_so_has_padded_batches(
    folder: Path, padded: TransformersGenerator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It says so once, and tries no more."""
    generator = TransformersGenerator(folder, "m", paged=True)
    tries: list[int] = []

    def refuse(*_: Any, **__: Any) -> None:
        tries.append(1)
        raise ValueError("Implementation x is not supported for continuous batching.")

    monkeypatch.setattr(generator._model, "continuous_batching_context_manager", refuse)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert_same(generator.generate(PROMPTS, FEW), padded.generate(PROMPTS, FEW))
    assert len(tries) == 1 and caplog.text.count("Paged attention is not used") == 1


def test_a_prompt_that_fails_is_written_by_a_padded_batch(
    paged: TransformersGenerator, padded: TransformersGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others keep what they have."""
    whole = PagedBatches.continued

    def failing(self: PagedBatches, *given: Any) -> Any:
        return [None if i in (0, 4) else one for i, one in enumerate(whole(self, *given))]

    monkeypatch.setattr(PagedBatches, "continued", failing)
    assert_same(paged.generate(PROMPTS, FEW), padded.generate(PROMPTS, FEW))


def test_an_error_while_it_runs_has_padded_batches_take_over(
    folder: Path, padded: TransformersGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as no memory for its pages."""
    from transformers.generation.continuous_batching import cache

    def no_memory(*_: Any, **__: Any) -> None:
        raise RuntimeError("CUDA out of memory")

    generator = TransformersGenerator(folder, "m", paged=True)
    monkeypatch.setattr(cache.PagedAttentionCache, "__init__", no_memory)
    assert_same(generator.generate(PROMPTS[:3], FEW), padded.generate(PROMPTS[:3], FEW))
    assert generator._paged is not None and generator._paged.problem


def test_without_a_gpu_it_is_not_used(padded: TransformersGenerator) -> None:
    """On CPUs, batches are padded."""
    import torch

    assert (padded._paged is None) is not torch.cuda.is_available()
