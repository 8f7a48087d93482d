"""Reads the answers of servers of OpenAI's protocol: a whole reply as a completion, a stream's lines as pieces of text.

Takes JSON objects and lines. Raises ApiError if they hold no answer. Sends nothing.
Source: https://platform.openai.com/docs/api-reference/chat; for `error` in a 200 and comments that keep a stream alive,
https://openrouter.ai/docs/api/reference/errors-and-debugging.
"""

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from bakeoff.models.engines.fields import count, mapping
from bakeoff.models.loops import before_loop
from bakeoff.models.providers.asking import estimated_prompt_tokens, estimated_tokens
from bakeoff.models.providers.client import ApiError, ApiTimeoutError
from bakeoff.models.providers.shown import SHOWN_CHARACTERS, error_message
from bakeoff.models.spending.tokens import Tokens, counted_tokens
from bakeoff.models.stops import before_stop
from bakeoff.models.thinking import without_thinking
from bakeoff.records import Completion, GenerationSettings, Origin, Prompt, Usage

DONE = "[DONE]"
SHORTENED = ("content_filter", "error")
"""The values of `finish_reason` that mean there is no answer."""
ENDED = ("stop", "eos")
"""The values of `finish_reason` that mean the model ended the answer itself, or wrote a stop text."""


def completion_of(
    reply: dict[str, Any], prompt: Prompt, settings: GenerationSettings, seconds: float, context_tokens: int
) -> Completion:
    """The completion in a reply. Raises ApiError if there is none."""
    choice = _choice(reply)
    sent = text_of(choice["message"])
    text, stopped, looped = answer_in(sent, settings, choice.get("finish_reason") in ENDED)
    counted = mapping(reply.get("usage"))
    n_prompt, n_completion = count(counted, "prompt_tokens"), count(counted, "completion_tokens")
    full = n_prompt is not None and n_completion is not None and n_prompt + n_completion >= context_tokens
    return Completion(
        text=text,
        usage=Usage(
            prompt_tokens=n_prompt or estimated_prompt_tokens(prompt),  # some servers report 0 for all
            completion_tokens=n_completion or estimated_tokens(sent),
            cached_tokens=(counted_tokens({"usage": counted}) or Tokens()).cached,
            seconds=seconds,
        ),
        logprob=mean_logprob(mapping(choice.get("logprobs")).get("content")),
        truncated=not (stopped or looped) and (choice.get("finish_reason") == "length" or full),
        looped=looped,
        origin=Origin(
            model=str(reply.get("model") or ""),
            fingerprint=str(reply.get("system_fingerprint") or ""),
            on=datetime.now(UTC).date(),
        ),
    )


def answer_in(sent: str, settings: GenerationSettings, ended: bool) -> tuple[str, bool, bool]:
    """The answer in the text that a server sent, whether a stop text ended it, and whether it is a loop.

    The rules are those of local models: it has no thinking block and ends before the first stop text. Unless it ended
    by itself (`ended`), it ends after the first occurrence of a loop.
    """
    text, stopped = before_stop(without_thinking(sent), settings.stop)
    text, looped = (text, False) if ended or stopped else before_loop(text)
    return text, stopped, looped


def _choice(reply: dict[str, Any]) -> dict[str, Any]:
    """The first choice of a reply. Raises ApiError if it has no message, or if the server stopped the answer."""
    choices = reply.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if reply.get("error"):
        raise ApiError(f"The server answered with an error: {_in_words(reply)}", "see the server's message", 200)
    if not isinstance(choice, dict) or not isinstance(choice.get("message"), dict):
        raise ApiError(
            f"The reply has no choice with a message: {_in_words(reply)}", "check that base_url is a chat API", 200
        )
    _refuse_shortened(choice)
    return choice


def _refuse_shortened(choice: dict[str, Any]) -> None:
    reason = choice.get("finish_reason")
    if reason in SHORTENED:
        raise ApiError(f"The server stopped the answer: finish_reason {reason!r}.", "check the server's log", 200)


def _in_words(reply: dict[str, Any]) -> str:
    return error_message(json.dumps(reply))[:SHOWN_CHARACTERS]


def text_of(message: dict[str, Any]) -> str:
    """The text of a message or a delta, which some servers send in parts. A refusal counts as text too."""
    content = message.get("content") or message.get("refusal") or ""
    if isinstance(content, list):
        return "".join(str(mapping(part).get("text") or "") for part in content)
    return content if isinstance(content, str) else str(content)


def mean_logprob(tokens: Any) -> float | None:
    """The mean log-probability of tokens `{"logprob": ...}`. None if there are no tokens, or one has no number."""
    values = [mapping(token).get("logprob") for token in tokens] if isinstance(tokens, list) else []
    numbers = [float(value) for value in values if isinstance(value, int | float)]
    return sum(numbers) / len(numbers) if numbers and len(numbers) == len(values) else None


class StreamedReply:
    """What a stream has said so far, which ends as the reply that the same request gets in one piece."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._logprobs: list[Any] = []
        self._finish_reason: str | None = None
        self._rest: dict[str, Any] = {}

    def add(self, event: dict[str, Any], choice: dict[str, Any]) -> str:
        """Takes one event and its first choice, gives the piece of text in them."""
        self._rest |= {key: event[key] for key in ("model", "system_fingerprint", "usage") if event.get(key)}
        self._finish_reason = choice.get("finish_reason") or self._finish_reason
        logprobs = mapping(choice.get("logprobs")).get("content")
        self._logprobs += logprobs if isinstance(logprobs, list) else []
        self._texts.append(text_of(mapping(choice.get("delta") or choice.get("message"))))
        return self._texts[-1]

    def whole(self) -> dict[str, Any]:
        """The reply, as `completion_of` reads it."""
        choice = {
            "message": {"content": "".join(self._texts)},
            "finish_reason": self._finish_reason,
            "logprobs": {"content": self._logprobs},
        }
        return {**self._rest, "choices": [choice]}


def pieces_of(lines: Iterable[str], longest_silence_s: float, reply: StreamedReply) -> Iterator[str]:
    """The pieces of text in the lines of a stream of server-sent events; `reply` takes all that they hold.

    Skips comments and chunks without choices. Raises ApiError for an error in the stream, for more than
    `longest_silence_s` seconds with comments only, and if the stream ends before the answer does.
    """
    n_characters, ended, heard = 0, False, time.monotonic()
    lines = iter(lines)
    for line in lines:
        if not line.startswith(("data:", "{")):
            if time.monotonic() - heard > longest_silence_s:
                raise ApiTimeoutError(
                    f"The stream held comments but no text for {longest_silence_s:g} seconds.", "raise timeout_s"
                )
            continue
        heard = time.monotonic()
        content = line.removeprefix("data:").strip()
        if content == DONE:
            read_to_the_end(lines)
            return
        event = _event(content)
        choice = _event_choice(event)
        piece = reply.add(event, choice)
        ended = ended or bool(choice.get("finish_reason"))
        n_characters += len(piece)
        if piece:
            yield piece
    if not ended:
        raise ApiError(
            f"The stream ended after {n_characters} characters, before the end of the answer.",
            "ask again; check the server's log",
        )


def read_to_the_end(lines: Iterator[str]) -> None:
    """Reads what follows the last line of an answer, which is nothing: else its connection could not be used again."""
    with suppress(ApiError):  # the answer is whole
        next(lines, None)


def _event(content: str) -> dict[str, Any]:
    """An event of a stream, empty where it is no object. Raises ApiError where it is no JSON, or an error."""
    try:
        event = json.loads(content)
    except ValueError:
        raise ApiError(
            f"The stream holds something that is not JSON: {content[:SHOWN_CHARACTERS]!r}.", "check base_url"
        ) from None
    if mapping(event).get("error"):
        raise ApiError(f"The server reported an error in the stream: {_in_words(event)}", "ask again", body=content)
    return mapping(event)


def _event_choice(event: dict[str, Any]) -> dict[str, Any]:
    """The first choice of a stream's event, empty where it has none."""
    choices = event.get("choices")
    choice = mapping(choices[0]) if isinstance(choices, list) and choices else {}
    _refuse_shortened(choice)
    return choice
