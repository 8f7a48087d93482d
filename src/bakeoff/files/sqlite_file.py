"""Opens a SQLite file safely: rollback journal, `synchronous=FULL`, errors that a person can act on.

Takes a path and a schema, gives connections. Knows nothing about what the tables hold.
"""

import errno
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from bakeoff.errors import BakeoffError, RunFolderError, disk_is_full
from bakeoff.files.room import FREE, room_remedy
from bakeoff.files.unreadable import NOT_READABLE, is_not_allowed, is_there

BUSY_SECONDS = 30.0
"""How long a call waits for another process or thread that is writing."""
OWNER_ONLY = 0o600
RESTORE = "restore a copy, or move it away: a new one is started"


def connected(path: Path) -> sqlite3.Connection:
    """A connection without implicit transactions. What it commits is on the disk; deleted texts are overwritten.

    It may be used by one thread after another, not by two at once.
    """
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    return connection


def prepare(
    path: Path,
    schema: Sequence[str],
    application_id: int,
    version: int,
    upgrades: Mapping[int, Sequence[str]] | None = None,
) -> None:
    """Creates the file if it does not exist, with the tables that the statements of `schema` make.

    Only its owner may read the new file. One that this user may only read is left as it is. `upgrades` are the
    statements that make the next version of a version.

    Raises RunFolderError for a file of another program or another schema version, BakeoffError if it cannot be written.
    """
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY))
        except OSError as error:
            if is_not_allowed(error) and _is_prepared_to_read(path, application_id, version):
                return
            raise
        connection = connected(path)
        try:
            connection.execute("BEGIN IMMEDIATE")
            _upgrade(connection, application_id, upgrades or {})
            if not is_prepared(connection, path, application_id, version):
                for statement in schema:
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {application_id}")
                connection.execute(f"PRAGMA user_version = {version}")
            connection.execute("COMMIT")
        finally:
            connection.close()


def _is_prepared_to_read(path: Path, application_id: int, version: int) -> bool:
    if not os.access(path, os.R_OK):
        return False
    with closing(connected(path)) as connection, suppress(RunFolderError):
        return is_prepared(connection, path, application_id, version)
    return False


def _upgrade(connection: sqlite3.Connection, application_id: int, upgrades: Mapping[int, Sequence[str]]) -> None:
    """Brings a file of this application, step by step, to the version after the last one in `upgrades`."""
    if connection.execute("PRAGMA application_id").fetchone()[0] != application_id:
        return
    while (version := connection.execute("PRAGMA user_version").fetchone()[0]) in upgrades:
        for statement in upgrades[version]:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version + 1}")


def is_prepared(connection: sqlite3.Connection, path: Path, application_id: int, version: int) -> bool:
    """Whether the tables exist. Raises RunFolderError for a file of another program or of another schema."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    schema = connection.execute("PRAGMA user_version").fetchone()[0]
    n_tables = connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
    if application == application_id and schema != version:
        raise RunFolderError(
            f"{path} has schema {schema}; this version of Bakeoff reads {version}.",
            "use the version that wrote it, or move the file away to start a new one",
        )
    if application != application_id and (n_tables or application or schema):
        raise RunFolderError(f"{path} is the database of another program.", "choose another path")
    return bool(n_tables)


@contextmanager
def explained(path: Path, if_damaged: str = RESTORE) -> Iterator[None]:
    """Turns the errors of SQLite and of the file system into errors that a person can act on.

    `if_damaged` says what to do about a damaged file.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _explanation(path, error, if_damaged) from error
    except OSError as error:
        if is_not_allowed(error) and _may_not_read(path):
            raise BakeoffError(f"Cannot read {path}: {error.strerror}.", NOT_READABLE) from error
        remedy = f"{room_remedy(error)}, then retry" if disk_is_full(error) else "check the path and its permissions"
        raise BakeoffError(f"Cannot write {path}: {error.strerror}. Nothing was changed.", remedy) from error


def _explanation(path: Path, error: sqlite3.DatabaseError, if_damaged: str) -> BakeoffError:
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return RunFolderError(f"{path} is damaged or not a SQLite file ({error}).", if_damaged)
    if name.startswith("SQLITE_FULL"):
        return BakeoffError(f"The disk is full; {path} was not changed ({error}).", f"{FREE}; then try again")
    if name.startswith("SQLITE_IOERR"):  # also for a quota and for a limit on the size of files
        return BakeoffError(
            f"The disk could not be used; {path} was not changed ({error}).",
            f"{room_remedy(error)}; if there is enough, check the disk",
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return BakeoffError(f"{path} is being written by another process ({error}).", "wait for it, then try again")
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        if _may_not_read(path):
            return BakeoffError(f"Cannot read {path}: {os.strerror(errno.EACCES)}.", NOT_READABLE)
        return BakeoffError(f"{path} cannot be written ({error}).", "check the path and its permissions")
    return BakeoffError(f"{path}: {error}. Nothing was changed.", "try again; report it if it happens again")


def _may_not_read(path: Path) -> bool:
    """Whether there is such a file and this user may not read it, or not even look: SQLite only says that it cannot
    open it.
    """
    try:
        return is_there(path) and not os.access(path, os.R_OK)
    except OSError:
        return True
