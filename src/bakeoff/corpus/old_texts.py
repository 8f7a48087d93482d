"""Which texts of old versions a store keeps: as many as it has documents, those that were replaced or deleted last.

Takes a connection in a transaction. What changed when, and who might see it, is kept of every version: only texts and
their details go. Without a limit, a store of documents that change each day would grow for ever.
"""

from collections.abc import Sequence
from typing import Any

LEAST_KEPT = 100
"""So many old texts are kept of a store with fewer documents."""
_ALL = 2**31
_SLACK = 1.25
"""The limit may be passed by a quarter, so that old texts are seldom looked for."""
LOOKED_FOR_EVERY = 16
"""After so many versions it is counted again, and after each change of at least as many documents."""
_STAY = ("id", "version", "kind", "recorded_at", "hash", "source", "title", "access")
"""The columns that stay of an old version."""
_OLD = f"""
SELECT {", ".join(f"v.{name}" for name in _STAY)}
FROM versions AS v LEFT JOIN live AS l ON l.id = v.id AND l.version = v.version
WHERE v.text IS NOT NULL AND l.id IS NULL {{which}}
ORDER BY (SELECT MIN(n.version) FROM versions AS n WHERE n.id = v.id AND n.version > v.version), v.id LIMIT ?
"""


def drop_old_texts(connection: Any, version: int, n_changed: int) -> None:
    """Drops the texts that were replaced first, if there are too many after this change."""
    if version % LOOKED_FOR_EVERY and n_changed < LOOKED_FOR_EVERY:
        return
    n_live = int(connection.execute("SELECT COUNT(*) FROM live").fetchone()[0])
    n_texts = int(connection.execute("SELECT COUNT(*) FROM versions WHERE text IS NOT NULL").fetchone()[0])
    n_old, n_kept = n_texts - n_live, max(n_live, LEAST_KEPT)
    if n_old <= n_kept * _SLACK:
        return
    _leave_without_text(connection, connection.execute(_OLD.format(which=""), (n_old - n_kept,)).fetchall())


def erase_texts(connection: Any, document_id: str) -> int:
    """Drops the texts and titles of all versions of a document but the one that is live; gives how many had a text."""
    rows = connection.execute(_OLD.format(which="AND v.id = ?"), (document_id, _ALL)).fetchall()
    title = _STAY.index("title")
    _leave_without_text(connection, [(*row[:title], "", *row[title + 1 :]) for row in rows])
    return len(rows)


def _leave_without_text(connection: Any, gone: Sequence[Sequence[Any]]) -> None:
    # An update would leave its place in SQLite's file empty: a page for each row that is left of a text.
    connection.executemany("DELETE FROM versions WHERE id = ? AND version = ?", [row[:2] for row in gone])
    marks = ", ".join("?" * len(_STAY))
    connection.executemany(f"INSERT INTO versions ({', '.join(_STAY)}) VALUES ({marks})", gone)
