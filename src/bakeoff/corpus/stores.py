"""Where a folder's documents are, and how they are opened, copied and removed.

Takes folders, gives document stores. The documents of a folder are in its file `store.sqlite`, or in the database or
the bucket that its file `store.json` names.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from bakeoff.corpus.buckets.place import COPY, BucketPlace
from bakeoff.corpus.place import PLACE, new_place, note_place, place_of, read_place
from bakeoff.corpus.postgres.place import Place
from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.corpus.store import SqlStore
from bakeoff.errors import RunFolderError
from bakeoff.files.sqlite_file import explained

SQLITE = "store.sqlite"
HALF = ".part"
READ_AGAIN = "restore that file from a copy; the documents of a run are read again by: bakeoff run CONFIG --resume"


def open_store(folder: Path) -> SqlStore:
    """The documents of this folder. A store that does not exist is created.

    Raises BakeoffError if it cannot be opened: RunFolderError if it is damaged, of another program or a later version.
    """
    place = place_of(folder)
    if isinstance(place, BucketPlace):
        from bakeoff.corpus.buckets.store import BucketStore

        return BucketStore(place, folder)
    if place is not None:
        from bakeoff.corpus.postgres.store import PostgresStore

        return PostgresStore(place)
    return SqliteStore(folder / SQLITE)


def has_store(folder: Path) -> bool:
    """Whether there are documents in this folder. A file without a byte holds none: it was begun, or emptied."""
    path = folder / SQLITE
    return (path.exists() and path.stat().st_size > 0) or (folder / PLACE).exists()


def check_store(folder: Path, remedy: str = READ_AGAIN) -> None:
    """Raises RunFolderError if this folder has lost its documents: opening the store would make an empty one."""
    if not has_store(folder):
        raise RunFolderError(f"The documents of {folder} are gone: it has no {SQLITE}, or an empty one.", remedy)


def keep_in(folder: Path, address: str) -> None:
    """From now on the documents of this new folder are at this address, in a schema or a world of their own.

    Without an address, and in a folder that has documents, nothing changes.
    """
    if address and not has_store(folder):
        note_place(folder, new_place(address, folder))


def copy_store(source: Path, target: Path, but: Sequence[str] = ()) -> None:
    """A consistent copy, with the same versions, of a store that others may be writing to. Whole or not at all.

    In a database or a bucket, the indexes are beside the documents. They are copied too, but for tables or objects that
    begin with one of `but`.
    """
    place = place_of(source)
    if place is None:
        _copy_file(source / SQLITE, target / SQLITE)
        return
    half, copy = target / f"{PLACE}{HALF}", new_place(place.address, target)
    if half.exists():  # of a copy that was killed
        copy = read_place(half)
    note_place(target, copy, half.name)
    _copy_place(place, copy, but)
    half.replace(target / PLACE)


def _copy_place(source: Place | BucketPlace, target: Place | BucketPlace, but: Sequence[str]) -> None:
    if isinstance(source, BucketPlace) and isinstance(target, BucketPlace):
        from bakeoff.corpus.buckets.worlds import copy_world

        copy_world(source, target, but)
    elif isinstance(source, Place) and isinstance(target, Place):
        from bakeoff.corpus.postgres.schema import copy_schema

        copy_schema(source, target, but)


def _copy_file(source: Path, target: Path) -> None:
    half = target.with_name(target.name + HALF)
    half.unlink(missing_ok=True)
    with explained(target), closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(half)) as copy:
        live.backup(copy)
    half.replace(target)


def move_store(source: Path, target: Path) -> None:
    """Moves a store that nobody uses into another folder of the same disk."""
    name = PLACE if (source / PLACE).exists() else SQLITE
    (source / name).replace(target / name)
    (source / COPY).unlink(missing_ok=True)  # what was read of a bucket


def remove_store(folder: Path) -> None:
    """Removes what is elsewhere of the documents of a folder that is about to be deleted, and of a copy that was to
    come there and was killed. Nothing for a file.
    """
    for path in (folder / PLACE, folder / f"{PLACE}{HALF}"):
        if path.exists():
            _remove_place(read_place(path))


def _remove_place(place: Place | BucketPlace) -> None:
    if isinstance(place, BucketPlace):
        from bakeoff.corpus.buckets.worlds import remove_world

        remove_world(place)
    else:
        from bakeoff.corpus.postgres.schema import drop_schema

        drop_schema(place)
