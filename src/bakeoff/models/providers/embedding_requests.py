"""How each protocol asks for embeddings, and where they stand in its answer.

Takes a model's settings and texts, gives an address and a JSON object; takes a reply, gives rows of numbers. Sends
nothing. Protocols that embed a query otherwise than a passage are told which of both a text is.
Sources: https://platform.openai.com/docs/api-reference/embeddings; https://docs.ollama.com/api/embed;
https://ai.google.dev/api/embeddings (`batchEmbedContents`, `taskType`); https://docs.cohere.com/reference/embed
(`input_type`); https://docs.voyageai.com/reference/embeddings-api (`input_type`); https://api.jina.ai/redoc (`task`);
https://huggingface.github.io/text-embeddings-inference (at most 32 texts, `--max-client-batch-size`).
"""

from collections.abc import Sequence
from typing import Any, Literal

from bakeoff.models.engines.google import model_path
from bakeoff.models.engines.ollama import ollama_url
from bakeoff.models.settings import ApiModel

Kind = Literal["query", "passage"]
Request = tuple[str, dict[str, Any]]
TEXTS_PER_REQUEST = 64
FEWER_TEXTS = {"tei": 32}
"""The most texts in one request, where that is fewer."""
COHERE = {"query": "search_query", "passage": "search_document"}
VOYAGE = {"query": "query", "passage": "document"}
JINA = {"query": "retrieval.query", "passage": "retrieval.passage"}
GOOGLE = {"query": "RETRIEVAL_QUERY", "passage": "RETRIEVAL_DOCUMENT"}


def texts_per_request(model: ApiModel) -> int:
    """The most texts in one request."""
    return FEWER_TEXTS.get(model.api, TEXTS_PER_REQUEST)


def request_for(model: ApiModel, texts: Sequence[str], kind: Kind) -> Request:
    """The address and the body. An empty text is sent as a blank, because servers refuse empty ones."""
    sent = [text if text.strip() else " " for text in texts]
    named, base = {"model": model.model}, model.base_url
    if model.api == "ollama":
        options = {"num_ctx": model.context_tokens}
        return f"{ollama_url(base)}/api/embed", {**named, "input": sent, "truncate": False, "options": options}
    if model.api == "google":
        path = model_path(model)
        rows = [{"model": path, "content": {"parts": [{"text": text}]}, "taskType": GOOGLE[kind]} for text in sent]
        return f"{base}/{path}:batchEmbedContents", {"requests": rows}
    if model.api == "cohere":
        body = {"texts": sent, "input_type": COHERE[kind], "embedding_types": ["float"], "truncate": "NONE"}
        return f"{base}/embed", {**named, **body}
    if model.api == "voyage":
        return f"{base}/embeddings", {**named, "input": sent, "input_type": VOYAGE[kind], "truncation": False}
    if model.api == "jina":
        return f"{base}/embeddings", {**named, "input": sent, "task": JINA[kind]}
    if model.api == "tei":
        return f"{base.removesuffix('/v1')}/v1/embeddings", {**named, "input": sent}
    return f"{base}/embeddings", {**named, "input": sent, "encoding_format": "float"}


def rows_in(model: ApiModel, reply: dict[str, Any]) -> list[Any]:
    """The vectors in the order of the texts. Raises KeyError, TypeError or ValueError if there are none."""
    if model.api == "ollama":
        return list(reply["embeddings"])
    if model.api == "google":
        return [row["values"] for row in reply["embeddings"]]
    if model.api == "cohere":
        return list(reply["embeddings"]["float"])
    return [row["embedding"] for row in sorted(reply["data"], key=lambda row: int(row["index"]))]
