"""The two rankings of one query in the tables of an index: by words and by vectors, behind a filter.

Takes a connection that sees one state, gives numbers of chunks with scores. Knows no text and no model.

Words are ranked by BM25 as the embedded index does it: the same words, the same formula, the same parameters. Vectors
are compared one by one where the filter leaves few; elsewhere pgvector's HNSW index finds candidates in half precision,
and looks further where the filter hides too many of them (iterative scan, pgvector 0.8).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bakeoff.retrieval.postgres.tables import LONGEST, LONGEST_HALF, State, Tables, from_binary, settings, term_of
from bakeoff.retrieval.searching import Filter

EXACT_AT_MOST = 20_000
"""As many vectors are compared one by one: a scan of the rows takes some milliseconds."""
HNSW = "vectors_{i}_hnsw"
OVERSAMPLED = 3
"""So many times the hits that are wanted are taken from the HNSW index and compared again exactly."""
MOST_CANDIDATES = 1_000
"""Of `hnsw.ef_search`."""
SCANNED = 200_000
"""So many rows an iterative scan looks at (`hnsw.max_scan_tuples`)."""
K1, B = 1.2, 0.75
# The words of a query choose few of many rows: the plan is known, and a server that was not asked to analyze its
# tables must not choose another one.
_BY_WORDS = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off"}
_BM25 = """
SELECT p.n, sum(q.idf * ({k1} + 1) * p.times / (p.times + {k1} * (1 - {b} + {b} * p.n_words / %(average)s))) AS score
FROM unnest(%(terms)s::bigint[], %(idf)s::float8[]) AS q (term, idf) JOIN postings_{i} AS p USING (term){join}
GROUP BY p.n ORDER BY score DESC {limit}
"""
_CHOSEN = " JOIN chunks_{i} AS c ON c.n = p.n AND {seen}"
_EXACT = """
SELECT n, vector <#> %(vector)s::vector AS far FROM vectors_{i} AS c WHERE {seen} ORDER BY far {limit}
"""
_NEAR = """
SELECT n, {by} <#> %(vector)s::{kind} AS far FROM vectors_{i} AS c WHERE {seen} ORDER BY {by} <#> %(vector)s::{kind}
LIMIT {depth}
"""
_VECTORS = "SELECT n, vector FROM vectors_{i} WHERE n = ANY(%s)"
_SPARE = 64
"""So many rows more than are wanted show whether the last ones are of equal score."""


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


class Seen(NamedTuple):
    """What a filter lets see: a condition on a row `c` with its values, and the number of chunks at most."""

    condition: str
    values: Mapping[str, Any]
    n: int


def seen_by(connection: Any, tables: Tables, where: Filter, n_chunks: int) -> Seen:
    """The condition of a filter. Sets of labels are few, so they are looked up once."""
    conditions: list[str] = []
    values: dict[str, Any] = {}
    n = n_chunks
    if where.access is not None:
        query = tables.sql("SELECT number, n FROM labels_{i} WHERE cardinality(access) = 0 OR access && %s::text[]")
        found = connection.execute(query, [list(where.access)]).fetchall()
        conditions.append("c.labels = ANY(%(labels)s::int[])")
        values["labels"] = [number for number, _ in found]
        n = sum(count for _, count in found)
    if where.source_prefix:
        conditions.append("c.source LIKE %(prefix)s")
        values["prefix"] = _pattern(where.source_prefix)
        query = "SELECT count(*) FROM (SELECT 1 FROM chunks_{i} AS c WHERE c.source LIKE %s LIMIT {most}) AS few"
        most = tables.sql(query.replace("{most}", str(EXACT_AT_MOST + 1)))
        n = min(n, connection.execute(most, [values["prefix"]]).fetchone()[0])
    return Seen(" AND ".join(conditions), values, n)


def by_words(
    connection: Any, tables: Tables, state: State, words: Sequence[str], depth: int, seen: Seen
) -> list[tuple[int, float]]:
    """The best `depth` chunks for these words, and those of the same score as the last."""
    terms = [term_of(word) for word in words]
    query = tables.sql("SELECT term, n FROM terms_{i} WHERE term = ANY(%s) AND n > 0")
    holding = dict(connection.execute(query, [terms]).fetchall())
    known = [term for term in terms if term in holding]
    if not known or not state.chunks:
        return []
    idf = [math.log((state.chunks - holding[term] + 0.5) / (holding[term] + 0.5) + 1.0) for term in known]
    values = {"terms": known, "idf": idf, "average": max(state.words / state.chunks, 1e-9), **seen.values}
    join = _CHOSEN.replace("{seen}", seen.condition) if seen.condition else ""
    statement = _BM25.replace("{k1}", str(K1)).replace("{b}", str(B)).replace("{join}", join)
    with settings(connection, **_BY_WORDS):
        return _best(connection, tables, statement, values, depth)


def by_vector(
    connection: Any, tables: Tables, vector: np.ndarray, depth: int, seen: Seen, vectors: Vectors | None
) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of the best `depth` chunks or more, in no order, and their cosines in double precision.

    `vectors` says how the HNSW index is used; None if there is none.
    """
    values = {"vector": "[" + ",".join(map(repr, vector.tolist())) + "]", **seen.values}
    condition = seen.condition or "true"
    if vectors is None or seen.n <= EXACT_AT_MOST or (seen.condition and not vectors.has_iterative):
        with settings(connection, enable_indexscan="off"):
            near = _best(connection, tables, _EXACT.replace("{seen}", condition), values, depth)
    else:
        kind, most = vectors.kind(tables.dimension), min(MOST_CANDIDATES, depth * OVERSAMPLED)
        by = f"(c.vector::{kind})" if vectors.has_halves else "c.vector"
        statement = _NEAR.replace("{seen}", condition).replace("{by}", by).replace("{kind}", kind)
        chosen = {"enable_seqscan": "off", "enable_sort": "off", "hnsw.ef_search": str(most)}
        if vectors.has_iterative:
            chosen |= {"hnsw.iterative_scan": "relaxed_order", "hnsw.max_scan_tuples": str(SCANNED)}
        with settings(connection, **chosen):
            near = connection.execute(tables.sql(statement.replace("{depth}", str(most))), values).fetchall()
    with connection.cursor(binary=True) as cursor:
        rows = cursor.execute(tables.sql(_VECTORS), [[n for n, _ in near]]).fetchall()
    cosines = from_binary((found for _, found in rows), tables.dimension) @ vector.astype(np.float64)
    return np.array([n for n, _ in rows], np.int64), cosines


def _best(
    connection: Any, tables: Tables, statement: str, values: Mapping[str, Any], depth: int
) -> list[tuple[int, float]]:
    """The first `depth` rows of a statement, and those of the same score as the last."""
    few = tables.sql(statement.replace("{limit}", f"LIMIT {depth + _SPARE}"))
    rows: list[tuple[int, float]] = connection.execute(few, values).fetchall()
    if len(rows) == depth + _SPARE and rows[depth - 1][1] == rows[-1][1]:
        all_equal = tables.sql(statement.replace("{limit}", f"FETCH FIRST {depth} ROWS WITH TIES"))
        rows = connection.execute(all_equal, values).fetchall()
    return rows


def has_hnsw(connection: Any, tables: Tables) -> bool:
    """Whether there is a whole HNSW index."""
    query = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)"
    row = connection.execute(query, [tables.sql(HNSW)]).fetchone()
    return bool(row and row[0])


def _pattern(prefix: str) -> str:
    """What `LIKE` takes for texts that begin so."""
    return prefix.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
