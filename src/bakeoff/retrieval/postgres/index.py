"""The index in a database of PostgreSQL: every chunk in the schema of the documents, searched by BM25 and by vectors.

Takes a store's documents and queries. Gives hits, and the costs of a sync. Knows nothing about generators or questions.

A search is one transaction that sees one state, and looks at nothing in memory: what another process has committed is
found. A sync embeds in groups that wait in a table of their own, each committed, and shows all of them in one
transaction. One process at a time syncs; what was embedded before a kill is not embedded again.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import starmap
from typing import Any

import numpy as np

from bakeoff.corpus.chunk import chunk_document
from bakeoff.corpus.postgres.database import Database, transaction
from bakeoff.corpus.postgres.place import Place
from bakeoff.corpus.postgres.schema import prepare
from bakeoff.errors import ConfigError, RunFolderError
from bakeoff.protocols import DocumentStore, Embedder, Synced
from bakeoff.records import Chunk, Document, Hit
from bakeoff.retrieval.doubts import doubtful
from bakeoff.retrieval.fuse import Ranking
from bakeoff.retrieval.postgres import ranking
from bakeoff.retrieval.postgres.nearest import HNSW, Nearest, Vectors, has_hnsw
from bakeoff.retrieval.postgres.ranking import Seen, by_words, seen_by
from bakeoff.retrieval.postgres.syncing import Sync
from bakeoff.retrieval.postgres.tables import State, Tables, new_index, read_state
from bakeoff.retrieval.search_words import encodable
from bakeoff.retrieval.searching import Filter, Found, HybridSearch, Ways
from bakeoff.retrieval.syncing import changes_for, check_same, groups, main_language, with_vectors
from bakeoff.retrieval.words import words_of

UNTIDY_SHARE = 0.1
"""Tables are analyzed again when so much of them changed."""
REMEDY = "delete its row from the table indexes of this schema: the index is made again; no document is lost"
_MORE_MEMORY = """
SELECT set_config('maintenance_work_mem', '256MB', false)
WHERE pg_size_bytes(current_setting('maintenance_work_mem')) < pg_size_bytes('256MB')
"""  # making the index takes many times as long where it does not fit
_CHUNK = "c.id, c.document_id, c.source, t.text, c.start_at, c.end_at, t.heading, t.readable"
_ROWS = "chunks_{i} AS c JOIN texts_{i} AS t USING (n)"
ALL = f"SELECT {_CHUNK}, l.access FROM {_ROWS} JOIN labels_{{i}} AS l ON l.number = c.labels"
_FIELDS = ("id", "document_id", "source", "text", "start", "end", "heading", "readable")


class PostgresIndex(HybridSearch):
    """One index of a schema, by its name. Open it with `PostgresIndex.open`, `sync` it, then `search` it.

    Any number of processes and threads may search and sync. A sync waits for one that another process is at.
    """

    def __init__(self, database: Database, name: str, embedder: Embedder, state: State) -> None:
        self._database = database
        self._name = name
        self._embedder = embedder
        self._wanted = state
        self._language = ""
        self._nearest = Nearest()
        self._erases = 0

    @classmethod
    def open(cls, place: Place, name: str, embedder: Embedder, max_tokens: int = 128) -> "PostgresIndex":
        """The index of this name. If there is none, a new empty one.

        Raises RunFolderError if it was made with another embedder or chunk size, ConfigError for max_tokens below 1,
        and StoreGoneError if the server cannot be reached or refuses the user.
        """
        if max_tokens < 1:
            raise ConfigError(f"Chunks of at most {max_tokens} tokens cannot hold text.", "set 1 or more")
        wanted = State(embedder=embedder.name, dimension=embedder.dimension, max_tokens=max_tokens)
        index = cls(Database(place), name, embedder, wanted)
        prepare(index._database)
        with index._database.reading() as connection:
            there = read_state(connection, name)
        if there is None:
            with index._database.alone(f"index {name}") as connection, transaction(connection):
                if read_state(connection, name) is None:
                    new_index(connection, name, wanted)
        with index._reading():
            return index

    @property
    def _where(self) -> str:
        return f"The index '{self._name}' in {self._database.where}"

    @property
    def n_chunks(self) -> int:
        with self._reading() as (_, _, state):
            return state.chunks

    @property
    def version(self) -> int:
        with self._reading() as (_, _, state):
            return state.version

    @property
    def language(self) -> str:
        return self._language or "en"

    def load(self) -> None:
        """Opens a connection, which the first search would do otherwise."""
        with self._reading():
            pass

    def check(self) -> None:
        """Searches for the words of one passage. Raises RunFolderError if they are not found."""
        with self._reading() as (connection, tables, state):
            row = connection.execute(tables.sql(f"{ALL} LIMIT 1")).fetchone()
            if row is None:
                return
            words = words_of(_chunk(row).passage, state.language)
            if words and not by_words(connection, tables, state, words, 1, Seen("", {}, state.chunks)):
                raise RunFolderError(f"{self._where} does not find words.", REMEDY)

    def doubts(self, store: DocumentStore) -> tuple[str, ...]:
        """The ids of documents that the index holds otherwise than the store, though they did not change since the last
        sync: somebody edited a table. Texts, places and labels are compared; words and vectors are not.
        """
        with self._reading() as (connection, tables, state):
            if state.store != store.identity:
                return ()
            rows = [as_row(row) for row in connection.execute(tables.sql(ALL))]
        changes = changes_for(store, state.version, lambda: [row["document_id"] for row in rows])
        known = {*changes.added, *changes.updated, *changes.deleted}
        return tuple(id for id in doubtful(rows, store.documents(), self._chunks) if id not in known)

    def sync(
        self,
        store: DocumentStore,
        progress: Callable[[int, int], None] | None = None,
        tidy: bool = True,
        again: Iterable[str] = (),
    ) -> Synced:
        """Updates the index to the current state of the store. Only changed documents are embedded.

        Searches, also of other processes, find nothing of it before they find all of it. If a sync is killed, the next
        one embeds what was not embedded yet. Raises RunFolderError if the index was built from another store.
        """
        again = tuple(again)
        with self._reading() as (_, _, state):
            if state.version == store.version and state.store == store.identity and not again:
                return Synced(n_added=0, n_updated=0, n_deleted=0, n_chunks=0, n_tokens=0, seconds=0.0)
        with self._database.alone(f"index {self._name}") as connection:
            tables, state = self._read(connection)
            if state.store not in ("", store.identity):
                where = self._database.where
                raise RunFolderError(
                    f"The index '{self._name}' in {where} was built from another document store.", REMEDY
                )
            changes = changes_for(store, state.version, lambda: _held(connection, tables))
            touched = sorted({*changes.added, *changes.updated, *changes.deleted, *again})
            sync = Sync(connection, tables, self._name, state)
            left = sync.left_of(store, touched, again)
            if not state.chunks and len(left) == len(touched):  # nothing was stemmed yet
                sync.stem_by(main_language(store))
            n_done = len(touched) - len(left)
            for group, vectors in with_vectors(groups(store, left, self._chunks), self._embedder):
                n_done += len(group.ids)
                sync.take(group, vectors, self._embedder.count_tokens, is_last=n_done == len(touched))
                if progress:
                    progress(n_done, len(touched))
            done = sync.show(touched, store.identity, changes.version)
        if touched and tidy and self.is_untidy:
            self.tidy()
        counts = {f"n_{kind}": len(getattr(changes, kind)) for kind in ("added", "updated", "deleted")}
        return Synced(
            **counts,
            n_chunks=done.n_chunks,
            n_tokens=done.n_tokens,
            seconds=done.seconds,
            n_written=len(touched),
        )

    @property
    def is_untidy(self) -> bool:
        """Whether there is no HNSW index though there are many chunks, or much changed since the last `tidy`."""
        with self._reading() as (connection, tables, state):
            if 0 < self._erases <= state.version or self._wants_hnsw(connection, tables, state):
                return True
            query = "SELECT coalesce(reltuples, 0) FROM pg_class WHERE oid = to_regclass(%s)"
            (known,) = connection.execute(query, [tables.sql("chunks_{i}")]).fetchone()
            return abs(state.chunks - max(known, 0)) > UNTIDY_SHARE * state.chunks

    def tidy(self) -> None:
        """Makes the HNSW index if there is none and there are many chunks, and lets the server look at its tables.

        Searches and syncs go on meanwhile. If it is killed, the next one does it again.
        """
        with self._database.alone(f"tidy {self._name}") as connection:
            tables, state = self._read(connection)
            self._erases = self._erases if self._erases > state.version else 0
            if self._wants_hnsw(connection, tables, state):
                name, kind = tables.sql(HNSW), Vectors.of(connection).kind(tables.dimension)
                by = f"(vector::{kind}) halfvec_ip_ops" if "half" in kind else "vector vector_ip_ops"
                connection.execute(_MORE_MEMORY)
                connection.execute(f"DROP INDEX IF EXISTS {name}")  # one that a kill left half made
                connection.execute(tables.sql(f"CREATE INDEX CONCURRENTLY {name} ON vectors_{{i}} USING hnsw ({by})"))
                connection.execute("RESET maintenance_work_mem")
                self._nearest = Nearest()
            for part in ("chunks", "texts", "vectors", "postings", "terms", "labels"):
                connection.execute(f"VACUUM (ANALYZE) {part}_{tables.number}")

    def erase(self, version: int) -> None:
        """The rows that the server keeps of deleted ones are removed by `tidy`, which cleans its tables."""
        self._erases = version

    def _wants_hnsw(self, connection: Any, tables: Tables, state: State) -> bool:
        return (
            state.chunks > ranking.EXACT_AT_MOST
            and Vectors.of(connection).can_index(tables.dimension)
            and not has_hnsw(connection, tables)
        )

    @contextmanager
    def _found(self, queries: Sequence[str], depth: int, where: Filter, ways: Ways) -> Iterator[Iterable[Found]]:
        vectors = self._query_vectors(queries, ways)
        with self._reading() as (connection, tables, state):
            seen = seen_by(connection, tables, where, state.chunks)

            def found(i: int, query: str) -> Found:
                words = words_of(query, state.language) if ways.words and seen.n else []
                scored = by_words(connection, tables, state, words, depth, seen) if words else []
                asked = i in vectors and seen.n > 0
                near = self._nearest.best(connection, tables, vectors[i], depth, seen) if asked else None
                return _Candidates(connection, tables, scored, near).found(depth)

            yield starmap(found, enumerate(queries))

    def _query_vectors(self, queries: Sequence[str], ways: Ways) -> dict[int, np.ndarray]:
        """The vectors of the queries that have letters or digits, by their places."""
        asked = [i for i, query in enumerate(queries) if any(map(str.isalnum, query))] if ways.dense else []
        if not asked:
            return {}
        if ways.vectors is not None:
            vectors = np.asarray(ways.vectors, np.float32)[asked]
        else:
            vectors = self._embedder.embed_queries([encodable(queries[i]) for i in asked])
        return dict(zip(asked, vectors, strict=True))

    def _chunks(self, document: Document) -> list[Chunk]:
        return chunk_document(document, self._wanted.max_tokens, self._embedder.count_tokens)

    @contextmanager
    def _reading(self) -> Iterator[tuple[Any, Tables, State]]:
        """A connection that sees one state, with the tables and the state of the index."""
        with self._database.reading() as connection:
            yield connection, *self._read(connection)

    def _read(self, connection: Any) -> tuple[Tables, State]:
        """The tables and the state. Raises RunFolderError if there are none, or made with other settings."""
        there = read_state(connection, self._name)
        if there is None:
            raise RunFolderError(f"{self._where} is gone.", REMEDY)
        check_same(self._where, there[1], self._wanted, REMEDY)
        self._language = there[1].language or self._language
        return there


def _held(connection: Any, tables: Tables) -> list[str]:
    """The ids of the documents that an index has rows of."""
    return [id for (id,) in connection.execute(tables.sql("SELECT DISTINCT document_id FROM chunks_{i}"))]


class _Candidates:
    """What both rankings of a query found, as rows in the order of sources and positions."""

    def __init__(
        self,
        connection: Any,
        tables: Tables,
        words: Sequence[tuple[int, float]],
        near: tuple[np.ndarray, np.ndarray] | None,
    ) -> None:
        self._connection, self._tables = connection, tables
        self._words, self._near = words, near
        numbers = {n for n, _ in words} | set(near[0].tolist() if near else ())
        query = tables.sql("SELECT n FROM chunks_{i} WHERE n = ANY(%s) ORDER BY source, start_at, id")
        rows = connection.execute(query, [list(numbers)]).fetchall() if numbers else []
        self._numbers = [n for (n,) in rows]

    def found(self, depth: int) -> Found:
        """The two rankings, of at most `depth` rows each."""
        row = {n: i for i, n in enumerate(self._numbers)}
        order = np.arange(len(row))
        words = Ranking.of([(row[n], score) for n, score in self._words], order)
        near = zip(*(array.tolist() for array in self._near), strict=True) if self._near else ()
        dense = Ranking.of([(row[n], cosine) for n, cosine in near], order)
        best, nearest = (Ranking(ranked.rows[:depth], ranked.scores[:depth]) for ranked in (words, dense))
        return Found(best, nearest, order, self._hits)

    def _hits(self, ranked: Ranking, k: int) -> list[Hit]:
        numbers = [self._numbers[row] for row in ranked.rows[:k].tolist()]
        query = self._tables.sql(f"SELECT n, {_CHUNK} FROM {_ROWS} WHERE n = ANY(%s)")
        chunks = {n: _chunk(row) for n, *row in self._connection.execute(query, [numbers])} if numbers else {}
        scored = enumerate(zip(numbers, ranked.scores[:k].tolist(), strict=True), 1)
        return [Hit(chunk=chunks[n], score=score, rank=rank) for rank, (n, score) in scored]


def _chunk(row: Sequence[Any]) -> Chunk:
    return Chunk(**dict(zip(_FIELDS, row, strict=False)))


def as_row(row: Sequence[Any]) -> dict[str, Any]:
    """A row as `retrieval.doubts` compares it."""
    chunk = _chunk(row)
    return {**chunk.model_dump(), "passage": chunk.passage, "access": row[-1]}
