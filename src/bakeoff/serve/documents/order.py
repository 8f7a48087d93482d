"""Lets one thread at a time through, in the order in which they came; and one process at a time for a folder.

Knows nothing about documents.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bakeoff.errors import BakeoffError
from bakeoff.files.locks import held

LOCK_NAME = "documents.lock"


class InOrder:
    """`with turns.turn():` waits until everybody who came earlier is done."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def turn(self) -> Iterator[None]:
        mine = threading.Event()
        with self._changing:
            self._waiting.append(mine)
            if self._waiting[0] is mine:
                mine.set()
        try:
            mine.wait()
            yield
        finally:
            with self._changing:
                was_first = self._waiting[0] is mine
                self._waiting.remove(mine)
                if was_first and self._waiting:
                    self._waiting[0].set()


@contextmanager
def only_writer(folder: Path) -> Iterator[None]:
    """This process alone changes the documents in this folder. Raises BakeoffError if another process does.

    The lock is released when the process ends, however it ends.
    """
    path = folder / LOCK_NAME
    refusal = BakeoffError(
        f"The documents in {folder} are being changed by another process: a server, or another command.",
        "send the change to the server (--url), or stop it first",
    )
    with ExitStack() as lock:
        try:
            lock.enter_context(held(path, refusal))
        except OSError as error:
            raise BakeoffError(
                f"Cannot write {path}: {error.strerror}.", "check the path and its permissions"
            ) from error
        yield
