"""What a reader may see of a store: lists, changes, and documents as of any version, by their access labels.

A reader with labels sees documents without labels and documents with at least one of its own. An old version is visible
only if its own labels and those of the newest version allow it, so hiding a document hides its past too; what was
hidden then stays hidden. Takes a store, gives records. Changes nothing and knows nothing about HTTP.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal

from bakeoff.corpus.access import may_see
from bakeoff.corpus.old_versions import ERASED_UNTIL, FORGOTTEN, FORGOTTEN_UNTIL, LABELLED_UNTIL
from bakeoff.protocols import DocumentStore
from bakeoff.records import Document, Labels, Record

Kind = Literal["added", "updated", "deleted"]
Cited = tuple[str, int | None]
"""The id of a document and the version of the store in which it was cited; None: not known."""

_LISTED = """
SELECT v.id, v.title, v.source, COALESCE(v.updated_at, v.recorded_at), v.version, v.access, LENGTH(v.text), v.hash
FROM live AS l JOIN versions AS v USING (id, version)
WHERE l.source > :after
  AND may_see(v.access, :labels) AND (:query = '' OR casefolded(v.title, v.source) LIKE :query ESCAPE '!')
ORDER BY l.source LIMIT :limit
"""
_CHANGED = """
SELECT v.version, v.kind, v.id, shown.title, shown.source, v.recorded_at
FROM versions AS v
JOIN versions AS shown ON shown.id = v.id AND shown.version =
  (SELECT MAX(version) FROM versions WHERE id = v.id AND version <= v.version AND kind <> 'deleted')
JOIN versions AS newest ON newest.id = v.id AND newest.version =
  (SELECT MAX(version) FROM versions WHERE id = v.id AND kind <> 'deleted')
WHERE may_see(shown.access, :labels) AND may_see(newest.access, :labels)
ORDER BY v.version DESC, v.id LIMIT :n
"""
_AS_OF = """
SELECT v.id, v.title, v.source, COALESCE(v.updated_at, v.recorded_at), v.version, v.access, v.text, l.version,
       newest.kind
FROM versions AS v
JOIN versions AS newest ON newest.id = v.id AND newest.version = (SELECT MAX(version) FROM versions WHERE id = v.id)
JOIN versions AS labelled ON labelled.id = v.id AND labelled.version =
  (SELECT MAX(version) FROM versions WHERE id = v.id AND kind <> 'deleted')
LEFT JOIN live AS l ON l.id = v.id
WHERE v.id = :id AND v.version =
  (SELECT MAX(version) FROM versions WHERE id = :id AND version <= :version AND kind <> 'deleted')
  AND v.text IS NOT NULL AND may_see(v.access, :labels) AND may_see(labelled.access, :labels)
"""
_FORGOTTEN = f"""{FORGOTTEN_UNTIL} > 0 AND c.version IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM versions WHERE id = c.id AND version <= c.version AND kind <> 'deleted')"""
"""Whether nobody may know any more what a document was at a version, and who might see it."""
_HIDDEN = f"""
WITH cited AS (
  SELECT i.value AS id, CAST(n.value AS BIGINT) AS version FROM values_of(:ids) AS i JOIN values_of(:versions) AS n
  ON i.key = n.key
)
SELECT c.id, c.version FROM cited AS c
WHERE NOT EXISTS (SELECT 1 FROM versions AS v WHERE v.id = c.id AND may_see(v.access, :labels) AND v.version =
  (SELECT MAX(version) FROM versions WHERE id = c.id AND kind <> 'deleted'))
OR EXISTS (SELECT 1 FROM versions AS v WHERE v.id = c.id AND NOT may_see(v.access, :labels) AND v.version =
  (SELECT MAX(version) FROM versions WHERE id = c.id AND version <= c.version AND kind <> 'deleted'))
OR {_FORGOTTEN}
"""
_UNTITLED = "v.text IS NULL AND v.title = ''"
_GONE = "v.kind <> 'deleted' AND v.text IS NULL AND (v.title = '' OR newest.kind = 'deleted')"
"""Whether a version was erased. An old version that lost its text only to make room has its title."""
_NEWEST_OF = """JOIN versions AS newest ON newest.id = v.id
AND newest.version = (SELECT MAX(version) FROM versions WHERE id = v.id)"""
_ERASED = f"""
WITH cited AS (
  SELECT i.value AS id, CAST(n.value AS BIGINT) AS version FROM values_of(:ids) AS i JOIN values_of(:versions) AS n
  ON i.key = n.key
)
SELECT c.id, c.version FROM cited AS c
JOIN versions AS v ON v.id = c.id AND v.version =
  (SELECT MAX(version) FROM versions WHERE id = c.id AND version <= c.version AND kind <> 'deleted')
{_NEWEST_OF} WHERE {_GONE}
UNION SELECT c.id, c.version FROM cited AS c WHERE {_FORGOTTEN}
"""
_ERASED_WHEN = f"""
SELECT MIN(v.version), MAX(newest.version), {FORGOTTEN_UNTIL} FROM versions AS v {_NEWEST_OF} WHERE {_GONE}
"""
_FIRST_RESTRICTED = "SELECT MIN(version) FROM versions WHERE kind <> 'deleted' AND NOT may_see(access, '[]')"
_IDS_OF = "SELECT DISTINCT source, id FROM versions WHERE source IN (SELECT value FROM values_of(:sources))"
_NARROWED = f"""
SELECT MAX(version), {LABELLED_UNTIL}, {ERASED_UNTIL} FROM (
  SELECT version, may_see(access, :labels) AS is_seen,
         LAG(may_see(access, :labels)) OVER (PARTITION BY id ORDER BY version) AS was_seen
  FROM versions
  WHERE kind <> 'deleted' AND id IN (SELECT id FROM versions GROUP BY id HAVING COUNT(*) > 1)
  UNION ALL
  SELECT (SELECT MIN(version) FROM versions WHERE id = v.id AND version > v.version), 1 = 0, 1 = 1
  FROM versions AS v WHERE v.kind <> 'deleted' AND {_UNTITLED} AND may_see(v.access, :labels)
) AS seen WHERE was_seen AND NOT is_seen
"""


_SAME_TEXT = """
SELECT v.title, v.text, v.source FROM live AS l JOIN versions AS v USING (id, version)
WHERE v.title IN (SELECT value FROM values_of(:titles)) AND v.text IN (SELECT value FROM values_of(:texts))
  AND v.id NOT IN (SELECT value FROM values_of(:ids)) AND may_see(v.access, :labels)
ORDER BY v.source DESC
"""
_N_COPIED = """
SELECT COUNT(*) FROM versions AS v
JOIN versions AS newest ON newest.id = v.id AND newest.version =
  (SELECT MAX(version) FROM versions WHERE id = v.id AND kind <> 'deleted')
WHERE v.version = 1 AND may_see(v.access, :labels) AND may_see(newest.access, :labels)
"""
MOST_ALIKE = 10
"""At most so many files of one name are named."""


class Listed(Record):
    """One document in a list. `sha256` is the hash of its contents (`store.content_hash`)."""

    id: str
    title: str
    source: str
    updated_at: datetime
    version: int
    labels: tuple[str, ...]
    n_characters: int
    sha256: str


class Listing(Record):
    """Documents by source. `next` is where the next page begins, None after the last one."""

    documents: tuple[Listed, ...]
    version: int
    next: str | None


class Change(Record):
    """One change. A deletion shows the title and source that the document had."""

    version: int
    kind: Kind
    id: str
    title: str
    source: str
    at: datetime


class Shown(Record):
    """A document as it was at a version. `state` says whether it is still so."""

    id: str
    title: str
    source: str
    updated_at: datetime
    version: int
    labels: tuple[str, ...]
    text: str
    state: Literal["current", "replaced", "deleted"]


class Views:
    """What of a store can be seen with some labels; None sees everything. Reading never waits for writing in memory."""

    def __init__(self, store: DocumentStore) -> None:
        self._store = store

    def listing(self, labels: Labels, after: str = "", limit: int = 100, query: str = "") -> Listing:
        """Documents after this source whose title or source contains the query, in any case."""
        values = {"after": after, "labels": _json(labels), "query": _pattern(query), "limit": limit + 1}
        with self._store.reading() as state:
            rows = state.select(_LISTED, values)
            version = int(state.select("SELECT version FROM store")[0][0])
        listed = tuple(_listed(row) for row in rows[:limit])
        return Listing(documents=listed, version=version, next=listed[-1].source if len(rows) > limit else None)

    def changes(self, labels: Labels, n: int) -> tuple[Change, ...]:
        """The newest n changes, newest first."""
        rows = self._rows(_CHANGED, {"labels": _json(labels), "n": n})
        return tuple(
            Change(version=version, kind=kind, id=id, title=title, source=source, at=datetime.fromisoformat(at))
            for version, kind, id, title, source, at in rows
        )

    def n_copied(self, labels: Labels) -> int:
        """How many documents the first version has, which is the copy of the run's."""
        return int(self._rows(_N_COPIED, {"labels": _json(labels)})[0][0])

    def alike(self, paths: Iterable[str], labels: Labels) -> dict[str, list[str]]:
        """For each path of a file that is not in use itself: the files in use in other folders that have its name."""
        names = {path: path.rpartition("/")[2] for path in paths}
        in_use: dict[str, dict[str, str]] = {name: {} for name in names.values()}
        for (source,) in self._rows("SELECT source FROM live ORDER BY source", {}):
            file = source.partition("#")[0]
            if (name := file.rpartition("/")[2]) in in_use:
                in_use[name].setdefault(file, source)
        found = {path: in_use[name] for path, name in names.items() if in_use[name] and path not in in_use[name]}
        seen = {
            path: [file for file, source in files.items() if self._is_seen(source, labels)]
            for path, files in found.items()
        }
        return {path: files[:MOST_ALIKE] for path, files in seen.items() if files}

    def _is_seen(self, source: str, labels: Labels) -> bool:
        document = self._store.get_by_source(source)
        return document is not None and may_see(labels, document.access)

    def same_text(self, documents: Sequence[Document], labels: Labels) -> dict[str, str]:
        """For each document, by its id, whose title and text another one has, too: the source of the first such one."""
        given = {
            "ids": json.dumps([document.id for document in documents]),
            "titles": json.dumps([document.title for document in documents]),
            "texts": json.dumps([document.text for document in documents]),
        }
        rows = self._rows(_SAME_TEXT, {**given, "labels": _json(labels)}) if documents else ()
        sources = {(title, text): source for title, text, source in rows}
        same = {document.id: sources.get((document.title, document.text)) for document in documents}
        return {id: source for id, source in same.items() if source is not None}

    def as_of(self, id: str, labels: Labels, version: int | None = None) -> Shown | None:
        """The document at a version of the store, or as it is now. None if there is none, or it may not be seen, or its
        text is no longer kept.

        A version at which it was deleted shows what was deleted: an answer may have been made a moment earlier.
        """
        values = {"id": id, "labels": _json(labels), "version": _NEWEST if version is None else version}
        rows = self._rows(_AS_OF, values)
        if not rows or (version is None and rows[0][8] == "deleted"):
            return None
        id, title, source, updated_at, at, access, text, live, kind = rows[0]
        return Shown(
            id=id,
            title=title,
            source=source,
            updated_at=datetime.fromisoformat(updated_at),
            version=at,
            labels=tuple(json.loads(access)),
            text=text,
            state="deleted" if kind == "deleted" else "current" if live == at else "replaced",
        )

    def hidden(self, cited: Iterable[Cited], labels: Labels) -> set[Cited]:
        """Those of these documents, each as of a version, that may not be seen; also those that never existed.

        A deleted document is judged by the labels that it had last.
        """
        if labels is None:
            return set()
        asked = list(set(cited))
        ids, versions = [id for id, _ in asked], [version for _, version in asked]
        values = {"ids": json.dumps(ids), "versions": json.dumps(versions), "labels": _json(labels)}
        return {(id, version) for id, version in self._rows(_HIDDEN, values)}

    def erased(self, cited: Iterable[Cited]) -> set[Cited]:
        """Those of these documents, each as of a version, whose texts were erased, or that the store has forgotten."""
        asked = list(set(cited))
        versions = [_NEWEST if version is None else version for _, version in asked]
        values = {"ids": json.dumps([id for id, _ in asked]), "versions": json.dumps(versions)}
        gone = {(id, version) for id, version in self._rows(_ERASED, values)}
        return {one for one, version in zip(asked, versions, strict=True) if (one[0], version) in gone}

    def erased_when(self) -> range:
        """The versions in which a document may have been live that was erased, or forgotten, later."""
        first, last, forgotten = self._rows(_ERASED_WHEN, {})[0]
        if forgotten:
            return range(1, max(int(last or 0), int(forgotten)))
        return range(0) if first is None else range(int(first), int(last))

    def first_restricted(self) -> int | None:
        """The first version that has a document with labels. None if no version has one."""
        version = self._rows(_FIRST_RESTRICTED, {})[0][0]
        return None if version is None else int(version)

    def ids_of(self, sources: Iterable[str]) -> dict[str, set[str]]:
        """The ids of all documents that ever had each of these sources. If the store has forgotten documents, one that
        no document has stands for a source that it does not know.
        """
        asked = list(set(sources))
        forgotten = self._rows(f"SELECT {FORGOTTEN_UNTIL}", {})[0][0]
        found: dict[str, set[str]] = {source: {FORGOTTEN} for source in asked} if forgotten else {}
        for source, id in self._rows(_IDS_OF, {"sources": json.dumps(asked)}):
            found.setdefault(source, set()).add(id)
            found[source].discard(FORGOTTEN)
        return found

    def narrowed(self, labels: Labels) -> int:
        """The newest version at which a document was hidden, or erased, that could be seen until then. 0 if there is
        none. Not before the last deletion of one with labels, or of an erased one, that the store has forgotten.
        """
        version, labelled, erased = (int(one or 0) for one in self._rows(_NARROWED, {"labels": _json(labels)})[0])
        return max(version, erased, labelled if labels is not None else 0)

    def _rows(self, query: str, values: dict[str, Any]) -> Sequence[Sequence[Any]]:
        with self._store.reading() as state:
            return state.select(query, values)


_NEWEST = 2**63 - 1


def _json(labels: Labels) -> str | None:
    return None if labels is None else json.dumps(labels)


def _pattern(query: str) -> str:
    """The LIKE pattern for texts that contain the query."""
    escaped = query.casefold().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{escaped}%" if query else ""


def _listed(row: Sequence[Any]) -> Listed:
    id, title, source, updated_at, version, access, n_characters, sha256 = row
    return Listed(
        id=id,
        title=title,
        source=source,
        updated_at=datetime.fromisoformat(updated_at),
        version=version,
        labels=tuple(json.loads(access)),
        n_characters=n_characters,
        sha256=sha256,
    )
