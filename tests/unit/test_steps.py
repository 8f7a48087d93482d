"""Next-token probabilities of the local engines, and the mixtures made of them, against plain transformers code."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bakeoff.contenders.mixture import TokenMixture, best_sequence
from bakeoff.errors import ConfigError, TooLongError
from bakeoff.models import steps as shared
from bakeoff.models.cancelling import Caller, CallerGoneError, on_behalf_of
from bakeoff.models.chat import Chat
from bakeoff.models.engines.openvino import OpenVinoGenerator
from bakeoff.models.engines.openvino_cache import graph_folder
from bakeoff.models.engines.openvino_steps import SteppedGraph
from bakeoff.models.engines.transformers import TransformersGenerator
from bakeoff.models.steps import ChatSteps
from bakeoff.protocols import SteppingGenerator, TokenSteps
from bakeoff.records import GenerationSettings, Message, Prompt
from tests.unit.tiny_model import write_looping_model, write_tiny_model

PROMPTS = [Prompt(messages=(Message(role="user", content=text),)) for text in ("a?", "what is it, then?", "no")]
WRITE = GenerationSettings(max_new_tokens=12)
LOG_WEIGHTS = np.log([0.5, 0.2, 0.3])
EXACT = {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0", "KV_CACHE_PRECISION": "f32"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("steps") / "llama")


@pytest.fixture(scope="module")
def windowed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Mistral whose attention sees 40 tokens, fewer than the longest prompt has."""
    import torch
    from transformers import AutoTokenizer, MistralConfig, MistralForCausalLM

    place = tmp_path_factory.mktemp("steps") / "mistral"
    tokenizer = AutoTokenizer.from_pretrained(write_tiny_model(place))
    config = MistralConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=1024, sliding_window=40, initializer_range=0.4,
    )  # fmt: skip
    torch.manual_seed(0)
    MistralForCausalLM(config).save_pretrained(place)
    return place


class Plain:
    """Log-probabilities by transformers alone: one row, no cache, no padding, everything read again for each token."""

    def __init__(self, folder: Path, rounded: bool = False) -> None:
        import torch
        from transformers import AutoModelForCausalLM

        self._torch = torch
        self._model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        self.prompts = [Chat(folder).ids(prompt) for prompt in PROMPTS]
        for parameter in self._model.parameters() if rounded else ():
            if parameter.ndim == 2:  # whole steps from -127 to 127, one step size for each output channel
                step = parameter.data.abs().amax(dim=1, keepdim=True) / 127
                parameter.data = (parameter.data / step).round() * step

    def next_after(self, prompt: int, ids: Sequence[int] = ()) -> np.ndarray:
        with self._torch.inference_mode():
            logits = self._model(self._torch.tensor([[*self.prompts[prompt], *ids]])).logits[0, -1]
        return self._torch.log_softmax(logits.double(), dim=-1).numpy()  # type: ignore[no-any-return]

    def of(self, prompt: int, ids: Sequence[int]) -> float:
        return float(sum(self.next_after(prompt, ids[:n])[token] for n, token in enumerate(ids)))


def greedy(plain: Plain, prompt: int, ends: set[int]) -> tuple[int, ...]:
    ids: list[int] = []
    while len(ids) < WRITE.max_new_tokens and not (ids and ids[-1] in ends):
        ids.append(int(plain.next_after(prompt, ids).argmax()))
    return tuple(ids)


def opened(which: str, folder: Path) -> Callable[[], TokenSteps]:
    """Makes the steps of an engine, of the OpenVINO one without the rounding of its fast settings."""
    if which == "transformers":
        generator = TransformersGenerator(folder, "tiny")
        return lambda: generator.steps(PROMPTS, WRITE)
    chat = Chat(folder)
    stepped = SteppedGraph(graph_folder(folder, None), EXACT)
    return lambda: ChatSteps(chat, [chat.ids(prompt) for prompt in PROMPTS], WRITE, stepped.rows)


@pytest.fixture(params=["transformers", "openvino"])
def both(request: pytest.FixtureRequest, folder: Path, tmp_path: Path, monkeypatch: Any) -> tuple[Any, Plain]:
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path))
    return opened(request.param, folder), Plain(folder, rounded=request.param == "openvino")


def test_next_tokens_are_those_of_each_prompt_alone(both: Any) -> None:
    """Prompts of uneven length, read side by side and continued with different tokens."""
    make, plain = both
    steps = make()
    assert steps.prompt_tokens == tuple(map(len, plain.prompts))
    added: list[list[int]] = [[], [], []]
    for tokens in ([5, 9, 30], [7, 7, 2], [60, 3, 41]):
        steps.advance(tokens)
        for ids, token in zip(added, tokens, strict=True):
            ids.append(token)
        expected = [plain.next_after(i, ids) for i, ids in enumerate(added)]
        assert steps.next_log_probs() == pytest.approx(np.array(expected), abs=3e-5)


def test_prompts_are_read_in_parts_between_which_a_caller_may_leave(both: Any, monkeypatch: Any) -> None:
    """The parts change nothing, also where a part of a short prompt is padding alone."""
    make, plain = both
    monkeypatch.setattr(shared, "READ_AT_ONCE", 3 * 5)
    monkeypatch.setattr(shared, "FEWEST_READ", 5)
    width, shortest = max(map(len, plain.prompts)), min(map(len, plain.prompts))
    assert width > 2 * 5 and width - shortest >= 5
    steps = make()
    expected = [plain.next_after(i) for i in range(3)]
    assert steps.next_log_probs() == pytest.approx(np.array(expected), abs=3e-5)
    n_parts, somebody = 0, Caller()

    def looking(self: Caller) -> None:
        nonlocal n_parts
        n_parts += 1
        if n_parts == 2:
            somebody.leave()
        if self.is_gone:
            raise CallerGoneError

    monkeypatch.setattr(Caller, "raise_if_gone", looking)
    with on_behalf_of(somebody), pytest.raises(CallerGoneError):
        make()
    assert n_parts == 2


def test_a_continuation_is_scored_right_after_each_prompt(both: Any, monkeypatch: Any) -> None:
    """Before and after other tokens were added, in several parts, one token, none; and the steps go on unchanged."""
    make, plain = both
    monkeypatch.setattr(shared, "SCORED_AT_ONCE", 3 * len(PROMPTS))
    steps, texts = make(), ([4, 8, 15, 16, 23, 42, 8], [9], [])
    steps.advance([5, 9, 30])
    for ids in texts:
        assert steps.log_probs_of(ids) == pytest.approx([plain.of(i, ids) for i in range(3)], abs=1e-5)
    steps.advance([7, 7, 2])
    assert steps.log_probs_of(texts[0]) == pytest.approx([plain.of(i, texts[0]) for i in range(3)], abs=1e-5)
    expected = [plain.next_after(i, ids) for i, ids in enumerate(([5, 7], [9, 7], [30, 2]))]
    assert steps.next_log_probs() == pytest.approx(np.array(expected), abs=1e-5)
    steps.advance([3, 3, 3])
    expected = [plain.next_after(i, ids) for i, ids in enumerate(([5, 7, 3], [9, 7, 3], [30, 2, 3]))]
    assert steps.next_log_probs() == pytest.approx(np.array(expected), abs=1e-5)


def test_scoring_many_answers_reads_the_prompts_again_and_changes_nothing(both: Any) -> None:
    """The scores stay those of plain transformers, and what was written goes on as if nothing was scored."""
    make, plain = both
    steps, ids = make(), [4, 8, 15, 16, 23, 42, 8]
    steps.advance([5, 9, 30])
    expected = [plain.of(i, ids) for i in range(3)]
    scoring = set()
    for _ in range(2 + 2 * max(steps.prompt_tokens) // (len(ids) - 1)):
        assert steps.log_probs_of(ids) == pytest.approx(expected, abs=1e-5)
        scoring.add(id(steps._scoring))
    assert len(scoring) >= 2
    steps.advance([7, 7, 2])
    after = [plain.next_after(i, added) for i, added in enumerate(([5, 7], [9, 7], [30, 2]))]
    assert steps.next_log_probs() == pytest.approx(np.array(after), abs=1e-5)


class Counted:
    """Rows that count what is read, instead of a model."""

    n_read = widest = most_logits = 0

    def __init__(self) -> None:
        self.rows = 0

    def read(self, tokens: np.ndarray, mask: np.ndarray, positions: np.ndarray, n_last: int) -> np.ndarray:
        self.rows += tokens.shape[1]
        assert mask.shape == (len(tokens), self.rows), "each row has a mask for all that it holds"
        Counted.n_read += tokens.size
        Counted.widest = max(Counted.widest, mask.shape[1])
        Counted.most_logits = max(Counted.most_logits, len(tokens) * n_last)
        return np.zeros((len(tokens), n_last, 5), np.float32)


@pytest.mark.parametrize("n_passages", [3, 10, 50])
@pytest.mark.parametrize("n_prompt", [20, 300])
def test_memory_and_time_for_scoring_grow_with_the_answers_not_with_their_square(
    monkeypatch: pytest.MonkeyPatch, n_passages: int, n_prompt: int
) -> None:
    """However many answers are scored, a row holds two prompts and two answers at most; logits keep to one limit."""
    for name in ("n_read", "widest", "most_logits"):
        monkeypatch.setattr(Counted, name, 0)
    chat: Any = SimpleNamespace(end_ids={0})
    steps = ChatSteps(chat, [[1] * n_prompt] * n_passages, GenerationSettings(max_new_tokens=256), Counted)
    for _ in range(255):
        steps.advance([1] * n_passages)
    for _ in range(n_passages):
        steps.log_probs_of([1] * 256)
    assert Counted.widest <= 2 * n_prompt + 2 * 256
    needed = n_passages * (n_prompt + 255 + n_passages * 255)
    assert Counted.n_read <= 2 * needed
    assert n_passages <= Counted.most_logits <= shared.SCORED_AT_ONCE


def test_rag_token_is_the_sum_written_out_with_plain_transformers(both: Any, folder: Path) -> None:
    """The same tokens, the same probability, the same posterior."""
    make, plain = both
    mixture = TokenMixture(make(), LOG_WEIGHTS)
    for _ in mixture:
        pass
    weights, ids, log_prob = np.exp(LOG_WEIGHTS), list[int](), 0.0
    while len(ids) < WRITE.max_new_tokens and not (ids and ids[-1] in Chat(folder).end_ids):
        summed = sum(weights[i] * np.exp(plain.next_after(i, ids)) for i in range(3))
        ids.append(int(np.argmax(summed)))
        log_prob += float(np.log(summed[ids[-1]]))
    assert mixture.mixed.ids == ids
    assert mixture.mixed.log_prob == pytest.approx(log_prob, abs=1e-5)
    joint = [LOG_WEIGHTS[i] + plain.of(i, ids) for i in range(3)]
    assert mixture.mixed.by_passage == pytest.approx(joint, abs=1e-4)


def test_rag_sequence_is_the_sum_written_out_with_plain_transformers(both: Any, folder: Path) -> None:
    """Thorough: over all passages. Fast: over those that wrote the answer."""
    make, plain = both
    ends, weights = Chat(folder).end_ids, np.exp(LOG_WEIGHTS)
    written = [greedy(plain, i, ends) for i in range(3)]
    thorough = {ids: sum(weights[i] * np.exp(plain.of(i, ids)) for i in range(3)) for ids in written}
    fast = {
        ids: sum(weights[i] * np.exp(plain.of(i, ids)) for i in range(3) if written[i] == ids) for ids in written
    }  # fmt: skip
    for sums, is_thorough in ((thorough, True), (fast, False)):
        mixed = best_sequence(make(), LOG_WEIGHTS, is_thorough)
        best = max(sums, key=sums.__getitem__)
        assert tuple(mixed.ids) == best
        assert mixed.log_prob == pytest.approx(float(np.log(sums[best])), abs=1e-5)


@pytest.mark.parametrize("at_once", [shared.READ_AT_ONCE, 30])
def test_a_window_is_no_reason_for_another_sum(windowed: Path, at_once: int, monkeypatch: Any) -> None:
    """Where tokens that do not count would take places in the window, the prompts are read again."""
    monkeypatch.setattr(shared, "READ_AT_ONCE", at_once)
    monkeypatch.setattr(shared, "FEWEST_READ", at_once // 3)
    generator, plain = TransformersGenerator(windowed, "tiny"), Plain(windowed)
    steps, ids = generator.steps(PROMPTS, WRITE), [4, 8, 15, 16, 23]
    for _ in range(6):
        steps.advance([5, 9, 30])
    assert steps.log_probs_of(ids) == pytest.approx([plain.of(i, ids) for i in range(3)], abs=1e-5)
    expected = [plain.next_after(i, [token] * 6) for i, token in enumerate((5, 9, 30))]
    assert steps.next_log_probs() == pytest.approx(np.array(expected), abs=1e-5, rel=1e-5)


@pytest.mark.parametrize("engine", [TransformersGenerator, OpenVinoGenerator])
def test_both_engines_show_probabilities_and_refuse_what_is_too_long(
    engine: Any, folder: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    """As the protocol says; a caller who left is not computed for."""
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path))
    generator = engine(folder, "tiny")
    assert isinstance(generator, SteppingGenerator)
    with pytest.raises(TooLongError, match="do not fit"):
        generator.steps([*PROMPTS, Prompt(messages=(Message(role="user", content="x" * 2000),))], WRITE)
    steps, somebody = generator.steps(PROMPTS, WRITE), Caller()
    somebody.leave()
    with on_behalf_of(somebody), pytest.raises(CallerGoneError):
        steps.advance([1, 2, 3])


def test_several_threads_may_step_at_once(both: Any) -> None:
    """A server answers several questions at the same time: each gets the answer that it gets alone."""
    make, _ = both
    waiting = [make() for _ in range(5)]
    alone = best_sequence(waiting.pop(), LOG_WEIGHTS)
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda steps: best_sequence(steps, LOG_WEIGHTS), waiting))
    assert all(mixed.ids == alone.ids for mixed in together)
    assert [mixed.log_prob for mixed in together] == pytest.approx([alone.log_prob] * 4, abs=1e-5)


def test_texts_follow_the_rules_of_plain_generation(folder: Path, tmp_path: Path) -> None:
    """One prompt continued greedily is what `generate` writes: with a limit, a stop text, and a loop."""
    for place in (folder, write_looping_model(tmp_path / "loops")):
        generator = TransformersGenerator(place, "tiny")
        (whole,) = generator.generate(PROMPTS[:1], GenerationSettings(max_new_tokens=200))
        for settings in (
            GenerationSettings(max_new_tokens=200),
            GenerationSettings(max_new_tokens=7),
            GenerationSettings(max_new_tokens=200, stop=(whole.text[3:5],)),
        ):
            (expected,) = generator.generate(PROMPTS[:1], settings)
            steps = generator.steps(PROMPTS[:1], settings)
            mixture = TokenMixture(steps, np.zeros(1))
            pieces = "".join(steps.pieces(mixture))
            written = steps.written(mixture.mixed.ids)
            assert (written.text, written.truncated, written.looped) == (
                expected.text, expected.truncated, expected.looped,
            )  # fmt: skip
            assert len(mixture.mixed.ids) == expected.usage.completion_tokens
            assert mixture.mixed.per_token == pytest.approx(expected.logprob, abs=1e-5)
            assert pieces.startswith(written.text)
    assert whole.looped


def test_a_graph_of_the_exporter_is_refused(folder: Path, tmp_path: Path, monkeypatch: Any) -> None:
    """Its attention is not known here: the message says to take the other engine."""
    import openvino
    from openvino import opset13 as op

    one = op.parameter([1], np.float32, name="x")
    openvino.save_model(openvino.Model([op.result(one)], [one], "exported"), tmp_path / "openvino_model.xml")
    with pytest.raises(ConfigError, match="optimum-intel exported"):
        SteppedGraph(tmp_path, {})


def test_a_model_without_keys_and_values_is_refused() -> None:
    """A state-space model, for instance."""
    import threading

    from bakeoff.models.engines.transformers_steps import TransformersRows

    class Recurrent:
        def forward(self, input_ids: Any, state: Any = None) -> None: ...

    with pytest.raises(ConfigError, match="keeps no keys and values"):
        TransformersRows(Recurrent(), threading.Lock())
