"""SQLite: its version, whether threads may share it, and which journal the stores use.

Takes files, gives findings. A rollback journal is what keeps an acknowledged entry through a kill; the journal WAL is
not used, so that a fault of older versions in it does not matter. Source: https://sqlite.org/wal.html#walresetbug.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from bakeoff.doctor.finding import Finding, fine, note, problem
from bakeoff.files.sqlite_file import connected
from bakeoff.files.unreadable import NOT_READABLE, unreadable

LEAST = (3, 35, 0)
FAULTY_WAL = ((3, 7, 0), (3, 51, 3))
"""From the first version up to, not with, the second, WAL may lose data if two connections write at once."""
MOST_BYTES = 64 * 1024**2
"""Larger files are not read through: that would take too long here."""
WAL_IN_HEADER = b"\x02\x02"
HEADER_VERSIONS = slice(18, 20)
"""The bytes of a file's header that say how it is written and read: 1 with a rollback journal, 2 with WAL."""


def library(
    version: tuple[int, ...] = sqlite3.sqlite_version_info,
    threads: int = sqlite3.threadsafety,
    scratch: Path | None = None,
) -> list[Finding]:
    """The SQLite that Python uses. `scratch` is a file that may be made, to see which journal a new store has."""
    named = ".".join(map(str, version))
    if version < LEAST:
        return [problem("sqlite", f"SQLite {named}", "use a Python with SQLite 3.35 or newer")]
    if threads == 0:
        return [
            problem("sqlite", f"SQLite {named}, built for a single thread", "use a Python whose SQLite has threads")
        ]
    journal = _journal_of_new(scratch) if scratch else "delete"
    faulty = FAULTY_WAL[0] <= version < FAULTY_WAL[1]
    if journal != "delete":
        return [
            problem("sqlite", f"SQLite {named} keeps a new file with the journal '{journal}'", "use another SQLite")
        ]
    why = "; the fault of this version in the journal WAL does not matter, since WAL is not used" if faulty else ""
    return [fine("sqlite", f"SQLite {named}, stores have a rollback journal (delete){why}", faulty_wal=faulty)]


def _journal_of_new(path: Path) -> str:
    with closing(connected(path)) as connection:
        return str(connection.execute("PRAGMA journal_mode").fetchone()[0])


def files(paths: Iterable[Path]) -> list[Finding]:
    """Whether these files of SQLite are whole and have a rollback journal. Those that do not exist are left out."""
    return [_file(path) for path in paths if path.is_file() and path.stat().st_size]


def _file(path: Path) -> Finding:
    remedy = "stop what uses it and restore a copy"
    try:
        if uses_wal(path):
            return problem(
                "store", f"{path} uses the journal WAL; Bakeoff never sets that", "open it with Bakeoff only"
            )
        return _read_through(path)
    except sqlite3.DatabaseError as error:
        if "locked" in str(error):
            return note("store", f"{path} is being written by another process", "examine it again when that has ended")
        if may_not_open(error):
            return problem("store", f"{path} cannot be opened ({error})", NOT_READABLE)
        return problem("store", f"{path} is damaged or not a SQLite file ({error})", remedy)
    except OSError as error:
        return problem("store", *unreadable(f"Cannot read {path}", error, "check the disk"))


def may_not_open(error: sqlite3.DatabaseError) -> bool:
    """Whether the file, or its folder, may not be read or written by this user: SQLite says nothing else of it."""
    name = getattr(error, "sqlite_errorname", "") or ""
    return name.startswith(("SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_READONLY"))


def uses_wal(path: Path) -> bool:
    """Whether this file of SQLite has the journal WAL."""
    with path.open("rb") as file:
        return file.read(100)[HEADER_VERSIONS] == WAL_IN_HEADER


def _read_through(path: Path) -> Finding:
    size = path.stat().st_size
    check = "quick_check(1)" if size <= MOST_BYTES else "schema_version"
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=1)) as connection:
        said = connection.execute(f"PRAGMA {check}").fetchone()[0]
    if size > MOST_BYTES:
        return fine("store", f"{path} opens ({size:,} bytes: too large to be read through here)", bytes=size)
    if said != "ok":
        return problem("store", f"{path} is damaged ({said})", "stop what uses it and restore a copy", bytes=size)
    return fine("store", f"{path} is whole, with a rollback journal", bytes=size)
