"""The ranking of a query by vectors in the tables of an index, behind a filter.

Takes a connection that sees one state, gives numbers of chunks with cosines. Knows no text and no model.

Vectors are compared one by one where the filter leaves few. Elsewhere pgvector's HNSW index finds candidates in half
precision, and looks further where the filter hides too many of them (iterative scan, pgvector 0.8). How much an HNSW
index finds depends on the vectors and the queries, so some searches compare all to check it.
"""

import logging
from typing import Any, NamedTuple

import numpy as np

from bakeoff.retrieval.postgres import ranking
from bakeoff.retrieval.postgres.ranking import Seen, best_rows
from bakeoff.retrieval.postgres.tables import LONGEST, LONGEST_HALF, Tables, from_binary, settings

HNSW = "vectors_{i}_hnsw"
OVERSAMPLED = 3
"""So many times the hits that are wanted are taken from the HNSW index and compared again exactly."""
FEWEST_CANDIDATES, MOST_CANDIDATES = 300, 1_000
"""Of `hnsw.ef_search`. With fewer, the best ten are not found surely."""
SCANNED = 200_000
"""So many rows an iterative scan looks at (`hnsw.max_scan_tuples`)."""
CHECKED_FIRST, CHECKED_THEN = 8, 100
"""The first searches by the HNSW index are checked, and then each of so many."""
LEAST_RECALL = 0.99
CHECKED_HITS = 10
_EXACT = """
SELECT n, vector <#> %(vector)s::vector AS far FROM vectors_{i} AS c WHERE {seen} ORDER BY far {limit}
"""
_NEAR = """
SELECT n, {by} <#> %(vector)s::{kind} AS far FROM vectors_{i} AS c WHERE {seen} ORDER BY {by} <#> %(vector)s::{kind}
LIMIT {depth}
"""
_VECTORS = "SELECT n, vector FROM vectors_{i} WHERE n = ANY(%s)"

_log = logging.getLogger(__name__)
Ranked = tuple[np.ndarray, np.ndarray]
"""Numbers of chunks in no order, and their cosines in double precision."""


class Vectors(NamedTuple):
    """What this version of pgvector can do: vectors of half precision (0.7), and an iterative scan (0.8)."""

    has_halves: bool
    has_iterative: bool

    @classmethod
    def of(cls, connection: Any) -> "Vectors":
        (version,) = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'").fetchone()
        numbers = tuple(int(part) for part in version.split(".")[:2])
        return cls(numbers >= (0, 7), numbers >= (0, 8))

    def kind(self, dimension: int) -> str:
        """The type that an HNSW index compares."""
        return f"halfvec({dimension})" if self.has_halves else f"vector({dimension})"

    def can_index(self, dimension: int) -> bool:
        """Whether an HNSW index can hold vectors of so many numbers."""
        return dimension <= (LONGEST_HALF if self.has_halves else LONGEST)


class Nearest:
    """Searches by vectors. One object for all searches of an index: it remembers how much the HNSW index has found."""

    def __init__(self) -> None:
        self._n_searches = self._n_found = self._n_wanted = 0

    @property
    def is_trusted(self) -> bool:
        """Whether the HNSW index has found at least 99 % of the best ten in the searches that were checked."""
        return self._n_found >= LEAST_RECALL * self._n_wanted

    def best(self, connection: Any, tables: Tables, vector: np.ndarray, depth: int, seen: Seen) -> Ranked:
        """The best `depth` chunks or more."""
        vectors = Vectors.of(connection) if self._may_use_hnsw(depth, seen) and has_hnsw(connection, tables) else None
        if vectors is None or (seen.condition and not vectors.has_iterative):
            return _all_compared(connection, tables, vector, depth, seen)
        found = _by_hnsw(connection, tables, vector, depth, seen, vectors)
        self._n_searches += 1
        is_checked = self._n_searches <= CHECKED_FIRST or self._n_searches % CHECKED_THEN == 0
        if len(found[0]) >= min(depth, seen.n) and not is_checked:
            return found
        exact = _all_compared(connection, tables, vector, depth, seen)
        self._note(exact, found)
        return exact

    def _may_use_hnsw(self, depth: int, seen: Seen) -> bool:
        return self.is_trusted and seen.n > ranking.EXACT_AT_MOST and depth * OVERSAMPLED <= MOST_CANDIDATES

    def _note(self, exact: Ranked, found: Ranked) -> None:
        """Counts which of the best ten were found."""
        best = exact[0][np.argsort(-exact[1], kind="stable")[:CHECKED_HITS]]
        self._n_wanted += len(best)
        self._n_found += len(np.intersect1d(best, found[0]))
        if not self.is_trusted:
            _log.warning(
                "The HNSW index found %d of the %d nearest chunks of the searches that were checked. From now on all "
                "vectors are compared, which is exact and slower.",
                self._n_found,
                self._n_wanted,
            )


def _all_compared(connection: Any, tables: Tables, vector: np.ndarray, depth: int, seen: Seen) -> Ranked:
    """The best, by comparing every vector that the filter lets see."""
    statement = _EXACT.replace("{seen}", seen.condition or "true")
    with settings(connection, enable_indexscan="off"):
        rows = best_rows(connection, tables, statement, {"vector": _text(vector), **seen.values}, depth)
    return _scored(connection, tables, vector, rows)


def _by_hnsw(connection: Any, tables: Tables, vector: np.ndarray, depth: int, seen: Seen, vectors: Vectors) -> Ranked:
    """Those that the HNSW index finds."""
    kind, most = vectors.kind(tables.dimension), max(FEWEST_CANDIDATES, depth * OVERSAMPLED)
    by = f"(c.vector::{kind})" if vectors.has_halves else "c.vector"
    statement = _NEAR.replace("{seen}", seen.condition or "true").replace("{by}", by).replace("{kind}", kind)
    chosen = {"enable_seqscan": "off", "enable_sort": "off", "hnsw.ef_search": str(most)}
    if vectors.has_iterative:
        chosen |= {"hnsw.iterative_scan": "relaxed_order", "hnsw.max_scan_tuples": str(SCANNED)}
    values = {"vector": _text(vector), **seen.values}
    with settings(connection, **chosen):
        rows = connection.execute(tables.sql(statement.replace("{depth}", str(most))), values).fetchall()
    return _scored(connection, tables, vector, rows)


def _scored(connection: Any, tables: Tables, vector: np.ndarray, near: list[tuple[int, float]]) -> Ranked:
    """These chunks with their cosines, from the whole vectors: a server rounds the sum of each as it likes."""
    with connection.cursor(binary=True) as cursor:
        rows = cursor.execute(tables.sql(_VECTORS), [[n for n, _ in near]]).fetchall()
    cosines = (from_binary((found for _, found in rows), tables.dimension) * vector.astype(np.float64)).sum(axis=1)
    return np.array([n for n, _ in rows], np.int64), cosines


def _text(vector: np.ndarray) -> str:
    return "[" + ",".join(map(repr, vector.tolist())) + "]"


def has_hnsw(connection: Any, tables: Tables) -> bool:
    """Whether there is a whole HNSW index."""
    query = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)"
    row = connection.execute(query, [tables.sql(HNSW)]).fetchone()
    return bool(row and row[0])
