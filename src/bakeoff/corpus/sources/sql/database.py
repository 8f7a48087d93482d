"""A connection that only reads, with one snapshot for all statements and a time limit for each.

Takes the settings, gives rows as mappings. Knows PostgreSQL, MySQL, MariaDB and SQLite, and no document.
"""

import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from bakeoff.corpus.sources.sql.settings import SqlSettings
from bakeoff.corpus.sources.sql.told import told
from bakeoff.errors import ConfigError, InputError, MissingExtraError

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, CursorResult, Engine, Select

FETCHED = 1000
IN_ONE_STATEMENT = 500
ROWS_ALIAS = "bakeoff_rows"
_PROGRESS_STEPS = 50_000  # instructions of SQLite between two looks at the clock


class Reader:
    """The rows of the configured query in one snapshot of the database. One statement at a time."""

    def __init__(self, settings: SqlSettings, connection: "Connection", clock: "_Clock") -> None:
        self._settings = settings
        self._connection = connection
        self._clock = clock
        self._open: CursorResult[Any] | None = None

    def end(self) -> None:
        """Closes what a reader that failed left in the middle, while there is a connection. What that says is no news:
        collected later, it would be a traceback on the terminal.
        """
        if self._open is not None:
            _expect_no_more(self._open.cursor)
            with suppress(Exception):
                self._open.close()

    def names(self) -> list[str]:
        """The columns of the query, in order."""
        self._clock.restart()
        return list(self._connection.execute(self._select().limit(0)).keys())

    def key_values(self) -> Iterator[tuple[Any, ...]]:
        """The values of the key's columns, then of the column `changed`, of every row."""
        from sqlalchemy import column

        names = dict.fromkeys((*self._settings.key, self._settings.changed))
        for row in self._fetched(self._select(*map(column, names))):
            yield tuple(row)

    def rows(self) -> Iterator[Mapping[str, Any]]:
        """Every row."""
        return self._mappings(self._select())

    def rows_since(self, mark: Any) -> Iterator[Mapping[str, Any]]:
        """The rows whose column `changed` is at least this, or NULL."""
        from sqlalchemy import column, or_

        changed: ColumnElement[Any] = column(self._settings.changed)
        return self._mappings(self._select().where(or_(changed >= mark, changed.is_(None))))

    def rows_of(self, keys: Sequence[Sequence[Any]]) -> Iterator[Mapping[str, Any]]:
        """The rows with these keys."""
        from sqlalchemy import column, tuple_

        columns: list[ColumnElement[Any]] = [column(name) for name in self._settings.key]
        for start in range(0, len(keys), IN_ONE_STATEMENT):
            some = [tuple(key) for key in keys[start : start + IN_ONE_STATEMENT]]
            if len(columns) == 1:
                yield from self._mappings(self._select().where(columns[0].in_([key[0] for key in some])))
            else:
                yield from self._mappings(self._select().where(tuple_(*columns).in_(some)))

    def _select(self, *columns: Any) -> "Select[Any]":
        """The query as a derived table: anything but a SELECT is an error of grammar there."""
        from sqlalchemy import literal_column, select, text

        derived = f"({self._settings.query}\n) AS {ROWS_ALIAS}".replace(":", r"\:")
        return select(*(columns or (literal_column("*"),))).select_from(text(derived))

    def _mappings(self, statement: "Select[Any]") -> Iterator[Mapping[str, Any]]:
        names: list[str] = []
        for row in self._fetched(statement):
            names = names or list(row._fields)
            yield dict(zip(names, row, strict=True))

    def _fetched(self, statement: "Select[Any]") -> Iterator[Any]:
        """The rows as they come from the server, with the time limit for each fetch."""
        from sqlalchemy.exc import SQLAlchemyError

        self._clock.restart()
        result = self._connection.execution_options(stream_results=True, max_row_buffer=FETCHED).execute(statement)
        cursor, self._open = result.cursor, result
        try:
            while some := result.fetchmany(FETCHED):
                yield from some
                self._clock.restart()
        except SQLAlchemyError:
            _expect_no_more(cursor)
            raise
        finally:
            result.close()


@contextmanager
def reading(settings: SqlSettings) -> Iterator[Reader]:
    """A reader of the query in a transaction that cannot write.

    Raises InputError, without the password, for whatever the database refuses, and ConfigError for a variable that is
    not set; MissingExtraError without SQLAlchemy or the driver.
    """
    password = _password(settings)
    try:
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError as error:
        raise MissingExtraError("Reading a database", "sqlalchemy", "sql") from error
    clock = _Clock(settings.timeout_s)
    try:
        engine = _engine(settings, password, clock)
        with engine.connect() as connection:
            _read_only(connection, settings)
            reader = Reader(settings, connection, clock)
            try:
                yield reader
            except BaseException:
                reader.end()
                connection.invalidate()  # perhaps rows are still on their way
                raise
            connection.rollback()
    except (ModuleNotFoundError, ImportError) as error:
        raise MissingExtraError("Reading this database", error.name or "a driver", "sql") from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise told(settings, error, password) from None


class _Clock:
    """When the statement that runs now has taken too long."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self.restart()

    def restart(self) -> None:
        self._until = time.monotonic() + self._timeout_s

    def is_over(self) -> bool:
        return time.monotonic() > self._until


def _expect_no_more(cursor: Any) -> None:
    """Nothing more comes over a connection that is gone.

    PyMySQL would read the rest of an unbuffered result when its cursor is closed and when either is collected, and
    fail each time, with a traceback on the terminal.
    """
    result = getattr(cursor, "_result", None)
    if result is not None and hasattr(result, "unbuffered_active"):
        result.unbuffered_active = False


def _password(settings: SqlSettings) -> str:
    if not settings.password_env:
        return ""
    password = os.environ.get(settings.password_env, "")
    if not password:
        raise ConfigError(
            f"The variable {settings.password_env}, which holds the password of {settings.where}, is not set.",
            f"set it: export {settings.password_env}=...",
        )
    return password


def _engine(settings: SqlSettings, password: str, clock: _Clock) -> "Engine":
    from sqlalchemy import create_engine
    from sqlalchemy.engine import make_url
    from sqlalchemy.pool import NullPool

    url = make_url(settings.sql).set(drivername=settings.driver)
    if settings.driver == "sqlite":
        return create_engine("sqlite://", creator=lambda: _sqlite(settings, clock), poolclass=NullPool)
    if password:
        url = url.set(password=password)
    return create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=_limits(settings))


def _limits(settings: SqlSettings) -> dict[str, Any]:
    """How long a driver waits for the server."""
    wait_s = max(2, int(settings.timeout_s))
    if settings.driver.startswith("postgresql"):
        gone_ms = (wait_s + 30) * 1000
        return {"connect_timeout": wait_s, "tcp_user_timeout": gone_ms, "application_name": "bakeoff"}
    return {"connect_timeout": wait_s, "read_timeout": wait_s + 30, "write_timeout": wait_s}


def _sqlite(settings: SqlSettings, clock: _Clock) -> sqlite3.Connection:
    """A connection that opens the file for reading only."""
    path = Path(unquote(settings.sql.removeprefix("sqlite:///").partition("?")[0]))
    if not path.is_file():
        raise InputError(f"There is no SQLite file at {path}.", "check the path in sql:")
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, timeout=settings.timeout_s, check_same_thread=False
    )
    connection.text_factory = lambda content: content.decode("utf-8", "replace")
    connection.set_progress_handler(clock.is_over, _PROGRESS_STEPS)
    return connection


def _read_only(connection: "Connection", settings: SqlSettings) -> None:
    """Begins a transaction of one snapshot in which nothing can be written."""
    milliseconds = max(1, int(settings.timeout_s * 1000))
    if settings.driver.startswith("postgresql"):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds}")
    elif settings.driver == "sqlite":
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql("PRAGMA schema_version")  # which reads the file
    else:
        is_mariadb = getattr(connection.dialect, "is_mariadb", False)
        limit = f"max_statement_time = {milliseconds / 1000}" if is_mariadb else f"MAX_EXECUTION_TIME = {milliseconds}"
        connection.exec_driver_sql(f"SET SESSION {limit}")
        connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
