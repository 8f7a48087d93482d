"""Models behind Ollama, by its own protocol, because its `/v1` ignores the context size and silently cuts prompts.

Takes prompts, gives completions. If the server refuses a prompt, that completion holds the error. The context is as
large as the settings say, and the server is asked to refuse prompts that do not fit. Older servers ignore that request;
their cuts are detected from the token counts they return. Knows nothing about retrieval.
Sources: https://docs.ollama.com/api/chat (`num_ctx`, `num_predict`, `done_reason`, counts); ollama/ollama, issue 17427
(a prompt that is too long is cut to half of the context) and pull request 17944 (`truncate`, `shift`).
"""

import json
import time
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from typing import Any

from bakeoff.models.control_tokens import escaped_messages
from bakeoff.models.engines.behind_server import ServerGenerator
from bakeoff.models.engines.fields import count
from bakeoff.models.engines.openai_reading import answer_in, mean_logprob, read_to_the_end
from bakeoff.models.providers.asking import asked_of, estimated_prompt_tokens, estimated_tokens
from bakeoff.models.providers.client import ApiError
from bakeoff.models.providers.retry import FIRST_WAIT_S
from bakeoff.models.providers.shown import SHOWN_CHARACTERS
from bakeoff.models.settings import ApiModel
from bakeoff.models.stops import pieces_before_stop
from bakeoff.models.thinking import pieces_without_thinking
from bakeoff.records import Completion, GenerationSettings, Origin, Prompt, Usage

HALF_CONTEXT_SLACK = 8
"""A cut prompt has half the context's tokens plus a few more (2 in our measurement)."""


def ollama_url(base_url: str) -> str:
    """The address of the server itself, also if given the address of its OpenAI protocol (/v1) or its API (/api)."""
    return base_url.removesuffix("/v1").removesuffix("/api")


class OllamaGenerator(ServerGenerator):
    """A model behind Ollama."""

    def __init__(self, settings: ApiModel, first_wait_s: float = FIRST_WAIT_S) -> None:
        super().__init__(settings, first_wait_s)
        self._url = f"{ollama_url(settings.base_url)}/api/chat"

    def complete(self, prompt: Prompt, settings: GenerationSettings) -> Completion:
        """One completion. Raises ApiError where it fails after all retries."""
        begun, asked = time.perf_counter(), asked_of(self._settings, settings)
        reply = self._client.post(self._url, self._body(prompt, asked, streamed=False))
        with self._client.key_hidden():
            return self._completion(_checked(reply), prompt, asked, time.perf_counter() - begun)

    def _body(self, prompt: Prompt, settings: GenerationSettings, streamed: bool) -> dict[str, Any]:
        options: dict[str, Any] = {
            "num_ctx": self.context_tokens,
            "num_predict": settings.max_new_tokens,
            "temperature": settings.temperature,
        }
        if settings.seed is not None:
            options["seed"] = settings.seed
        if settings.stop:
            options["stop"] = list(settings.stop)
        return {
            "model": self.name,
            "messages": escaped_messages(prompt),
            "stream": streamed,
            "logprobs": True,
            "truncate": False,  # refuse a prompt that does not fit, rather than cut it
            "shift": False,
            "options": options,
        }

    def _completion(
        self, reply: dict[str, Any], prompt: Prompt, settings: GenerationSettings, seconds: float
    ) -> Completion:
        if not reply.get("done"):
            raise ApiError("The reply is not marked as done, so it is not the whole answer.", "check the server's log")
        sent = _text(reply)
        text, stopped, looped = answer_in(sent, settings, reply.get("done_reason") == "stop")
        estimate = estimated_prompt_tokens(prompt)
        n_prompt, n_new = count(reply, "prompt_eval_count"), count(reply, "eval_count")
        self._refuse_cut(n_prompt, estimate)
        full = (n_prompt or 0) + (n_new or 0) >= self.context_tokens
        return Completion(
            text=text,
            usage=Usage(
                prompt_tokens=n_prompt or estimate,
                completion_tokens=n_new or estimated_tokens(sent),
                seconds=seconds,
            ),
            logprob=mean_logprob(reply.get("logprobs")),
            truncated=not (stopped or looped) and (reply.get("done_reason") == "length" or full),
            looped=looped,
            origin=Origin(model=str(reply.get("model") or ""), on=datetime.now(UTC).date()),
        )

    def _refuse_cut(self, n_prompt: int | None, estimate: int) -> None:
        """Raises ApiError if the server counts half a context for a prompt that is estimated to exceed the context."""
        half = self.context_tokens // 2
        if n_prompt is not None and abs(n_prompt - half) <= HALF_CONTEXT_SLACK and estimate > self.context_tokens:
            raise ApiError(
                f"The server cut the prompt to {n_prompt:,} tokens. It has about {estimate:,}; the context is "
                f"{self.context_tokens:,}.",
                "raise context_tokens, or lower retrieval.k or retrieval.chunk_tokens",
            )

    def _streamed(self, prompt: Prompt, asked: GenerationSettings) -> Generator[str | Completion]:
        begun = time.perf_counter()
        replies: list[dict[str, Any]] = []
        with self._client.key_hidden():
            answer = pieces_without_thinking(self._pieces(prompt, asked, replies))
            yield from pieces_before_stop(answer, asked.stop)
            yield self._completion(_joined(replies), prompt, asked, time.perf_counter() - begun)

    def _pieces(self, prompt: Prompt, settings: GenerationSettings, replies: list[dict[str, Any]]) -> Iterator[str]:
        """The pieces of a stream; each of its objects is added to `replies`."""
        lines = self._client.lines(self._url, self._body(prompt, settings, streamed=True))
        n_characters = 0
        try:
            for line in lines:
                reply = _parsed(line)
                replies.append(reply)
                piece = _text(reply)
                n_characters += len(piece)
                if piece:
                    yield piece
                if reply.get("done"):
                    read_to_the_end(lines)
                    return
        finally:
            lines.close()
        raise ApiError(
            f"The stream ended after {n_characters} characters, before the end of the answer.",
            "ask again; check the server's log",
        )


def _joined(replies: list[dict[str, Any]]) -> dict[str, Any]:
    """The objects of a stream as the reply that the same request gets in one piece, also where a stop text ended it."""
    logprobs = [one for reply in replies for one in reply.get("logprobs") or []]
    text = "".join(_text(reply) for reply in replies)
    return {**(replies[-1] if replies else {}), "done": True, "message": {"content": text}, "logprobs": logprobs}


def _parsed(line: str) -> dict[str, Any]:
    try:
        reply = json.loads(line)
    except ValueError:
        reply = None
    if not isinstance(reply, dict):
        raise ApiError(
            f"The stream holds something that is not a JSON object: {line[:SHOWN_CHARACTERS]!r}.", "check base_url"
        ) from None
    return _checked(reply)


def _checked(reply: dict[str, Any]) -> dict[str, Any]:
    """The reply. Raises ApiError if it is an error or has no message."""
    if reply.get("error"):
        raise ApiError(f"The server answered with an error: {str(reply['error'])[:SHOWN_CHARACTERS]}", "ask again")
    if not isinstance(reply.get("message"), dict):
        raise ApiError(
            f"The reply has no message: {json.dumps(reply)[:SHOWN_CHARACTERS]}",
            "check that base_url is the address of an Ollama server",
        )
    return reply


def _text(reply: dict[str, Any]) -> str:
    content = reply["message"].get("content")
    return content if isinstance(content, str) else ""
