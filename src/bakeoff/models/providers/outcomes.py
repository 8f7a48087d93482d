"""What the requests for one batch of questions came to: if the batch is asked again, none of them is sent again.

Takes keys of requests with what came of each, gives it back in the order in which it came. Sends nothing.
"""

import threading
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from bakeoff.models.spending.who import LATENCY, asker


class Outcome(NamedTuple):
    """What a request came to after all its retries: a value and the seconds that it took, or an error."""

    value: Any = None
    seconds: float = 0.0
    error: Exception | None = None

    def get(self) -> Any:
        """The value. Raises the error, if it is one."""
        if self.error is not None:
            raise self.error
        return self.value


class Outcomes:
    """The outcomes of equal requests, each in order. Each is given once, until `again` is called.

    Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._kept: dict[Hashable, list[Outcome]] = {}
        self._n_given = Counter[Hashable]()
        self._lock = threading.Lock()

    def keep(self, key: Hashable, outcome: Outcome) -> None:
        """Notes the outcome of a request that was sent; it counts as given."""
        with self._lock:
            self._kept.setdefault(key, []).append(outcome)
            self._n_given[key] += 1

    def earlier(self, key: Hashable) -> Outcome | None:
        """The next outcome of this request since `again`; None if it has to be sent."""
        with self._lock:
            kept, n_given = self._kept.get(key, []), self._n_given[key]
            if n_given >= len(kept):
                return None
            self._n_given[key] += 1
            return kept[n_given]

    def mark(self) -> Counter[Hashable]:
        """Where `again` goes back to."""
        with self._lock:
            return Counter(self._n_given)

    def again(self, mark: Counter[Hashable]) -> None:
        """Gives everything once more that was given since the mark."""
        with self._lock:
            self._n_given = Counter(mark)


_BATCH: ContextVar[Outcomes | None] = ContextVar("outcomes", default=None)


def of_this_batch() -> Outcomes | None:
    """The outcomes of the batch that this thread asks for; None outside of batches, and where latency is measured."""
    return None if asker().stage == LATENCY else _BATCH.get()


@contextmanager
def one_batch() -> Iterator[Outcomes]:
    """Within this block, what requests come to is kept."""
    outcomes = Outcomes()
    before = _BATCH.set(outcomes)
    try:
        yield outcomes
    finally:
        _BATCH.reset(before)
