"""An embedder that embeds only the passages that no earlier run has embedded.

Takes an embedder, the key of its model and kept results. Gives the vectors that it would give. When latency is
measured, the model is always asked.
"""

import hashlib
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from bakeoff.models.batching import embedded, n_batches
from bakeoff.models.kept.results import Kept, KeptResults
from bakeoff.models.spending.who import LATENCY, asker
from bakeoff.protocols import Embedder

KIND = "vectors"


class _Sought(NamedTuple):
    """The keys of a batch, the vectors that are kept, and the places of those that are not."""

    keys: list[bytes]
    found: dict[bytes, np.ndarray]
    missing: list[int]


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
        return next(self.embed_batches([texts]))

    @property
    def n_batches(self) -> int:
        return n_batches(self._embedder)

    def embed_batches(self, batches: Sequence[Sequence[str]]) -> Iterator[np.ndarray]:
        """The same for each batch, in order. A passage of two batches is embedded with the first."""
        if asker().stage == LATENCY:
            yield from embedded(self._embedder, batches)
            return
        sought = self._sought(batches)
        new = embedded(
            self._embedder, [[texts[i] for i in one.missing] for texts, one in self._asking(batches, sought)]
        )
        made: dict[bytes, np.ndarray] = {}
        for texts, (keys, found, missing) in zip(batches, sought, strict=True):
            begun = time.perf_counter()
            vectors = next(new) if missing or not texts else ()
            seconds = (time.perf_counter() - begun) / max(1, len(missing))
            if not texts:
                yield np.asarray(vectors)
                continue
            fresh = dict(zip(missing, vectors, strict=True))
            made |= {keys[i]: row for i, row in fresh.items()}
            self._results.put(KIND, {keys[i]: Kept(row.astype("<f4").tobytes(), seconds) for i, row in fresh.items()})
            known = {**found, **made}
            yield np.stack([fresh[i] if i in fresh else known[key] for i, key in enumerate(keys)])

    def _sought(self, batches: Sequence[Sequence[str]]) -> "list[_Sought]":
        """What is kept of each batch, and what no batch before it embeds."""
        sought: list[_Sought] = []
        before: set[bytes] = set()
        for texts in batches:
            keys = [hashlib.sha256("\0".join([KIND, self._model, text]).encode()).digest() for text in texts]
            kept = self._results.get(KIND, [key for key in keys if key not in before], self._days)
            found = {key: np.frombuffer(one.value, "<f4").astype(np.float32) for key, one in kept.items()}
            missing = [i for i, key in enumerate(keys) if key not in found and key not in before]
            before.update(keys[i] for i in missing)
            sought.append(_Sought(keys, found, missing))
        return sought

    def _asking(
        self, batches: Sequence[Sequence[str]], sought: "Sequence[_Sought]"
    ) -> "Iterator[tuple[Sequence[str], _Sought]]":
        """The batches that the embedder is asked for: those that lack something, and empty ones, for their shape."""
        return ((texts, one) for texts, one in zip(batches, sought, strict=True) if one.missing or not texts)

    def count_tokens(self, text: str) -> int:
        return self._embedder.count_tokens(text)
