"""The speed of models: training, answering, the first piece of an answer, embedding. Parts of bench.py.

The texts are English words of the bundled example in another order, with the default models.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import machine
from index_speed import made_prose
from speed_row import Row

from bakeoff.models.chat import Chat
from bakeoff.models.embed import load_embedder
from bakeoff.models.load import load_generator
from bakeoff.models.prompts import GROUNDED
from bakeoff.models.settings import DEFAULT_EMBEDDER, DEFAULT_GENERATOR, LocalModel
from bakeoff.models.sharing import read_apart
from bakeoff.models.weights import resolve_model
from bakeoff.records import Completion, GenerationSettings, Prompt
from bakeoff.tuning.lora import Example, TrainingSettings, train_adapter
from bakeoff.tuning.packing import encode

TUNED = "HuggingFaceTB/SmolLM2-135M-Instruct"
PROMPT_WORDS, N_NEW = 240, 16
TUNED_WEIGHTS = 106e6  # of SmolLM2-135M in its layers, without the embeddings
ANSWER_WEIGHTS = 134.5e6
EMBEDDER_WEIGHTS = 10.6e6  # of all-MiniLM-L6-v2 in its layers
TOGETHER = 16


def prompts(n: int) -> list[Prompt]:
    """Grounded prompts with one system message and other passages each, of about 420 tokens."""
    passages = [text for one in made_prose(n, PROMPT_WORDS) for text in one.text.split("\n\n")][:n]
    return [GROUNDED.render(f"What does the {passage.split()[0]} need?", [passage]) for passage in passages]


def in_turn(rounds: int, works: Sequence[Callable[[], float]]) -> list[float]:
    """The median rate of each work; they take turns."""
    rates: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for kept, work in zip(rates, works, strict=True):
            kept.append(work())
    return [statistics.median(kept) for kept in rates]


def training(is_quick: bool) -> Iterator[Row]:
    """LoRA: the examples' own tokens a second, in an epoch, without loading."""
    model, n = resolve_model(TUNED), 6 if is_quick else 24
    examples = [Example(prompt=prompt, completion="two years from delivery") for prompt in prompts(n)]
    n_tokens = sum(len(one.tokens) for one in encode(Chat(model), examples))
    works = [lambda: n_tokens / _ours_s(model, examples)]
    try:
        from training_speed import trl_seconds

        works.append(lambda: n_tokens / trl_seconds(model, examples, False))
    except ImportError:
        pass
    rates = in_turn(2 if is_quick else 3, works)
    # Source of the count: 2 operations a weight forward, 2 backward to the activations; those of the adapter are few.
    limit = machine.products_per_s() / (4 * TUNED_WEIGHTS)
    yield Row("LoRA training, 135M", "tokens/s", rates[0], rates[1] if rates[1:] else None, limit, times_goal=3.5,
              note=f"beside TRL's SFTTrainer with its defaults, {n} examples of {n_tokens / n:.0f} tokens, one epoch; "
              "the limit counts every token once, so examples that share text can pass it")  # fmt: skip


def _ours_s(model: Path, examples: list[Example]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        return train_adapter(model, examples, [], TrainingSettings(max_epochs=1), Path(folder)).seconds


def answering(is_quick: bool) -> Iterator[Row]:
    """Answers a second in batches, and the time to the first piece of one."""
    fast = load_generator(LocalModel(name=DEFAULT_GENERATOR, engine="openvino"))
    slow = load_generator(LocalModel(name=DEFAULT_GENERATOR, engine="transformers"))
    settings = GenerationSettings(max_new_tokens=N_NEW)
    asked = prompts(TOGETHER)
    n_tokens = fast.count_tokens("\n".join(message.content for message in asked[0].messages))
    for one in (fast, slow):
        one.generate(asked[:1], settings)
    n_slow, rounds = (3, 1) if is_quick else (6, 3)

    def rate(generator: Any, some: Sequence[Prompt], at_a_time: int) -> float:
        begun, n = time.perf_counter(), 0
        with read_apart():  # the prompts share their system message, and nothing with an earlier round
            for i in range(0, len(some), at_a_time):
                n += sum(one.usage.completion_tokens for one in generator.generate(some[i : i + at_a_time], settings))
        return len(some) / (time.perf_counter() - begun)

    ours, theirs, alone = in_turn(
        rounds,
        [
            lambda: rate(fast, asked, TOGETHER),
            lambda: rate(slow, asked[:n_slow], 1),
            lambda: rate(fast, asked[:n_slow], 1),
        ],
    )
    products, reading = machine.products_per_s(), machine.bytes_per_s()
    read_s = 2 * TUNED_WEIGHTS * n_tokens / products
    limit = 1 / (read_s + N_NEW * ANSWER_WEIGHTS / reading / TOGETHER)
    yield Row("answers to grounded prompts", "/s", ours, theirs, limit, times_goal=10,
              note=f"prompts of about {n_tokens} tokens that share the system message only, up to {N_NEW} new tokens, "
              f"{TOGETHER} together beside transformers one by one; Bakeoff one by one {alone:.2g}/s. The limit: a "
              "prompt's products in bfloat16, and one reading of 8-bit weights a token for all")  # fmt: skip
    first = _first_pieces(fast, slow, asked[:n_slow], 1 if is_quick else 3)
    yield Row("first piece of an answer", "ms", first[0], first[1], 1000 * read_s, is_more_better=False,
              note="one question on an idle engine; the library: one new token with transformers")  # fmt: skip


def _first_pieces(fast: Any, slow: Any, asked: Sequence[Prompt], rounds: int) -> list[float]:
    """The median milliseconds until the first piece of a stream, and until one token with transformers."""
    one_token = GenerationSettings(max_new_tokens=1)
    times: list[list[float]] = [[], []]
    for prompt in list(asked) * rounds:
        begun = time.perf_counter()
        with read_apart():
            for item in fast.stream(prompt, GenerationSettings(max_new_tokens=N_NEW)):
                times[0].append(time.perf_counter() - begun)
                if not isinstance(item, Completion):
                    break
        begun = time.perf_counter()
        slow.generate([prompt], one_token)
        times[1].append(time.perf_counter() - begun)
    return [1000 * statistics.median(kept) for kept in times]


def embedding(is_quick: bool) -> Iterator[Row]:
    """Chunks of 90 words a second."""
    n = 100 if is_quick else 1000
    passages = [text for one in made_prose(n, 90) for text in one.text.split("\n\n")]
    ours = load_embedder()
    works = [_embedded(ours.embed_passages, passages)]
    try:
        from sentence_transformers import SentenceTransformer

        works.append(
            _embedded(SentenceTransformer(str(resolve_model(DEFAULT_EMBEDDER)), device="cpu").encode, passages)
        )
    except ImportError:
        pass
    rates = in_turn(3, works)
    n_tokens = sum(ours.count_tokens(passage) + 2 for passage in passages) / len(passages)
    limit = machine.products_per_s(1024, 384, 1536) / (2 * EMBEDDER_WEIGHTS * n_tokens)
    yield Row("embedding", "chunks/s", rates[0], rates[1] if rates[1:] else None, limit, times_goal=4,
              note=f"{n} chunks of {n_tokens:.0f} tokens with the default embedder, beside sentence-transformers with "
              "its defaults (float32, 32 in a batch); the limit: products in bfloat16")  # fmt: skip


def _embedded(embed: Callable[[list[str]], object], passages: list[str]) -> Callable[[], float]:
    embed(passages[:32])

    def rate() -> float:
        begun = time.perf_counter()
        embed(passages)
        return len(passages) / (time.perf_counter() - begun)

    return rate


PARTS = {"training": training, "answering": answering, "embedding": embedding}
