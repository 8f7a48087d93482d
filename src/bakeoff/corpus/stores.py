"""Where a folder's documents are, and how they are opened, copied and removed.

Takes folders, gives document stores. The documents of a folder are in its file `store.sqlite`.
"""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.corpus.store import SqlStore

SQLITE = "store.sqlite"


def open_store(folder: Path) -> SqlStore:
    """The documents of this folder. A store that does not exist is created."""
    return SqliteStore(folder / SQLITE)


def has_store(folder: Path) -> bool:
    """Whether there are documents in this folder."""
    return (folder / SQLITE).exists()


def copy_store(source: Path, target: Path) -> None:
    """A consistent copy, with the same versions, of a store that others may be writing to. Whole or not at all."""
    half = target / f"{SQLITE}.part"
    half.unlink(missing_ok=True)
    with closing(sqlite3.connect(source / SQLITE)) as live, closing(sqlite3.connect(half)) as copy:
        live.backup(copy)
    half.replace(target / SQLITE)


def move_store(source: Path, target: Path) -> None:
    """Moves a store that nobody uses into another folder of the same disk."""
    (source / SQLITE).replace(target / SQLITE)


def remove_store(folder: Path) -> None:
    """Removes the documents of a folder, as far as they are not in the folder itself."""
    shutil.rmtree(folder, ignore_errors=True)
