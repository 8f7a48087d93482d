"""A document store in tables of SQL: all documents, with their versions and deletions. What all databases share.

Takes and gives documents and changes. Knows no file format, no chunk, no index and no database: a subclass opens
connections. An index remembers the `version` (and `identity`) it was built from and asks for `changes_since`.
"""

import hashlib
import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from bakeoff.corpus.old_versions import FORGOTTEN_UNTIL, erase_texts, forget_old_versions
from bakeoff.errors import ForgottenError, InputError, RunFolderError
from bakeoff.protocols import StoredChanges, StoredVersion
from bakeoff.records import Document

_BATCH = 500
CREATE = """
CREATE TABLE store (identity TEXT NOT NULL, version INTEGER NOT NULL);
CREATE TABLE versions (
    id TEXT NOT NULL, version INTEGER NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('added', 'updated', 'deleted')),
    recorded_at TEXT NOT NULL, hash TEXT, source TEXT, title TEXT, text TEXT, updated_at TEXT, access TEXT, meta TEXT,
    PRIMARY KEY (id, version)
);
CREATE INDEX versions_by_version ON versions (version);
CREATE INDEX versions_with_text ON versions (id, version) WHERE text IS NOT NULL;
CREATE TABLE live (id TEXT PRIMARY KEY, version INTEGER NOT NULL, hash TEXT NOT NULL, source TEXT NOT NULL UNIQUE);
"""
_TOUCHED = """
SELECT touched.id, (SELECT hash FROM versions WHERE id = touched.id AND version <= ? ORDER BY version DESC LIMIT 1),
       live.hash
FROM (SELECT DISTINCT id FROM versions WHERE version > ?) AS touched LEFT JOIN live USING (id) ORDER BY touched.id
"""
HALF_A_CHARACTER = "A document contains half a character (a lone surrogate), which cannot be written to a file."
READ_AS_UTF8 = "read the text as UTF-8 before you pass it on"
DOCUMENT = "v.id, v.text, v.title, v.source, v.updated_at, v.access, v.meta"


class Connection(Protocol):
    """An open connection, with `?` or `:name` in statements where values go in."""

    def execute(self, statement: str, values: Any = ...) -> Any:
        """Executes one statement. What it returns has `fetchone` and `fetchall`, and gives its rows."""
        ...

    def executemany(self, statement: str, values: Sequence[Sequence[Any]]) -> Any:
        """Executes one statement for each of these values."""
        ...


class Reading:
    """One consistent state of a store, for queries of other kinds.

    The tables are `store`, `versions` and `live`. Beside what SQLite and PostgreSQL share, a query may use
    `may_see(access, :labels)`, true where the labels are NULL, `casefolded(title, source)`, and `values_of(:list)`, a
    table of the `key` and `value` of a list in JSON.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def select(self, query: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a query, with the values of its `:names`."""
        rows: list[tuple[Any, ...]] = self._connection.execute(query, values or {}).fetchall()
        return rows


class NoDocumentsError(RunFolderError):
    """There is no store where one is read: to make an empty one would hide that the documents are lost."""


class SqlStore(ABC):
    """The documents in three tables. Knows the statements; a subclass knows the database.

    Threads can share a store. What stays open between calls holds nobody up, and goes with the store.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None:
        """Gives back what the store holds. It may be used again."""

    @property
    @abstractmethod
    def where(self) -> str:
        """The place of the documents, for messages."""

    @property
    @abstractmethod
    def folder(self) -> Path | None:
        """The folder that one process at a time may change. None where nothing of the documents is in a folder."""

    @property
    @abstractmethod
    def is_shared(self) -> bool:
        """Whether others change the documents too, without this folder."""

    @abstractmethod
    def _reading(self) -> AbstractContextManager[Any]:
        """A connection that sees one consistent state of the store."""

    @abstractmethod
    def _writing(self) -> AbstractContextManager[Any]:
        """A connection in a transaction that is alone with the documents. It is committed at the end of the block and
        rolled back on an error.
        """

    @property
    @abstractmethod
    def _duplicate(self) -> type[Exception]:
        """What the database raises for a second row with the same source."""

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """One consistent state of the store, for queries of other kinds."""
        with self._reading() as connection:
            yield Reading(connection)

    @property
    def version(self) -> int:
        """The number of calls that changed something. 0 for a new store."""
        with self._reading() as connection:
            return _version(connection)

    @property
    def identity(self) -> str:
        """A random name set when the store was created. Versions of stores with different identities are unrelated."""
        with self._reading() as connection:
            return str(connection.execute("SELECT identity FROM store").fetchone()[0])

    def replace_all(self, documents: Iterable[Document]) -> StoredChanges:
        """Makes the store hold exactly these documents. All others are deleted.

        Raises InputError if two documents have the same id or source.
        """
        return self._write(list(documents), replace=True)

    def upsert(self, documents: Iterable[Document]) -> StoredChanges:
        """Adds these documents, or replaces those with the same id. The other documents stay.

        Raises InputError if two documents with different ids have the same source, or two the same id.
        """
        return self._write(list(documents), replace=False)

    def delete(self, ids: Iterable[str]) -> StoredChanges:
        """Deletes the documents with these ids. Unknown ids are ignored. Texts stay in the history for a time."""
        wanted = list(dict.fromkeys(ids))
        with self._writing() as connection:
            live = _hashes(connection, wanted)
            gone = [document_id for document_id in wanted if document_id in live]
            return self._record(connection, [], [], gone, _n_live(connection) - len(gone))

    def change(self, documents: Iterable[Document], deleted: Iterable[str]) -> StoredChanges:
        """`upsert` and `delete` as one change. A document that is given in both is added or replaced.

        `unchanged` counts the given documents that the store has already. Raises InputError as `upsert`.
        """
        given = list(documents)
        return self._write(given, replace=False, deleted=list(dict.fromkeys(deleted)))

    def erase(self, document_id: str) -> int:
        """Drops the texts that are kept of a document that was deleted, or of its earlier versions; gives how many."""
        with self._writing() as connection:
            return erase_texts(connection, document_id)

    def documents(self) -> Iterator[Document]:
        """The documents at the time of the call, ordered by source. The store may be changed during the iteration.

        If so much changes meanwhile that a text is no longer kept, its document comes as it is now, or not at all.
        """
        with self._reading() as connection:
            keys = connection.execute("SELECT id, version FROM live ORDER BY source").fetchall()
        for start in range(0, len(keys), _BATCH):
            batch = keys[start : start + _BATCH]
            marks = ", ".join(["(?, ?)"] * len(batch))
            query = f"SELECT {DOCUMENT} FROM versions v WHERE (v.id, v.version) IN (VALUES {marks}) ORDER BY v.source"
            with self._reading() as connection:
                rows = connection.execute(query, [value for key in batch for value in key]).fetchall()
            for row in rows:
                document = document_of(row) if row[1] is not None else self.get(row[0])
                if document is not None:
                    yield document

    def get(self, document_id: str) -> Document | None:
        """The document with this id. None if it does not exist or is deleted."""
        return self._one("l.id = ?", document_id)

    def get_by_source(self, source: str) -> Document | None:
        """The document with this source. None if it does not exist or is deleted."""
        return self._one("l.source = ?", source)

    def history(self, document_id: str) -> list[StoredVersion]:
        """Every version of a document, oldest first, including deletions. Empty for an unknown id.

        Old versions whose text is no longer kept (`corpus.old_versions`) have no document, as deletions have none.
        """
        query = f"SELECT v.version, v.kind, v.recorded_at, {DOCUMENT} FROM versions v WHERE id = ? ORDER BY version"
        with self._reading() as connection:
            rows = connection.execute(query, (document_id,)).fetchall()
        return [
            StoredVersion(
                version=version,
                kind=kind,
                recorded_at=recorded_at,
                document=None if row[1] is None else document_of(row),
            )
            for version, kind, recorded_at, *row in rows
        ]

    def changes_since(self, version: int, stamp: str = "") -> StoredChanges:
        """The differences between that version and now. A change that was reverted does not count.

        Raises ForgottenError for a version that this store has not reached, or whose `stamp` is another one here, since
        an older copy of the store was put back; and for one before a deletion that is no longer kept
        (`corpus.old_versions`).
        """
        with self._reading() as connection:
            now = _version(connection)
            if not 0 <= version <= now or (stamp and (_stamp(connection, version) or stamp) != stamp):
                raise ForgottenError(
                    f"{self.where} is at version {now} and has never had version {version} that this was built from.",
                    "build it again from the documents",
                )
            forgotten = int(connection.execute(f"SELECT {FORGOTTEN_UNTIL}").fetchone()[0])
            if 0 < version < forgotten:  # at version 0 there was nothing that could be deleted
                raise ForgottenError(
                    f"{self.where} no longer knows all documents that were deleted since version {version}: "
                    f"it does since version {forgotten}.",
                    "delete what was built from that version, and build it again from the documents",
                )
            touched, stamp = connection.execute(_TOUCHED, (version, version)).fetchall(), _stamp(connection, now)
            n_live = _n_live(connection)
        added = tuple(i for i, before, after in touched if after and not before)
        updated = tuple(i for i, before, after in touched if after and before and after != before)
        deleted = tuple(i for i, before, after in touched if before and not after)
        return StoredChanges(
            added=added,
            updated=updated,
            deleted=deleted,
            unchanged=n_live - len(added) - len(updated),
            version=now,
            stamp=stamp,
        )

    def _one(self, condition: str, value: str) -> Document | None:
        query = f"SELECT {DOCUMENT} FROM live l JOIN versions v USING (id, version) WHERE {condition}"
        with self._reading() as connection:
            row = connection.execute(query, (value,)).fetchone()
        return document_of(row) if row else None

    def _write(self, documents: Sequence[Document], replace: bool, deleted: Sequence[str] = ()) -> StoredChanges:
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
        connection: Connection,
        added: Sequence[tuple[Document, str]],
        updated: Sequence[tuple[Document, str]],
        deleted: Sequence[str],
        unchanged: int,
    ) -> StoredChanges:
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
            forget_old_versions(connection, version, len(updated) + len(deleted))
        return StoredChanges(
            added=tuple(document.id for document, _ in added),
            deleted=tuple(deleted),
            updated=tuple(document.id for document, _ in updated),
            unchanged=unchanged,
            version=version,
        )

    def _insert(
        self, connection: Connection, version: int, at: str, changed: Sequence[tuple[str, Document, str]]
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
        except self._duplicate as error:
            raise InputError(
                "Two documents with different ids have the same source.",
                "give each document its own source, or delete the other one first",
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


def _hashes(connection: Connection, ids: Sequence[str] | None) -> dict[str, str]:
    """The content hash of each live document by id: of these ids, or of all documents if `ids` is None."""
    if ids is None:
        return dict(connection.execute("SELECT id, hash FROM live"))
    hashes: dict[str, str] = {}
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        marks = ", ".join("?" * len(batch))
        hashes.update(connection.execute(f"SELECT id, hash FROM live WHERE id IN ({marks})", batch))
    return hashes


def _n_live(connection: Connection) -> int:
    return int(connection.execute("SELECT COUNT(*) FROM live").fetchone()[0])


def _columns(document: Document) -> tuple[str | None, ...]:
    """The values that `document_of` reads back, without the id."""
    plain = document.model_dump(mode="json")
    return (
        document.source,
        document.title,
        document.text,
        plain["updated_at"],
        json.dumps(plain["access"]),
        json.dumps(plain["meta"]),
    )


def _version(connection: Connection) -> int:
    return int(connection.execute("SELECT version FROM store").fetchone()[0])


def _stamp(connection: Connection, version: int) -> str:
    """When a version was recorded; empty if nothing of it is kept."""
    query = "SELECT max(recorded_at) FROM versions WHERE version = ?"
    return connection.execute(query, (version,)).fetchone()[0] or ""


def document_of(row: Sequence[str]) -> Document:
    """The document of a row of `DOCUMENT`."""
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
