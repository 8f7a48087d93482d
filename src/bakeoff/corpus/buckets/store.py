"""The document store in a bucket, which several servers may share: a log of changes, and a copy on each machine.

Takes a place and a folder, gives a `DocumentStore`. Each change is one entry of the log, numbered by its version. It is
made when its entry is written, which only one of several writers can do: the others read what came first and try
again. Every machine keeps a SQLite file that holds what it has read of the log. It may be deleted at any time.
"""

import gzip
import json
import uuid
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from bakeoff.corpus.buckets.log import RESTORE, Entry, Log
from bakeoff.corpus.buckets.objects import Objects
from bakeoff.corpus.buckets.place import COPY, BucketPlace
from bakeoff.corpus.old_versions import forget_old_versions
from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.corpus.store import DOCUMENT, Connection, NoDocumentsError, Reading, SqlStore, document_of
from bakeoff.errors import BakeoffError, ConfigError, InputError, RunFolderError
from bakeoff.protocols import StoredChanges
from bakeoff.records import Document

WORLD = "world.json"
DOCUMENTS = "documents"
FORMAT = 1
BLOCK_CHARACTERS = 8_000_000
TRIES = 50
_COLUMNS = "id, version, kind, recorded_at, hash, source, title, text, updated_at, access, meta"
_FORGET = "DELETE FROM live WHERE id = ?"
_INSERT = f"INSERT INTO versions ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


Rows = list[list[Any]]
"""Of the table `versions`."""
AT_ONCE_ROWS = 1_000
"""Changes with so many rows are read in one transaction."""


class _OvertakenError(Exception):
    """Another writer has made the version that this one was making."""


class BucketStore(SqlStore):
    """The documents of one world in a bucket. With `make`, it is made if it does not exist.

    Raises NoDocumentsError if there is none and none is to be made; StoreGoneError if the bucket cannot be used,
    ConfigError for a server that writes over objects where it was asked not to, RunFolderError for a world of a later
    version of Bakeoff.
    """

    def __init__(self, place: BucketPlace, folder: Path, make: bool = True) -> None:
        self._objects = Objects(place)
        self._log = Log(self._objects, DOCUMENTS)
        self._folder = folder
        identity, version = _known(folder / COPY)
        there = identity_of(self._objects, create=make and version == 0)
        if version and there != identity:
            raise self._gone()
        if not there:
            raise NoDocumentsError(f"There are no documents in {self.where}: they are gone.", RESTORE)
        self.near = _copy_of(there, folder / COPY)
        self._check_last()

    def close(self) -> None:
        """Closes what is open of the copy on this machine."""
        self.near.close()

    @property
    def where(self) -> str:
        return self._objects.where

    @property
    def folder(self) -> Path | None:
        return self._folder

    @property
    def is_shared(self) -> bool:
        return True

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        self._catch_up()
        with self.near.reading() as reading:
            yield reading

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        self._catch_up()
        with self.near._reading() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        """As in a file, and at the end the change becomes an entry. Raises _OvertakenError if that is taken."""
        if identity_of(self._objects) != self.near.identity:
            raise self._gone()
        self._catch_up()
        with self.near._writing() as connection:
            before = _version(connection)
            yield connection
            version = _version(connection)
            if version != before:
                rows = connection.execute(f"SELECT {_COLUMNS} FROM versions WHERE version = ?", (version,)).fetchall()
                if not self._log.append(version, {"n": len(rows)}, _blocks(rows)):
                    raise _OvertakenError

    @property
    def _duplicate(self) -> type[Exception]:
        return self.near._duplicate

    def delete(self, ids: Iterable[str]) -> StoredChanges:
        wanted = list(ids)
        for _ in range(TRIES):
            try:
                return super().delete(wanted)
            except _OvertakenError:
                continue
        raise self._never_first()

    def erase(self, document_id: str) -> int:
        raise InputError(
            "The documents are in object storage, whose objects are never written again, so no text can be erased.",
            "make the deployment again, without the document, in another place; then delete this one in the bucket",
        )

    def _write(self, documents: Sequence[Document], replace: bool, deleted: Sequence[str] = ()) -> StoredChanges:
        for _ in range(TRIES):
            try:
                return super()._write(documents, replace, deleted)
            except _OvertakenError:
                continue
        raise self._never_first()

    def _never_first(self) -> BakeoffError:
        return BakeoffError(
            f"{self.where} is changed by so many at once that {TRIES} attempts came too late. Nothing was changed.",
            "try again, or let one server make the changes",
        )

    def _catch_up(self) -> None:
        """Reads what others have written since."""
        with self.near._reading() as connection:
            version = _version(connection)
        for some in _together((entry.number, self._rows_of(entry)) for entry in self._log.after(version)):
            with self.near._writing() as connection:
                for number, rows in some:
                    if _version(connection) == number - 1:  # not yet read by another thread or process
                        _apply(connection, number, rows)

    def _rows_of(self, entry: Entry) -> Rows:
        rows = [row for block in self._log.blocks(entry) for row in self._unpacked(entry, block)]
        if entry.head is None or entry.head.get("n") != len(rows):
            raise self._log.damaged(entry.number)
        return rows

    def _unpacked(self, entry: Entry, block: bytes) -> Rows:
        try:
            return [json.loads(line) for line in _lines(block)]
        except (OSError, EOFError, ValueError, zlib.error) as error:
            raise self._log.damaged(entry.number) from error

    def _check_last(self) -> None:
        """Raises RunFolderError if the log does not have the last change that the copy has."""
        with self.near._reading() as connection:
            version = _version(connection)
            rows = set(connection.execute("SELECT id, recorded_at FROM versions WHERE version = ?", (version,)))
        if version:
            entry = next(self._log.after(version - 1), None)
            last = self._unpacked(entry, entry.last) if entry else []
            if not last or not rows.issuperset((row[0], row[3]) for row in last):
                raise self._gone()

    def _gone(self) -> RunFolderError:
        copy = self._folder / COPY
        return RunFolderError(
            f"The documents in {self.where} are gone, or were made again, or restored as they were earlier: "
            f"{copy} has others.",
            f"restore them, or delete {copy} and indexes/ beside it to go on with what is there",
        )


class AsOf:
    """Documents as of one version, whatever is changed meanwhile."""

    def __init__(self, store: SqliteStore, version: int) -> None:
        self._store, self._version = store, version

    def get(self, document_id: str) -> Document | None:
        """The document with this id. None if it did not exist, was deleted, or its text is no longer kept."""
        query = f"SELECT {DOCUMENT} FROM versions v WHERE id = ? AND version <= ? ORDER BY version DESC LIMIT 1"
        with self._store._reading() as connection:
            row = connection.execute(query, (document_id, self._version)).fetchone()
        return None if row is None or row[1] is None else document_of(row)


def identity_of(objects: Objects, create: bool = False) -> str:
    """The identity of a world. Empty if there is none, unless it is to be created."""
    found = objects.get(WORLD)
    if found is None and create:
        _check_conditions(objects)
        objects.put_new(WORLD, json.dumps({"format": FORMAT, "identity": uuid.uuid4().hex}).encode())
        found = objects.get(WORLD)
    if found is None:
        return ""
    try:
        world = json.loads(found)
        its_format, identity = world["format"], world["identity"]
    except (ValueError, KeyError, TypeError) as error:
        raise RunFolderError(f"The object {WORLD} in {objects.where} is damaged.", RESTORE) from error
    if its_format != FORMAT:
        raise RunFolderError(
            f"{objects.where} has format {its_format}; this version of Bakeoff reads {FORMAT}.",
            "use the version of Bakeoff that wrote it, or a later one",
        )
    return str(identity)


def _check_conditions(objects: Objects) -> None:
    """Raises ConfigError if the server writes over an object though it was asked not to. A world is made after that."""
    name = f"check-{uuid.uuid4().hex}"
    objects.put_new(name, b"first")
    writes_over = objects.put_new(name, b"second")
    objects.delete([name])
    if writes_over:
        raise ConfigError(
            f"The server of {objects.where} writes over an object though it was asked not to (If-None-Match: *): "
            "writers there would undo each other's changes.",
            "use a server that knows conditional writes (Amazon S3, MinIO, R2, Google, Azure do), or PostgreSQL",
        )


def _known(path: Path) -> tuple[str, int]:
    """The identity and the version of the documents that this machine has read. Version 0 if it has none."""
    if path.exists():
        with suppress(RunFolderError), SqliteStore(path)._reading() as connection:
            identity, version = connection.execute("SELECT identity, version FROM store").fetchone()
            return identity, version
    return "", 0


def _copy_of(identity: str, path: Path) -> SqliteStore:
    """The file with what this machine has read of the log. A new one if it is damaged or of other documents."""
    try:
        with SqliteStore(path) as copy, copy._reading() as connection:
            there, version = connection.execute("SELECT identity, version FROM store").fetchone()
        if there == identity:
            return copy
        is_new = version == 0  # `_known` has read no other version of other documents
    except RunFolderError:
        is_new = False
    if not is_new:
        path.unlink()
        copy = SqliteStore(path)
    with copy._writing() as connection:
        connection.execute("UPDATE store SET identity = ?", (identity,))
    return copy


def _together(changes: Iterable[tuple[int, Rows]]) -> Iterator[list[tuple[int, Rows]]]:
    """Changes, small ones together."""
    some: list[tuple[int, Rows]] = []
    n_rows = 0
    for number, rows in changes:
        some.append((number, rows))
        n_rows += len(rows)
        if n_rows >= AT_ONCE_ROWS:
            yield some
            some, n_rows = [], 0
    if some:
        yield some


def _apply(connection: Connection, version: int, rows: Sequence[Sequence[Any]]) -> None:
    """Makes the change that these rows of `versions` describe."""
    connection.executemany(_FORGET, [(row[0],) for row in rows])
    connection.executemany(_INSERT, rows)
    living = [(row[0], row[1], row[4], row[5]) for row in rows if row[2] != "deleted"]
    connection.executemany("INSERT INTO live (id, version, hash, source) VALUES (?, ?, ?, ?)", living)
    connection.execute("UPDATE store SET version = ?", (version,))
    forget_old_versions(connection, version, len(rows))


def _blocks(rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """Rows as lines of JSON, packed, in blocks of some megabytes."""
    lines: list[str] = []
    n_characters = 0
    for row in rows:
        lines.append(json.dumps(list(row), separators=(",", ":")))
        n_characters += len(lines[-1])
        if n_characters >= BLOCK_CHARACTERS:
            yield _packed(lines)
            lines, n_characters = [], 0
    if lines:
        yield _packed(lines)


def _packed(lines: Sequence[str]) -> bytes:
    return gzip.compress("\n".join(lines).encode(), 6, mtime=0)


def _lines(block: bytes) -> list[str]:
    return gzip.decompress(block).decode().split("\n") if block else []


def _version(connection: Connection) -> int:
    return int(connection.execute("SELECT version FROM store").fetchone()[0])
