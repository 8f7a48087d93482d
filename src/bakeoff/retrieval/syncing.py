"""What an index is brought up to date from: chunks of changed documents, in groups. What every index shares.

Takes a document store, gives chunks with their labels. Knows no table, no database and no model.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from bakeoff.errors import ForgottenError, RunFolderError
from bakeoff.models.batching import at_once, embedded, n_batches
from bakeoff.protocols import DocumentStore, Embedder, StoredChanges
from bakeoff.records import Chunk, Document
from bakeoff.writing.language import shares_of_languages

GROUP_CHUNKS = 1024  # chunks embedded and written together; a kill loses the work of at most one group

NOTHING_KNOWN: Mapping[tuple[str, ...], np.ndarray] = {}


class Group(NamedTuple):
    """Documents that are written together, by their ids (None: it is gone), and all their chunks with their labels."""

    documents: dict[str, Document | None]
    chunks: list[Chunk]
    access: list[tuple[str, ...]]

    @property
    def ids(self) -> list[str]:
        return list(self.documents)

    @property
    def passages(self) -> list[str]:
        return [chunk.passage for chunk in self.chunks]


class Documents(Protocol):
    """Documents by their ids."""

    def get(self, document_id: str) -> Document | None:
        """The document with this id. None if it does not exist or was deleted."""
        ...


def changes_for(
    store: DocumentStore, version: int, held: Callable[[], Iterable[str]], stamp: str = ""
) -> StoredChanges:
    """What an index of this version has to do. Where the store does not know that, since the index is too old or an
    older copy of the store was put back, it is made again: all its documents (`held`) and all of the store count as
    changed.
    """
    try:
        return store.changes_since(version, stamp)
    except ForgottenError:
        latest, before = store.changes_since(0), set(held())
        there = {document.id for document in store.documents()}
        return StoredChanges(
            added=tuple(sorted(there - before)),
            updated=tuple(sorted(there & before)),
            deleted=tuple(sorted(before - there)),
            version=latest.version,
            stamp=latest.stamp,
        )


def groups(store: Documents, touched: Sequence[str], chunks_of: Callable[[Document], list[Chunk]]) -> Iterator[Group]:
    """The documents of these ids in groups of about GROUP_CHUNKS chunks. A deleted document has no chunks."""
    group = Group({}, [], [])
    for document_id in touched:
        document = store.get(document_id)
        made = chunks_of(document) if document else []
        group.documents[document_id] = document
        group.chunks.extend(made)
        group.access.extend([document.access if document else ()] * len(made))
        if len(group.chunks) >= GROUP_CHUNKS or len(group.documents) >= GROUP_CHUNKS:
            yield group
            group = Group({}, [], [])
    if group.documents:
        yield group


def with_vectors(
    found: Iterable[Group], embedder: Embedder, known: Mapping[tuple[str, ...], np.ndarray] = NOTHING_KNOWN
) -> Iterator[tuple[Group, np.ndarray]]:
    """The groups with the vectors of their chunks, in order. Each group is one batch of the embedder.

    `known` are the vectors of groups with these passages.
    """
    for some in at_once(found, n_batches(embedder)):
        vectors = [known.get(tuple(group.passages)) for group in some] if known else [None] * len(some)
        new = iter(
            embedded(embedder, [group.passages for group, had in zip(some, vectors, strict=True) if had is None])
        )
        yield from ((group, next(new) if had is None else had) for group, had in zip(some, vectors, strict=True))


class Ahead:
    """Documents cut and embedded before they are written, so that what else is to be written need not wait for it.

    It only saves time: what is not among them, or has changed since, is cut and embedded when it is written.
    """

    def __init__(
        self, documents: Iterable[Document], chunks_of: Callable[[Document], list[Chunk]], embedder: Embedder
    ) -> None:
        by_id = {document.id: document for document in documents}
        self._chunks = {_cut_from(document): chunks_of(document) for document in by_id.values()}
        made = groups(by_id, sorted(by_id), lambda document: self._chunks[_cut_from(document)])
        self.vectors = {tuple(group.passages): vectors for group, vectors in with_vectors(made, embedder)}

    def chunks(self, document: Document) -> list[Chunk] | None:
        """None if this is none of them."""
        return self._chunks.get(_cut_from(document))


def _cut_from(document: Document) -> tuple[str, ...]:
    """What the chunks of a document depend on."""
    return document.id, document.source, document.title, document.text


def main_language(store: DocumentStore) -> str:
    """The language of most documents (ISO 639-1); English if it cannot be told."""
    return next(iter(shares_of_languages(document.text for document in store.documents())), "en")


def check_same(what: str, existing: Any, wanted: Any, remedy: str) -> None:
    """Raises RunFolderError if an index was built with another embedder or chunk size. Both are the states of one."""
    for field, unit in (("embedder", ""), ("dimension", " numbers in a vector"), ("max_tokens", " tokens in a chunk")):
        was, now = getattr(existing, field), getattr(wanted, field)
        if was != now:
            raise RunFolderError(
                f"{what} was built with {field} {was}{unit}, but {field} {now}{unit} is required.",
                f"use {field} {was}, or {remedy}",
            )
