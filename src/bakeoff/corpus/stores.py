"""Where a folder's documents are, and how they are opened, copied and removed.

Takes folders, gives document stores. The documents of a folder are in its file `store.sqlite`, or in the database or
the bucket that its file `store.json` names.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

from bakeoff.corpus.buckets.place import COPY, BucketPlace
from bakeoff.corpus.place import PLACE, new_place, note_place, place_of, read_place
from bakeoff.corpus.postgres.place import Place
from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.corpus.store import NoDocumentsError, SqlStore
from bakeoff.files.sqlite_file import explained
from bakeoff.records import Document

SQLITE = "store.sqlite"
HALF = ".part"
READ_AGAIN = "restore that file from a copy; the documents of a run are read again by: bakeoff run CONFIG --resume"


def open_store(folder: Path) -> SqlStore:
    """The documents of this folder, for somebody who begins it: a store that does not exist is made. All others take
    `existing_store`.

    Raises BakeoffError if it cannot be opened: RunFolderError if it is damaged, of another program or a later version.
    """
    return _opened(place_of(folder), folder, make=True)


def existing_store(folder: Path, remedy: str = READ_AGAIN, holds: bool = False) -> SqlStore:
    """The documents of this folder, which are there: none are made. Otherwise as `open_store`.

    Raises RunFolderError with the remedy if they are gone. With `holds`, documents were written into it: then one that
    was never written to has lost them, too.
    """
    check_store(folder, remedy)
    try:
        store = _opened(place_of(folder), folder, make=False)
    except NoDocumentsError as error:
        raise NoDocumentsError(error.message, remedy) from error
    if holds and not store.version:
        where = store.where
        store.close()
        raise NoDocumentsError(f"The documents of {folder} are gone: {where} has never held one.", remedy)
    return store


def is_filled(folder: Path) -> bool:
    """Whether documents were ever written into a store of this folder. Makes none."""
    try:
        with existing_store(folder) as store:
            return store.version > 0
    except NoDocumentsError:
        return False


def fill_store(folder: Path, documents: Iterable[Document], address: str = "") -> None:
    """Makes a folder hold exactly these documents, at this address if it has no store: whole or not at all.

    Killed at any time, it leaves the store that was there before, but for changes of it that were never finished.
    """
    place = place_of(folder)
    if place is not None:
        with _opened(place, folder, make=True) as store:
            store.replace_all(documents)
    elif address:
        _fill_place(folder, documents, address)
    else:
        _fill_file(folder / SQLITE, documents)


def _fill_place(folder: Path, documents: Iterable[Document], address: str) -> None:
    half, place = folder / f"{PLACE}{HALF}", new_place(address, folder)
    if half.exists() and read_place(half).address == place.address:  # of an attempt that was killed
        place = read_place(half)
    (folder / COPY).unlink(missing_ok=True)  # what was read of another bucket
    note_place(folder, place, half.name)
    with _opened(place, folder, make=True) as store:
        store.replace_all(documents)
    half.replace(folder / PLACE)


def _fill_file(target: Path, documents: Iterable[Document]) -> None:
    half = _begun(target)
    with SqliteStore(half) as store:
        store.replace_all(documents)
    _finished(half, target)


def _begun(target: Path) -> Path:
    """The path of a store that is made beside the target. Nothing is there of one that was killed."""
    half = target.with_name(target.name + HALF)
    _remove_with_journal(half)
    return half


def _finished(half: Path, target: Path) -> None:
    """Puts the store in the place of the one that was there, whose journal would be taken for its own."""
    with explained(target):
        _journal_of(target).unlink(missing_ok=True)
        half.replace(target)


def _remove_with_journal(path: Path) -> None:
    with explained(path):
        for one in (path, _journal_of(path)):
            one.unlink(missing_ok=True)


def _journal_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-journal")


def _opened(place: Place | BucketPlace | None, folder: Path, make: bool) -> SqlStore:
    if isinstance(place, BucketPlace):
        from bakeoff.corpus.buckets.store import BucketStore

        return BucketStore(place, folder, make)
    if place is not None:
        from bakeoff.corpus.postgres.store import PostgresStore

        return PostgresStore(place, make)
    return SqliteStore(folder / SQLITE, make)


def has_store(folder: Path) -> bool:
    """Whether there are documents in this folder. A file without a byte holds none: it was begun, or emptied."""
    path = folder / SQLITE
    return (path.exists() and path.stat().st_size > 0) or (folder / PLACE).exists()


def check_store(folder: Path, remedy: str = READ_AGAIN, holds: bool = False) -> None:
    """Raises RunFolderError if this folder has lost its documents, as `existing_store`.

    Asks no database and no bucket: what they have lost is found when the store is opened.
    """
    if not has_store(folder):
        raise NoDocumentsError(f"The documents of {folder} are gone: it has no {SQLITE}, or an empty one.", remedy)
    if holds and place_of(folder) is None:
        existing_store(folder, remedy, holds).close()


def check_address(address: str) -> str:
    """Connects to a database or a bucket that new documents are to be kept in, and changes nothing there.

    Gives what can be said of it. Raises the BakeoffError that opening a store there would raise: for a driver that is
    not installed, a server that is away or refuses the user, one without pgvector, a bucket that cannot be read.
    """
    place = new_place(address, Path("new"))
    if isinstance(place, BucketPlace):
        from bakeoff.corpus.buckets.objects import Objects
        from bakeoff.corpus.buckets.store import WORLD

        Objects(place).get(WORLD)
        return "can be read"
    from bakeoff.corpus.postgres.schema import check_database

    return f"answers, and has pgvector {check_database(address)}"


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
    check_store(source)  # to open a file that is gone would make it
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
    half = _begun(target)
    with explained(target), closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(half)) as copy:
        live.backup(copy)
    _finished(half, target)


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
