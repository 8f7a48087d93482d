"""The document store: all documents, with every version and deletion, in one SQLite file.

Takes and gives documents and changes. Knows no file format, no chunk and no index. An index remembers the `version`
(and `identity`) it was built from and asks for `changes_since`.

It uses a rollback journal and `synchronous=FULL`: the changes of a call that returned are on the disk, and a call that
was killed changed nothing. Each call opens its own short-lived connection, so threads can share a store and processes
can share a file.
"""

import hashlib
import json
import sqlite3
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from bakeoff.errors import InputError, RunFolderError
from bakeoff.files.sqlite_file import connected, explained, is_prepared
from bakeoff.records import Document, Record

SCHEMA_VERSION = 1
_APPLICATION_ID = 0x42414B45  # "BAKE"
_DAMAGED = "restore a copy, or move it away and read the documents again"
_BATCH = 500
_SCHEMA = """
CREATE TABLE store (identity TEXT NOT NULL, version INTEGER NOT NULL);
CREATE TABLE versions (
    id TEXT NOT NULL, version INTEGER NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('added', 'updated', 'deleted')),
    recorded_at TEXT NOT NULL, hash TEXT, source TEXT, title TEXT, text TEXT, updated_at TEXT, access TEXT, meta TEXT,
    PRIMARY KEY (id, version)
);
CREATE INDEX versions_by_version ON versions (version);
CREATE TABLE live (id TEXT PRIMARY KEY, version INTEGER NOT NULL, hash TEXT NOT NULL, source TEXT NOT NULL UNIQUE);
"""
_TOUCHED = """
SELECT touched.id, (SELECT hash FROM versions WHERE id = touched.id AND version <= ? ORDER BY version DESC LIMIT 1),
       live.hash
FROM (SELECT DISTINCT id FROM versions WHERE version > ?) AS touched LEFT JOIN live USING (id) ORDER BY touched.id
"""
_DOCUMENT = "v.id, v.text, v.title, v.source, v.updated_at, v.access, v.meta"


class Changes(Record):
    """The ids of the documents that a call added, updated and deleted, or that changed since a version.

    `unchanged` counts the other documents. `version` is the store's current version.
    """

    added: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    unchanged: int = 0
    version: int

    @property
    def any(self) -> bool:
        return bool(self.added or self.updated or self.deleted)


class Version(Record):
    """One entry of a document's history. A deletion has no document."""

    version: int
    kind: Literal["added", "updated", "deleted"]
    recorded_at: datetime
    document: Document | None


class DocumentStore:
    """The documents in one SQLite file. The file is created if it does not exist.

    Raises RunFolderError for a file written by another program or an incompatible version of Bakeoff, or a damaged
    one; BakeoffError if it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        with _explained(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._reading() as connection:
            ready = self._is_prepared(connection)
        if not ready:
            with self._writing() as connection:
                self._prepare(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Does nothing, because nothing stays open between calls. Lets callers close the store like any resource."""

    @property
    def version(self) -> int:
        """The number of calls that changed something. 0 for a new store."""
        with self._reading() as connection:
            return _version(connection)

    @property
    def identity(self) -> str:
        """A random name set when the file was created. Versions of stores with different identities are unrelated."""
        with self._reading() as connection:
            return str(connection.execute("SELECT identity FROM store").fetchone()[0])

    def replace_all(self, documents: Iterable[Document]) -> Changes:
        """Makes the store hold exactly these documents. All others are deleted.

        Raises InputError if two documents have the same id or source.
        """
        return self._write(list(documents), replace=True)

    def upsert(self, documents: Iterable[Document]) -> Changes:
        """Adds these documents, or replaces those with the same id. The other documents stay.

        Raises InputError if two documents with different ids have the same source, or two the same id.
        """
        return self._write(list(documents), replace=False)

    def delete(self, ids: Iterable[str]) -> Changes:
        """Deletes the documents with these ids. Unknown ids are ignored. Old texts stay in the history."""
        wanted = list(dict.fromkeys(ids))
        with self._writing() as connection:
            live = _hashes(connection, wanted)
            gone = [document_id for document_id in wanted if document_id in live]
            return self._record(connection, [], [], gone, _n_live(connection) - len(gone))

    def change(self, documents: Iterable[Document], deleted: Iterable[str]) -> Changes:
        """`upsert` and `delete` as one change. A document that is given in both is added or replaced.

        `unchanged` counts the given documents that the store has already. Raises InputError as `upsert`.
        """
        given = list(documents)
        return self._write(given, replace=False, deleted=list(dict.fromkeys(deleted)))

    def documents(self) -> Iterator[Document]:
        """The documents at the time of the call, ordered by source. The store may be changed during the iteration."""
        with self._reading() as connection:
            keys = connection.execute("SELECT id, version FROM live ORDER BY source").fetchall()
        for start in range(0, len(keys), _BATCH):
            batch = keys[start : start + _BATCH]
            marks = ", ".join(["(?, ?)"] * len(batch))
            query = f"SELECT {_DOCUMENT} FROM versions v WHERE (v.id, v.version) IN (VALUES {marks}) ORDER BY v.source"
            with self._reading() as connection:
                rows = connection.execute(query, [value for key in batch for value in key]).fetchall()
            yield from map(_document, rows)

    def get(self, document_id: str) -> Document | None:
        """The document with this id. None if it does not exist or is deleted."""
        return self._one("l.id = ?", document_id)

    def get_by_source(self, source: str) -> Document | None:
        """The document with this source. None if it does not exist or is deleted."""
        return self._one("l.source = ?", source)

    def history(self, document_id: str) -> list[Version]:
        """Every version of a document, oldest first, including deletions. Empty for an unknown id."""
        query = f"SELECT v.version, v.kind, v.recorded_at, {_DOCUMENT} FROM versions v WHERE id = ? ORDER BY version"
        with self._reading() as connection:
            rows = connection.execute(query, (document_id,)).fetchall()
        return [
            Version(
                version=version,
                kind=kind,
                recorded_at=recorded_at,
                document=None if kind == "deleted" else _document(row),
            )
            for version, kind, recorded_at, *row in rows
        ]

    def changes_since(self, version: int) -> Changes:
        """The differences between that version and now. A change that was reverted does not count.

        Raises RunFolderError for a version that this store has not reached: the caller was built from another store.
        """
        with self._reading() as connection:
            now = _version(connection)
            if not 0 <= version <= now:
                raise RunFolderError(
                    f"{self.path} is at version {now} and has never had version {version}.",
                    "delete the index that was built from another store, and build it again from this one",
                )
            touched = connection.execute(_TOUCHED, (version, version)).fetchall()
            n_live = _n_live(connection)
        added = tuple(i for i, before, after in touched if after and not before)
        updated = tuple(i for i, before, after in touched if after and before and after != before)
        deleted = tuple(i for i, before, after in touched if before and not after)
        return Changes(
            added=added, updated=updated, deleted=deleted, unchanged=n_live - len(added) - len(updated), version=now
        )

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one consistent state of the store, for queries of other kinds. Nothing is written."""
        with self._reading() as connection:
            connection.execute("PRAGMA query_only = ON")
            yield connection

    def _one(self, condition: str, value: str) -> Document | None:
        query = f"SELECT {_DOCUMENT} FROM live l JOIN versions v USING (id, version) WHERE {condition}"
        with self._reading() as connection:
            row = connection.execute(query, (value,)).fetchone()
        return _document(row) if row else None

    def _write(self, documents: Sequence[Document], replace: bool, deleted: Sequence[str] = ()) -> Changes:
        _check_unique(documents)
        hashed = [(document, content_hash(document)) for document in documents]
        given = {document.id for document in documents}
        with self._writing() as connection:
            live = _hashes(connection, None if replace else list({*given, *deleted}))
            gone = sorted(set(live) - given) if replace else [i for i in deleted if i in live and i not in given]
            return self._record(
                connection,
                added=[pair for pair in hashed if pair[0].id not in live],
                updated=[pair for pair in hashed if live.get(pair[0].id, pair[1]) != pair[1]],
                deleted=gone,
                unchanged=sum(live.get(document.id) == hash_ for document, hash_ in hashed),
            )

    def _record(
        self,
        connection: sqlite3.Connection,
        added: Sequence[tuple[Document, str]],
        updated: Sequence[tuple[Document, str]],
        deleted: Sequence[str],
        unchanged: int,
    ) -> Changes:
        """Writes one new version of the store, if there is anything to write."""
        version = _version(connection)
        if added or updated or deleted:
            version += 1
            at = datetime.now(UTC).isoformat()
            connection.execute("UPDATE store SET version = ?", (version,))
            connection.executemany("DELETE FROM live WHERE id = ?", [(i,) for i in deleted])
            connection.executemany("DELETE FROM live WHERE id = ?", [(document.id,) for document, _ in updated])
            connection.executemany(
                "INSERT INTO versions (id, version, kind, recorded_at) VALUES (?, ?, 'deleted', ?)",
                [(i, version, at) for i in deleted],
            )
            self._insert(connection, version, at, [("added", *pair) for pair in added])
            self._insert(connection, version, at, [("updated", *pair) for pair in updated])
        return Changes(
            added=tuple(document.id for document, _ in added),
            deleted=tuple(deleted),
            updated=tuple(document.id for document, _ in updated),
            unchanged=unchanged,
            version=version,
        )

    def _insert(
        self, connection: sqlite3.Connection, version: int, at: str, changed: Sequence[tuple[str, Document, str]]
    ) -> None:
        connection.executemany(
            "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(document.id, version, kind, at, hash_, *_columns(document)) for kind, document, hash_ in changed],
        )
        try:
            connection.executemany(
                "INSERT INTO live VALUES (?, ?, ?, ?)",
                [(document.id, version, hash_, document.source) for _, document, hash_ in changed],
            )
        except sqlite3.IntegrityError as error:
            raise InputError(
                "Two documents with different ids have the same source.",
                "give each document its own source, or delete the other one first",
            ) from error

    def _is_prepared(self, connection: sqlite3.Connection) -> bool:
        return is_prepared(connection, self.path, _APPLICATION_ID, SCHEMA_VERSION)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        if self._is_prepared(connection):
            return
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        connection.execute("INSERT INTO store VALUES (?, 0)", (uuid.uuid4().hex,))
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """A new connection. Closing it rolls back what was not committed."""
        with _explained(self.path):
            connection = connected(self.path)
            try:
                yield connection
            finally:
                connection.close()

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one consistent state of the store."""
        with self._connected() as connection:
            connection.execute("BEGIN")
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A connection in a transaction. It is committed at the end of the block and rolled back on an error."""
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """The same errors as for any SQLite file, and one for texts that cannot be written."""
    try:
        with explained(path, _DAMAGED):
            yield
    except UnicodeEncodeError as error:
        raise InputError(
            "A document contains half a character (a lone surrogate), which cannot be written to a file.",
            "read the text as UTF-8 before you pass it on",
        ) from error


def content_hash(document: Document) -> str:
    """A hash of all fields of a document except its id and the time of its last change."""
    content = document.model_dump(mode="json", exclude={"id", "updated_at"})
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _check_unique(documents: Sequence[Document]) -> None:
    for field in ("id", "source"):
        values = Counter(getattr(document, field) for document in documents)
        value, n = values.most_common(1)[0] if values else ("", 0)
        if n > 1:
            raise InputError(f"{n} documents have the same {field} {value!r}.", f"give each document its own {field}")


def _hashes(connection: sqlite3.Connection, ids: Sequence[str] | None) -> dict[str, str]:
    """The content hash of each live document by id: of these ids, or of all documents if `ids` is None."""
    if ids is None:
        return dict(connection.execute("SELECT id, hash FROM live"))
    hashes: dict[str, str] = {}
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        marks = ", ".join("?" * len(batch))
        hashes.update(connection.execute(f"SELECT id, hash FROM live WHERE id IN ({marks})", batch))
    return hashes


def _n_live(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT COUNT(*) FROM live").fetchone()[0])


def _columns(document: Document) -> tuple[str | None, ...]:
    """The values that `_document` reads back, without the id."""
    plain = document.model_dump(mode="json")
    return (
        document.source,
        document.title,
        document.text,
        plain["updated_at"],
        json.dumps(plain["access"]),
        json.dumps(plain["meta"]),
    )


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT version FROM store").fetchone()[0])


def _document(row: Sequence[str]) -> Document:
    document_id, text, title, source, updated_at, access, meta = row
    return Document(
        id=document_id,
        text=text,
        title=title,
        source=source,
        access=tuple(json.loads(access)),
        updated_at=datetime.fromisoformat(updated_at) if updated_at else None,
        meta=json.loads(meta),
    )
