"""What servers of other protocols than OpenAI's and Ollama's answer, for the fake server of the tests.

Takes the words to say and the request, gives JSON objects or the lines of a stream. Knows no connection.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

Messages = list[dict[str, str]]


class Said(NamedTuple):
    """The words of an answer with the blanks before them, whether a limit cut it, and the words of the prompt."""

    words: Sequence[str]
    cut: bool
    n_prompt: int

    @property
    def text(self) -> str:
        return "".join(self.words)


class Asked(NamedTuple):
    """A request in words that all protocols share."""

    messages: Messages
    limit: int
    stops: Sequence[str]


# --- Anthropic


def anthropic_request(body: dict[str, Any]) -> Asked:
    system = [{"role": "system", "content": body["system"]}] if body.get("system") else []
    return Asked([*system, *body["messages"]], body["max_tokens"], body.get("stop_sequences") or [])


def anthropic_reply(said: Said, model: str) -> dict[str, Any]:
    return {
        "id": "msg_fake",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": said.text}],
        "stop_reason": "max_tokens" if said.cut else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": said.n_prompt, "output_tokens": len(said.words)},
    }


def anthropic_events(said: Said, model: str, broken: str | None) -> Iterator[str]:
    """`broken`: 'error inside' for an error after the first words, anything else ends the stream there."""
    start = {**anthropic_reply(said, model), "content": [], "stop_reason": None}
    start["usage"] = {"input_tokens": said.n_prompt, "output_tokens": 1}
    yield _event("message_start", message=start)
    yield _event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    yield _event("ping")
    for i, word in enumerate(said.words):
        if broken is not None and i == max(1, len(said.words) // 2):
            if broken == "error inside":
                yield _event("error", error={"type": "overloaded_error", "message": "the model crashed"})
            return
        yield _event("content_block_delta", index=0, delta={"type": "text_delta", "text": word})
    yield _event("content_block_stop", index=0)
    reason = "max_tokens" if said.cut else "end_turn"
    yield _event("message_delta", delta={"stop_reason": reason}, usage={"output_tokens": len(said.words)})
    yield _event("message_stop")


def _event(kind: str, **more: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **more})}"


# --- Google


def google_request(body: dict[str, Any]) -> Asked:
    system = body.get("systemInstruction")
    rows = [*([{"role": "system", **system}] if system else []), *body["contents"]]
    messages = [{"role": row["role"], "content": row["parts"][0]["text"]} for row in rows]
    config = body["generationConfig"]
    return Asked(messages, config["maxOutputTokens"], config.get("stopSequences") or [])


def google_reply(said: Said, model: str) -> dict[str, Any]:
    return _chunk(said.text, said, model, "MAX_TOKENS" if said.cut else "STOP")


def google_events(said: Said, model: str, broken: str | None) -> Iterator[str]:
    for i, word in enumerate(said.words):
        if broken is not None and i == max(1, len(said.words) // 2):
            if broken == "error inside":
                error = {"code": 503, "message": "the model crashed", "status": "UNAVAILABLE"}
                yield f"data: {json.dumps({'error': error})}"
            return
        yield f"data: {json.dumps(_chunk(word, said, model, None))}"
    yield f"data: {json.dumps(_chunk('', said, model, 'MAX_TOKENS' if said.cut else 'STOP'))}"


def _chunk(text: str, said: Said, model: str, reason: str | None) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}
    if reason:
        candidate |= {"finishReason": reason, "avgLogprobs": -0.5}
    usage = {"promptTokenCount": said.n_prompt, "candidatesTokenCount": len(said.words)}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": model}


# --- embeddings and reranking


def texts_in(body: dict[str, Any]) -> list[str]:
    """The texts of a request for embeddings, by whatever protocol."""
    if "requests" in body:
        return [row["content"]["parts"][0]["text"] for row in body["requests"]]
    return list(body.get("input") or body["texts"])


def scored(body: dict[str, Any]) -> Any:
    """Each passage's share of the question's words, best first, as `/rerank` of Cohere and TEI writes it."""
    words = set(body["query"].lower().split())
    passages = body["texts"] if "texts" in body else body["documents"]
    shares = [len(words & set(text.lower().split())) / max(1, len(words)) for text in passages]
    order = sorted(range(len(shares)), key=lambda i: -shares[i])
    if "texts" in body:
        return [{"index": i, "score": shares[i]} for i in order]
    return {"id": "rerank-fake", "results": [{"index": i, "relevance_score": shares[i]} for i in order]}
