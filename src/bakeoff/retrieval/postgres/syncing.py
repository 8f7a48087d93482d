"""One sync of an index in PostgreSQL: what was embedded waits in a table, and is shown all at once.

Takes a connection that is alone with the index. Each group that was embedded is committed, so a kill loses one at most.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np

from bakeoff.corpus.postgres.database import transaction
from bakeoff.corpus.store import content_hash
from bakeoff.models.kept.clock import now
from bakeoff.protocols import DocumentStore
from bakeoff.retrieval.postgres.tables import State, Tables, Waiting, write_state
from bakeoff.retrieval.syncing import Group
from bakeoff.retrieval.words import words_of


class Sync:
    """The work of one sync. `state` is that of the index before it."""

    def __init__(self, connection: Any, tables: Tables, name: str, state: State) -> None:
        self._connection, self._tables, self._name = connection, tables, name
        self._state, self._earlier_s, self._begun = state, state.seconds, now()
        self._last: tuple[int, list[Waiting], np.ndarray] | None = None

    def left_of(self, store: DocumentStore, touched: Sequence[str], again: Collection[str]) -> list[str]:
        """Those of these documents that an earlier sync did not embed as they are now. What else waits is deleted."""
        waiting = self._tables.waiting(self._connection)
        if not waiting:
            return list(touched)
        of_now = {id: store.get(id) for id in touched if id in waiting and id not in again}
        fresh = {id for id, one in of_now.items() if one is not None and content_hash(one) == waiting[id]}
        with transaction(self._connection):
            self._tables.forget_waiting(self._connection, [id for id in waiting if id not in fresh])
        return [id for id in touched if id not in fresh]

    def stem_by(self, language: str) -> None:
        """From now on words are stemmed by the rules of this language."""
        self._state = self._state.model_copy(update={"language": language})

    def take(self, group: Group, vectors: np.ndarray, count_tokens: Callable[[str], int], is_last: bool) -> None:
        """Takes the chunks of a group. They wait; those of the last group are written when all are shown."""
        passages, state = group.passages, self._state
        hashes = {id: content_hash(document) for id, document in group.documents.items() if document is not None}
        rows = [
            Waiting(chunk, hashes[chunk.document_id], access, words_of(passage, state.language))
            for chunk, access, passage in zip(group.chunks, group.access, passages, strict=True)
        ]
        done = {
            "next": state.next + len(rows),
            "n_chunks": state.n_chunks + len(rows),
            "n_tokens": state.n_tokens + sum(map(count_tokens, passages)),
        }
        self._state = state.model_copy(update={**done, "seconds": self._seconds()})
        if is_last:
            self._last = state.next, rows, vectors
            return
        with transaction(self._connection):
            self._tables.wait(self._connection, state.next, rows, vectors)
            write_state(self._connection, self._name, self._state)

    def show(self, touched: Sequence[str], store: str, version: int) -> State:
        """Lets searches find these documents as of this version. Gives the state, with what the sync has cost."""
        done = self._state
        with transaction(self._connection):
            if self._last is not None:
                self._tables.wait(self._connection, *self._last)
            more = self._tables.show(self._connection, touched) if touched else (0, 0)
            done = done.model_copy(
                update={
                    "store": store,
                    "version": version,
                    "chunks": done.chunks + more[0],
                    "words": done.words + more[1],
                }
            )
            nothing = {"n_chunks": 0, "n_tokens": 0, "seconds": 0.0}
            write_state(self._connection, self._name, done.model_copy(update=nothing))
        return done.model_copy(update={"seconds": self._seconds()})

    def _seconds(self) -> float:
        return self._earlier_s + now() - self._begun
