"""The OpenVINO engine: fast on CPUs, with int8 weights and continuous batching.

Takes prompts, gives greedy completions. `openvino_cache` makes the model's graph. Knows nothing about retrieval.
"""

import math
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import openvino_genai as genai

from bakeoff.models.architecture import text_config
from bakeoff.models.chat import Chat
from bakeoff.models.engines.openvino_cache import graph_folder
from bakeoff.models.engines.openvino_graph import dimensions
from bakeoff.models.engines.token_queue import TokenQueue
from bakeoff.models.threads import free_threads, openvino_properties
from bakeoff.records import Completion, GenerationSettings, Prompt, Usage

MAX_SEQUENCES = 64
# Tokens in one forward pass. Few enough to stay in the processor's cache: see docs/results/generation.md.
BATCH_TOKENS = 512
CACHED_TOKENS = 16_384  # keys and values kept at least: for a batch of 16 prompts with a thousand tokens each
BLOCK_TOKENS = 32  # of the engine's cache on a CPU


class OpenVinoGenerator:
    """A model on OpenVINO GenAI's continuous batching pipeline.

    There is no prefix cache between prompts: a question asked a second time takes as long as the first time. So a
    latency measured after a batch pass is the latency of a new question.
    """

    def __init__(self, folder: Path, name: str, adapter: Path | None = None) -> None:
        self.name = name
        self._chat = Chat(folder)
        self.context_tokens = self._chat.context_tokens
        config = text_config(folder)
        graph = str(graph_folder(folder, adapter))
        properties = _properties(config) | openvino_properties(free_threads())
        self._pipeline = genai.ContinuousBatchingPipeline(graph, _scheduler(self.context_tokens), "CPU", properties)
        self._lock = threading.Lock()

    def generate(self, prompts: Sequence[Prompt], settings: GenerationSettings) -> list[Completion]:
        """One completion for each prompt, in order. The engine makes its own batches."""
        return self._chat.complete(prompts, settings.max_new_tokens, lambda ids: self._complete_all(ids, settings))

    def _complete_all(self, ids: Sequence[Sequence[int]], settings: GenerationSettings) -> list[Completion]:
        with self._lock:
            begun = time.perf_counter()
            written = self._write(ids, settings)
            seconds = (time.perf_counter() - begun) / len(ids)
        return [
            self._completion(new, score, Usage(prompt_tokens=len(prompt_ids), seconds=seconds), settings)
            for (new, score), prompt_ids in zip(written, ids, strict=True)
        ]

    def _write(self, ids: Sequence[Sequence[int]], settings: GenerationSettings) -> list[tuple[list[int], float]]:
        """The new tokens of each prompt, and the sum of their log-probabilities.

        Each prompt ends as soon as its text holds a stop text or repeats itself. The engine's own stop texts would need
        the tokenizer as an OpenVINO graph, which is not made here, and it knows no loops. Stepping takes as long as its
        own `generate` (docs/results/generation.md).
        """
        configured = self._configured(settings)
        requests = [self._pipeline.add_request(i, _tensor(prompt_ids), configured) for i, prompt_ids in enumerate(ids)]
        tokens: list[list[int]] = [[] for _ in ids]
        scores = [0.0] * len(ids)
        stopped: set[int] = set()
        while self._pipeline.has_non_finished_requests():
            self._pipeline.step()
            for i, request in enumerate(requests):
                if i in stopped or not request.can_read():
                    continue
                for output in request.read().values():
                    tokens[i] += output.generated_ids
                    scores[i] += sum(output.generated_log_probs)
                if self._chat.is_stopped(tokens[i], settings):
                    request.stop()
                    stopped.add(i)
        return list(zip(tokens, scores, strict=True))

    def _completion(self, new: list[int], score: float, usage: Usage, settings: GenerationSettings) -> Completion:
        return Completion(
            **self._chat.written(new, settings)._asdict(),
            usage=usage.model_copy(update={"completion_tokens": len(new)}),
            logprob=score / len(new) if new else None,
        )

    def stream(self, prompt: Prompt, settings: GenerationSettings) -> Iterator[str | Completion]:
        """The pieces of one completion as the model writes them, then the completion; closing stops the model.

        Raises InputError if the prompt is too long.
        """
        begun = time.perf_counter()
        ids = self._chat.ids_that_fit(prompt, settings.max_new_tokens)
        written = _Tokens()
        writer = threading.Thread(target=self._write_into, args=(written, ids, settings), daemon=True)
        writer.start()
        try:
            yield from self._chat.pieces(written.queue, settings)
        finally:
            written.stopped.set()
            writer.join()
        usage = Usage(prompt_tokens=len(ids), seconds=time.perf_counter() - begun)
        yield self._completion(written.ids, written.score, usage, settings)

    def _write_into(self, written: "_Tokens", ids: Sequence[int], settings: GenerationSettings) -> None:
        """Writes one completion token by token, up to a stop text or until it is told to stop."""
        failed = None
        try:
            with self._lock:
                request = self._pipeline.add_request(0, _tensor(ids), self._configured(settings))
                while self._pipeline.has_non_finished_requests():
                    self._pipeline.step()
                    if written.stopped.is_set():
                        request.stop()
                    elif request.can_read():
                        for output in request.read().values():
                            written.add(output.generated_ids, sum(output.generated_log_probs))
                        if self._chat.is_stopped(written.ids, settings):
                            written.stopped.set()
                            request.stop()
        except RuntimeError as error:
            failed = error
        finally:
            written.queue.end(failed)

    def _configured(self, settings: GenerationSettings) -> Any:
        configured = genai.GenerationConfig()
        configured.max_new_tokens = settings.max_new_tokens
        configured.do_sample = settings.samples
        if settings.samples:
            configured.temperature = settings.temperature
            configured.rng_seed = settings.seed or 0
        configured.logprobs = 1
        configured.stop_token_ids = self._chat.end_ids
        configured.eos_token_id = min(self._chat.end_ids)
        return configured

    def count_tokens(self, text: str) -> int:
        return self._chat.count_tokens(text)


class _Tokens:
    """The tokens of one completion as they are written.

    `ids` are all so far, `score` is the sum of their log-probabilities, `queue` hands them to the reader.
    """

    def __init__(self) -> None:
        self.queue = TokenQueue()
        self.stopped = threading.Event()
        self.ids: list[int] = []
        self.score = 0.0

    def add(self, ids: Sequence[int], score: float) -> None:
        """Takes the new tokens of one step."""
        self.ids += ids
        self.score += score
        self.queue.put(ids)


def _tensor(ids: Sequence[int]) -> Any:
    return openvino.Tensor(np.array([ids], dtype=np.int64))


def _scheduler(context_tokens: int) -> Any:
    """Memory for the keys and values of a full context, or of a batch of prompts if that is more.

    What does not fit waits.
    """
    scheduler = genai.SchedulerConfig()
    scheduler.num_kv_blocks = math.ceil(max(context_tokens, CACHED_TOKENS) / BLOCK_TOKENS)
    scheduler.enable_prefix_caching = False
    scheduler.max_num_batched_tokens = BATCH_TOKENS
    scheduler.max_num_seqs = MAX_SEQUENCES
    return scheduler


def _properties(config: dict[str, Any]) -> dict[str, str]:
    """bf16 if the CPU supports it, and int8 activations, in groups that divide the length of every multiplied row.

    Without groups if the configuration does not name all of these lengths.
    """
    group = 0
    if all(
        config.get(name) for name in ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads")
    ):
        shape = dimensions(config)
        group = math.gcd(config["hidden_size"], config["intermediate_size"], shape.n_heads * shape.head_size)
    capabilities = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return {
        "INFERENCE_PRECISION_HINT": "bf16" if "BF16" in capabilities else "f32",
        **({"DYNAMIC_QUANTIZATION_GROUP_SIZE": str(group)} if group >= 32 else {}),
    }
