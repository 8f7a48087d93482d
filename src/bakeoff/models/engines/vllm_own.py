"""The vLLM engine: a local model that is answered by a vLLM server which Bakeoff starts on this machine.

Takes prompts, gives completions, as `VllmGenerator`, which asks the server. Knows nothing about retrieval.
"""

import json
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bakeoff.models.adapter_check import CONFIG, check_adapter
from bakeoff.models.chat import Chat
from bakeoff.models.engines.vllm import VllmGenerator
from bakeoff.models.engines.vllm_process import RANKS, VllmProcess, Wanted
from bakeoff.models.engines.vllm_servers import SERVERS, VllmServers
from bakeoff.models.providers.client import ApiError
from bakeoff.models.tuned_folder import is_whole_model
from bakeoff.models.vllm_options import VllmOptions
from bakeoff.records import Completion, GenerationSettings, Prompt


class OwnVllmGenerator:
    """A model on a server of Bakeoff's own, with an adapter if one is given. Safe to use from several threads.

    A whole tuned model in place of an adapter has a server of its own. The server is there once this object is made;
    if it was stopped since, for another model or a training, it is started again before the next question.
    """

    def __init__(
        self, folder: Path, name: str, options: VllmOptions, adapter: Path | None = None, servers: VllmServers = SERVERS
    ) -> None:
        self.name, self._servers, self.n_parallel = name, servers, options.concurrency
        if adapter is not None and is_whole_model(adapter):
            folder, adapter = adapter, None
        if adapter is not None:
            check_adapter(folder, adapter)
        self._folder, self._adapter = folder, adapter
        rank = rank_of(adapter) if adapter else RANKS[0]  # what is tuned later mostly has this rank
        self._wanted = Wanted(folder, name, options, Chat(folder).context_tokens, rank)
        self.context_tokens = self._wanted.model_len
        self._opening = threading.Lock()
        self._asks: tuple[VllmProcess, VllmGenerator] | None = None
        servers.hold(self._wanted)
        weakref.finalize(self, servers.let_go, self._wanted)
        with self._asked() as (server, generator):
            self.engine_version = f"vllm {server.version}".strip()
            self._count = generator.count_tokens

    @contextmanager
    def _asked(self) -> Iterator[tuple[VllmProcess, VllmGenerator]]:
        """The server, and what asks it, with the adapter loaded. A server that ends in this block is one error."""
        with self._servers.using(self._wanted) as server:
            try:
                yield server, self._on(server)
            except ApiError:
                server.raise_if_ended()
                raise

    def _on(self, server: VllmProcess) -> VllmGenerator:
        with self._opening:
            if self._asks is None or self._asks[0] is not server:
                self._asks = (
                    server,
                    VllmGenerator(server.settings, self._folder, self.name, self._adapter, keeps_apart=True),
                )
            return self._asks[1]

    def generate(self, prompts: Sequence[Prompt], settings: GenerationSettings) -> list[Completion]:
        """One completion for each prompt, in order. One that fails holds the error.

        Raises EngineGoneError with the reason if the server cannot be started, or ends meanwhile.
        """
        with self._asked() as (server, generator):
            completions = generator.generate(prompts, settings)
            if any(one.error for one in completions):
                server.raise_if_ended()
            return completions

    def stream(self, prompt: Prompt, settings: GenerationSettings) -> Iterator[str | Completion]:
        """The pieces of one completion as the server sends them, then the completion; closing ends the request."""
        with self._asked() as (_, generator):
            yield from generator.stream(prompt, settings)

    def count_tokens(self, text: str) -> int:
        """The number of tokens of the text by the model's tokenizer, without special tokens."""
        return self._count(text)


def rank_of(adapter: Path) -> int:
    """The highest rank in a PEFT adapter."""
    config = json.loads((adapter / CONFIG).read_text(encoding="utf-8"))
    return max([int(config.get("r", 0)), *map(int, (config.get("rank_pattern") or {}).values()), 1])
