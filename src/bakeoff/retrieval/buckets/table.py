"""The table of an index on this machine and the log in the bucket that it follows, shared by threads and processes.

Takes entries from the log and gives the table; writes entries. Embeds nothing.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from bakeoff.corpus.buckets.log import PackedError
from bakeoff.corpus.buckets.objects import Objects
from bakeoff.errors import RunFolderError
from bakeoff.files.locks import waited_for
from bakeoff.protocols import Embedder
from bakeoff.retrieval.buckets.asked import Asked
from bakeoff.retrieval.buckets.entries import IndexLog, Made
from bakeoff.retrieval.buckets.follower import Follower, Mark
from bakeoff.retrieval.lance_table import read_state
from bakeoff.retrieval.syncing import GROUP_CHUNKS

READINGS = 5
"""So often is the log read again because what was read of it has been packed meanwhile."""


class Table:
    """The table of one index in its folder. Without what it holds, or with that of another index, it is made again."""

    def __init__(self, objects: Objects, folder: Path, name: str, embedder: Embedder, made: Made) -> None:
        self.folder = folder
        self._embedder, self._made = embedder, made
        self._log = IndexLog(objects, name, made)
        self._more = Asked(lambda: self._log.has_more(self.local.mark.entry))
        self._reading = threading.Lock()
        self._has_read = False
        with self._alone():
            self.local = self._opened()

    def caught_up(self) -> Follower:
        """The table with all entries there are. While another thread reads new ones, the table as it is, unless it has
        never been read to the end.
        """
        if self._more.answer() and self._reading.acquire(blocking=not self._has_read):
            try:
                if self._more.is_yes:
                    with self._alone():
                        self._take(tidy=True)
            finally:
                self._reading.release()
        return self.local

    def newest(self, tidy: bool = True) -> Follower:
        """The table with all entries there are, whatever other threads do."""
        with self._reading, self._alone():
            self._take(tidy)
        return self.local

    def renew(self) -> None:
        """Makes the table again: nothing but the log is believed."""
        with self._reading, self._alone():
            self._has_read = False  # searches wait until it is
            self.local = self._new()
            self._take(tidy=True)

    def append(
        self, before: Mark, new: Mark, documents: Sequence[str], tables: Callable[[], Iterator[Any]], tidy: bool
    ) -> bool:
        """Writes the entry that `new` numbers and reads it. False if the index is no longer as `before` says."""
        with self._reading, self._alone():
            self._reopen()
            if self.local.mark != before:
                return False
            if not self._log.append(new, documents, sum(map(len, tables())), tables()):
                return False
            self.local.take(documents, tables(), new, tidy)
        return True

    def pack(self) -> None:
        """Replaces the entries of the log by all rows there are, if the entries take more room."""
        if not self._log.is_long:
            return
        with self._reading, self._alone():
            self._take(tidy=True)
            mark, rows = self.local.mark, self.local.rows()
        parts = (rows.slice(start, GROUP_CHUNKS) for start in range(0, len(rows), GROUP_CHUNKS))
        self._log.pack(mark, sorted(rows["document_id"].unique().to_pylist()), len(rows), parts)

    def _take(self, tidy: bool) -> None:
        self._reopen()
        for attempt in range(READINGS):
            try:
                self._read(tidy)
                break
            except PackedError:
                if attempt == READINGS - 1:
                    raise
        self._has_read = True
        self._more.is_yes = False

    def _read(self, tidy: bool) -> None:
        for change in self._log.changes(self.local.mark.entry):
            documents = {*change.documents, *(self.local.documents if change.is_all else ())}
            self.local.take(sorted(documents), change.tables, change.mark, tidy)

    def _reopen(self) -> None:
        """Opens the table again if another process has changed it."""
        with suppress(RunFolderError):
            state = read_state(self.folder)
            if state is not None and (state.log, state.entry) == (self._made.log, self.local.mark.entry):
                return
        self.local = self._opened()

    def _opened(self) -> Follower:
        """The table in the folder. A new one if it cannot be read, or follows another log."""
        with suppress(RunFolderError):
            local = Follower.open(self.folder, self._embedder, self._made.max_tokens)
            if local.log == self._made.log:
                return local
        return self._new()

    def _new(self) -> Follower:
        local = Follower.open(self.folder, self._embedder, self._made.max_tokens, rebuild=True)
        local.follow(self._made.log)
        return local

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process changes the table meanwhile."""
        with waited_for(lock_beside(self.folder, "table"), needed=False):
            yield


def lock_beside(folder: Path, name: str) -> Path:
    """The lock of this name for a folder that may be deleted and made again."""
    return folder.with_name(f".{folder.name}.{name}.lock")
