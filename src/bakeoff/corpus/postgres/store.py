"""The document store in one schema of a PostgreSQL database, which several servers may share.

Takes a place, gives a `DocumentStore`. Each call is one transaction: readers see one state, and writers wait for one
another, so no change is lost and versions have no gaps.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from bakeoff.corpus.postgres.database import PATIENCE, Database
from bakeoff.corpus.postgres.place import Place
from bakeoff.corpus.postgres.schema import prepare
from bakeoff.corpus.store import SqlStore


class PostgresStore(SqlStore):
    """The documents in one schema. With `make`, it is made if it does not exist.

    Raises NoDocumentsError if there is none and none is to be made; ConfigError if the server has no pgvector,
    RunFolderError for a schema of another program or a later version, StoreGoneError if the server cannot be reached or
    refuses the user.
    """

    def __init__(self, place: Place, make: bool = True) -> None:
        self.database = Database(place)
        prepare(self.database, make)

    def close(self) -> None:
        self.database.close()

    @property
    def where(self) -> str:
        return self.database.where

    @property
    def folder(self) -> Path | None:
        return None

    @property
    def is_shared(self) -> bool:
        return True

    @contextmanager
    def _reading(self) -> Iterator["Statements"]:
        with self.database.reading() as connection:
            yield Statements(connection)

    @contextmanager
    def _writing(self) -> Iterator["Statements"]:
        with self.database.writing() as connection:
            connection.execute(f"{PATIENCE}; SELECT version FROM store FOR UPDATE")  # other writers wait here
            yield Statements(connection)

    @property
    def _duplicate(self) -> type[Exception]:
        import psycopg

        return psycopg.errors.UniqueViolation


class Statements:
    """A connection that takes statements as `corpus.store` writes them."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def execute(self, statement: str, values: Any = ()) -> Any:
        return self._connection.execute(_as_psycopg(statement), values)

    def executemany(self, statement: str, values: Any) -> None:
        if values:
            with self._connection.cursor() as cursor:
                cursor.executemany(_as_psycopg(statement), values)


@lru_cache(1024)
def _as_psycopg(statement: str) -> str:
    """The statement with psycopg's marks for values in place of `?` and `:name`."""
    return re.sub(r"(?<![:\w]):([a-z_]+)", r"%(\1)s", statement.replace("%", "%%").replace("?", "%s"))
