"""The index: every chunk in one LanceDB table, searched by BM25 and by vectors, kept up to date with the store.

Takes a store's documents and queries. Gives hits, and the costs of a sync. Knows nothing about generators or questions.

BM25 uses LanceDB's inverted index. The vectors are scanned exactly, in memory (scan.py): at 1,000,000 chunks that is
faster than LanceDB's own search, and more exact than an approximate index. The folder can be rebuilt from the store at
any time.

A search reads one snapshot: one version of the table, and the rows of that version in memory. A sync writes new
versions and then replaces the snapshot, so a search finds a document as it was before or as it is after, never neither
or both.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from bakeoff.corpus.chunk import chunk_document
from bakeoff.errors import ConfigError, RunFolderError
from bakeoff.models.kept.clock import now
from bakeoff.protocols import DocumentStore, Embedder, Synced
from bakeoff.records import Chunk, Document
from bakeoff.retrieval.doubts import COLUMNS, doubtful
from bakeoff.retrieval.fuse import Ranking
from bakeoff.retrieval.lance_table import (
    OTHER_STORE,
    REMEDY,
    TEXT_COLUMN,
    State,
    arrow_rows,
    condition,
    copy_table,
    discard,
    explained,
    index_words,
    new_table,
    open_table,
    pinned,
    read_state,
    remove_tables,
    rewritten_table,
    table_names,
    those,
    warm,
    write_state,
)
from bakeoff.retrieval.lance_words import WordSearches
from bakeoff.retrieval.old_tables import OldTables
from bakeoff.retrieval.rows import IndexRows
from bakeoff.retrieval.scan import nearest
from bakeoff.retrieval.search_words import encodable
from bakeoff.retrieval.searching import CANDIDATES, Filter, Found, HybridSearch, Ways
from bakeoff.retrieval.syncing import NOTHING_KNOWN, Ahead, changes_for, check_same, groups, main_language, with_vectors

TIDY_ALWAYS_CHUNKS = 10_000
TIDY_WRITES = 256  # a table is rewritten after so many changes, however small they are
MOST_PIECES = 24  # each change adds a piece to the table; searches read each piece without an index
OLD_VERSIONS_KEPT = timedelta(minutes=10)  # running searches may still read them
NO_OLD_VERSIONS = timedelta(milliseconds=1)


class _Snapshot(NamedTuple):
    """What a search reads: the table at one version, and the rows of that version."""

    table: Any
    rows: IndexRows


class HybridIndex(HybridSearch):
    """The index in one folder. Open it with `HybridIndex.open`, `sync` it, then `search` it.

    Only one process at a time may sync or tidy a folder; a sync sees what others wrote before. Searches in other
    threads may run meanwhile, without waiting; they see the chunks from before the sync or from after it. Other
    processes see the new chunks when they open the folder again.
    """

    is_alone: ClassVar[bool] = True
    """Whether no other process changes the folder as long as this one does."""

    def __init__(self, folder: Path, embedder: Embedder, table: Any, state: State) -> None:
        self._folder = folder
        self._embedder = embedder
        self._table = table
        self._state = state
        self._snapshot: _Snapshot | None = None
        self._checked: tuple[str, int] | None = None
        self._published = int(table.version)
        self._is_behind = False
        self._recent: set[str] = set()
        self._n_pieces = self._n_writes = 0
        self._old_tables = OldTables()
        self._ahead: Ahead | None = None
        self._loading = threading.Lock()
        self._syncing = threading.Lock()
        self._tidying = threading.Lock()

    @classmethod
    def open(cls, folder: Path, embedder: Embedder, max_tokens: int = 128, rebuild: bool = False) -> Self:
        """The index in this folder. If there is none, or with `rebuild`, a new empty index.

        Raises RunFolderError if the index was made with another embedder or chunk size, DamagedIndexError if it cannot
        be read, and ConfigError for max_tokens below 1.
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
            check_same(f"The index in {folder}", state, wanted, REMEDY)
            index = cls(folder, embedder, open_table(folder, state.table), state)
            for name in sorted(table_names(folder) - {state.table}) if cls.is_alone else ():
                index._old_tables.replaced(name)  # by a process that has ended, or is about to
            return index

    @property
    def n_chunks(self) -> int:
        with explained(self._folder):
            return int(self._table.count_rows())

    @property
    def version(self) -> int:
        """The version of the store at the last complete sync."""
        return self._state.version

    def load(self) -> None:
        """Reads the rows into memory, which the first search would do otherwise."""
        self._loaded()

    def check(self) -> None:
        """Reads all that searches read and the index of words, and searches for the words of one passage. Raises
        DamagedIndexError if a part is damaged or missing. What was read once is not read again.
        """
        snapshot = self._loaded()
        state = (self._state.table, self._published)
        if self._checked == state:
            return
        with explained(self._folder):
            n = len(snapshot.rows)
            texts = snapshot.table.search().select(["passage", TEXT_COLUMN]).limit(n + 1).to_arrow()["passage"]
            warm(snapshot.table)
        for passage in texts[:1].to_pylist():
            self._ranked(self._bm25(snapshot, [passage], 1, ""), snapshot.rows)
        self._checked = state

    def doubts(self, store: DocumentStore) -> tuple[str, ...]:
        """The ids of documents that the index holds otherwise than the store, though they did not change since the last
        sync: somebody edited a table, or a file was damaged. Texts, places and labels are compared; vectors are not.
        """
        with self._syncing, explained(self._folder):
            self._catch_up()
            if self._state.store != store.identity:
                return ()
            n = int(self._table.count_rows())
            rows = self._table.search().select(list(COLUMNS)).limit(n + 1).to_arrow().to_pylist()
            changes = changes_for(store, self._state.version, self._held, self._state.stamp)
            known = {*changes.added, *changes.updated, *changes.deleted, *self._state.pending}
            return tuple(id for id in doubtful(rows, store.documents(), self._chunks) if id not in known)

    def sync(
        self,
        store: DocumentStore,
        progress: Callable[[int, int], None] | None = None,
        tidy: bool = True,
        again: Iterable[str] = (),
    ) -> Synced:
        """Updates the index to the current state of the store. Only changed documents are embedded.

        If a sync is killed, the next one repeats what was half done. `progress` is called with (documents done, all
        documents to do). Without `tidy` the caller calls `tidy` later, so that a change is visible sooner. Documents
        in `again` are written even if they did not change. Raises RunFolderError if the index was built from another
        store.
        """
        begun = now()
        with self._syncing, explained(self._folder):
            self._catch_up()
            if self._state.store not in ("", store.identity):
                raise RunFolderError(f"The index in {self._folder} was built from another document store.", OTHER_STORE)
            changes = changes_for(store, self._state.version, self._held, self._state.stamp)
            touched = sorted({*changes.added, *changes.updated, *changes.deleted, *self._state.pending, *again})
            if touched or (self._state.version, self._state.stamp) != (changes.version, changes.stamp):
                self._save(store=store.identity, version=changes.version, stamp=changes.stamp, pending=tuple(touched))
            self._choose_language(store)
            earlier_s = self._state.seconds
            written: list[Any] = []
            try:
                for left, passages, rows in self._replaced(store, touched):
                    written.append(rows)
                    self._save(
                        pending=tuple(left),
                        n_chunks=self._state.n_chunks + len(passages),
                        n_tokens=self._state.n_tokens + sum(map(self._embedder.count_tokens, passages)),
                        seconds=earlier_s + now() - begun,
                    )
                    if progress:
                        progress(len(touched) - len(left), len(touched))
                if touched and tidy:
                    self._tidy()
                elif self._n_pieces > MOST_PIECES:
                    self._join_pieces()
            except BaseException:
                self._is_behind = True  # searches keep what they have until a sync succeeds
                raise
            if touched:
                self._publish(touched, written)
            done = self._state
            if done.seconds:
                self._save(n_chunks=0, n_tokens=0, seconds=0.0)
        counts = {f"n_{kind}": len(getattr(changes, kind)) for kind in ("added", "updated", "deleted")}
        seconds = earlier_s + now() - begun
        return Synced(**counts, n_chunks=done.n_chunks, n_tokens=done.n_tokens, seconds=seconds, n_written=len(touched))

    def _held(self) -> Iterable[str]:
        """The ids of the documents that it has rows of."""
        n = int(self._table.count_rows())
        ids = self._table.search().select(["document_id"]).limit(n + 1).to_arrow()["document_id"]
        held: list[str] = ids.unique().to_pylist()
        return held

    def _choose_language(self, store: DocumentStore) -> None:
        """Before the first rows are written: stem words by the rules of the documents' main language."""
        if int(self._table.count_rows()):
            return
        language = main_language(store)
        if language != self._state.language:
            index_words(self._table, language)
            self._save(language=language)

    @property
    def language(self) -> str:
        return self._state.language

    def _found(
        self, queries: Sequence[str], depth: int, where: Filter, ways: Ways
    ) -> AbstractContextManager[Iterable[Found]]:
        snapshot = self._loaded()
        rows = snapshot.rows
        none = Ranking.of([], rows.order)
        nothing = [none] * len(queries)
        searches = self._bm25(snapshot, queries if ways.words else (), depth, condition(where))
        dense = self._dense(rows, queries, depth, where, ways.vectors) if ways.dense else nothing
        lexical = self._ranked(searches, rows) if ways.words else nothing
        pairs = zip(lexical, dense, strict=True)
        return nullcontext([Found(first, second, rows.order, rows.hits) for first, second in pairs])

    @property
    def is_untidy(self) -> bool:
        """Whether so much changed since the table was last rewritten that `tidy` is worth its cost, or tables that
        nobody reads any more take space.
        """
        with self._syncing, explained(self._folder):
            return self._old_tables.has_unread or self._is_worth_rewriting or self._holds_erased

    @property
    def _holds_erased(self) -> bool:
        """Whether the table is to be written again, now that all that was erased is deleted from it."""
        return 0 < self._state.erases <= self._state.version and not self._state.pending

    @property
    def _is_worth_rewriting(self) -> bool:
        return self._n_writes >= TIDY_WRITES or (
            self._n_writes > 0 if self.n_chunks <= TIDY_ALWAYS_CHUNKS else self._n_unindexed() * 100 >= self.n_chunks
        )

    def tidy(self) -> None:
        """Rewrites the table beside itself: small pieces become one, new rows enter the full-text index.

        Not if tables that nobody reads any more are all that is to be tidied: then it only removes them. Takes seconds
        at 100,000 chunks. Searches and syncs go on meanwhile. If it is killed, nothing has changed. After `erase` all
        rows are written to new files, and the old ones go at once.
        """
        with self._tidying, explained(self._folder):
            with self._syncing:
                if self._is_behind:  # the table is half written until a sync succeeds
                    return
                self._catch_up()
                erases = self._holds_erased
                only_removes = self._old_tables.has_unread and not self._is_worth_rewriting and not erases
                self._remove_tables()
                if only_removes:
                    return
                state = self._state
                rows = pinned(self._table, int(self._table.version)) if erases else None
                name = "" if erases else copy_table(self._folder, state)
                self._recent, before = set(), self._recent
                n_before = self._n_writes
            try:
                name = name or rewritten_table(self._folder, state, rows)
                table = open_table(self._folder, name)
                table.optimize(cleanup_older_than=NO_OLD_VERSIONS, delete_unverified=True)
                warm(table)
                with self._syncing:
                    if self._is_behind:
                        self._recent |= before
                        self._remove_tables()
                        return
                    self._take_place(name, table, state.version if erases else None)
                    self._n_writes -= n_before
                    self._remove_tables()
            except BaseException:
                with self._syncing:
                    self._recent |= before
                    self._remove_tables()
                raise

    def erase(self, version: int) -> None:
        """Notes, on the disk too, that texts which are deleted as of this version must leave the files. `tidy` does it,
        once a sync has reached that version.
        """
        with self._syncing, explained(self._folder):
            self._catch_up()
            self._save(erases=version)

    def _take_place(self, name: str, table: Any, rewritten: int | None) -> None:
        """Writes to the rewritten table what changed since it was copied, and searches it from now on.

        `rewritten` is the store's version as of which all its rows were written: what was erased since is in its files.
        """
        if self._recent:
            chosen = those(sorted(self._recent))
            rows = self._rows_of(chosen)
            table.delete(chosen)
            if len(rows):
                table.add(rows)
        version = int(table.version)
        view = self._old_tables.view(table, version)
        self._old_tables.replaced(self._state.table, is_kept=rewritten is None)
        is_erased = rewritten is not None and self._state.erases <= rewritten
        self._save(table=name, erases=0 if is_erased else self._state.erases)
        self._n_pieces = int(bool(self._recent))
        with self._loading:
            self._table, self._published = table, version
            if self._snapshot is not None:
                self._snapshot = _Snapshot(view, self._snapshot.rows)

    def _remove_tables(self) -> None:
        """Removes tables that nobody reads any more: those replaced a while ago, and copies that were not finished.

        After a state that could not be written, the file may name another table than this process knows.
        """
        kept, written = self._old_tables.kept(), read_state(self._folder)
        remove_tables(self._folder, {self._state.table, *kept, *([written.table] if written else [])})
        self._old_tables.removed(kept)

    def _join_pieces(self) -> None:
        """Rewrites the documents that changed since the last tidying as one piece. If killed, they are done again."""
        recent = sorted(self._recent)
        chosen = those(recent)
        rows = self._rows_of(chosen)
        self._save(pending=tuple(recent))
        self._table.delete(chosen)
        if len(rows):
            self._table.add(rows)
        self._save(pending=())
        self._n_pieces = 1

    def _rows_of(self, chosen: str) -> Any:
        return self._table.search().where(chosen).limit(int(self._table.count_rows()) + 1).to_arrow()

    def _publish(self, documents: Sequence[str], written: Sequence[Any]) -> None:
        """Lets searches see the table as it is now. `written` are the new rows of these documents."""
        with self._loading:
            snapshot, self._published = self._snapshot, int(self._table.version)
        is_behind, self._is_behind = self._is_behind, False
        if snapshot is None:
            return
        view, rows = self._old_tables.view(self._table, self._published), None
        if not is_behind:
            import pyarrow as pa

            rows = snapshot.rows.changed(documents, pa.concat_tables(written))
        self._snapshot = _Snapshot(view, IndexRows.of(view) if rows is None else rows)

    def _replaced(self, store: DocumentStore, touched: Sequence[str]) -> Iterator[tuple[list[str], list[str], Any]]:
        """Rewrites the rows of these documents in groups. Yields (ids left to do, passages, new rows) after each."""
        left = list(touched)
        ahead = self._ahead
        known = ahead.vectors if ahead else NOTHING_KNOWN
        for group, vectors in with_vectors(groups(store, touched, self._chunks), self._embedder, known):
            passages = group.passages
            rows = arrow_rows(group.chunks, group.access, vectors, self._table.schema)
            self._write(group.ids, rows)
            left = left[len(group.ids) :]
            yield left, passages, rows

    @contextmanager
    def ahead(self, documents: Iterable[Document]) -> Iterator[None]:
        self._ahead = Ahead(documents, self._cut, self._embedder)
        try:
            yield
        finally:
            self._ahead = None

    def _chunks(self, document: Document) -> list[Chunk]:
        ahead = self._ahead
        made = ahead.chunks(document) if ahead else None
        return self._cut(document) if made is None else made

    def _cut(self, document: Document) -> list[Chunk]:
        return chunk_document(document, self._state.max_tokens, self._embedder.count_tokens)

    def _write(self, ids: Sequence[str], rows: Any) -> None:
        self._recent.update(ids)
        self._n_writes += 1
        self._n_pieces += 1
        self._table.delete(those(ids))
        if len(rows):
            self._table.add(rows)

    def _tidy(self) -> None:
        """Adds new rows to the full-text index. This rewrites the table, so a large table waits for 2 % new rows.

        Until then, searches scan the new rows one by one, and the statistics of BM25 still count deleted rows. Nothing
        is done while another thread rewrites the table beside itself.
        """
        if self._tidying.locked():
            return
        if self.n_chunks <= TIDY_ALWAYS_CHUNKS or self._n_unindexed() * 50 >= self.n_chunks:
            self._table.optimize(cleanup_older_than=OLD_VERSIONS_KEPT)
            self._n_pieces = self._n_writes = 0
            self._recent = set()

    def _n_unindexed(self) -> int:
        return int(self._table.index_stats(f"{TEXT_COLUMN}_idx").num_unindexed_rows)

    def _save(self, **changed: Any) -> None:
        state = self._state.model_copy(update=changed)
        write_state(self._folder, state)
        self._state = state

    def _catch_up(self) -> None:
        """Opens the table again if another process wrote to the folder since this one opened it."""
        state = read_state(self._folder) if self.is_alone else None  # who shares a folder opens it again under its lock
        if state is None or state == self._state:
            return
        check_same(f"The index in {self._folder}", state, self._state, REMEDY)
        if self._is_behind and state.table == self._state.table:  # searches keep what they have
            self._state = state
            return
        table = open_table(self._folder, state.table)
        if state.table != self._state.table:
            self._old_tables.replaced(self._state.table)
        with self._loading:
            self._state, self._table, self._published = state, table, int(table.version)
            self._snapshot = None

    def _loaded(self) -> _Snapshot:
        """What searches read now. Read from the disk the first time."""
        snapshot = self._snapshot
        if snapshot is not None:
            return snapshot
        with self._loading, explained(self._folder):
            if self._snapshot is None:
                view = self._old_tables.view(self._table, self._published)
                self._snapshot = _Snapshot(view, IndexRows.of(view))
            return self._snapshot

    def _bm25(self, snapshot: _Snapshot, queries: Sequence[str], k: int, seen: str) -> WordSearches:
        """Searches for the words of each query, which begin now. `_ranked` gives their rankings."""
        with explained(self._folder):
            return WordSearches(snapshot.table, queries, max(k, CANDIDATES), seen)

    def _ranked(self, searches: WordSearches, rows: IndexRows) -> list[Ranking]:
        with explained(self._folder):
            return [
                Ranking.of([(rows.at[id], score) for id, score in found if id in rows.at], rows.order)
                for found in searches
            ]

    def _dense(
        self, rows: IndexRows, queries: Sequence[str], k: int, where: Filter, given: np.ndarray | None = None
    ) -> list[Ranking]:
        """The ranking of each query by its vector: the given one, or else its embedding."""
        asked = [i for i, query in enumerate(queries) if any(map(str.isalnum, query))]
        rankings = [Ranking.of([], rows.order) for _ in queries]
        if not asked or not rows.n_living:
            return rankings
        hidden = rows.hidden(where.source_prefix, where.access)
        if given is None:
            vectors = self._embedder.embed_queries([encodable(queries[i]) for i in asked])
        else:
            vectors = np.asarray(given, np.float32)[asked]
        for i, ranking in zip(asked, nearest(rows, vectors, k, hidden), strict=True):
            rankings[i] = ranking
        return rankings
