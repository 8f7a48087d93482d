"""Models that are given several batches at once, because others compute them: workers, or a server.

Takes a model and batches, gives what the model gives for each. A batch is never cut or joined, so what it gives does
not depend on who computes it. A model that takes one at a time is given one after another.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

import numpy as np

from bakeoff.protocols import Embedder

T = TypeVar("T")


def n_batches(model: Any) -> int:
    """How many batches this embedder or generator takes at once."""
    return int(getattr(model, "n_batches", 1))


def at_once(batches: Iterable[T], n: int) -> Iterator[list[T]]:
    """The batches, n at a time.

    >>> list(at_once("abcde", 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    left = iter(batches)
    while some := list(islice(left, n)):
        yield some


def embedded(embedder: Embedder, batches: Sequence[Sequence[str]]) -> Iterator[np.ndarray]:
    """The vectors of the passages of each batch, in order."""
    several = getattr(embedder, "embed_batches", None)
    yield from several(batches) if several else map(embedder.embed_passages, batches)
