"""The index in a bucket: every chunk with its vector in a log, searched in a LanceDB table on this machine.

Takes a store's documents and queries. Gives hits, and the costs of a sync. Knows nothing about generators or questions.

A sync writes what changed as the next entry of the log and then reads it as every other server does: the table here
never holds what the log does not. A search first looks for new entries.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from bakeoff.corpus.buckets.objects import Objects
from bakeoff.corpus.buckets.place import BucketPlace
from bakeoff.errors import BakeoffError, ConfigError, DamagedIndexError, RunFolderError
from bakeoff.files.locks import waited_for
from bakeoff.protocols import DocumentStore, Embedder, Synced
from bakeoff.retrieval.buckets.entries import REMEDY, Made, made_of, make
from bakeoff.retrieval.buckets.rows import Waiting
from bakeoff.retrieval.buckets.syncing import Sync
from bakeoff.retrieval.buckets.table import Table, lock_beside
from bakeoff.retrieval.searching import Filter, Found, HybridSearch, Ways
from bakeoff.retrieval.syncing import check_same

TRIES = 50
WAITING = "waiting"
_log = logging.getLogger(__name__)


class BucketIndex(HybridSearch):
    """One index of a world, by its name. Open it with `BucketIndex.open`, `sync` it, then `search` it.

    Any number of servers may search and sync, each with a folder of its own for the table.
    """

    def __init__(self, objects: Objects, folder: Path, name: str, embedder: Embedder, made: Made) -> None:
        self._objects, self._name, self._made = objects, name, made
        self._embedder = embedder
        self._table = Table(objects, folder, name, embedder, made)
        self._syncing = threading.Lock()

    @classmethod
    def open(
        cls, place: BucketPlace, folder: Path, name: str, embedder: Embedder, max_tokens: int = 128
    ) -> "BucketIndex":
        """The index of this name, with a table in this folder. If there is none, a new empty one.

        Raises RunFolderError if it was made with another embedder or chunk size, ConfigError for max_tokens below 1,
        and StoreGoneError if the bucket cannot be used.
        """
        if max_tokens < 1:
            raise ConfigError(f"Chunks of at most {max_tokens} tokens cannot hold text.", "set 1 or more")
        objects, wanted = Objects(place), Made.new(embedder.name, embedder.dimension, max_tokens)
        made = made_of(objects, name) or make(objects, name, wanted)
        check_same(f"The index '{name}' in {place.where}", made, wanted, REMEDY)
        return cls(objects, folder, name, embedder, made)

    @property
    def _where(self) -> str:
        return f"The index '{self._name}' in {self._objects.where}"

    @property
    def n_chunks(self) -> int:
        return self._table.caught_up().n_chunks

    @property
    def version(self) -> int:
        return self._table.caught_up().version

    @property
    def language(self) -> str:
        return self._table.local.language

    @property
    def is_untidy(self) -> bool:
        return self._table.local.is_untidy

    def tidy(self) -> None:
        """Rewrites the table here, and packs the log if it takes much more room than the rows there are."""
        self._table.local.tidy()
        self._table.pack()

    def erase(self, version: int) -> None:
        self._table.local.erase(version)

    def load(self) -> None:
        self._table.caught_up().load()

    def check(self) -> None:
        """As `HybridIndex.check`; a damaged table here is made again from the log, without embedding anything."""
        try:
            self._table.caught_up().check()
        except DamagedIndexError as error:
            _log.warning("%s It is read again from the bucket.", error.message)
            self._table.renew()
            self._table.caught_up().check()

    def doubts(self, store: DocumentStore) -> tuple[str, ...]:
        """The ids of documents that the table holds otherwise than the store. Texts, places and labels are compared."""
        return self._table.newest().doubts(store)

    def sync(
        self,
        store: DocumentStore,
        progress: Callable[[int, int], None] | None = None,
        tidy: bool = True,
        again: Iterable[str] = (),
    ) -> Synced:
        """Updates the index to the current state of the store. Only changed documents are embedded.

        Every server finds all of it or nothing. If a sync is killed, the next one in this folder embeds what was not
        embedded yet. Raises RunFolderError if the index was built from another store, or is gone.
        """
        folder = self._table.folder
        with self._syncing, waited_for(lock_beside(folder, "sync"), needed=False):
            waiting = Waiting(folder / WAITING, self._made.log, self._made.dimension)
            work = Sync(self._table, store, self._embedder, self._made.max_tokens, waiting, again, progress)
            for _ in range(TRIES):
                if made_of(self._objects, self._name) != self._made:
                    raise RunFolderError(f"{self._where} is gone, or was made again.", "start again: " + REMEDY)
                if (done := work.attempt(self._where, REMEDY, tidy)) is not None:
                    return done
        raise BakeoffError(
            f"{self._where} is changed by so many at once that {TRIES} attempts came too late.",
            "run it again: what was embedded is kept",
        )

    def _found(
        self, queries: Sequence[str], depth: int, where: Filter, ways: Ways
    ) -> AbstractContextManager[Iterable[Found]]:
        return self._table.caught_up()._found(queries, depth, where, ways)
