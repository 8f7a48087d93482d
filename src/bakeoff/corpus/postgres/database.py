"""Connections to one schema of a PostgreSQL database, kept open between calls and shared by threads.

Takes a place, gives connections in transactions. Knows no table. A connection that the server closed meanwhile is
replaced when it is used again.
"""

import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from bakeoff.corpus.postgres.place import Place
from bakeoff.corpus.postgres.told import explained

CONNECT_S = 10
GONE_MS = 30_000
"""A server that acknowledges nothing for so long is gone."""
IDLE = 8
"""The most connections that wait for their next use."""
READ_MS = 600_000
"""A statement that reads for so long is given up."""
LOCK_MS = 30_000
"""A table or row that another session has locked for so long is waited for no longer. Of the program's own locks on
tables none is held for longer than a change is written.
"""
PATIENCE = f"SET LOCAL lock_timeout = {LOCK_MS}"
SNAPSHOT = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = {READ_MS}; {PATIENCE}"
_SEARCHED = """
SELECT set_config('search_path', concat_ws(', ', quote_ident(%s), (
  SELECT quote_ident(n.nspname) FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
  WHERE e.extname = 'vector'
)), false)
"""


class Database:
    """The tables of one world. Every block of `reading` or `writing` is one transaction."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._idle: list[Any] = []
        self._lock = threading.Lock()
        weakref.finalize(self, _close, self._idle)

    @property
    def where(self) -> str:
        return self.place.where

    def close(self) -> None:
        """Closes the connections that wait. The next use opens new ones."""
        with self._lock:
            idle, self._idle[:] = list(self._idle), []
        _close(idle)

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """A connection that sees one consistent state, cannot write, waits ten minutes for a statement at most, and
        30 seconds for a lock.
        """
        with explained(self.where), self._used(SNAPSHOT) as connection:
            yield connection
            connection.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """A connection in a transaction, which is committed at the end of the block and rolled back on an error."""
        with explained(self.where), self._used("BEGIN") as connection:
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def alone(self, name: str) -> Iterator[Any]:
        """A connection outside of any transaction, while no other process or thread holds this name in this schema.

        Waits until it is free, however long: another process may be embedding. A process that ends, however it ends,
        holds nothing.
        """
        key = f"bakeoff {self.place.schema_name} {name}"
        with explained(self.where), self._used("SELECT pg_advisory_lock(hashtextextended(%s, 0))", key) as connection:
            yield connection
            connection.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [key])

    @contextmanager
    def _used(self, first: str, *values: str) -> Iterator[Any]:
        """A connection after this first statement. It waits for its next use after a block without an error."""
        import psycopg

        connection = self._waiting()
        if connection is not None:
            try:
                connection.execute(first, values or None)
            except psycopg.OperationalError:  # the server was restarted since
                self.close()
                _close([connection])
                connection = None
        if connection is None:
            connection = self._new()
            connection.execute(first, values or None)
        try:
            yield connection
        except BaseException:
            _close([connection])
            raise
        with self._lock:
            if len(self._idle) < IDLE:
                self._idle.append(connection)
                return
        _close([connection])

    def _waiting(self) -> Any:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _new(self) -> Any:
        import psycopg

        connection = psycopg.connect(
            self.place.address,
            autocommit=True,
            prepare_threshold=None,
            connect_timeout=CONNECT_S,
            tcp_user_timeout=GONE_MS,
            application_name="bakeoff",
        )
        connection.execute(_SEARCHED, [self.place.schema_name])
        return connection


@contextmanager
def transaction(connection: Any) -> Iterator[None]:
    """A transaction on a connection that has none. It waits 30 seconds for a lock at most."""
    connection.execute(f"BEGIN; {PATIENCE}")
    yield
    connection.execute("COMMIT")


def _close(connections: list[Any]) -> None:
    for connection in connections:
        with suppress(Exception):
            connection.close()
