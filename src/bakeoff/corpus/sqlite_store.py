"""The document store in one SQLite file.

Takes a path, gives a `DocumentStore`. It uses a rollback journal and `synchronous=FULL`: the changes of a call that
returned are on the disk, and a call that was killed changed nothing. Threads can share a store and processes can share
a file: each write opens its own short-lived connection, and reads take one that nobody uses.
"""

import json
import os
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from bakeoff.corpus.store import CREATE, HALF_A_CHARACTER, READ_AS_UTF8, NoDocumentsError, Reading, SqlStore
from bakeoff.errors import InputError
from bakeoff.files.sqlite_file import connected, explained, is_prepared

SCHEMA_VERSION = 1
_APPLICATION_ID = 0x42414B45  # "BAKE"
_File = tuple[int, int, int]
_Reader = tuple[_File | None, sqlite3.Connection]
"""A connection, and the file that was at the path just before it was opened."""
IDLE = 16
"""The most connections that wait for their next use."""
_LOST = "restore that file from a copy"
_DAMAGED = "restore a copy, or move it away and read the documents again"


class SqliteStore(SqlStore):
    """The documents in one SQLite file. With `make`, the file is created if it does not exist.

    Raises NoDocumentsError if there is none and none is to be made; RunFolderError for a file written by another
    program or an incompatible version of Bakeoff, or a damaged one; BakeoffError if it cannot be written.
    """

    def __init__(self, path: Path, make: bool = True) -> None:
        self.path = Path(path)
        self._readers = _Readers(self.path)
        with _explained(self.path):
            if make:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            elif not self.path.exists():  # to connect would make it
                raise NoDocumentsError(f"There is no {self.path}: its documents are gone.", _LOST)
        with self._reading() as connection:
            ready = self._is_prepared(connection)
        if not ready and not make:
            raise NoDocumentsError(f"{self.path} is empty: its documents are lost.", _LOST)
        if not ready:
            with self._writing() as connection:
                self._prepare(connection)

    def close(self) -> None:
        """Closes the connections that wait for their next use."""
        self._readers.close()

    @property
    def where(self) -> str:
        return str(self.path)

    @property
    def folder(self) -> Path | None:
        return self.path.parent

    @property
    def is_shared(self) -> bool:
        return False

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        with self._reading() as connection:
            yield _JsonReading(connection)

    @property
    def _duplicate(self) -> type[Exception]:
        return sqlite3.IntegrityError

    def _is_prepared(self, connection: sqlite3.Connection) -> bool:
        return is_prepared(connection, self.path, _APPLICATION_ID, SCHEMA_VERSION)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        if self._is_prepared(connection):
            return
        for statement in CREATE.split(";"):
            connection.execute(statement)
        connection.execute("INSERT INTO store VALUES (?, 0)", (uuid.uuid4().hex,))
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one consistent state of the store, and cannot write."""
        with _explained(self.path), self._readers.one() as connection:
            connection.execute("BEGIN")
            yield connection
            connection.execute("ROLLBACK")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A connection in a transaction. It is committed at the end of the block and rolled back on an error."""
        with _explained(self.path), closing(connected(self.path)) as connection:  # closing it rolls back
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")


class _Readers:
    """Connections that read one file. Opening one costs more than most reads, above all beside many other threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[_Reader] = []
        self._lock = threading.Lock()

    @contextmanager
    def one(self) -> Iterator[sqlite3.Connection]:
        """The one that was used last, or a new one. It is kept for its next use after a block without an error."""
        file, connection = self._taken() or self._new()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        if file is not None and file == self._file():
            with self._lock:
                if len(self._idle) < IDLE:
                    self._idle.append((file, connection))
                    return
        connection.close()

    def close(self) -> None:
        """Closes those that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, connection in idle:
            connection.close()

    def _taken(self) -> "_Reader | None":
        """None if there is none, or if those there are read a file that is no longer at this path."""
        with self._lock:
            taken = self._idle.pop() if self._idle else None
        if taken is None or taken[0] == self._file():
            return taken
        taken[1].close()
        self.close()
        return None

    def _file(self) -> "_File | None":
        """The file at the path, as this process sees it: a connection cannot be used in a fork."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return os.getpid(), found.st_dev, found.st_ino

    def _new(self) -> "_Reader":
        file, connection = self._file(), connected(self._path)
        connection.execute("PRAGMA query_only = ON")
        connection.create_function("may_see", 2, _may_see, deterministic=True)
        connection.create_function("casefolded", 2, _casefolded, deterministic=True)
        return file, connection


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """The same errors as for any SQLite file, and one for texts that cannot be written."""
    try:
        with explained(path, _DAMAGED):
            yield
    except UnicodeEncodeError as error:
        raise InputError(HALF_A_CHARACTER, READ_AS_UTF8) from error


class _JsonReading(Reading):
    """Lists are tables by SQLite's own function."""

    def select(self, query: str, values: Any = None) -> list[tuple[Any, ...]]:
        return super().select(query.replace("values_of(", "json_each("), values)


@lru_cache(4096)
def _may_see(access: str, labels: str | None) -> bool:
    return labels is None or access == "[]" or not set(json.loads(labels)).isdisjoint(json.loads(access))


def _casefolded(title: str, source: str) -> str:
    return f"{title}\n{source}".casefold()
