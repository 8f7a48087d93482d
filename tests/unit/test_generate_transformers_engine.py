"""The transformers engine on a random model: batches, log-probabilities, plainly greedy decoding."""

import json
import threading
from pathlib import Path

import pytest

from bakeoff.errors import ModelUnavailableError
from bakeoff.models.cancelling import Caller, CallerGoneError, on_behalf_of
from bakeoff.models.engines.transformers import TransformersGenerator, _batches
from bakeoff.records import GenerationSettings, Message, Prompt
from tests.unit.tiny_model import write_looping_model, write_tiny_model

SIX = GenerationSettings(max_new_tokens=6)
PROMPTS = [Prompt(messages=(Message(role="user", content=f"question {i} {'and ' * (i * 5)}?"),)) for i in range(9)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("tiny") / "model")


def test_batches_hold_every_prompt_once_within_the_budget() -> None:
    """Longest first, padded size at most the budget. A prompt that exceeds the budget is alone."""
    lengths = [5, 900, 30, 31, 7, 2000, 29]
    batches = list(_batches(lengths, 10, 130))
    assert sorted(i for batch in batches for i in batch) == list(range(7))
    for batch in batches:
        assert len(batch) == 1 or len(batch) * (max(lengths[i] for i in batch) + 10) <= 130
    assert batches[:3] == [[5], [1], [3, 2, 6]]


def test_small_batches_say_what_large_ones_say(folder: Path) -> None:
    """Padding and the number of prompts in a batch change neither the texts nor their log-probabilities."""
    large = TransformersGenerator(folder, "m").generate(PROMPTS, SIX)
    small = TransformersGenerator(folder, "m", tokens_per_batch=1).generate(PROMPTS, SIX)
    assert [one.text for one in large] == [one.text for one in small]
    assert [one.logprob for one in large] == pytest.approx([one.logprob for one in small], abs=1e-4)


def test_the_log_probability_is_the_mean_over_the_completion(folder: Path) -> None:
    """It equals a forward pass over prompt and completion, end token included."""
    import torch

    generator = TransformersGenerator(folder, "m")
    model, chat = generator._model, generator._chat
    ids = torch.tensor([chat.ids(PROMPTS[3])])
    (completion,) = generator.generate([PROMPTS[3]], SIX)
    with torch.inference_mode():
        for _ in range(completion.usage.completion_tokens):
            ids = torch.cat([ids, model(input_ids=ids).logits[:, -1].argmax(-1, keepdim=True)], dim=1)
        logprobs = torch.log_softmax(model(input_ids=ids).logits[0, :-1].float(), -1)
    n = completion.usage.prompt_tokens
    taken = logprobs[torch.arange(n - 1, ids.shape[1] - 1), ids[0, n:]]
    assert chat.text(ids[0, n:].tolist()) == completion.text
    assert completion.logprob == pytest.approx(taken.mean().item(), abs=1e-4)


def test_the_log_probability_of_what_was_drawn_is_that_of_its_tokens(folder: Path) -> None:
    """Above temperature 0 the tokens are not the most probable ones.

    Temperature does not affect the log-probability.
    """
    import torch

    generator = TransformersGenerator(folder, "m")
    settings = GenerationSettings(max_new_tokens=6, temperature=2.0, seed=1)
    drawn = [one for one in generator.generate(PROMPTS, settings) if one.truncated]
    assert len(drawn) > 3
    for prompt, completion in zip(PROMPTS, generator.generate(PROMPTS, settings), strict=True):
        if not completion.truncated:
            continue  # an end token is not in the text
        new = generator._chat.tokenizer(completion.text, add_special_tokens=False)["input_ids"]
        before = generator._chat.ids(prompt)
        with torch.inference_mode():
            logits = generator._model(input_ids=torch.tensor([before + new])).logits[0, len(before) - 1 : -1]
        taken = torch.log_softmax(logits.float(), -1)[torch.arange(len(new)), torch.tensor(new)]
        assert completion.logprob == pytest.approx(taken.mean().item(), abs=1e-4)


def test_tokens_after_a_stop_text_do_not_count(folder: Path) -> None:
    """With a short and a long text in a batch, padding is not part of the completion or its log-probability."""
    generator = TransformersGenerator(folder, "m")
    whole = generator.generate(PROMPTS, SIX)
    stop = next(one.text for one in whole if len(one.text) > 2)[1]
    settings = GenerationSettings(max_new_tokens=6, stop=(stop,))
    alone = [generator.generate([prompt], settings)[0] for prompt in PROMPTS]
    together = generator.generate(PROMPTS, settings)
    assert [one.usage.completion_tokens for one in together] == [one.usage.completion_tokens for one in alone]
    assert [one.logprob for one in together] == pytest.approx([one.logprob for one in alone], abs=1e-4)
    assert any(one.usage.completion_tokens == len(one.text) + 1 < 6 for one in together)


def test_a_models_own_sampling_settings_do_not_count(folder: Path, tmp_path: Path) -> None:
    """A repetition penalty or a temperature that ships with a model does not change the greedy answers."""
    plain = [one.text for one in TransformersGenerator(folder, "m").generate(PROMPTS, SIX)]
    other = write_tiny_model(tmp_path / "model")
    settings = {"do_sample": True, "temperature": 5.0, "repetition_penalty": 9.0, "eos_token_id": 1}
    (other / "generation_config.json").write_text(json.dumps(settings))
    assert [one.text for one in TransformersGenerator(other, "m").generate(PROMPTS, SIX)] == plain


def test_an_adapter_without_safetensors_is_refused(folder: Path, tmp_path: Path) -> None:
    """A pickled adapter is not loaded."""
    (tmp_path / "adapter_config.json").write_text("{}")
    (tmp_path / "adapter_model.bin").write_bytes(b"")
    with pytest.raises(ModelUnavailableError, match=r"adapter_model\.safetensors"):
        TransformersGenerator(folder, "m", tmp_path)


def test_loading_is_silent(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """No progress bar and no warning while a model is loaded and answers."""
    TransformersGenerator(folder, "m").generate(PROMPTS[:2], GenerationSettings(max_new_tokens=3))
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_a_model_that_repeats_itself_is_stopped(tmp_path: Path) -> None:
    """Long before the limit, in a batch, alone and in a stream."""
    generator = TransformersGenerator(write_looping_model(tmp_path / "model"), "m")
    long = GenerationSettings(max_new_tokens=300)
    together = generator.generate(PROMPTS, long)
    looped = [i for i, completion in enumerate(together) if completion.looped]
    assert looped
    for i in looped:
        assert together[i].usage.completion_tokens < 300 and not together[i].truncated
        assert len(together[i].text) < together[i].usage.completion_tokens
        (alone,) = generator.generate([PROMPTS[i]], long)
        *pieces, streamed = generator.stream(PROMPTS[i], long)
        assert alone.text == streamed.text == together[i].text and streamed.looped
        assert "".join(pieces).startswith(streamed.text)


def test_one_is_written_at_a_time_and_who_waits_may_leave(folder: Path) -> None:
    """A stream and a batch wait while another is written; their callers need not wait until it is over."""
    generator = TransformersGenerator(folder, "m")
    with generator._lock:  # as another stream holds it
        for ask in (lambda: list(generator.stream(PROMPTS[2], SIX)), lambda: generator.generate(PROMPTS, SIX)):
            somebody = Caller()
            threading.Timer(0.1, somebody.leave).start()
            with on_behalf_of(somebody), pytest.raises(CallerGoneError):
                ask()
    stream = generator.stream(PROMPTS[1], SIX)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert not generator._lock.locked()
    assert len(generator.generate(PROMPTS[:2], SIX)) == 2


def test_who_leaves_ends_what_is_written(folder: Path) -> None:
    """A stream and a batch, at the next token, though nobody can close a call that waits for a whole text."""
    generator, long = TransformersGenerator(folder, "m"), GenerationSettings(max_new_tokens=900)
    for ask in (lambda: list(generator.stream(PROMPTS[2], long)), lambda: generator.generate(PROMPTS, long)):
        somebody = Caller()
        threading.Timer(0.05, somebody.leave).start()
        with on_behalf_of(somebody), pytest.raises(CallerGoneError):
            for _ in range(10_000):
                ask()
        assert generator._lock.acquire(timeout=30)
        generator._lock.release()
