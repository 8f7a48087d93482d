"""The LanceDB table of an index on this machine: it holds what was read of a log, and embeds nothing.

Takes rows that were made elsewhere. Knows no bucket. It can be deleted at any time, and is read again.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, NamedTuple

from bakeoff.retrieval.hybrid import MOST_PIECES, HybridIndex
from bakeoff.retrieval.lance_table import explained, index_words, those
from bakeoff.retrieval.syncing import GROUP_CHUNKS


class Mark(NamedTuple):
    """What an index holds: the documents of this store as of a version, which is what an entry of its log says."""

    store: str
    version: int
    entry: int
    language: str


class Follower(HybridIndex):
    """An index that is searched like any other, and changes only by `take`."""

    is_alone: ClassVar[bool] = False

    @property
    def log(self) -> str:
        """The name of the log that it follows. Empty for a new one."""
        return self._state.log

    @property
    def mark(self) -> Mark:
        return Mark(self._state.store, self._state.version, self._state.entry, self._state.language)

    def follow(self, log: str) -> None:
        """From now on this new table follows this log."""
        with self._syncing, explained(self._folder):
            self._save(log=log)

    def rows(self) -> Any:
        """All rows."""
        with self._syncing, explained(self._folder):
            return self._table.to_arrow()

    @property
    def documents(self) -> set[str]:
        """The ids of all documents that it has rows of, or may have."""
        with self._syncing, explained(self._folder):
            n = int(self._table.count_rows())
            ids = self._table.search().select(["document_id"]).limit(n + 1).to_arrow()["document_id"]
            return {*self._state.pending, *ids.unique().to_pylist()}

    def take(self, documents: Sequence[str], tables: Iterable[Any], mark: Mark, tidy: bool = True) -> None:
        """Replaces all rows of these documents by those of the tables. It is then as `mark` says.

        Searches find it whole or not at all. If it is killed, it has to be repeated, with at least these documents.
        """
        with self._syncing, explained(self._folder):
            if mark.language != self._state.language and not int(self._table.count_rows()):
                index_words(self._table, mark.language)
                self._save(language=mark.language)
            left = sorted({*self._state.pending}.difference(documents))
            self._save(store=mark.store, pending=(*left, *documents))
            try:
                written = list(self._rewritten(documents, tables))
                self._save(version=mark.version, entry=mark.entry, pending=tuple(left))
                if documents and tidy:
                    self._tidy()
                if self._n_pieces > MOST_PIECES:
                    self._join_pieces()
            except BaseException:
                self._is_behind = True
                raise
            if documents:
                self._publish(documents, written)

    def _rewritten(self, documents: Sequence[str], tables: Iterable[Any]) -> Iterator[Any]:
        """Writes the rows. Gives them, and at least one table without any."""
        self._recent.update(documents)
        self._n_writes += 1
        if int(self._table.count_rows()):
            for start in range(0, len(documents), GROUP_CHUNKS):
                self._table.delete(those(documents[start : start + GROUP_CHUNKS]))
        yield self._table.schema.empty_table()
        for table in tables:
            self._n_pieces += 1
            if len(table):
                self._table.add(table)
            yield table
