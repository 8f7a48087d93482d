"""An embedder that embeds only the passages that no earlier run has embedded.

Takes an embedder, the key of its model and kept results. Gives the vectors that it would give. When latency is
measured, the model is always asked.
"""

import hashlib
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from bakeoff.models.kept.results import Kept, KeptResults
from bakeoff.models.spending.who import LATENCY, asker
from bakeoff.protocols import Embedder

KIND = "vectors"


class KeptEmbedder:
    """An embedder with the vectors of earlier runs. What it has besides is that of the embedder."""

    def __init__(self, embedder: Embedder, model: str, results: KeptResults, days: int | None = None) -> None:
        self.name = embedder.name
        self._embedder = embedder
        self._model = model
        self._results = results
        self._days = days

    def __getattr__(self, name: str) -> Any:
        return getattr(self._embedder, name)

    def embed_queries(self, texts: Sequence[str]) -> np.ndarray:
        """As the embedder does: to embed a question is part of what answering it takes, so it is measured each time."""
        return self._embedder.embed_queries(texts)

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        """float32 array of shape (len(texts), dimension), rows of unit length, in the order given."""
        if asker().stage == LATENCY or not texts:
            return self._embedder.embed_passages(texts)
        keys = [hashlib.sha256("\0".join([KIND, self._model, text]).encode()).digest() for text in texts]
        found = self._results.get(KIND, keys, self._days)
        missing = [i for i, key in enumerate(keys) if key not in found]
        begun = time.perf_counter()
        new = self._embedder.embed_passages([texts[i] for i in missing]) if missing else ()
        seconds = (time.perf_counter() - begun) / max(1, len(missing))
        fresh = dict(zip(missing, new, strict=True))
        self._results.put(KIND, {keys[i]: Kept(row.astype("<f4").tobytes(), seconds) for i, row in fresh.items()})
        rows = [
            fresh[i] if i in fresh else np.frombuffer(found[key].value, "<f4").astype(np.float32)
            for i, key in enumerate(keys)
        ]
        return np.stack(rows)

    def count_tokens(self, text: str) -> int:
        return self._embedder.count_tokens(text)
