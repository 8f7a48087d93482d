"""Whether there is something new in a bucket: one thread asks, and others use its answer.

Takes the question. Knows no bucket. An answer counts for a while. Whoever finds an old one waits for the next, so that
nobody goes on with what was true before the bucket went away.
"""

import threading
import time
from collections.abc import Callable
from math import inf

from bakeoff.errors import StoreGoneError

ASK_EVERY_S = 0.5
"""Nobody asks again for so long."""
STALE_S = 2.0
"""Nobody uses an answer that is so old while another thread asks."""


class Asked:
    """A question to which the answer is yes or no. After a yes, `is_yes` stays until somebody sets it."""

    def __init__(self, question: Callable[[], bool]) -> None:
        self._question = question
        self._turn = threading.Lock()
        self._asked_at = self._failed_at = -inf
        self._failure: StoreGoneError | None = None
        self.is_yes = False

    def answer(self) -> bool:
        """The answer. Raises what the question raises; those who wait for it meanwhile raise the same."""
        begun = time.monotonic()
        age = begun - self._asked_at
        is_old = age >= STALE_S
        if age >= ASK_EVERY_S and self._turn.acquire(blocking=is_old):
            try:
                if is_old and self._failure and self._failed_at >= begun:
                    raise StoreGoneError(self._failure.message, self._failure.remedy) from self._failure
                if not is_old or begun - self._asked_at >= STALE_S:
                    self._ask()
            finally:
                self._turn.release()
        return self.is_yes

    def _ask(self) -> None:
        begun = time.monotonic()
        try:
            self.is_yes = self._question() or self.is_yes
        except StoreGoneError as error:
            self._failure, self._failed_at = error, time.monotonic()
            raise
        self._asked_at, self._failure = begun, None
