"""The tokens of one call, whatever the server's protocol: the most that a request can take, and those a reply reports.

Takes the JSON of requests and replies, gives counts. Knows no prices and sends nothing.
Sources: the references of the chat and embedding endpoints of OpenAI, Anthropic, Google, DeepSeek, Ollama and Cohere.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from bakeoff.files.plain_json import plain_json

LIMITS = (
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "maxOutputTokens",
    "num_predict",
)
"""How protocols call the most tokens that a model may write."""
WRITES = ("messages", "contents", "prompt")
"""Keys of a request that asks for a text. Requests without them get vectors or scores back."""
PROMPT = ("prompt_tokens", "input_tokens", "promptTokenCount", "prompt_eval_count", "total_tokens")
COMPLETION = ("completion_tokens", "output_tokens", "candidatesTokenCount", "eval_count")
CACHED = ("cached_tokens", "cache_read_input_tokens", "prompt_cache_hit_tokens", "cachedContentTokenCount")
BESIDE_PROMPT = ("cache_read_input_tokens", "cache_creation_input_tokens")
"""Prompt tokens that Anthropic counts beside `input_tokens`; all others count the cached ones among the prompt's."""
SEARCH_PASSAGES, SEARCH_TOKENS = 100, 500
"""A search is a question with up to so many passages; a longer passage than so many tokens counts for several.

Source: https://cohere.com/pricing (rerank; its replies count `search_units`).
"""
BESIDE_COMPLETION = ("thoughtsTokenCount",)
PLACES = ("usage", "usageMetadata", "meta")
"""Where a reply has its counts. Ollama has them in the reply itself."""
HOLDERS = ("choices", "candidates", "message", "delta", "content", "content_block", "parts")
WORDS = ("content", "text", "refusal", "thinking", "reasoning", "reasoning_content")
"""The keys of what a model wrote, and of what holds it, in a reply or in an event of a stream."""
DEEPEST = 8
MOST_COUNTED = 10**12
"""A server that reports more tokens than that for one call has not counted them."""


class Tokens(NamedTuple):
    """Tokens of one call or of many. `cached` are those of the prompt that the server took from its cache. `searches`
    are what some rerankers are paid for instead.
    """

    prompt: int = 0
    cached: int = 0
    completion: int = 0
    searches: int = 0


def most_tokens(content: bytes, body: Mapping[str, Any], context_tokens: int) -> Tokens:
    """The most tokens that a request can take: one for each byte sent, and what it allows the model to write.

    No tokenizer makes more tokens than bytes. A request that allows any length is limited by the context.

    >>> most_tokens(b"{...}", {"messages": [], "max_tokens": 24}, 8192)
    Tokens(prompt=5, cached=0, completion=24, searches=0)
    """
    limits = [value for name, value in _numbers(body) if name in LIMITS]
    writes = any(key in body for key in WRITES)
    written = max(limits) if limits else context_tokens if writes else 0
    return Tokens(len(content), 0, written, _most_searches(body))


def searches_for(n_passages: float, tokens: float) -> int:
    """The searches that so many passages of so many tokens, with the question, count for."""
    return math.ceil(n_passages * math.ceil(tokens / SEARCH_TOKENS) / SEARCH_PASSAGES)


def _most_searches(body: Mapping[str, Any]) -> int:
    """The most searches that a request counts for; 0 if it asks for no scores."""
    question, passages = body.get("query"), body.get("documents")
    if not isinstance(question, str) or not isinstance(passages, list) or not passages:
        return 0
    own = len(question.encode())
    return math.ceil(sum(-(-(own + len(str(one).encode())) // SEARCH_TOKENS) for one in passages) / SEARCH_PASSAGES)


def counted_tokens(reply: Mapping[str, Any]) -> Tokens | None:
    """The tokens that a reply reports. None if it reports none, or counts that cannot be.

    >>> counted_tokens({"usage": {"prompt_tokens": 0, "completion_tokens": 0}})
    """
    return _believed(_reported(reply), holds_words(reply))


def counted_in_stream(lines: Iterable[str]) -> Tokens | None:
    """The tokens that the lines of a stream report: of each count the largest, since some servers report them in steps.

    None if no line reports any, or if they cannot be.
    """
    events = [event for line in lines if (event := _event(line))]
    found = [tokens for event in events if (tokens := _reported_by(event))]
    together = Tokens(*map(max, zip(*found, strict=True))) if found else None
    return _believed(together, any(map(holds_words, events)))


def line_holds_words(line: str) -> bool:
    """Whether a line of a stream has words that the model wrote."""
    return holds_words(_event(line))


def holds_words(value: Any, depth: int = DEEPEST) -> bool:
    """Whether a reply or an event has words that the model wrote, also hidden ones. Vectors and scores have none."""
    if not depth:
        return False
    if isinstance(value, list):
        return any(holds_words(one, depth - 1) for one in value)
    if not isinstance(value, Mapping):
        return False
    return any(isinstance(value.get(name), str) and value[name] for name in WORDS) or any(
        holds_words(value.get(name), depth - 1) for name in HOLDERS
    )


def as_count(value: Any) -> int | None:
    """A number of tokens that a server has sent; None if it is none, or more than it can have counted.

    >>> as_count(12), as_count(-1), as_count(10**400), as_count("12")
    (12, None, None, None)
    """
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 <= value <= MOST_COUNTED else None


def _believed(tokens: Tokens | None, has_words: bool) -> Tokens | None:
    """The counts. None if they cannot be: every prompt has a token, and so has every answer with words in it, and no
    count is that large.
    """
    if tokens is None or not (tokens.prompt or tokens.searches) or (has_words and not tokens.completion):
        return None
    return tokens if max(tokens) <= MOST_COUNTED else None


def _reported(reply: Mapping[str, Any]) -> Tokens | None:
    """What a reply reports, as it is written there."""
    place = next((reply[name] for name in PLACES if isinstance(reply.get(name), Mapping)), reply)
    counts: dict[str, int] = {}
    for name, value in _numbers(place):
        counts.setdefault(name, value)
    prompt = next((counts[name] for name in PROMPT if name in counts), None)
    completion = next((counts[name] for name in COMPLETION if name in counts), None)
    searches = counts.get("search_units", 0)
    if prompt is None and completion is None and not searches:
        return None
    cached = next((counts[name] for name in CACHED if name in counts), 0)
    all_prompt = (prompt or 0) + sum(counts.get(name, 0) for name in BESIDE_PROMPT)
    written = (completion or 0) + sum(counts.get(name, 0) for name in BESIDE_COMPLETION)
    return Tokens(all_prompt, min(cached, all_prompt), written, searches)


def _reported_by(event: Mapping[str, Any]) -> Tokens | None:
    inside = event.get("message")  # Anthropic's first event has the prompt's tokens in its message
    return _reported(event) or (_reported(inside) if isinstance(inside, Mapping) else None)


def _event(line: str) -> dict[str, Any]:
    """The object in a line of a stream; an empty one where it has none."""
    content = line.removeprefix("data:").strip()
    if not content.startswith("{"):
        return {}
    try:
        event = plain_json(content)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}


def _numbers(value: Any, depth: int = 3) -> Iterator[tuple[str, int]]:
    """The whole numbers in a mapping and in the mappings in it, with their keys; those above come first."""
    if not isinstance(value, Mapping):
        return
    for name, item in value.items():
        if isinstance(item, int) and not isinstance(item, bool) and item >= 0:
            yield name, item
    for item in value.values():
        if depth and isinstance(item, Mapping):
            yield from _numbers(item, depth - 1)
