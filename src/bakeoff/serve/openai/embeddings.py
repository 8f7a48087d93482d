"""Embeddings of texts by the embedder of what is served.

Takes a request, gives one JSON value. A contender's index embeds passages and its search embeds queries, in two ways
for some models; a request says which one it wants.
"""

import base64
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from bakeoff.models.cancelling import caller
from bakeoff.protocols import Embedder
from bakeoff.serve.openai.errors import ApiError
from bakeoff.serve.openai.requests import EmbeddingsRequest, known_model, texts_to_embed

QUERIES = ("query", "search_query")
AT_ONCE = 64
"""Texts that are embedded before the next look whether the client is still there."""


def embeddings(request: EmbeddingsRequest, embedder: Embedder | None, contenders: Sequence[str] = ()) -> dict[str, Any]:
    """The vectors of unit length, in the order of the texts, as numbers or as base64 of little-endian float32.

    Raises ApiError for another model than the embedder; it says so of `contenders`.
    """
    if embedder is None:
        raise ApiError("What is served here has no embedder.", status=404, code="model_not_found", param="model")
    if request.model in contenders and request.model != embedder.name:
        raise ApiError(
            f"The model '{request.model}' is a contender: it answers questions and embeds nothing.",
            f"name '{embedder.name}'",
            status=404,
            code="model_not_found",
            param="model",
        )
    known_model(request.model, [embedder.name])
    if request.dimensions not in (None, embedder.dimension):
        raise ApiError(
            f"'dimensions' is {request.dimensions}; this embedder has {embedder.dimension}.",
            "leave 'dimensions' out",
            param="dimensions",
        )
    texts = texts_to_embed(request)
    embed = embedder.embed_queries if request.input_type in QUERIES else embedder.embed_passages
    n_tokens = sum(embedder.count_tokens(text) for block in _blocks(texts) for text in block)
    rows = [_written(row, request.encoding_format == "base64") for block in _blocks(texts) for row in embed(block)]
    return {
        "object": "list",
        "model": embedder.name,
        "data": [{"object": "embedding", "index": i, "embedding": row} for i, row in enumerate(rows)],
        "usage": {"prompt_tokens": n_tokens, "total_tokens": n_tokens},
    }


def _blocks(texts: list[str]) -> Iterator[list[str]]:
    """The texts, a few at a time. Raises CallerGoneError between two blocks if nobody waits for them any more."""
    for first in range(0, len(texts), AT_ONCE):
        caller().raise_if_gone()
        yield texts[first : first + AT_ONCE]


def _written(vector: np.ndarray, as_base64: bool) -> str | list[float]:
    if as_base64:
        return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")
    return [float(value) for value in vector]
