"""Writes entries of several threads in shared transactions: one thread commits whatever has come in meanwhile.

A commit waits for the disk several times (20 ms on a slow one). Entries that arrive during a commit go into the next
one together, so many callers do not wait one after another. Knows neither the tables nor what an entry holds.
"""

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from bakeoff.errors import BakeoffError
from bakeoff.files.sqlite_file import connected, explained

MAX_WAITING = 10_000
"""Entries that may wait for a disk that is full or slow. One more is an error."""
RETRY_SECONDS = 1.0
CHORE_SECONDS = 3600.0
_LOGGER = logging.getLogger(__name__)
_STOPPED = BakeoffError("The thread that writes the log has stopped.", "restart the server, and report it")

T = TypeVar("T")


class _Waiting(NamedTuple, Generic[T]):
    entry: T
    future: Future[None] | None


class LogWriter(Generic[T]):
    """`write(connection, entry)` writes one entry within a transaction, or raises a BakeoffError to refuse it.

    `chore` is called in the same thread once an hour. `problem` is the message of the last commit that failed, until
    one succeeds; `n_lost` counts posted entries that were given up.
    """

    def __init__(self, path: Path, write: Callable[[sqlite3.Connection, T], None], chore: Callable[[], object]) -> None:
        self.problem = self._remedy = ""
        self.n_lost = 0
        self._path = path
        self._write = write
        self._chore = chore
        self._waiting: deque[_Waiting[T]] = deque()
        self._batch: list[_Waiting[T]] = []
        self._changed = threading.Condition()
        self._closing = False
        self._connection: sqlite3.Connection | None = None
        self._thread = threading.Thread(target=self._run, name="bakeoff-log", daemon=True)
        self._thread.start()

    @property
    def n_waiting(self) -> int:
        """How many entries wait to be written."""
        return len(self._waiting)

    def waiting(self) -> list[T]:
        """The entries that wait or are just being written, in the order in which they came.

        An entry is in the file before it leaves this list.
        """
        with self._changed:
            return [waiting.entry for waiting in (*self._batch, *self._waiting)]

    def submit(self, entry: T) -> Future[None]:
        """A future that is done when the entry is on the disk. It holds the error if the entry was not written."""
        future: Future[None] = Future()
        future.set_running_or_notify_cancel()  # from here on it cannot be cancelled: the entry will be written
        self._put(_Waiting(entry, future))
        return future

    def post(self, entry: T) -> None:
        """Hands over an entry without waiting. While the disk is full it waits and is tried again."""
        self._put(_Waiting(entry, None))

    def close(self) -> None:
        """Writes what waits, then ends the thread. Raises BakeoffError if posted entries could not be written."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        if self.n_lost:
            raise BakeoffError(f"{self.n_lost} entries of {self._path} were lost: {self.problem}", self._remedy)

    def _put(self, waiting: _Waiting[T]) -> None:
        with self._changed:
            if self._closing:
                raise BakeoffError(f"{self._path} is closed.", "open it again before you write to it")
            if len(self._waiting) >= MAX_WAITING:
                raise BakeoffError(
                    f"{MAX_WAITING} entries wait to be written to {self._path}. {self.problem}".rstrip(),
                    self._remedy or "use a faster disk",
                )
            self._waiting.append(waiting)
            self._changed.notify_all()

    def _run(self) -> None:
        next_chore = time.monotonic() + CHORE_SECONDS
        try:
            while (batch := self._next_batch(next_chore - time.monotonic())) is not None:
                self._commit(batch)
                if time.monotonic() >= next_chore:
                    self._attempt(self._chore)
                    next_chore = time.monotonic() + CHORE_SECONDS
        finally:  # also where an error of the program ended the loop: nobody may wait for ever
            self._disconnect()
            with self._changed:
                self._closing = True
                _settle(self._waiting, _STOPPED, {})

    def _next_batch(self, seconds: float) -> list[_Waiting[T]] | None:
        """Everything that waits, after waiting for something for at most these seconds. None when closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closing, timeout=max(0.0, seconds))
            batch = self._batch = list(self._waiting)
            self._waiting.clear()
            return batch if batch or not self._closing else None

    def _commit(self, batch: list[_Waiting[T]]) -> None:
        """Writes a batch in one transaction. A refused entry fails alone; a failed commit fails all."""
        if not batch:
            return
        refused: dict[int, BakeoffError] = {}
        failure: BakeoffError | None = _STOPPED
        try:
            failure = self._attempt(lambda: self._transact(batch, refused))
        finally:
            _settle(batch, failure, refused)
        self._end(failure is None, [waiting for waiting in batch if waiting.future is None])

    def _transact(self, batch: list[_Waiting[T]], refused: dict[int, BakeoffError]) -> None:
        is_committed = False
        with explained(self._path):
            try:
                connection = self._connection = self._connection or connected(self._path)
                connection.execute("BEGIN IMMEDIATE")
                for place, waiting in enumerate(batch):
                    try:
                        self._write(connection, waiting.entry)
                    except BakeoffError as error:
                        refused[place] = error
                connection.execute("COMMIT")
                is_committed = True
            finally:
                if not is_committed:
                    self._disconnect()

    def _attempt(self, work: Callable[[], object]) -> BakeoffError | None:
        """The error that the work ended with. None if it succeeded. The first of several errors is a warning."""
        try:
            work()
        except BakeoffError as error:
            if not self.problem:
                _LOGGER.warning("%s Entries wait in memory. To fix this: %s.", error.message, error.remedy)
            self.problem, self._remedy = error.message, error.remedy
            return error
        if self.problem:
            _LOGGER.warning("%s can be written again.", self._path)
        self.problem = self._remedy = ""
        return None

    def _end(self, is_written: bool, posted: list[_Waiting[T]]) -> None:
        """Ends a batch. If it was not written, what nobody waits for is tried again."""
        with self._changed:
            self._batch = []
            if is_written:
                return
            if self._closing:
                self.n_lost += len(posted)
                return
            self._waiting.extendleft(reversed(posted))
            self._changed.wait_for(lambda: self._closing, timeout=RETRY_SECONDS)

    def _disconnect(self) -> None:
        """Closing a connection rolls back what it has not committed."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _settle(batch: Iterable[_Waiting[T]], failure: BakeoffError | None, refused: Mapping[int, BakeoffError]) -> None:
    """Tells those who wait for an entry of the batch how it ended."""
    for place, waiting in enumerate(batch):
        error = failure or refused.get(place)
        if waiting.future is not None and error:
            waiting.future.set_exception(error)
        elif waiting.future is not None:
            waiting.future.set_result(None)
