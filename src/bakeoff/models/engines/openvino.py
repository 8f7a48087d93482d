"""The OpenVINO engine: fast on CPUs, with int8 weights and continuous batching.

Takes prompts, gives completions. `openvino_cache` makes the model's graph, `openvino_stepper` runs it; `openvino_steps`
runs it where somebody else chooses the tokens. Knows nothing about retrieval.
"""

import math
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import openvino_genai as genai

from bakeoff.models.architecture import text_config
from bakeoff.models.chat import Chat
from bakeoff.models.engines.openvino_cache import graph_folder
from bakeoff.models.engines.openvino_graph import dimensions, unsupported
from bakeoff.models.engines.openvino_marks import Marks, can_share_here
from bakeoff.models.engines.openvino_plugin import DEVICE, opened_apart, precision
from bakeoff.models.engines.openvino_request import WritingRequest
from bakeoff.models.engines.openvino_stepper import PROMPT_TOKENS, Stepper, scheduler
from bakeoff.models.engines.openvino_steps import SteppedGraph
from bakeoff.models.sharing import group
from bakeoff.models.steps import ChatSteps
from bakeoff.models.threads import free_threads, openvino_properties
from bakeoff.records import Completion, GenerationSettings, Prompt, Usage

N_PARALLEL = 8
"""Streams that a server should run at once: each further one makes all of them slower, and none begin earlier."""


class OpenVinoGenerator:
    """A model on OpenVINO GenAI's continuous batching pipeline. Serves several threads at once.

    A text does not depend on what is written at the same time: a stream among others has the text it has alone. That
    holds to the last bit with AVX-512; with Intel's AMX, or without AVX-512, one of two nearly equal words may take the
    other's place (docs/results/generation.md).

    Prompts of a group (`models/sharing.py`) that begin alike are read once up to where they differ, in whole blocks of
    32 tokens, while there is room for what was read. With AVX-512 it changes no bit (`openvino_marks`). A graph of
    optimum-intel knows no marks, so its prompts share nothing.
    """

    n_parallel = N_PARALLEL

    def __init__(self, folder: Path, name: str, adapter: Path | None = None) -> None:
        self.name = name
        self._chat = Chat(folder)
        self.context_tokens = self._chat.context_tokens
        config = text_config(folder)
        self._graph = graph_folder(folder, adapter)
        self._properties = _properties(config) | openvino_properties(free_threads())
        self._stepped: SteppedGraph | None = None
        self._compiling = threading.Lock()
        graph, properties = str(self._graph), self._properties
        self._marks = None if unsupported(folder) else Marks()
        self._shares = self._marks is not None and can_share_here()
        settings = scheduler(self.context_tokens, self._shares)
        self._stepper = Stepper(
            lambda: opened_apart(lambda: genai.ContinuousBatchingPipeline(graph, settings, DEVICE, properties)),
            self.context_tokens,
        )

    def generate(self, prompts: Sequence[Prompt], settings: GenerationSettings) -> list[Completion]:
        """One completion for each prompt, in order. The engine makes its own batches."""
        return self._chat.complete(prompts, settings.max_new_tokens, lambda ids: self._complete_all(ids, settings))

    def _complete_all(self, ids: Sequence[Sequence[int]], settings: GenerationSettings) -> list[Completion]:
        begun = time.perf_counter()
        requests = [self._request(prompt_ids, settings) for prompt_ids in ids]
        self._stepper.write(requests)
        try:
            for request in requests:
                for _ in request.tokens:
                    pass
        finally:
            for request in requests:
                request.close()
        seconds = (time.perf_counter() - begun) / len(ids)
        return [self._completion(request, seconds, settings) for request in requests]

    def _request(self, ids: Sequence[int], settings: GenerationSettings, streamed: bool = False) -> WritingRequest:
        """A request that ends as soon as its text holds a stop text or repeats itself.

        The engine's own stop texts would need the tokenizer as an OpenVINO graph, which is not made here, and it knows
        no loops. Stepping takes as long as its own `generate` (docs/results/generation.md).
        """
        pieces = self._pieces(ids)
        return WritingRequest(
            ids, self._configured(settings), lambda new: self._chat.is_stopped(new, settings), streamed, pieces
        )

    def _pieces(self, ids: Sequence[int]) -> list[list[int]]:
        """What the engine is handed for a prompt: in pieces only if it finds what it has read."""
        if self._marks is None:
            return [list(ids)]
        return self._marks.pieces(ids, group(), PROMPT_TOKENS) if self._shares else [self._marks.on(ids, group())]

    def _completion(self, request: WritingRequest, seconds: float, settings: GenerationSettings) -> Completion:
        n_prompt, n_new = len(request.prompt_ids), len(request.ids)
        return Completion(
            **self._chat.written(request.ids, settings)._asdict(),
            usage=Usage(prompt_tokens=n_prompt, completion_tokens=n_new, seconds=seconds),
            logprob=request.score / n_new if n_new else None,
        )

    def stream(self, prompt: Prompt, settings: GenerationSettings) -> Iterator[str | Completion]:
        """The pieces of one completion as the model writes them, then the completion; closing stops the model.

        Raises InputError if the prompt is too long.
        """
        begun = time.perf_counter()
        request = self._request(self._chat.ids_that_fit(prompt, settings.max_new_tokens), settings, streamed=True)
        self._stepper.write([request])
        try:
            yield from self._chat.pieces(request.tokens, settings)
        finally:
            request.close()
        request.ended.wait()
        yield self._completion(request, time.perf_counter() - begun, settings)

    def steps(self, prompts: Sequence[Prompt], settings: GenerationSettings) -> ChatSteps:
        """The prompts, read and ready to be continued token by token.

        The first call compiles the graph for this, which takes about a second and as much memory as the weights.
        Raises TooLongError for a prompt that does not fit, ConfigError for a graph of optimum-intel.
        """
        ids = [self._chat.ids_that_fit(prompt, settings.max_new_tokens) for prompt in prompts]
        with self._compiling:
            stepped = self._stepped = self._stepped or SteppedGraph(self._graph, self._properties)
        return ChatSteps(self._chat, ids, settings, stepped.rows)

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
    return {
        "INFERENCE_PRECISION_HINT": precision(),
        **({"DYNAMIC_QUANTIZATION_GROUP_SIZE": str(group)} if group >= 32 else {}),
    }
