"""Rerankers behind a server: `/rerank` of Cohere, Jina, vLLM and llama.cpp's server, of Voyage, and of TEI.

Takes (question, passage) pairs, gives a score for each. A passage longer than the context is read up to there. Knows
nothing about indexes.
Sources: https://docs.cohere.com/reference/rerank; https://api.jina.ai/redoc (`/rerank`);
https://docs.voyageai.com/reference/reranker-api; https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html;
ggml-org/llama.cpp, tools/server/README.md (`/v1/rerank`); https://huggingface.github.io/text-embeddings-inference
(`texts`, and a list in place of an object).
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from bakeoff.models.providers.client import ApiClient, ApiError
from bakeoff.models.providers.embedding_requests import FEWER_TEXTS
from bakeoff.models.providers.keys import key_of
from bakeoff.models.providers.retry import FIRST_WAIT_S
from bakeoff.models.providers.roles import require_role
from bakeoff.models.providers.shown import SHOWN_CHARACTERS
from bakeoff.models.providers.threads import in_parallel
from bakeoff.models.settings import ApiModel
from bakeoff.models.spending.who import RERANKING, in_role

PASSAGES_PER_REQUEST = 100
CHARACTERS_PER_TOKEN = 3
"""A passage is cut to fewer characters than the estimate of what the context holds, so that no server refuses it."""


class _Batch(NamedTuple):
    """Passages to score with one question, and where their scores go."""

    question: str
    passages: list[str]
    places: list[int]


class ApiReranker:
    """A reranking model behind a server. Safe to use from several threads."""

    def __init__(self, settings: ApiModel, first_wait_s: float = FIRST_WAIT_S) -> None:
        require_role(settings, "reranker")
        self.name = settings.label
        self._settings = settings
        self._client = ApiClient(settings, first_wait_s)
        self._size = FEWER_TEXTS.get(settings.api, PASSAGES_PER_REQUEST)

    def scores(self, texts: Sequence[tuple[str, str]]) -> np.ndarray:
        """float32 scores of (question, passage) pairs, in the order given. One request for each question.

        Raises ApiError if the server refuses after all retries, or if it does not score every passage once. Raises
        ConfigError before any request if the key's environment variable is not set.
        """
        key_of(self._settings)
        scores = np.zeros(len(texts), np.float32)
        batches = list(self._batches(texts))
        with in_role(RERANKING):
            found = in_parallel(self._scored, batches, self._settings.concurrency)
        for batch, given in zip(batches, found, strict=True):
            scores[batch.places] = given
        return scores

    def _batches(self, texts: Sequence[tuple[str, str]]) -> list[_Batch]:
        batches = []
        for question, places in groupby(range(len(texts)), key=lambda i: texts[i][0]):
            rows = list(places)
            room = max(1, self._settings.context_tokens * CHARACTERS_PER_TOKEN - len(question))
            for start in range(0, len(rows), self._size):
                part = rows[start : start + self._size]
                batches.append(_Batch(question, [texts[i][1][:room] or " " for i in part], part))
        return batches

    def _scored(self, batch: _Batch) -> np.ndarray:
        address, body = self._request(batch)
        with self._client.key_hidden():
            reply = self._client.post(address, body, listed="results")
            try:
                rows = reply["data" if self._settings.api == "voyage" else "results"]
                given = {
                    int(row["index"]): float(row["score" if "score" in row else "relevance_score"]) for row in rows
                }
            except (KeyError, TypeError, ValueError):
                shown = str(reply.get("error") or f"the keys {', '.join(reply)}")[:SHOWN_CHARACTERS]
                raise ApiError(f"{self.name} answered without scores: {shown}.", RERANKS) from None
        if given.keys() != set(range(len(batch.passages))) or len(rows) != len(given):
            raise ApiError(
                f"{self.name} scored {len(rows)} of {len(batch.passages)} passages, or some of them twice.", RERANKS
            )
        scores = np.array([given[i] for i in range(len(given))], np.float32)
        if not np.isfinite(scores).all():
            raise ApiError(f"{self.name} gave scores that are not finite numbers.", RERANKS)
        return scores

    def _request(self, batch: _Batch) -> tuple[str, dict[str, Any]]:
        base, api = self._settings.base_url, self._settings.api
        if api == "tei":
            return f"{base.removesuffix('/v1')}/rerank", {"query": batch.question, "texts": batch.passages}
        body = {"model": self._settings.model, "query": batch.question, "documents": batch.passages}
        return f"{base}/rerank", body


def _score(row: dict[str, Any]) -> float:
    return float(row["score"] if "score" in row else row["relevance_score"])


RERANKS = "check that the model is a reranker and that base_url is the address of its API"
