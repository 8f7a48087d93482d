"""Embedders behind a server, by any of the protocols in `embedding_requests`.

Takes texts, gives float32 rows of unit length. A text longer than the context is cut into windows. Their vectors are
averaged, weighted by length, so that no part of the text is ignored. Knows nothing about chunks or indexes.
"""

import threading
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from bakeoff.models.providers.asking import estimated_tokens
from bakeoff.models.providers.client import ApiClient, ApiError
from bakeoff.models.providers.embedding_requests import (
    TEXTS_PER_REQUEST,
    Kind,
    request_for,
    rows_in,
    texts_per_request,
)
from bakeoff.models.providers.keys import key_of
from bakeoff.models.providers.outcomes import Outcome, of_this_batch
from bakeoff.models.providers.retry import FIRST_WAIT_S
from bakeoff.models.providers.roles import require_role
from bakeoff.models.providers.threads import in_parallel
from bakeoff.models.settings import ApiModel
from bakeoff.models.spending.who import EMBEDDING, in_role

TOKENS_PER_REQUEST = 100_000  # estimated; OpenAI accepts 300,000 in one request
WINDOW_CHARACTERS_PER_TOKEN = 3
"""A window is shorter than the estimate of what the context holds, so that no server cuts or refuses it."""


class ApiEmbedder:
    """An embedding model behind a server. Safe to use from several threads.

    Where its protocol says which text is a query and which a passage, it is told; else both are embedded alike.
    """

    def __init__(self, settings: ApiModel, first_wait_s: float = FIRST_WAIT_S) -> None:
        require_role(settings, "embedder")
        self.name = settings.label
        self.max_tokens = settings.context_tokens
        self._settings = settings
        self._client = ApiClient(settings, first_wait_s)
        self._dimension: int | None = None
        self._lock = threading.Lock()

    @property
    def dimension(self) -> int:
        """Length of a vector, known from the first answer.

        Asks the server for one vector if there was no answer yet.
        """
        if self._dimension is None:
            self._vectors(["dimension"], "passage")
        assert self._dimension is not None
        return self._dimension

    def embed_queries(self, texts: Sequence[str]) -> np.ndarray:
        """float32 array of shape (len(texts), dimension), rows of unit length, in the order given.

        Raises ApiError if the server refuses after all retries, or if its vectors have the wrong number or shape.
        Raises ConfigError before any request if the key's environment variable is not set.
        """
        return self._embedded(texts, "query")

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        """The same for passages."""
        return self._embedded(texts, "passage")

    def _embedded(self, texts: Sequence[str], kind: Kind) -> np.ndarray:
        key_of(self._settings)
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        windows, owners = _windows(texts, self.max_tokens * WINDOW_CHARACTERS_PER_TOKEN)
        vectors = _unit(self._vectors(windows, kind))
        if len(windows) == len(texts):
            return vectors
        pooled = np.zeros((len(texts), vectors.shape[1]), np.float32)
        np.add.at(pooled, owners, vectors * np.array([len(window) for window in windows], np.float32)[:, None])
        return _unit(pooled)

    def _vectors(self, texts: Sequence[str], kind: Kind) -> np.ndarray:
        """A row for each text: as this batch of questions has it already, or else asked for."""
        kept = of_this_batch()
        before = [kept.earlier(self._key(kind, text)) if kept else None for text in texts]
        known = {i: outcome.get() for i, outcome in enumerate(before) if outcome is not None}
        left = [text for i, text in enumerate(texts) if i not in known]
        batches = _batches(left, texts_per_request(self._settings))
        with in_role(EMBEDDING):
            asked = in_parallel(partial(self._noted, kind), batches, self._settings.concurrency)
        new = iter([row for rows in asked for row in rows])
        return np.stack([known[i] if i in known else next(new) for i in range(len(texts))])

    def _key(self, kind: Kind, text: str) -> tuple[str, ...]:
        return self._settings.api, self._settings.base_url, self._settings.model, kind, text

    def _noted(self, kind: Kind, texts: Sequence[str]) -> np.ndarray:
        """As `_batch`. What each text came to is kept for this batch of questions."""
        try:
            rows = self._batch(kind, texts)
        except ApiError as error:
            if not error.is_about_content:
                self._keep(kind, texts, [Outcome(error=error)] * len(texts))
            raise
        self._keep(kind, texts, [Outcome(row) for row in rows])
        return rows

    def _keep(self, kind: Kind, texts: Sequence[str], outcomes: Sequence[Outcome]) -> None:
        kept = of_this_batch()
        if kept is not None:
            for text, outcome in zip(texts, outcomes, strict=True):
                kept.keep(self._key(kind, text), outcome)

    def _batch(self, kind: Kind, texts: Sequence[str]) -> np.ndarray:
        url, body = request_for(self._settings, texts, kind)
        with self._client.key_hidden():
            rows = self._rows(self._client.post(url, body))
        try:
            vectors = np.array(rows, dtype=np.float32)
        except (TypeError, ValueError):
            vectors = np.zeros(0, np.float32)
        shape = (len(texts), self._dimension or (vectors.shape[1] if vectors.ndim == 2 else 1))
        if vectors.shape != shape or not np.isfinite(vectors).all() or not vectors.any(axis=1).all():
            raise ApiError(
                f"{self.name} answered {len(texts)} texts with vectors of shape {vectors.shape}, not {shape} of "
                "finite numbers.",
                "check that the model is an embedding model",
            )
        with self._lock:
            self._dimension = vectors.shape[1]
        return vectors

    def _rows(self, reply: dict[str, Any]) -> list[Any]:
        """The vectors of a reply in the order of the texts. Raises ApiError if there are none."""
        try:
            return rows_in(self._settings, reply)
        except (KeyError, TypeError, ValueError):
            shown = str(reply.get("error") or f"the keys {', '.join(reply)}")[:300]
            raise ApiError(
                f"{self.name} answered without embeddings: {shown}.", "check that the model is an embedding model"
            ) from None

    def count_tokens(self, text: str) -> int:
        """An estimate: one token for every four characters, rounded up."""
        return estimated_tokens(text)

    def count_tokens_batch(self, texts: Sequence[str]) -> list[int]:
        """The same for each of many texts, in order."""
        return [estimated_tokens(text) for text in texts]


def _unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def _windows(texts: Sequence[str], size: int) -> tuple[list[str], list[int]]:
    """Pieces of at most `size` characters, of similar length within a text, and the index of each piece's text."""
    windows, owners = [], []
    for owner, text in enumerate(texts):
        n_pieces = max(1, -(-len(text) // size))
        for i in range(n_pieces):
            windows.append(text[len(text) * i // n_pieces : len(text) * (i + 1) // n_pieces])
            owners.append(owner)
    return windows, owners


def _batches(texts: Sequence[str], most: int = TEXTS_PER_REQUEST) -> list[list[str]]:
    """The texts in order, in requests that stay within the limits on texts and tokens."""
    batches: list[list[str]] = []
    n_tokens = 0
    for text in texts:
        tokens = estimated_tokens(text)
        if not batches or len(batches[-1]) == most or n_tokens + tokens > TOKENS_PER_REQUEST:
            batches.append([])
            n_tokens = 0
        batches[-1].append(text)
        n_tokens += tokens
    return batches
