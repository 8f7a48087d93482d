"""The index: every chunk in one LanceDB table, searched by BM25 and by vectors, kept up to date with the store.

Takes a store's documents and queries. Gives hits, and the costs of a sync. Knows nothing about generators or questions.

BM25 uses LanceDB's inverted index. The vectors are in the same table, but they are scanned exactly, in memory: at
100,000 chunks that is faster than LanceDB's own flat scan, and more exact than an approximate index. The folder can be
rebuilt from the store at any time.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bakeoff.corpus.chunk import chunk_document
from bakeoff.corpus.store import DocumentStore
from bakeoff.errors import ConfigError, RunFolderError
from bakeoff.protocols import Embedder
from bakeoff.records import Chunk, Document, Hit, Record
from bakeoff.retrieval.fuse import Ranking, fused_by_rank, fused_by_score, top
from bakeoff.retrieval.lance_table import (
    REMEDY,
    TEXT_COLUMN,
    State,
    arrow_rows,
    check_same,
    discard,
    explained,
    new_table,
    open_table,
    quoted,
    read_state,
    write_state,
)

CANDIDATES = 100  # hits that each of the two rankings contributes to the fusion
GROUP_CHUNKS = 1024  # chunks embedded and written together; a kill loses the work of at most one group
TIDY_ALWAYS_CHUNKS = 10_000
OLD_VERSIONS_KEPT = timedelta(minutes=10)  # running searches may still read them
SCAN_FLOATS = 8_000_000  # the most cosines in memory at once when many queries are scanned


class Filter(Record):
    """The chunks that a search may see.

    `source_prefix`: only documents whose source starts with it. `access`: only documents without labels, or with at
    least one of these labels; None means all documents.
    """

    source_prefix: str = ""
    access: tuple[str, ...] | None = None

    @property
    def sql(self) -> str:
        """The SQL condition on the table's columns. Empty if everything may be seen."""
        conditions = []
        if self.source_prefix:
            conditions.append(f"starts_with(source, {quoted(self.source_prefix)})")
        if self.access is not None:
            held = [f"array_has(access, {quoted(label)})" for label in self.access]
            conditions.append(f"({' OR '.join(['coalesce(array_length(access), 0) = 0', *held])})")
        return " AND ".join(conditions)


class SyncReport(Record):
    """The result of a sync: the documents added, updated and deleted, and the chunks and tokens that were embedded.

    Chunks, tokens and seconds include those of earlier syncs that were killed.
    """

    n_added: int
    n_updated: int
    n_deleted: int
    n_chunks: int
    n_tokens: int
    seconds: float


class HybridIndex:
    """The index in one folder. Open it with `HybridIndex.open`, `sync` it, then `search` it.

    Only one process at a time may sync a folder. Searches in other threads may run during a sync; they see the chunks
    from before the sync or from after it. Other processes see the new chunks when they open the folder again.
    """

    def __init__(self, folder: Path, embedder: Embedder, table: Any, state: State) -> None:
        self._folder = folder
        self._embedder = embedder
        self._table = table
        self._state = state
        self._rows: _Rows | None = None
        self._loading = threading.Lock()
        self._syncing = threading.Lock()

    @classmethod
    def open(cls, folder: Path, embedder: Embedder, max_tokens: int = 128, rebuild: bool = False) -> "HybridIndex":
        """The index in this folder. If there is none, or with `rebuild`, a new empty index.

        Raises RunFolderError if the index was made with another embedder or chunk size, or cannot be read, and
        ConfigError for max_tokens below 1.
        """
        if max_tokens < 1:
            raise ConfigError(f"Chunks of at most {max_tokens} tokens cannot hold text.", "set 1 or more")
        wanted = State(embedder=embedder.name, dimension=embedder.dimension, max_tokens=max_tokens)
        with explained(folder):
            if rebuild:
                discard(folder)
            state = read_state(folder)
            if state is None:
                return cls(folder, embedder, new_table(folder, wanted), wanted)
            check_same(folder, state, wanted)
            return cls(folder, embedder, open_table(folder), state)

    @property
    def n_chunks(self) -> int:
        with explained(self._folder):
            return int(self._table.count_rows())

    @property
    def version(self) -> int:
        """The version of the store at the last complete sync."""
        return self._state.version

    def sync(self, store: DocumentStore, progress: Callable[[int, int], None] | None = None) -> SyncReport:
        """Updates the index to the current state of the store. Only changed documents are embedded.

        If a sync is killed, the next one repeats what was half done. `progress` is called with (documents done, all
        documents to do). Raises RunFolderError if the index was built from another store.
        """
        begun = time.perf_counter()
        with self._syncing, explained(self._folder):
            if self._state.store not in ("", store.identity):
                raise RunFolderError(f"The index in {self._folder} was built from another document store.", REMEDY)
            changes = store.changes_since(self._state.version)
            touched = sorted({*changes.added, *changes.updated, *changes.deleted, *self._state.pending})
            if touched or self._state.version != changes.version:
                self._save(store=store.identity, version=changes.version, pending=tuple(touched))
            earlier_s = self._state.seconds
            try:
                for left, passages in self._replaced(store, touched):
                    self._save(
                        pending=tuple(left),
                        n_chunks=self._state.n_chunks + len(passages),
                        n_tokens=self._state.n_tokens + sum(map(self._embedder.count_tokens, passages)),
                        seconds=earlier_s + time.perf_counter() - begun,
                    )
                    if progress:
                        progress(len(touched) - len(left), len(touched))
                if touched:
                    self._tidy()
            finally:
                if touched:
                    self._rows = None
            done = self._state
            if done.seconds:
                self._save(n_chunks=0, n_tokens=0, seconds=0.0)
        counts = {f"n_{kind}": len(getattr(changes, kind)) for kind in ("added", "updated", "deleted")}
        seconds = earlier_s + time.perf_counter() - begun
        return SyncReport(**counts, n_chunks=done.n_chunks, n_tokens=done.n_tokens, seconds=seconds)

    def search(
        self, queries: Sequence[str], k: int, where: Filter | None = None, fusion: Literal["score", "rank"] = "score"
    ) -> list[list[Hit]]:
        """At most k hits per query, best first, in the order of the queries. Fuses the BM25 and the vector ranking.

        `fusion` fuses by scores or by reciprocal ranks (docs/results/retrieval.md compares them). A query without a
        letter or digit gives no hits. Hits of equal score are ordered by source and position.
        """
        fuse = fused_by_score if fusion == "score" else fused_by_rank
        rows, condition = self._loaded(), (where or Filter()).sql
        depth = max(k, CANDIDATES)
        lexical = self._bm25(rows, queries, depth, condition)
        dense = self._dense(rows, queries, depth, condition)
        return [rows.hits(fuse(*pair, rows.order), k) for pair in zip(lexical, dense, strict=True)]

    def search_visible(self, queries: Sequence[str], k: int, access: tuple[str, ...]) -> list[list[Hit]]:
        """The same as `search` in the documents without labels and those with at least one of these."""
        return self.search(queries, k, Filter(access=access))

    def search_bm25(self, queries: Sequence[str], k: int, where: Filter | None = None) -> list[list[Hit]]:
        """The same by BM25 alone (English stemming, without stop words; k1 = 1.2, b = 0.75)."""
        rows = self._loaded()
        return [rows.hits(ranking, k) for ranking in self._bm25(rows, queries, k, (where or Filter()).sql)]

    def search_dense(self, queries: Sequence[str], k: int, where: Filter | None = None) -> list[list[Hit]]:
        """The same by the cosine of the embeddings alone. Compares the query with every chunk."""
        rows = self._loaded()
        return [rows.hits(ranking, k) for ranking in self._dense(rows, queries, k, (where or Filter()).sql)]

    def _replaced(self, store: DocumentStore, touched: Sequence[str]) -> Iterator[tuple[list[str], list[str]]]:
        """Rewrites the rows of these documents in groups. Yields (ids left to do, passages embedded) after each."""
        left = list(touched)
        for ids, chunks, access in self._groups(store, touched):
            passages = [chunk.passage for chunk in chunks]
            self._write(ids, chunks, access, self._embedder.embed_passages(passages))
            left = left[len(ids) :]
            yield left, passages

    def _groups(
        self, store: DocumentStore, touched: Sequence[str]
    ) -> Iterator[tuple[list[str], list[Chunk], list[tuple[str, ...]]]]:
        """(document ids, all their chunks, the access labels of each chunk) in groups of about GROUP_CHUNKS chunks.

        A deleted document has no chunks.
        """
        ids: list[str] = []
        chunks: list[Chunk] = []
        access: list[tuple[str, ...]] = []
        for document_id in touched:
            document = store.get(document_id)
            made = self._chunks(document) if document else []
            ids.append(document_id)
            chunks += made
            access += [document.access if document else ()] * len(made)
            if len(chunks) >= GROUP_CHUNKS or len(ids) >= GROUP_CHUNKS:
                yield ids, chunks, access
                ids, chunks, access = [], [], []
        if ids:
            yield ids, chunks, access

    def _chunks(self, document: Document) -> list[Chunk]:
        return chunk_document(document, self._state.max_tokens, self._embedder.count_tokens)

    def _write(
        self, ids: Sequence[str], chunks: Sequence[Chunk], access: Sequence[tuple[str, ...]], vectors: np.ndarray
    ) -> None:
        self._table.delete(f"document_id IN ({', '.join(map(quoted, ids))})")
        if chunks:
            self._table.add(arrow_rows(chunks, access, vectors, self._table.schema))

    def _tidy(self) -> None:
        """Adds new rows to the full-text index. This rewrites the table, so a large table waits for 2 % new rows.

        Until then, searches scan the new rows one by one, and the statistics of BM25 still count deleted rows.
        """
        n_new = self._table.index_stats(f"{TEXT_COLUMN}_idx").num_unindexed_rows
        if self.n_chunks <= TIDY_ALWAYS_CHUNKS or n_new * 50 >= self.n_chunks:
            self._table.optimize(cleanup_older_than=OLD_VERSIONS_KEPT)

    def _save(self, **changed: Any) -> None:
        self._state = self._state.model_copy(update=changed)
        write_state(self._folder, self._state)

    def _loaded(self) -> "_Rows":
        """The table's rows in memory. They are read again after a sync."""
        with self._loading, explained(self._folder):
            rows = self._rows
            if rows is None:
                rows = self._rows = _Rows(self._table.to_arrow())
            return rows

    def _bm25(self, rows: "_Rows", queries: Sequence[str], k: int, condition: str) -> list[Ranking]:
        return [self._bm25_one(rows, query, k, condition) for query in queries]

    def _bm25_one(self, rows: "_Rows", query: str, k: int, condition: str) -> Ranking:
        from lancedb.query import MatchQuery

        with explained(self._folder):
            words = MatchQuery(_encodable(query), TEXT_COLUMN)  # type: ignore[call-arg]  # its defaults are pydantic's
            search = self._table.search(words, query_type="fts").select(["id", "_score"]).limit(max(k, CANDIDATES))
            if condition:
                search = search.where(condition, prefilter=True)
            matches = search.to_arrow()
            scored = zip(matches["id"].to_pylist(), matches["_score"].to_pylist(), strict=True)
            return Ranking.of([(rows.at[i], score) for i, score in scored if i in rows.at], rows.order)

    def _dense(self, rows: "_Rows", queries: Sequence[str], k: int, condition: str) -> list[Ranking]:
        asked = [i for i, query in enumerate(queries) if any(map(str.isalnum, query))]
        rankings = [Ranking.of([], rows.order) for _ in queries]
        if not asked or not len(rows):
            return rankings
        hidden = self._hidden(rows, condition)
        vectors = self._embedder.embed_queries([_encodable(queries[i]) for i in asked])
        step = max(1, SCAN_FLOATS // len(rows))
        for start in range(0, len(asked), step):
            cosines = np.ascontiguousarray((rows.vectors @ vectors[start : start + step].T).T)
            cosines[:, hidden] = -np.inf
            for i, scores in zip(asked[start : start + step], cosines, strict=True):
                rankings[i] = top(scores, k, rows.order)
        return rankings

    def _hidden(self, rows: "_Rows", condition: str) -> np.ndarray:
        """The numbers of the rows that do not meet the condition."""
        if not condition:
            return np.empty(0, np.int64)
        with explained(self._folder):
            seen = self._table.search().where(condition).select(["id"]).limit(len(rows)).to_arrow()["id"].to_pylist()
        hidden = np.ones(len(rows), bool)
        hidden[[rows.at[i] for i in seen if i in rows.at]] = False
        return np.flatnonzero(hidden)


class _Rows:
    """The table's rows in memory: vectors of shape (rows, dimension), the columns of the chunks, and a sort order.

    `order` has a number for each row, by source and position; it sorts hits of equal score.
    """

    def __init__(self, table: Any) -> None:
        import pyarrow.compute as pc

        vectors = table["vector"].combine_chunks()
        self.vectors = vectors.flatten().to_numpy().reshape(len(vectors), vectors.type.list_size)
        known = [name for name in Chunk.model_fields if name in table.column_names]
        self._chunks = table.select(known).combine_chunks()
        self.at = {chunk_id: row for row, chunk_id in enumerate(table["id"].to_pylist())}
        sorted_rows = pc.sort_indices(table, [("source", "ascending"), ("start", "ascending"), ("id", "ascending")])
        self.order = np.empty(len(vectors), np.int64)
        self.order[sorted_rows.to_numpy()] = np.arange(len(vectors))

    def __len__(self) -> int:
        return len(self.order)

    def hits(self, ranking: Ranking, k: int) -> list[Hit]:
        rows, scores = ranking.rows[:k], ranking.scores[:k]
        chunks = self._chunks.take(rows).to_pylist()
        return [
            Hit(chunk=Chunk(**chunk), score=float(score), rank=rank)
            for rank, (chunk, score) in enumerate(zip(chunks, scores, strict=True), 1)
        ]


def _encodable(query: str) -> str:
    """The query with lone surrogates replaced. JSON allows them, but UTF-8 cannot encode them."""
    return query.encode("utf-8", "replace").decode("utf-8")
