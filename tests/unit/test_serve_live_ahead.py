"""Live documents are cut and embedded before their turn: to delete another document does not wait for that."""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.models.embed import HashEmbedder
from bakeoff.records import Document
from bakeoff.retrieval.hybrid import HybridIndex
from bakeoff.serve.documents.live import LiveDocuments


class _Waiting(HashEmbedder):
    """Embeds a passage about walruses when it may. Counts what it embeds."""

    def __init__(self) -> None:
        super().__init__(dimension=32)
        self.begun, self.may = threading.Event(), threading.Event()
        self.embedded: list[str] = []

    def embed_passages(self, passages: Sequence[str]) -> np.ndarray:
        self.embedded += passages
        if any("walrus" in passage for passage in passages):
            self.begun.set()
            assert self.may.wait(30)
        return super().embed_passages(passages)


def _document(id: str, text: str) -> Document:
    return Document(id=id, text=text, source=f"{id}.md")


def _opened(folder: Path, embedder: _Waiting) -> LiveDocuments:
    return LiveDocuments(SqliteStore(folder / "store.sqlite"), [HybridIndex.open(folder / "index", embedder)])


def test_a_deletion_goes_before_a_document_that_is_being_embedded(tmp_path: Path) -> None:
    """Nobody finds the deleted one any more; the other one is embedded once, and found."""
    embedder = _Waiting()
    with _opened(tmp_path, embedder) as live:
        live.put(_document("old", "The zebra swims."))
        putting = threading.Thread(target=live.put, args=[_document("new", "The walrus swims.")])
        putting.start()
        assert embedder.begun.wait(30)
        assert live.delete("old") == 2
        (index,) = live._indexes
        assert index.search_bm25(["zebra"], 5) == [[]]
        embedder.may.set()
        putting.join()
        assert [hit.chunk.document_id for hit in index.search_dense(["walrus"], 5)[0]] == ["new"]
        assert (live.version, embedder.embedded.count("The walrus swims.")) == (3, 1)


def test_a_document_that_is_being_sent_is_deleted_after_that(tmp_path: Path) -> None:
    embedder, versions = _Waiting(), list[int | None]()
    with _opened(tmp_path, embedder) as live:
        putting = threading.Thread(target=live.put, args=[_document("new", "The walrus swims.")])
        putting.start()
        assert embedder.begun.wait(30)
        deleting = threading.Thread(target=lambda: versions.append(live.delete("new")))
        deleting.start()
        deleting.join(0.2)
        assert deleting.is_alive()
        embedder.may.set()
        for one in (putting, deleting):
            one.join()
        assert (versions, live.store.get("new")) == ([2], None)


def test_what_has_not_changed_is_not_embedded_ahead(tmp_path: Path) -> None:
    embedder = _Waiting()
    with _opened(tmp_path, embedder) as live:
        for kind in ("added", "unchanged"):
            assert live.put(_document("a", "The zebra swims.")).kind == kind
        assert embedder.embedded == ["The zebra swims."]
