"""Where a folder's documents are, and how they are opened, copied and removed.

Takes folders, gives document stores. The documents of a folder are in its file `store.sqlite`, or in the database that
its file `store.json` names.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from bakeoff.corpus.postgres.place import PLACE, Place, note_place, place_of
from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.corpus.store import SqlStore

SQLITE = "store.sqlite"
HALF = ".part"


def open_store(folder: Path) -> SqlStore:
    """The documents of this folder. A store that does not exist is created.

    Raises BakeoffError if it cannot be opened: RunFolderError if it is damaged, of another program or a later version.
    """
    place = place_of(folder)
    if place is None:
        return SqliteStore(folder / SQLITE)
    from bakeoff.corpus.postgres.store import PostgresStore

    return PostgresStore(place)


def has_store(folder: Path) -> bool:
    """Whether there are documents in this folder."""
    return (folder / SQLITE).exists() or (folder / PLACE).exists()


def keep_in(folder: Path, address: str) -> None:
    """From now on the documents of this new folder are in this database, in a schema of their own.

    Without an address, and in a folder that has documents, nothing changes.
    """
    if address and not has_store(folder):
        note_place(folder, Place.new(address, folder))


def copy_store(source: Path, target: Path, but: Sequence[str] = ()) -> None:
    """A consistent copy, with the same versions, of a store that others may be writing to. Whole or not at all.

    In a database, the indexes are in the same schema. They are copied too, but for tables that begin with one of `but`.
    """
    place = place_of(source)
    if place is None:
        _copy_file(source / SQLITE, target / SQLITE)
        return
    from bakeoff.corpus.postgres.schema import copy_schema

    copy = Place.new(place.address, target)
    if (target / f"{PLACE}{HALF}").exists():  # of a copy that was killed
        copy = Place.model_validate_json((target / f"{PLACE}{HALF}").read_text(encoding="utf-8"))
    note_place(target, copy, f"{PLACE}{HALF}")
    copy_schema(place, copy, but)
    (target / f"{PLACE}{HALF}").replace(target / PLACE)


def _copy_file(source: Path, target: Path) -> None:
    half = target.with_name(target.name + HALF)
    half.unlink(missing_ok=True)
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(half)) as copy:
        live.backup(copy)
    half.replace(target)


def move_store(source: Path, target: Path) -> None:
    """Moves a store that nobody uses into another folder of the same disk."""
    name = PLACE if (source / PLACE).exists() else SQLITE
    (source / name).replace(target / name)


def remove_store(folder: Path) -> None:
    """Removes what is elsewhere of the documents of a folder that is about to be deleted. Nothing for a file."""
    place = place_of(folder)
    if place is not None:
        from bakeoff.corpus.postgres.schema import drop_schema

        drop_schema(place)
