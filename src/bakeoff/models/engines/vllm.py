"""A local model whose answers a vLLM server writes: the server has the same weights, and loads adapters tuned here.

Takes prompts, gives completions. Prompts are rendered here, by the template that the model is tuned with, and sent as
token ids: a server's own template may differ. Token counts are exact. Knows nothing about retrieval.
Source: https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html (completions: `prompt` as token ids,
`stop_token_ids`; `cache_salt`: prompts with other ones share no prefix).
"""

import time
import weakref
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

from bakeoff.errors import TooLongError, error_line
from bakeoff.models.chat import Chat
from bakeoff.models.engines.openai_reading import StreamedReply, completion_of, pieces_of
from bakeoff.models.providers.adapters import load_adapter
from bakeoff.models.providers.asking import asked_of
from bakeoff.models.providers.client import ApiClient
from bakeoff.models.providers.concurrent import complete_all
from bakeoff.models.providers.keys import key_of
from bakeoff.models.providers.retry import FIRST_WAIT_S
from bakeoff.models.settings import ApiModel
from bakeoff.models.sharing import EVERYBODY, group
from bakeoff.models.stops import pieces_before_stop
from bakeoff.models.thinking import pieces_without_thinking
from bakeoff.records import Completion, GenerationSettings, Prompt, Usage

NO_SETTINGS_OF_ITS_OWN = {"top_p": 1.0, "top_k": -1, "repetition_penalty": 1.0}
"""Else vLLM takes them from the model's generation_config.json, which no engine here follows."""


class VllmGenerator:
    """A model on a vLLM server, with an adapter if one is given. Safe to use from several threads.

    The adapter is unloaded when this object is no longer used, or when the process ends. With `keeps_apart`, the server
    lets prompts share what it has read within their group only (`models/sharing.py`).
    """

    def __init__(
        self,
        server: ApiModel,
        folder: Path,
        name: str,
        adapter: Path | None = None,
        shared: Path | None = None,
        first_wait_s: float = FIRST_WAIT_S,
        keeps_apart: bool = False,
    ) -> None:
        self.name = name
        self.n_parallel = server.concurrency
        self._chat = Chat(folder)
        self.context_tokens = self._chat.context_tokens = min(self._chat.context_tokens, server.context_tokens)
        self._server, self._keeps_apart = server, keeps_apart
        self._client = ApiClient(server, first_wait_s)
        self._url = f"{server.base_url}/completions"
        self._asked_for = server.model
        if adapter is not None:
            loaded = load_adapter(server, adapter, shared)
            self._asked_for = loaded.name
            weakref.finalize(self, loaded.unload)

    def generate(self, prompts: Sequence[Prompt], settings: GenerationSettings) -> list[Completion]:
        """One completion for each prompt, in order.

        If a prompt does not fit, or a request fails after all retries, its completion holds the error. Raises
        ConfigError before any request if the key's environment variable is not set.
        """
        key_of(self._server)
        return complete_all(lambda prompt: self._completed(prompt, settings), prompts, self._server.concurrency)

    def _completed(self, prompt: Prompt, settings: GenerationSettings) -> Completion:
        try:
            return self.complete(prompt, settings)
        except TooLongError as error:
            return Completion(text="", usage=Usage(), error=error_line(error))

    def complete(self, prompt: Prompt, settings: GenerationSettings) -> Completion:
        """One completion. Raises ApiError where it fails after all retries, TooLongError where it does not fit."""
        begun, asked = time.perf_counter(), asked_of(self._server, settings)
        reply = self._client.post(self._url, self._body(prompt, asked))
        with self._client.key_hidden():
            return completion_of(as_chat(reply), prompt, asked, time.perf_counter() - begun, self.context_tokens)

    def _body(self, prompt: Prompt, settings: GenerationSettings) -> dict[str, Any]:
        return {
            "model": self._asked_for,
            "prompt": self._chat.ids_that_fit(prompt, settings.max_new_tokens),
            "max_tokens": settings.max_new_tokens,
            "temperature": settings.temperature,
            **NO_SETTINGS_OF_ITS_OWN,
            "logprobs": 0,
            "stop_token_ids": sorted(self._chat.end_ids),
            **({"cache_salt": str(group())} if self._keeps_apart and group() != EVERYBODY else {}),
            **({"seed": settings.seed} if settings.seed is not None else {}),
            **({"stop": list(settings.stop)} if settings.stop else {}),
        }

    def stream(self, prompt: Prompt, settings: GenerationSettings) -> Iterator[str | Completion]:
        """The pieces of one completion as the server sends them, then the completion; closing ends the request.

        Raises TooLongError if the prompt does not fit, ApiError if the server refuses, reports an error in the stream,
        or ends the stream before the answer.
        """
        key_of(self._server)
        return self._client.shown(self._streamed(prompt, asked_of(self._server, settings)))

    def _streamed(self, prompt: Prompt, asked: GenerationSettings) -> Generator[str | Completion]:
        begun, reply = time.perf_counter(), _StreamedCompletion()
        with self._client.key_hidden():
            answer = pieces_without_thinking(self._pieces(prompt, asked, reply))
            yield from pieces_before_stop(answer, asked.stop)
            yield completion_of(reply.whole(), prompt, asked, time.perf_counter() - begun, self.context_tokens)

    def _pieces(self, prompt: Prompt, asked: GenerationSettings, reply: StreamedReply) -> Iterator[str]:
        body = {**self._body(prompt, asked), "stream": True, "stream_options": {"include_usage": True}}
        lines = self._client.lines(self._url, body)
        try:
            yield from pieces_of(lines, self._server.timeout_s, reply)
        finally:
            lines.close()

    def count_tokens(self, text: str) -> int:
        """The number of tokens of the text by the model's tokenizer, without special tokens."""
        return len(self._chat.plain_ids(text))


class _StreamedCompletion(StreamedReply):
    """A stream of completions, which hold their text where a chat has a message."""

    def add(self, event: dict[str, Any], choice: dict[str, Any]) -> str:
        return super().add(event, _as_message(choice))


def as_chat(reply: dict[str, Any]) -> dict[str, Any]:
    """A completion as the reply of a chat, so that both are read by the same rules."""
    choices = reply.get("choices")
    if not isinstance(choices, list):
        return reply
    return {**reply, "choices": [_as_message(one) for one in choices if isinstance(one, dict)]}


def _as_message(choice: dict[str, Any]) -> dict[str, Any]:
    given = choice.get("logprobs")
    rows = given.get("token_logprobs") if isinstance(given, dict) else None
    logprobs = {"content": [{"logprob": row} for row in rows]} if isinstance(rows, list) else {}
    return {**choice, "message": {"content": choice.get("text")}, "logprobs": logprobs}
