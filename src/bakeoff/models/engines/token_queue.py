"""Hands token ids from the thread that writes them to the one that reads them.

Knows nothing about models.
"""

import queue
from collections.abc import Iterator, Sequence


class TokenQueue:
    """Iterating gives the ids of each step as they are written, until the end.

    An error that ended the writing is raised where it is read.
    """

    def __init__(self) -> None:
        self._steps: queue.SimpleQueue[list[int] | BaseException | None] = queue.SimpleQueue()
        self._n_put = self._n_read = 0

    def put(self, ids: Sequence[int]) -> None:
        """Hands over the ids of one step."""
        self._n_put += 1
        self._steps.put(list(ids))

    def end(self, error: BaseException | None = None) -> None:
        """Says that nothing more comes, and perhaps why."""
        self._steps.put(error)

    @property
    def is_being_read(self) -> bool:
        """Whether the reader is at work on the ids of the last step, having come back for them."""
        return self._n_put == self._n_read + 1

    def __iter__(self) -> Iterator[list[int]]:
        while isinstance(step := self._steps.get(), list):
            yield step
            self._n_read += 1
        if step is not None:
            raise step
