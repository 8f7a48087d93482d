"""The tables of one index in a schema: how they are made, written and dropped.

Takes a connection and rows, gives nothing back. Knows nothing about searching or about the origin of the chunks.

    chunks    the place of each chunk in its document, and what a filter looks at
    texts     what a hit shows, and the numbers of its words
    vectors   the embeddings, with what a filter looks at
    postings  how often which chunk has which word
    terms     how many chunks have a word
    labels    the sets of access labels, with the number of their chunks
    waiting   what a sync has embedded and not shown yet
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from bakeoff.records import Chunk, Record

PARTS = ("chunks", "texts", "vectors", "postings", "terms", "labels", "waiting")
PREFIXES = tuple(f"{part}_" for part in PARTS)
MOST_INLINE = 1_900
"""Vectors of at most so many numbers stay in their rows, where a scan reads them faster."""
LONGEST_HALF = 4_000
LONGEST = 2_000
"""Vectors with more numbers get no HNSW index (pgvector); of half precision, twice as many."""
MOST_COUNTED = 32_767
_MAKE = """
CREATE TABLE chunks_{i} (
    n INTEGER PRIMARY KEY, id {t}, document_id {t}, source {t}, start_at INTEGER NOT NULL, end_at INTEGER NOT NULL,
    labels INTEGER NOT NULL, n_words INTEGER NOT NULL
);
CREATE INDEX ON chunks_{i} (document_id);
CREATE INDEX ON chunks_{i} (source);
CREATE TABLE texts_{i} (n INTEGER PRIMARY KEY, text {t}, heading {t}, readable TEXT, terms BIGINT[] NOT NULL);
CREATE TABLE vectors_{i} (
    n INTEGER PRIMARY KEY, labels INTEGER NOT NULL, source {t}, vector vector({dimension}) NOT NULL
);
CREATE INDEX ON vectors_{i} (labels);
CREATE INDEX ON vectors_{i} (source);
CREATE TABLE postings_{i} (
    term BIGINT NOT NULL, n INTEGER NOT NULL, times SMALLINT NOT NULL, n_words SMALLINT NOT NULL,
    PRIMARY KEY (term, n) INCLUDE (times, n_words)
);
CREATE TABLE terms_{i} (term BIGINT PRIMARY KEY, n INTEGER NOT NULL);
CREATE TABLE labels_{i} (number INTEGER PRIMARY KEY, access TEXT[] NOT NULL UNIQUE, n INTEGER NOT NULL);
CREATE TABLE waiting_{i} (
    n INTEGER PRIMARY KEY, hash {t}, access TEXT[] NOT NULL, id {t}, document_id {t}, source {t},
    start_at INTEGER NOT NULL, end_at INTEGER NOT NULL, text {t}, heading {t}, readable TEXT, terms BIGINT[] NOT NULL,
    times SMALLINT[] NOT NULL, n_words INTEGER NOT NULL, vector vector({dimension}) NOT NULL
);
"""
_TYPES = (
    *("int4", "text", "text[]", "text", "text", "text", "int4", "int4"),
    *("text", "text", "text", "int8[]", "int2[]", "int4", "bytea"),
)
# The rows of documents that were written before.
_FORGET = (
    """DELETE FROM postings_{i} AS p USING (
         SELECT n, unnest(terms) AS term FROM texts_{i}
         WHERE n IN (SELECT n FROM chunks_{i} WHERE document_id = ANY(%s))
       ) AS gone WHERE p.term = gone.term AND p.n = gone.n""",
    """UPDATE terms_{i} AS t SET n = t.n - gone.n FROM (
         SELECT unnest(terms) AS term, count(*) AS n FROM texts_{i}
         WHERE n IN (SELECT n FROM chunks_{i} WHERE document_id = ANY(%s)) GROUP BY 1
       ) AS gone WHERE t.term = gone.term""",
    """UPDATE labels_{i} AS l SET n = l.n - gone.n FROM (
         SELECT labels, count(*) AS n FROM chunks_{i} WHERE document_id = ANY(%s) GROUP BY 1
       ) AS gone WHERE l.number = gone.labels""",
    "DELETE FROM texts_{i} WHERE n IN (SELECT n FROM chunks_{i} WHERE document_id = ANY(%s))",
    "DELETE FROM vectors_{i} WHERE n IN (SELECT n FROM chunks_{i} WHERE document_id = ANY(%s))",
)
_FORGET_CHUNKS = """
WITH gone AS (DELETE FROM chunks_{i} WHERE document_id = ANY(%s) RETURNING n_words)
SELECT count(*), coalesce(sum(n_words), 0) FROM gone
"""
# The rows that wait.
_SHOW = (
    """INSERT INTO labels_{i} SELECT (SELECT coalesce(max(number), 0) FROM labels_{i}) + row_number() OVER (), access, 0
       FROM (SELECT DISTINCT access FROM waiting_{i} EXCEPT SELECT access FROM labels_{i}) AS new""",
    """UPDATE labels_{i} AS l SET n = l.n + new.n
       FROM (SELECT access, count(*) AS n FROM waiting_{i} GROUP BY 1) AS new WHERE l.access = new.access""",
    """INSERT INTO chunks_{i} SELECT w.n, w.id, w.document_id, w.source, w.start_at, w.end_at, l.number, w.n_words
       FROM waiting_{i} AS w JOIN labels_{i} AS l USING (access)""",
    "INSERT INTO texts_{i} SELECT n, text, heading, readable, terms FROM waiting_{i}",
    """INSERT INTO vectors_{i} SELECT w.n, l.number, w.source, w.vector
       FROM waiting_{i} AS w JOIN labels_{i} AS l USING (access) ORDER BY w.n""",
    """INSERT INTO postings_{i} SELECT one.term, w.n, one.times, least(w.n_words, {most})
       FROM waiting_{i} AS w, unnest(w.terms, w.times) AS one (term, times) ORDER BY one.term, w.n""",
    """INSERT INTO terms_{i} AS t SELECT unnest(terms) AS term, count(*) FROM waiting_{i} GROUP BY 1 ORDER BY 1
       ON CONFLICT (term) DO UPDATE SET n = t.n + excluded.n""",
)
_SHOWN = (
    "WITH shown AS (DELETE FROM waiting_{i} RETURNING n_words) SELECT count(*), coalesce(sum(n_words), 0) FROM shown"
)


class State(Record):
    """The row of an index: it holds the store's documents as of `version`.

    `language` (ISO 639-1) is that of most documents at the first sync: words are stemmed by its rules. `chunks` and
    `words` are what it holds, `next` the number of the next chunk. The last three fields count what a running sync has
    done so far, so that the work is still known after a kill.
    """

    embedder: str
    dimension: int
    max_tokens: int
    store: str = ""
    version: int = 0
    language: str = ""
    chunks: int = 0
    words: int = 0
    next: int = 0
    n_chunks: int = 0
    n_tokens: int = 0
    seconds: float = 0.0


class Waiting(NamedTuple):
    """A chunk that was embedded, with the hash of its document, and its words."""

    chunk: Chunk
    hash: str
    access: tuple[str, ...]
    words: Sequence[str]


class Tables:
    """The tables of one index, by the number that their names end in."""

    def __init__(self, number: int, dimension: int) -> None:
        self.number, self.dimension = number, dimension

    def sql(self, statement: str) -> str:
        """The statement with the names of these tables."""
        text = 'TEXT COLLATE "C" NOT NULL'
        return statement.format(i=self.number, dimension=self.dimension, t=text, most=MOST_COUNTED)

    def make(self, connection: Any) -> None:
        """Makes the tables."""
        connection.execute(self.sql(_MAKE))
        if self.dimension <= MOST_INLINE:
            connection.execute(self.sql("ALTER TABLE vectors_{i} ALTER COLUMN vector SET STORAGE PLAIN"))

    def drop(self, connection: Any) -> None:
        """Deletes the tables."""
        for part in PARTS:
            connection.execute(f"DROP TABLE IF EXISTS {part}_{self.number}")

    def wait(self, connection: Any, first: int, rows: Sequence[Waiting], vectors: np.ndarray) -> None:
        """Writes rows that nobody searches yet, numbered from `first`. `vectors` has shape (rows, dimension)."""
        if not rows:
            return
        with (
            connection.cursor() as cursor,
            cursor.copy(self.sql("COPY waiting_{i} FROM STDIN (FORMAT BINARY)")) as copy,
        ):
            copy.set_types(_TYPES)
            for n, (row, vector) in enumerate(zip(rows, vectors, strict=True), first):
                copy.write_row((n, *_columns(row), as_binary(vector)))

    def waiting(self, connection: Any) -> dict[str, str]:
        """The documents that wait, with the hash of each."""
        return dict(connection.execute(self.sql("SELECT DISTINCT document_id, hash FROM waiting_{i}")).fetchall())

    def forget_waiting(self, connection: Any, documents: Sequence[str]) -> None:
        """Deletes what waits of these documents."""
        connection.execute(self.sql("DELETE FROM waiting_{i} WHERE document_id = ANY(%s)"), [list(documents)])

    def show(self, connection: Any, documents: Sequence[str]) -> tuple[int, int]:
        """Replaces the rows of these documents by those that wait. Gives by how much chunks and words became more."""
        ids = list(documents)
        for statement in _FORGET:
            connection.execute(self.sql(statement), [ids])
        gone = connection.execute(self.sql(_FORGET_CHUNKS), [ids]).fetchone()
        for statement in _SHOW:
            connection.execute(self.sql(statement))
        shown = connection.execute(self.sql(_SHOWN)).fetchone()
        return shown[0] - gone[0], shown[1] - gone[1]


def read_state(connection: Any, name: str) -> tuple[Tables, State] | None:
    """The tables and the state of the index of this name; None if there is none."""
    row = connection.execute("SELECT number, state FROM indexes WHERE name = %s", [name]).fetchone()
    if row is None:
        return None
    state = State.model_validate(row[1])
    return Tables(row[0], state.dimension), state


def write_state(connection: Any, name: str, state: State) -> None:
    connection.execute("UPDATE indexes SET state = %s WHERE name = %s", [json.dumps(state.model_dump()), name])


def new_index(connection: Any, name: str, state: State) -> Tables:
    """A new empty index. The caller is alone with this name."""
    connection.execute("LOCK TABLE indexes IN SHARE ROW EXCLUSIVE MODE")
    (number,) = connection.execute("SELECT coalesce(max(number), 0) + 1 FROM indexes").fetchone()
    tables = Tables(number, state.dimension)
    tables.drop(connection)  # of an index whose row somebody deleted
    tables.make(connection)
    values = [name, number, json.dumps(state.model_dump())]
    connection.execute("INSERT INTO indexes VALUES (%s, %s, %s)", values)
    return tables


def term_of(word: str) -> int:
    """The number of a word. Two words have the same one in one of about 10^19 pairs."""
    return _number(word)


@lru_cache(200_000)
def _number(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big", signed=True)


def _columns(row: Waiting) -> Iterator[Any]:
    chunk, counts = row.chunk, Counter(map(term_of, row.words))
    yield from (row.hash, list(row.access), chunk.id, chunk.document_id, chunk.source, chunk.start, chunk.end)
    yield from (chunk.text, chunk.heading, chunk.readable, list(counts))
    yield from ([min(times, MOST_COUNTED) for times in counts.values()], len(row.words))


def as_binary(vector: np.ndarray) -> bytes:
    """A vector as pgvector sends and receives it."""
    return len(vector).to_bytes(2, "big") + b"\0\0" + np.asarray(vector, ">f4").tobytes()


def from_binary(vectors: Iterable[bytes], dimension: int) -> np.ndarray:
    """The vectors that pgvector sent, shape (vectors, dimension), float64."""
    numbers = np.frombuffer(b"".join(vector[4:] for vector in vectors), ">f4")
    return numbers.reshape(-1, dimension).astype(np.float64)


@contextmanager
def settings(connection: Any, **values: str) -> Iterator[None]:
    """Settings of the planner for some statements of a transaction."""
    connection.execute("; ".join(f"SET LOCAL {name} = {value}" for name, value in values.items()))
    yield
    connection.execute("; ".join(f"SET LOCAL {name} TO DEFAULT" for name in values))
