"""One sync of an index in a bucket: what changed is embedded, and becomes the next entry of its log.

Takes a store and the table, gives what the sync did. If another server wrote that entry, its is read, and what is left
is tried again.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from bakeoff.corpus.buckets.store import AsOf, BucketStore
from bakeoff.corpus.chunk import chunk_document
from bakeoff.corpus.store import content_hash
from bakeoff.errors import RunFolderError
from bakeoff.models.kept.clock import now
from bakeoff.protocols import DocumentStore, Embedder, StoredChanges, Synced
from bakeoff.records import Chunk, Document
from bakeoff.retrieval.buckets.follower import Mark
from bakeoff.retrieval.buckets.rows import Cost, Waiting
from bakeoff.retrieval.buckets.table import Table
from bakeoff.retrieval.syncing import changes_for, groups, main_language, with_vectors

Progress = Callable[[int, int], None]


class Sync:
    """The work of one sync. Documents in `again` are embedded although they did not change."""

    def __init__(
        self, table: Table, store: DocumentStore, embedder: Embedder, max_tokens: int, waiting: Waiting,
        again: Iterable[str], progress: Progress | None,
    ) -> None:  # fmt: skip
        self._table, self._store, self._embedder, self._max_tokens = table, store, embedder, max_tokens
        self._waiting, self._progress = waiting, progress
        self._again = frozenset(again)
        self._to_do_again = set(self._again)
        self._changes: StoredChanges | None = None
        self._n_written = 0
        self._earlier_s, self._begun = waiting.cost.seconds, now()

    def attempt(self, where: str, remedy: str, tidy: bool) -> Synced | None:
        """Embeds what is left and writes it. None if another server was first."""
        local = self._table.newest(tidy)
        mark = local.mark
        if mark.store not in ("", self._store.identity):
            raise RunFolderError(f"{where} was built from another document store.", remedy)
        changes = changes_for(self._store, mark.version, lambda: local.documents)
        self._changes = self._changes or changes
        touched = sorted({*changes.added, *changes.updated, *changes.deleted, *self._again})
        if touched or mark.version != changes.version:
            language = local.language if local.n_chunks else main_language(self._store)
            living = self._embedded(touched, changes.version)
            new = Mark(self._store.identity, changes.version, mark.entry + 1, language)
            if not self._table.append(mark, new, touched, partial(self._waiting.tables, living), tidy):
                return None
            self._n_written += len(touched)
        return self._done(self._changes)

    def _embedded(self, touched: Sequence[str], version: int) -> frozenset[str]:
        """Embeds what is not embedded yet of these documents as of this version. Gives those that are not deleted."""
        documents = AsOf(self._store.near, version) if isinstance(self._store, BucketStore) else self._store
        known, living, left = self._waiting.hashes, set(), []
        for id in touched:
            document = documents.get(id)
            if document is not None:
                living.add(id)
                if id in self._to_do_again or known.get(id) != content_hash(document):
                    left.append(id)
        n_done, begun = len(touched) - len(left), now()
        for group, vectors in with_vectors(groups(documents, left, self._chunks), self._embedder):
            n_tokens = sum(map(self._embedder.count_tokens, group.passages))
            done = now()
            self._waiting.add(group, vectors, Cost(len(group.chunks), n_tokens, done - begun))
            self._to_do_again.difference_update(group.ids)
            n_done, begun = n_done + len(group.ids), done
            if self._progress:
                self._progress(n_done, len(touched))
        return frozenset(living)

    def _chunks(self, document: Document) -> list[Chunk]:
        return chunk_document(document, self._max_tokens, self._embedder.count_tokens)

    def _done(self, changes: StoredChanges) -> Synced:
        cost = self._waiting.cost
        self._waiting.clear()
        return Synced(
            n_added=len(changes.added),
            n_updated=len(changes.updated),
            n_deleted=len(changes.deleted),
            n_chunks=cost.n_chunks,
            n_tokens=cost.n_tokens,
            seconds=self._earlier_s + now() - self._begun,
            n_written=self._n_written,
        )
