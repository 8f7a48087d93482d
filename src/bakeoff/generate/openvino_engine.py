"""The OpenVINO engine: fast on CPUs, with int8 weights and continuous batching.

Takes prompts, gives greedy completions. A model (and the adapter merged into it) is written once as an OpenVINO graph
below the cache folder, under a name made of the hashes of both. Knows nothing about retrieval.
"""

import hashlib
import queue
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bakeoff.generate.chat import Chat
from bakeoff.models import cache_folder, model_sha256, quiet_libraries
from bakeoff.records import Completion, Prompt, Usage

CACHE_GB = 1
BATCH_TOKENS = 2048
MAX_SEQUENCES = 64
GRAPH_FORMAT = "1"


class OpenVinoGenerator:
    """A model on OpenVINO GenAI's continuous batching pipeline."""

    def __init__(self, folder: Path, name: str, adapter: Path | None = None) -> None:
        import openvino_genai as genai

        self.name = name
        self._chat = Chat(folder)
        self.context_tokens = self._chat.context_tokens
        scheduler = genai.SchedulerConfig()
        scheduler.cache_size = CACHE_GB
        scheduler.enable_prefix_caching = True
        scheduler.max_num_batched_tokens = BATCH_TOKENS
        scheduler.max_num_seqs = MAX_SEQUENCES
        graph = graph_folder(folder, adapter)
        self._pipeline = genai.ContinuousBatchingPipeline(str(graph), scheduler, "CPU", {})
        self._lock = threading.Lock()

    def generate(self, prompts: Sequence[Prompt], max_tokens: int) -> list[Completion]:
        """One completion for each prompt, in order."""
        if not prompts:
            return []
        ids = self._chat.ids(prompts, max_tokens)
        begun = time.perf_counter()
        with self._lock:
            results = self._pipeline.generate([_tensor(one) for one in ids], [self._settings(max_tokens)] * len(ids))
        seconds = (time.perf_counter() - begun) / len(ids)
        return [self._completion(result, len(one), seconds) for result, one in zip(results, ids, strict=True)]

    def _completion(self, result: Any, n_prompt: int, seconds: float) -> Completion:
        new = list(result.m_generation_ids[0])
        usage = Usage(prompt_tokens=n_prompt, completion_tokens=len(new), seconds=seconds)
        mean = float(result.m_scores[0]) / len(new) if new else None
        return Completion(text=self._chat.text(new), usage=usage, logprob=mean)

    def stream(self, prompt: Prompt, max_tokens: int) -> Iterator[str]:
        """The pieces of one completion, as the model writes them."""
        pieces: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        ids = self._chat.ids([prompt], max_tokens)[0]

        def write() -> None:
            try:
                with self._lock:
                    self._pipeline.generate([_tensor(ids)], [self._settings(max_tokens)], pieces.put)
            finally:
                pieces.put(None)

        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        yield from iter(pieces.get, None)
        writer.join()

    def _settings(self, max_tokens: int) -> Any:
        import openvino_genai as genai

        settings = genai.GenerationConfig()
        settings.max_new_tokens = max_tokens
        settings.do_sample = False
        settings.logprobs = 1
        settings.stop_token_ids = self._chat.end_ids
        settings.eos_token_id = min(self._chat.end_ids)
        return settings

    def count_tokens(self, text: str) -> int:
        return self._chat.count_tokens(text)


def _tensor(ids: Sequence[int]) -> Any:
    import openvino

    return openvino.Tensor(np.array([ids], dtype=np.int64))


def graph_folder(folder: Path, adapter: Path | None) -> Path:
    """The model as an OpenVINO graph in the cache; written, all or nothing, where it is not there yet."""
    digest = hashlib.sha256(f"{GRAPH_FORMAT}{model_sha256(folder)}{_adapter_sha256(adapter)}".encode()).hexdigest()
    target = cache_folder() / "openvino" / digest[:24]
    if (target / "openvino_model.xml").exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    half = Path(tempfile.mkdtemp(dir=target.parent, prefix=".part-"))
    try:
        _write(folder, adapter, half)
        half.rename(target)
    except OSError:
        if not target.exists():  # another process may have been faster; anything else is a real failure
            raise
    finally:
        shutil.rmtree(half, ignore_errors=True)
    return target


def _adapter_sha256(adapter: Path | None) -> str:
    if adapter is None:
        return ""
    digest = hashlib.sha256()
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        digest.update((adapter / name).read_bytes())
    return digest.hexdigest()


def _write(folder: Path, adapter: Path | None, target: Path) -> None:
    """The graph with the (merged) weights, and the tokenizer that the pipeline asks for."""
    import json

    import openvino
    from openvino_tokenizers import convert_tokenizer

    from bakeoff.generate.openvino_graph import LlamaGraph
    from bakeoff.generate.transformers_engine import _load

    weights = {name: tensor.float().numpy() for name, tensor in _load(folder, adapter).state_dict().items()}
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    openvino.save_model(LlamaGraph(config, weights).build(), target / "openvino_model.xml", compress_to_fp16=False)
    with quiet_libraries():
        tokenizer, detokenizer = convert_tokenizer(Chat(folder).tokenizer, with_detokenizer=True)
    openvino.save_model(tokenizer, target / "openvino_tokenizer.xml")
    openvino.save_model(detokenizer, target / "openvino_detokenizer.xml")
