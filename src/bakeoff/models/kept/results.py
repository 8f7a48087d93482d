"""What models gave in earlier runs: bytes under a SHA-256 of all that they depend on, in one SQLite file.

Takes keys and values, gives values with the seconds that they took then. Knows nothing about models. Nothing depends on
this file: if it is lost, damaged or cannot be written, what it held is made again.
"""

import contextlib
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bakeoff.errors import BakeoffError, RunFolderError
from bakeoff.files.sqlite_file import connected, explained, prepare
from bakeoff.models.kept.clock import count_taken

KEPT_AT = Path(".kept") / "results.sqlite"
"""Where the file is in a folder of runs."""
APPLICATION_ID = 0x626B6B70  # "bkkp"
SCHEMA_VERSION = 1
SCHEMA = (
    """CREATE TABLE kept (
        key BLOB PRIMARY KEY, kind TEXT NOT NULL, value BLOB NOT NULL, seconds REAL NOT NULL, day INTEGER NOT NULL
    )""",
)
MOST_BYTES = 4 * 1024**3
"""Above this, the values of the oldest days are dropped."""
KEYS_AT_ONCE = 500
DAY_S = 86_400


class Kept(NamedTuple):
    """A value, and the seconds that it took when it was made."""

    value: bytes
    seconds: float


class KeptResults:
    """The file of one folder of runs. Safe to use from several threads and processes.

    `counts` are the values of earlier sessions that were taken, and all that were needed, by kind. `problem` says why
    it is not used any more. The seconds that all that were taken took when they were made are on the clock (clock.py).
    """

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        self.path = path
        self.counts: dict[str, tuple[int, int]] = {}
        self.problem = ""
        self._own: set[bytes] = set()
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        try:
            self._connection = self._opened()
            with explained(path):
                self._drop_oldest(most_bytes)
        except BakeoffError as error:
            self._give_up(error)

    def get(self, kind: str, keys: Sequence[bytes], days: int | None = None) -> dict[bytes, Kept]:
        """The values under these keys that are there. With `days`, only those that are at most so many days old."""
        oldest = 0 if days is None else today() - days
        found: dict[bytes, Kept] = {}
        with self._using() as connection:
            if connection is not None:
                found = _rows(connection, keys, oldest)
        self.count(kind, keys, {key: kept.seconds for key, kept in found.items()})
        return found

    def count(self, kind: str, keys: Sequence[bytes], seconds: Mapping[bytes, float]) -> None:
        """Counts what was needed, and those of it that were found, with the seconds that they took."""
        with self._lock:
            before, needed = self.counts.get(kind, (0, 0))
            n_earlier = sum(key in seconds and key not in self._own for key in keys)
            n_own = sum(key in self._own for key in keys)
            self.counts[kind] = (before + n_earlier, needed + len(keys) - n_own)
        count_taken(sum(seconds[key] for key in keys if key in seconds))

    def put(self, kind: str, values: Mapping[bytes, Kept]) -> None:
        """Keeps these values."""
        rows = [(key, kind, kept.value, kept.seconds, today()) for key, kept in values.items()]
        with self._using() as connection:
            if connection and rows:
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?, ?)", rows)
                connection.execute("COMMIT")
                self._own |= values.keys()

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _opened(self) -> sqlite3.Connection:
        """The connection. A damaged file is replaced by an empty one."""
        try:
            prepare(self.path, SCHEMA, APPLICATION_ID, SCHEMA_VERSION)
        except RunFolderError:
            with explained(self.path):
                self.path.unlink()
            prepare(self.path, SCHEMA, APPLICATION_ID, SCHEMA_VERSION)
        return connected(self.path)

    @contextlib.contextmanager
    def _using(self) -> Iterator[sqlite3.Connection | None]:
        """The connection for one thread at a time; None if there is none. An error ends its use and is not raised."""
        with self._lock:
            try:
                with explained(self.path):
                    yield self._connection
            except BakeoffError as error:
                if self._connection is not None and self._connection.in_transaction:
                    with contextlib.suppress(sqlite3.Error):
                        self._connection.execute("ROLLBACK")
                self._give_up(error)

    def _give_up(self, error: BakeoffError) -> None:
        self.problem = f"Results of earlier runs are not used: {error.message}"
        self._connection = None

    def _drop_oldest(self, most_bytes: int) -> None:
        """Drops the values of the oldest days until the rest takes at most half of the room."""
        connection = self._connection
        if connection is None or _used_bytes(connection) <= most_bytes:
            return
        while _used_bytes(connection) > most_bytes // 2:
            connection.execute("DELETE FROM kept WHERE day = (SELECT MIN(day) FROM kept)")


def _rows(connection: sqlite3.Connection, keys: Sequence[bytes], oldest: int) -> dict[bytes, Kept]:
    found: dict[bytes, Kept] = {}
    for start in range(0, len(keys), KEYS_AT_ONCE):
        some = keys[start : start + KEYS_AT_ONCE]
        marks = ",".join("?" * len(some))
        rows = connection.execute(
            f"SELECT key, value, seconds FROM kept WHERE day >= ? AND key IN ({marks})", (oldest, *some)
        )
        found |= {key: Kept(value, seconds) for key, value, seconds in rows}
    return found


class Noted(NamedTuple):
    """What a worker needed, the seconds of what it found, and what is to be kept."""

    kind: str
    needed: tuple[bytes, ...] = ()
    seconds: Mapping[bytes, float] = {}
    new: Mapping[bytes, Kept] = {}

    def tell(self, results: KeptResults) -> None:
        """Does what the worker left to the process that writes the file."""
        results.count(self.kind, self.needed, self.seconds)
        results.put(self.kind, self.new)


class NotedResults(KeptResults):
    """The results as a worker uses them: it reads the file, if there is one, and only the main process writes it."""

    def __init__(self, path: Path | None) -> None:
        self._notes: list[Noted] = []
        if path is not None:
            super().__init__(path, most_bytes=sys.maxsize)  # drops nothing
        else:
            self.path, self.problem, self._lock, self._connection = Path(), "", threading.Lock(), None

    def count(self, kind: str, keys: Sequence[bytes], seconds: Mapping[bytes, float]) -> None:
        self._notes.append(Noted(kind, tuple(keys), dict(seconds)))
        count_taken(sum(seconds[key] for key in keys if key in seconds))

    def put(self, kind: str, values: Mapping[bytes, Kept]) -> None:
        self._notes.append(Noted(kind, new=dict(values)))

    def noted(self) -> list[Noted]:
        """What was noted since the last call."""
        notes, self._notes = self._notes, []
        return notes


def today() -> int:
    """The number of days since 1970."""
    return int(time.time() // DAY_S)


def _used_bytes(connection: sqlite3.Connection) -> int:
    pages, free, size = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size
