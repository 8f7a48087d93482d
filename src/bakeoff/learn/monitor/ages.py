"""How old the documents behind an answer were when it was given.

Takes a document store, gives days. A document's time is the one that it states (`updated_at`), else when the store
recorded this version. Knows no log beyond the passages of an answer.
"""

from bisect import bisect_right
from collections import OrderedDict
from datetime import UTC, datetime

from bakeoff.protocols import DocumentStore
from bakeoff.serve.log_entries import LoggedAnswer, LoggedHit

KEPT = 10_000
"""Documents whose versions are kept in memory."""


class Ages:
    """The ages of documents of one store."""

    def __init__(self, store: DocumentStore) -> None:
        self._store = store
        self._known: OrderedDict[str, tuple[int, list[int], list[datetime]]] = OrderedDict()

    def of(self, answer: LoggedAnswer) -> float | None:
        """Days from the oldest document that the answer cites (or else its best passage) to the answer.

        None if it has no passages, or the store does not know the document.
        """
        version = answer.documents_version if answer.documents_version is not None else 2**62
        times = [self._time(hit.document_id, version) for hit in _behind(answer)]
        known = [time for time in times if time is not None]
        return max(0.0, (answer.at - min(known)).total_seconds() / 86400) if known else None

    def newest_change(self) -> datetime | None:
        """When the store last recorded a change; None if it is empty."""
        with self._store.reading() as state:
            ((at,),) = state.select("SELECT MAX(recorded_at) FROM versions")
        return _moment(at) if at else None

    def _time(self, document: str, version: int) -> datetime | None:
        upto, versions, times = self._known.get(document, (-1, [], []))
        if upto < min(version, self._store_version):
            upto, versions, times = self._read(document)
            self._known[document] = upto, versions, times
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        place = bisect_right(versions, version)
        return times[place - 1] if place else None

    _store_version = 2**62

    def refresh(self) -> None:
        """Takes note of the store's version: documents that changed are read again."""
        self._store_version = self._store.version

    def _read(self, document: str) -> tuple[int, list[int], list[datetime]]:
        query = "SELECT version, COALESCE(updated_at, recorded_at) FROM versions WHERE id = :id AND kind != 'deleted'"
        with self._store.reading() as state:
            rows = state.select(f"{query} ORDER BY version", {"id": document})
        return self._store_version, [row[0] for row in rows], [_moment(row[1]) for row in rows]


def _behind(answer: LoggedAnswer) -> list[LoggedHit]:
    """The passages that an answer rests on."""
    if answer.declined or answer.error is not None or not answer.hits:
        return []
    cited = [answer.hits[place - 1] for place in answer.cited if 0 < place <= len(answer.hits)]
    return cited or [min(answer.hits, key=lambda hit: hit.rank)]


def _moment(text: str) -> datetime:
    """A time of the store; one without a zone is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
