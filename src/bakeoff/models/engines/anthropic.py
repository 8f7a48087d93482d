"""Anthropic's Messages API as a `Protocol`: requests, replies and the events of its streams.

Thinking is switched off where a model allows it; where it does not, thinking blocks are left out of the answer. There
are no log-probabilities and no seed. Sends nothing itself.
Sources: https://platform.claude.com/docs/en/api/messages (request, `stop_reason`, `usage`),
https://platform.claude.com/docs/en/build-with-claude/streaming (events),
https://platform.claude.com/docs/en/models/opus-5/migration-guide (thinking is on by default; no temperature).
"""

import re
from typing import Any

from bakeoff.models.control_tokens import escaped_messages
from bakeoff.models.engines.fields import count, mapping
from bakeoff.models.engines.hosted import Written, no_reply
from bakeoff.models.providers.client import ApiError
from bakeoff.models.settings import ApiModel
from bakeoff.records import GenerationSettings, Prompt

OPTIONAL = ("temperature", "thinking", "stop_sequences")
ENDED = ("end_turn", "stop_sequence")
LIMITED = ("max_tokens", "model_context_window_exceeded")


class Anthropic:
    """How Anthropic's Messages API is asked and read."""

    def address(self, model: ApiModel, streamed: bool) -> str:
        return f"{model.base_url}/messages"

    def body(
        self, model: ApiModel, prompt: Prompt, settings: GenerationSettings, refused: frozenset[str], streamed: bool
    ) -> dict[str, Any]:
        """The request. Stop texts of blanks only are refused there: the completion is cut at them here."""
        messages = escaped_messages(prompt)
        system = "\n\n".join(message["content"] for message in messages if message["role"] == "system")
        stops = [stop for stop in settings.stop if stop.strip()]
        wanted = {
            "temperature": settings.temperature,
            "thinking": {"type": "disabled"},
            **({"stop_sequences": stops} if stops else {}),
        }
        return {
            "model": model.model,
            "max_tokens": settings.max_new_tokens,
            "messages": [message for message in messages if message["role"] != "system"],
            **({"system": system} if system else {}),
            **{name: value for name, value in wanted.items() if name not in refused},
            **({"stream": True} if streamed else {}),
        }

    def named(self, refusal: str) -> frozenset[str]:
        """The optional parameters that the body of a refusal names."""
        return frozenset(name for name in OPTIONAL if re.search(rf"\b{name}\b", refusal))

    def add(self, written: Written, sent: dict[str, Any]) -> str:
        """Takes a message or an event of a stream. Raises ApiError for a refusal to answer, and for what is neither."""
        kind, piece = sent.get("type"), ""
        if kind == "message":
            if not isinstance(sent.get("content"), list):
                raise no_reply(sent, "Anthropic's Messages API")
            piece = "".join(_text(mapping(block)) for block in sent["content"])
            _begin(written, sent)
            _end(written, sent, mapping(sent.get("usage")))
        elif kind == "message_start":
            _begin(written, mapping(sent.get("message")))
        elif kind == "content_block_start":
            piece = _text(mapping(sent.get("content_block")))
        elif kind == "content_block_delta":
            delta = mapping(sent.get("delta"))
            piece = str(delta.get("text") or "") if delta.get("type") == "text_delta" else ""
        elif kind == "message_delta":
            _end(written, mapping(sent.get("delta")), mapping(sent.get("usage")))
        elif kind is None:
            raise no_reply(sent, "Anthropic's Messages API")
        written.text += piece
        return piece


def _text(block: dict[str, Any]) -> str:
    """The text of a block; none of thinking, whether it is shown or redacted."""
    return str(block.get("text") or "") if block.get("type") == "text" else ""


def _begin(written: Written, message: dict[str, Any]) -> None:
    written.model = str(message.get("model") or "")
    _count(written, mapping(message.get("usage")))


def _end(written: Written, ending: dict[str, Any], usage: dict[str, Any]) -> None:
    """Why the message ended. Raises ApiError if that is no answer."""
    _count(written, usage)
    reason = ending.get("stop_reason")
    if reason is None:
        return
    if reason == "refusal":
        details = mapping(ending.get("stop_details"))
        why = ": ".join(str(details[name]) for name in ("category", "explanation") if details.get(name))
        raise ApiError(
            f"The model refused to answer (stop_reason 'refusal'{f', {why}' if why else ''}).",
            "look at the question and at the passages shown; another model may answer it",
            200,
        )
    if reason not in ENDED + LIMITED:
        raise ApiError(f"The server stopped the answer: stop_reason {str(reason)!r}.", "check the model's name", 200)
    written.over, written.ended, written.limited = True, reason in ENDED, reason in LIMITED


def _count(written: Written, usage: dict[str, Any]) -> None:
    """Counts are cumulative. Tokens that are read from or written to the cache are not among `input_tokens`."""
    plain = count(usage, "input_tokens")
    if plain is not None:
        cached = count(usage, "cache_read_input_tokens") or 0
        written.n_prompt = plain + cached + (count(usage, "cache_creation_input_tokens") or 0)
        written.n_cached = cached
    written.n_new = count(usage, "output_tokens") if "output_tokens" in usage else written.n_new
