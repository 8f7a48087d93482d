"""The ranking of a query by words in the tables of an index, and what a filter lets see.

Takes a connection that sees one state, gives numbers of chunks with scores. Knows no text and no model. BM25 is that of
the embedded index: the same words, the same formula, the same parameters.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bakeoff.retrieval.postgres.tables import State, Tables, settings, term_of
from bakeoff.retrieval.searching import Filter

EXACT_AT_MOST = 20_000
"""As many vectors are compared one by one: a scan of the rows takes some milliseconds."""
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
_SPARE = 64
"""So many rows more than are wanted show whether the last ones are of equal score."""


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
        return best_rows(connection, tables, statement, values, depth)


def best_rows(
    connection: Any, tables: Tables, statement: str, values: Mapping[str, Any], depth: int
) -> list[tuple[int, float]]:
    """The first `depth` rows of a statement, and those of the same score as the last."""
    few = tables.sql(statement.replace("{limit}", f"LIMIT {depth + _SPARE}"))
    rows: list[tuple[int, float]] = connection.execute(few, values).fetchall()
    if len(rows) == depth + _SPARE and rows[depth - 1][1] == rows[-1][1]:
        all_equal = tables.sql(statement.replace("{limit}", f"FETCH FIRST {depth} ROWS WITH TIES"))
        rows = connection.execute(all_equal, values).fetchall()
    return rows


def _pattern(prefix: str) -> str:
    """What `LIKE` takes for texts that begin so."""
    return prefix.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
