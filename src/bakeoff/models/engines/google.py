"""Google's Gemini API as a `Protocol`: `generateContent` and `streamGenerateContent`.

Thinking is switched off where a model allows it; where it does not, its thoughts are left out of the answer and counted
as answer tokens. Sends nothing itself.
Sources: https://ai.google.dev/api/generate-content (`finishReason`, `promptFeedback`, `usageMetadata`, `avgLogprobs`),
https://ai.google.dev/gemini-api/docs/thinking (`thinkingConfig`, `thought`).
"""

import re
from typing import Any
from urllib.parse import quote

from bakeoff.models.control_tokens import escaped_messages
from bakeoff.models.engines.fields import count, mapping
from bakeoff.models.engines.hosted import Written, no_reply
from bakeoff.models.providers.client import ApiError
from bakeoff.models.settings import ApiModel
from bakeoff.records import GenerationSettings, Prompt

NAMES = {
    "thinkingConfig": r"thinking|budget",
    "responseLogprobs": r"log_?probs?",
    "seed": r"\bseed\b",
    "temperature": r"\btemperature\b",
    "stopSequences": r"stop_?sequences?",
}
"""The words with which a refusal names a parameter, in any case."""
MOST_STOPS = 5  # a completion is cut at the others here
BLOCKED = ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "LANGUAGE", "IMAGE_SAFETY")


def model_path(model: ApiModel) -> str:
    """The model as a part of an address: `models/NAME`, or the path of a tuned model as it is given."""
    named = model.model if "/" in model.model else f"models/{model.model}"
    return quote(named, safe="/")


class Google:
    """How the Gemini API is asked and read."""

    def address(self, model: ApiModel, streamed: bool) -> str:
        call = "streamGenerateContent?alt=sse" if streamed else "generateContent"
        return f"{model.base_url}/{model_path(model)}:{call}"

    def body(
        self, model: ApiModel, prompt: Prompt, settings: GenerationSettings, refused: frozenset[str], streamed: bool
    ) -> dict[str, Any]:
        """The request."""
        messages = escaped_messages(prompt)
        system = "\n\n".join(message["content"] for message in messages if message["role"] == "system")
        wanted: dict[str, Any] = {
            "temperature": settings.temperature,
            "thinkingConfig": {"thinkingBudget": 0},
            "responseLogprobs": True,
            **({"seed": settings.seed} if settings.seed is not None else {}),
            **({"stopSequences": list(settings.stop[:MOST_STOPS])} if settings.stop else {}),
        }
        taken = {name: value for name, value in wanted.items() if name not in refused}
        return {
            "contents": [_content(message) for message in messages if message["role"] != "system"],
            **({"systemInstruction": {"parts": [{"text": system}]}} if system else {}),
            "generationConfig": {"maxOutputTokens": settings.max_new_tokens, **taken},
        }

    def named(self, refusal: str) -> frozenset[str]:
        """The optional parameters that the body of a refusal names."""
        return frozenset(name for name, words in NAMES.items() if re.search(words, refusal, re.IGNORECASE))

    def add(self, written: Written, sent: dict[str, Any]) -> str:
        """Takes a reply or an event of a stream. Raises ApiError for a blocked prompt or answer."""
        blocked = mapping(sent.get("promptFeedback")).get("blockReason")
        if blocked:
            raise _blocked("prompt", f"blockReason {str(blocked)!r}")
        candidates = sent.get("candidates")
        if not isinstance(candidates, list) and "usageMetadata" not in sent:
            raise no_reply(sent, "the Gemini API")
        candidate = mapping(candidates[0]) if isinstance(candidates, list) and candidates else {}
        parts = mapping(candidate.get("content")).get("parts")
        piece = "".join(_text(mapping(part)) for part in parts) if isinstance(parts, list) else ""
        written.text += piece
        written.model = str(sent.get("modelVersion") or written.model)
        _count(written, mapping(sent.get("usageMetadata")))
        likely = candidate.get("avgLogprobs")
        written.logprob = float(likely) if isinstance(likely, int | float) else written.logprob
        _end(written, candidate)
        return piece


def _content(message: dict[str, str]) -> dict[str, Any]:
    role = "model" if message["role"] == "assistant" else "user"
    return {"role": role, "parts": [{"text": message["content"]}]}


def _text(part: dict[str, Any]) -> str:
    """The text of a part; none of a thought."""
    return "" if part.get("thought") else str(part.get("text") or "")


def _blocked(what: str, why: str) -> ApiError:
    return ApiError(
        f"The server blocked the {what} ({why}).",
        "look at the question and at the passages shown; another model may answer it",
        200,
    )


def _end(written: Written, candidate: dict[str, Any]) -> None:
    """Why the answer ended. Raises ApiError if that is no answer."""
    reason = candidate.get("finishReason")
    if reason is None:
        return
    if reason in BLOCKED:
        raise _blocked("answer", f"finishReason {str(reason)!r}")
    if reason not in ("STOP", "MAX_TOKENS"):
        words = str(candidate.get("finishMessage") or "")[:200]
        raise ApiError(
            f"The server stopped the answer: finishReason {str(reason)!r}{f': {words}' if words else ''}.",
            "ask again; check the model's name",
            200,
        )
    written.over, written.ended, written.limited = True, reason == "STOP", reason == "MAX_TOKENS"


def _count(written: Written, usage: dict[str, Any]) -> None:
    """Counts are cumulative. `promptTokenCount` holds the cached tokens; thoughts are paid for as answer tokens."""
    if count(usage, "promptTokenCount") is not None:
        written.n_prompt = count(usage, "promptTokenCount")
        written.n_cached = count(usage, "cachedContentTokenCount") or 0
    if "candidatesTokenCount" in usage or "thoughtsTokenCount" in usage:
        written.n_new = (count(usage, "candidatesTokenCount") or 0) + (count(usage, "thoughtsTokenCount") or 0)
