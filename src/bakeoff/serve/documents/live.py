"""Live documents: each change is on the disk and visible to every search before it is acknowledged.

Takes a store and the indexes made from it. One change at a time, in the order in which they came; reading and searching
never wait. Documents are cut and embedded before it is their turn, and to delete another one does not wait for that: it
goes first. Knows nothing about HTTP.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from types import TracebackType
from typing import Literal, NamedTuple, Self

from bakeoff.corpus.access import may_see
from bakeoff.corpus.store import content_hash
from bakeoff.errors import BakeoffError
from bakeoff.protocols import DocumentStore, SearchIndex
from bakeoff.records import Document, Hit, Labels, Record
from bakeoff.serve.documents.order import InOrder, only_writer
from bakeoff.serve.documents.views import Change, Cited, Listing, Shown, Views
from bakeoff.serve.memory import settle_again

SETTLED_S = 2.0
"""Indexes are tidied when no document has changed for this long, or after TIDY_AT_LATEST_S. Or at once, when as many
chunks were written as an index has, and TIDY_CHUNKS: what changed takes as much room as what is there, and rewriting
costs no more than the changes did.
"""
TIDY_CHUNKS = 256
TIDY_AT_LATEST_S = 20.0
TIDY_AGAIN_S = 60.0
"""After a failure, tidying is tried again this much later and not before."""
SHOW_AGAIN_S, SHOW_AT_LATEST_S = 30.0, 3600.0
"""A change that is stored and could not be shown is tried again after so long, then after twice as long, and so on:
each time, its documents may be embedded again.
"""
LOOK_AGAIN_S = 61.0
"""So much later it is seen whether what was replaced can go: an index keeps the last of it for a minute."""
AHEAD_CHARS = 10_000_000
"""More text than this is embedded when it is written, a group at a time: its vectors would take much memory."""
PAST_VERSIONS = 8
NAMED = 5
"""As many documents a message names."""

_log = logging.getLogger(__name__)


class NotShownError(BakeoffError):
    """A change that is stored, and that searches do not see yet: an index could not be written. `version` holds it."""

    def __init__(self, version: int, error: Exception) -> None:
        message, remedy = (error.message, error.remedy) if isinstance(error, BakeoffError) else (str(error), "")
        after = "a server tries again by itself, first after half a minute; so does every change, and every start"
        super().__init__(
            f"The change is stored as version {version}, but searches do not find it yet: an index could not be "
            f"written. {message}",
            f"{remedy.rstrip('.')}; {after}" if remedy else f"nothing needs to be sent again: {after}",
        )
        self.version = version


class PutResult(Record):
    """What became of one document. `version` is the store's version that holds it."""

    id: str
    version: int
    kind: Literal["added", "updated", "unchanged"]


class Edit(NamedTuple):
    """One change: documents to add or replace, and ids to delete."""

    documents: tuple[Document, ...] = ()
    deleted: tuple[str, ...] = ()


class LiveDocuments:
    """The documents of a store and its indexes. Use it as a context manager: it begins with bringing the indexes up to
    date with the store (after a kill too, and after an edit that did not go through here), and holds the lock of the
    store's folder until the end, if the store is in a folder. `wrote_at_start` says whether an index had to be written
    for that.
    """

    def __init__(self, store: DocumentStore, indexes: Sequence[SearchIndex]) -> None:
        self.store = store
        self.views = Views(store)
        self._indexes = tuple(indexes)
        self._turns = InOrder()
        self._writers = InOrder()
        self._coming: list[str] = []
        self._lock = only_writer(store.folder) if store.folder else nullcontext()
        self._tidier = _Tidier(self._indexes, self._show_again)
        self._version = 0
        self.wrote_at_start = self._has_erased = False

    def __enter__(self) -> Self:
        self._lock.__enter__()
        try:
            with self._turns.turn():
                n_written = [
                    index.sync(self.store, tidy=False, again=self._doubts(index)).n_written for index in self._indexes
                ]
                self.wrote_at_start = any(n_written)
                self._show(self.store.version)
            for index in self._indexes:
                index.load()
                index.check()
        except BaseException:
            self._lock.__exit__(None, None, None)
            raise
        self._tidier.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Waits for the change that is being made, and for tidying: what was erased leaves the files before the end."""
        self._tidier.stop()
        with self._writers.turn(), self._turns.turn():
            if self._has_erased:
                self._tidier.tidy()
            self._lock.__exit__(None, None, None)

    @property
    def version(self) -> int:
        """The version that searches see. It never goes back. Of shared documents, other servers make versions too."""
        if self.store.is_shared:
            shown = min((index.version for index in self._indexes), default=self.store.version)
            self._version = max(self._version, shown)
        return self._version

    def put(self, document: Document) -> PutResult:
        """Adds or replaces one document. Raises InputError if another document has the same source."""
        return self.put_all([document])[0]

    def put_all(self, documents: Iterable[Document], deleted: Iterable[str] = ()) -> list[PutResult]:
        """Adds or replaces documents and deletes others, as one change: searches see all of it or nothing.

        Raises InputError as `DocumentStore.upsert`, BakeoffError if the change could not be stored, NotShownError if it
        is stored and could not be shown: that is tried again later, with the next change, and at the next start.
        """
        edit = Edit(tuple(documents), tuple(deleted))
        return self.edit(lambda: edit, lambda: edit.documents)

    def edit(self, prepare: Callable[[], Edit], likely: Callable[[], Iterable[Document]] = tuple) -> list[PutResult]:
        """The same for what `prepare` gives. It is called when nothing else is being changed, so it may look at what is
        there. What it raises is raised, and nothing is changed.

        `likely` gives the documents that it will probably give: they are cut and embedded before.
        """
        with self._ahead(likely), self._turns.turn():
            documents, deleted = prepare()
            changes = self.store.change(documents, deleted)
            self._show(changes.version)
        added, updated = set(changes.added), set(changes.updated)
        return [
            PutResult(
                id=document.id,
                version=changes.version,
                kind="added" if document.id in added else "updated" if document.id in updated else "unchanged",
            )
            for document in documents
        ]

    @contextmanager
    def _ahead(self, likely: Callable[[], Iterable[Document]]) -> Iterator[None]:
        """What takes long for these documents, after everybody who came earlier with documents. What fails here fails
        again, and is told, when it is their turn.
        """
        documents: list[Document] = []
        with suppress(BakeoffError):
            documents += likely()
        ids = [document.id for document in documents]
        self._coming += ids
        try:
            with self._writers.turn(), ExitStack() as made:
                changed = [one for one in documents if self._has_changed(one)]
                if sum(len(one.text) for one in changed) <= AHEAD_CHARS:
                    for index in self._indexes if changed else ():
                        with suppress(BakeoffError, OSError, RuntimeError):
                            made.enter_context(index.ahead(changed))
                yield
        finally:
            for id in ids:
                self._coming.remove(id)

    def _has_changed(self, document: Document) -> bool:
        there = self.store.get(document.id)
        return there is None or content_hash(there) != content_hash(document)

    @contextmanager
    def _turn_to_delete(self, id: str) -> Iterator[None]:
        """A document that somebody sends at the moment is deleted after that."""
        with self._writers.turn() if id in self._coming else nullcontext(), self._turns.turn():
            yield

    def is_hidden(self, id: str, labels: Labels) -> bool:
        """Whether there is such a document, and somebody who holds these labels may not see it."""
        document = self.store.get(id)
        return document is not None and not may_see(labels, document.access)

    def delete(self, id: str, labels: Labels = None) -> int | None:
        """Deletes a document and returns the version without it.

        None if there is no such document, or somebody who holds these labels may not see it.
        """
        with self._turn_to_delete(id):
            if self.is_hidden(id, labels):
                return None
            changes = self.store.delete([id])
            self._show(changes.version)
        return changes.version if changes.deleted else None

    def erase(self, id: str, labels: Labels = None) -> int | None:
        """Deletes a document if it is there, and drops all texts that are kept of it: no citation shows them any more.

        Gives how many were dropped. None if there never was such a document, or somebody who holds these labels may not
        see it.
        """
        with self._turn_to_delete(id):
            if not self.store.history(id) or self.views.hidden([(id, None)], labels):
                return None
            n_erased = self.store.erase(id)  # first, since a store that cannot do it says so before anything changes
            self._erase_from_indexes(self.store.version + 1)  # noted before, as it may be killed any time
            changes = self.store.delete([id])
            self._erase_from_indexes(changes.version)  # it was no live document if the version is the same
            n_erased += self.store.erase(id)
            self._show(changes.version)
            return n_erased

    def _erase_from_indexes(self, version: int) -> None:
        for index in self._indexes:
            index.erase(version)
        self._has_erased = True

    def page(self, labels: Labels, after: str = "", limit: int = 100, query: str = "") -> Listing:
        """Documents in the order of their sources."""
        return self.views.listing(labels, after, limit, query)

    def changes(self, labels: Labels, n: int) -> tuple[Change, ...]:
        """The newest n changes, newest first."""
        return self.views.changes(labels, n)

    def version_of(self, id: str, labels: Labels, version: int | None = None) -> Shown | None:
        """A document as of a version, or as it is now."""
        return self.views.as_of(id, labels, version)

    def hidden(self, cited: Iterable[Cited], labels: Labels) -> set[Cited]:
        """Those of these documents, each as of a version, that somebody who holds these labels may not see now."""
        return self.views.hidden(cited, labels)

    def narrowed(self, labels: Labels) -> int:
        """The newest version at which a document was hidden from somebody who holds these labels, or erased."""
        return self.views.narrowed(labels)

    def erased(self, cited: Iterable[Cited]) -> set[Cited]:
        """Those of these documents, each as of a version, whose texts were erased."""
        return self.views.erased(cited)

    def erased_when(self) -> range:
        """The versions in which a document may have been live that was erased later."""
        return self.views.erased_when()

    def first_restricted(self) -> int | None:
        """The first version that has a document with labels."""
        return self.views.first_restricted()

    def ids_of(self, sources: Iterable[str]) -> dict[str, set[str]]:
        """The ids of all documents that ever had each of these sources."""
        return self.views.ids_of(sources)

    def cited_versions(self, hits: Iterable[Hit]) -> Mapping[str, int]:
        """The version of each document that passages are from: the newest one that has all of them in their places.

        A document may change between the search and the end of the answer.
        """
        cited: dict[str, list[Hit]] = {}
        for hit in hits:
            cited.setdefault(hit.chunk.document_id, []).append(hit)
        versions = {id: self._version_with(id, passages) for id, passages in cited.items()}
        return {id: version for id, version in versions.items() if version is not None}

    def _version_with(self, id: str, hits: Sequence[Hit]) -> int | None:
        before: int | None = None
        for _ in range(PAST_VERSIONS):
            shown = self.views.as_of(id, None, self.store.version if before is None else before)
            if shown is None:
                return None
            if all(shown.text[hit.chunk.start : hit.chunk.end] == hit.chunk.text for hit in hits):
                return shown.version
            before = shown.version - 1
        return None

    def _doubts(self, index: SearchIndex) -> tuple[str, ...]:
        """The documents that an index holds otherwise than the store. They are named in a warning."""
        doubts = index.doubts(self.store)
        if doubts:
            named = ", ".join(doubts[:NAMED]) + (", ..." if len(doubts) > NAMED else "")
            _log.warning(
                "An index does not hold what the document store holds, although nothing changed since it was written. "
                "%d documents are indexed again: %s",
                len(doubts),
                named,
            )
        return doubts

    def index_again(self) -> None:
        """Makes every index again from the documents, vectors included."""
        with self._turns.turn():
            for index in self._indexes:
                index.sync(self.store, again=[document.id for document in self.store.documents()])

    def follow(self, indexes: Iterable[SearchIndex]) -> None:
        """From now on these indexes follow the documents, and no others. New ones are brought up to date first."""
        wanted = tuple(dict.fromkeys(indexes))
        new = [index for index in wanted if index not in self._indexes]
        for index in new:  # nobody searches it yet, and changes need not wait
            index.sync(self.store, tidy=False, again=self._doubts(index))
            index.load()
            index.check()
        with self._turns.turn():
            for index in new:
                index.sync(self.store, tidy=False)
            self._indexes = self._tidier.indexes = wanted

    def _show(self, version: int) -> None:
        """Brings every index up to date. Raises NotShownError; then it is tried again later."""
        share = 0.0
        try:
            for index in self._indexes:
                written = index.sync(self.store, tidy=False).n_chunks
                share = max(share, written / max(index.n_chunks, TIDY_CHUNKS))
        except (BakeoffError, OSError, RuntimeError) as error:
            self._tidier.failed_to_show()
            raise NotShownError(version, error) from error
        self._version = version
        self._tidier.changed(share)

    def _show_again(self) -> None:
        """Shows what is stored and could not be shown."""
        try:
            with self._turns.turn():
                self._show(self.store.version)
        except BakeoffError as error:
            _log.warning("%s", " ".join(str(error).split()))


class _Tidier:
    """Rewrites indexes in a thread of its own when documents have settled; calls `show` some time after it failed."""

    def __init__(self, indexes: Sequence[SearchIndex], show: Callable[[], None] = lambda: None) -> None:
        self.indexes = tuple(indexes)
        self._show = show
        self._show_at: float | None = None
        self._show_after_s = SHOW_AGAIN_S
        self._condition = threading.Condition()
        self._first_change: float | None = None
        self._last_change = 0.0
        self._share = 0.0
        self._look_again: float | None = None
        self._not_before = 0.0
        self._is_stopped = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins the thread. What others left behind is looked for once."""
        self._look_again = time.monotonic() + LOOK_AGAIN_S
        self._thread = threading.Thread(target=self._work, name="tidy-indexes", daemon=True)
        self._thread.start()

    def changed(self, share: float = 0.0) -> None:
        """Notes that documents changed now, and so large a share of the chunks of an index with them."""
        with self._condition:
            self._last_change = time.monotonic()
            self._show_at, self._show_after_s = None, SHOW_AGAIN_S
            self._share += share
            if self._first_change is None:
                self._first_change = self._last_change
            self._condition.notify()

    def failed_to_show(self) -> None:
        """Notes that a change could not be shown."""
        with self._condition:
            self._show_at = time.monotonic() + self._show_after_s
            self._show_after_s = min(2 * self._show_after_s, SHOW_AT_LATEST_S)
            self._condition.notify()

    def stop(self) -> None:
        """Ends the thread, after the tidying that it is at."""
        with self._condition:
            self._is_stopped = True
            self._condition.notify()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        while self._is_due():
            if self._show_at is not None and time.monotonic() >= self._show_at:
                self._show()
                continue
            self.tidy()

    def tidy(self) -> None:
        """Tidies what is untidy. A failure is logged, and it is tried again later."""
        for index in self.indexes:
            try:
                if index.is_untidy:
                    index.tidy()
                    settle_again()  # rewriting a table frees much in small pieces
                    self._look_again = time.monotonic() + LOOK_AGAIN_S
            except (BakeoffError, OSError, RuntimeError) as error:
                _log.warning("An index could not be tidied and stays as it is: %s", error)
                self._try_later()

    def _is_due(self) -> bool:
        """Waits until there is work (true) or the end (false)."""
        with self._condition:
            while not self._is_stopped:
                now, due = time.monotonic(), self._due()
                if due is not None and now >= due:
                    self._first_change, self._share = None, 0.0
                    if self._look_again is not None and now >= self._look_again:
                        self._look_again = None
                    return True
                self._condition.wait(None if due is None else due - now)
            return False

    def _due(self) -> float | None:
        """When there is work next. None: when a document changes."""
        times = [] if self._look_again is None else [self._look_again]
        if self._first_change is not None and self._share >= 1:
            times.append(self._first_change)
        elif self._first_change is not None:
            times.append(min(self._last_change + SETTLED_S, self._first_change + TIDY_AT_LATEST_S))
        due = [max(self._not_before, min(times))] if times else []
        return min([*due, *([] if self._show_at is None else [self._show_at])], default=None)

    def _try_later(self) -> None:
        with self._condition:
            self._not_before = time.monotonic() + TIDY_AGAIN_S
            self._first_change = self._first_change or self._not_before
