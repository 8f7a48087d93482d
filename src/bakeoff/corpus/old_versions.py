"""What a store keeps of old versions, so that documents that change each day do not make it grow for ever.

Of the texts as many as there are documents, those that were replaced or deleted last. Of the versions without a text as
many again; of earlier ones those that changed who might see a document. Others are merged into the version before
them, so that the labels as of any version stay what they were. Of documents that were deleted and have no text left, as
many versions again; those that were deleted first are forgotten whole, and marks say up to which version that may be.
Takes a connection in a transaction.
"""

from collections.abc import Sequence
from typing import Any

LEAST_TEXTS, LEAST_VERSIONS = 100, 500
"""So many old texts, and old versions without a text, are kept of a store with fewer documents."""
MERGED = "merged"
"""The hash of a version that stands for later ones too. No document has it, so each counts as changed since then."""
FORGOTTEN = "\x01forgotten"
"""The id of the mark. Its version is that of the last deletion which was forgotten. No document has this id."""
FORGOTTEN_UNTIL = f"(SELECT COALESCE(MAX(version), 0) FROM versions WHERE id = '{FORGOTTEN}')"
"""That version in a query; 0 if nothing was forgotten."""
LABELLED = "\x01forgotten with labels"
"""The id of a second mark. Its version is that of the last forgotten deletion of a document that ever had labels."""
LABELLED_UNTIL = f"(SELECT COALESCE(MAX(version), 0) FROM versions WHERE id = '{LABELLED}')"
ERASED = "\x01forgotten and erased"
"""The id of a third mark. Its version is that of the last forgotten deletion of a document that was erased."""
ERASED_UNTIL = f"(SELECT COALESCE(MAX(version), 0) FROM versions WHERE id = '{ERASED}')"
_MARKS = (FORGOTTEN, LABELLED, ERASED)
KEPT_CHANGES = 4
"""Deletions of so many of the newest changes are never forgotten: indexes have yet to learn of them."""
_ALL = 2**31
_SLACK = 1.25
"""Either limit may be passed by a quarter, so that old versions are seldom looked for."""
LOOKED_FOR_EVERY = 16
"""After so many versions it is counted again, and after each change of at least as many documents."""
_STAY = ("id", "version", "kind", "recorded_at", "hash", "source", "title", "access")
"""The columns that stay of an old version."""
_OLD = f"""
SELECT {", ".join(f"v.{name}" for name in _STAY)}
FROM versions AS v LEFT JOIN live AS l ON l.id = v.id AND l.version = v.version
WHERE l.id IS NULL AND {{which}}
ORDER BY (SELECT MIN(n.version) FROM versions AS n WHERE n.id = v.id AND n.version > v.version), v.id LIMIT ?
"""
_UNTITLED = """
UPDATE versions SET title = '' WHERE id = ? AND title <> ''
AND version NOT IN (SELECT version FROM live WHERE id = ?)
"""
_WITHOUT_TEXT = """
SELECT v.id, v.version, v.kind, v.access,
       (SELECT MAX(b.version) FROM versions AS b WHERE b.id = v.id AND b.version < v.version)
FROM versions AS v
WHERE v.text IS NULL AND EXISTS (SELECT 1 FROM versions AS n WHERE n.id = v.id AND n.version > v.version)
ORDER BY v.id, v.version
"""
_GONE = """
SELECT v.id, MAX(v.version), COUNT(*), MAX(CASE WHEN COALESCE(v.access, '[]') = '[]' THEN 0 ELSE 1 END),
       MAX(CASE WHEN v.kind <> 'deleted' AND v.title = '' THEN 1 ELSE 0 END)
FROM versions AS v LEFT JOIN live AS l ON l.id = v.id
WHERE l.id IS NULL AND v.id NOT IN (?, ?, ?) GROUP BY v.id HAVING COUNT(v.text) = 0 ORDER BY MAX(v.version) DESC, v.id
"""


def forget_old_versions(connection: Any, version: int, n_changed: int) -> None:
    """Drops the texts that were replaced first, and merges the oldest versions, if there are too many of either."""
    if version % LOOKED_FOR_EVERY and n_changed < LOOKED_FOR_EVERY:
        return
    n_live = _count(connection, "live")
    n_texts, n_kept = _count(connection, "versions WHERE text IS NOT NULL") - n_live, max(n_live, LEAST_TEXTS)
    if n_texts > n_kept * _SLACK:
        gone = connection.execute(_OLD.format(which="v.text IS NOT NULL"), (n_texts - n_kept,)).fetchall()
        _leave_without_text(connection, gone)
    most = max(n_live, LEAST_VERSIONS)
    _forget_deleted(connection, version, most)
    if _count(connection, "versions WHERE text IS NULL") > most * _SLACK:
        _merge(connection, most)


def erase_texts(connection: Any, document_id: str) -> int:
    """Drops the texts and titles of all versions of a document but the one that is live; gives how many had a text."""
    rows = connection.execute(_OLD.format(which="v.text IS NOT NULL AND v.id = ?"), (document_id, _ALL)).fetchall()
    _leave_without_text(connection, rows)
    connection.execute(_UNTITLED, (document_id, document_id))
    return len(rows)


def _forget_deleted(connection: Any, version: int, most: int) -> None:
    """Leaves so many versions of documents that were deleted and have no text, if there are too many."""
    rows = connection.execute(_GONE, _MARKS).fetchall()
    if sum(row[2] for row in rows) <= most * _SLACK:
        return
    kept, gone = 0, []
    for row in rows:
        kept += row[2]
        if kept > most and row[1] <= version - KEPT_CHANGES:
            gone.append(row)
    connection.executemany("DELETE FROM versions WHERE id = ?", [(row[0],) for row in gone])
    # The newest goes first, so no mark that was there is newer.
    _mark(connection, FORGOTTEN, next((row[1] for row in gone), None))
    _mark(connection, LABELLED, next((row[1] for row in gone if row[3]), None))
    _mark(connection, ERASED, next((row[1] for row in gone if row[4]), None))


def _mark(connection: Any, id: str, version: int | None) -> None:
    """Sets a mark at this version, if there is one, in place of the one that is there."""
    if version is not None:
        connection.execute("DELETE FROM versions WHERE id = ?", (id,))
        mark = "INSERT INTO versions (id, version, kind, recorded_at) VALUES (?, ?, 'deleted', '')"
        connection.execute(mark, (id, version))


def _merge(connection: Any, most: int) -> None:
    """Leaves so many versions without a text, and before them the first of each that have the same labels in a row."""
    rows = connection.execute(_WITHOUT_TEXT).fetchall()
    if len(rows) <= most:
        return
    kept_from = sorted(row[1] for row in rows)[len(rows) - most]
    gone: list[tuple[str, int]] = []
    stand_for_more = dict[tuple[str, int], None]()
    first: tuple[str, int] = ("", 0)
    labels, last = None, ("", 0)
    for id, version, kind, access, before in rows:
        follows = last == (id, before)  # else a version that has its text is between them
        last = (id, version)
        if follows and version < kept_from and (kind == "deleted" or access == labels):
            gone.append(last)
            stand_for_more[first] = None
        elif not follows or kind != "deleted":
            first, labels = last, access
    connection.executemany("DELETE FROM versions WHERE id = ? AND version = ?", gone)
    marks = [(MERGED, *key) for key in stand_for_more]
    connection.executemany("UPDATE versions SET hash = ? WHERE id = ? AND version = ?", marks)


def _leave_without_text(connection: Any, gone: Sequence[Sequence[Any]]) -> None:
    # An update would leave its place in SQLite's file empty: a page for each row that is left of a text.
    connection.executemany("DELETE FROM versions WHERE id = ? AND version = ?", [row[:2] for row in gone])
    marks = ", ".join("?" * len(_STAY))
    connection.executemany(f"INSERT INTO versions ({', '.join(_STAY)}) VALUES ({marks})", gone)


def _count(connection: Any, table: str) -> int:
    return int(connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])
