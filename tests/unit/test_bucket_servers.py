"""Several servers on one bucket: changes, searches and syncs at once. On an S3 server."""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bakeoff.corpus.buckets import log as logs
from bakeoff.corpus.buckets.log import Log
from bakeoff.corpus.stores import keep_in, open_store
from bakeoff.errors import BakeoffError, RunFolderError
from bakeoff.models.embed import HashEmbedder
from bakeoff.retrieval.buckets import asked
from bakeoff.retrieval.opening import (
    index_names,
    index_sha256,
    remove_indexes,
)
from bakeoff.serve.documents.live import LiveDocuments
from tests.unit.buckets import Counting, another, document, ids, opened

pytest.importorskip("obstore")


@pytest.fixture
def folder(tmp_path: Path, bucket_address: str) -> Path:
    keep_in(tmp_path / "one", bucket_address)
    return tmp_path / "one"


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every search asks the bucket."""
    monkeypatch.setattr(asked, "ASK_EVERY_S", 0.0)


def test_servers_on_one_bucket_see_a_change(folder: Path, at_once: None) -> None:
    """What one server has acknowledged, another one shows, finds and counts; deletions and labels too."""

    def server(where: Path) -> LiveDocuments:
        return LiveDocuments(open_store(where), [opened(where)])

    with server(folder) as first, server(another(folder)) as second:
        for number in range(4):
            text = f"The walrus has number{number}."
            assert first.put(document("walrus", text)).version == 2 * number + 1
            assert second.version == 2 * number + 1
            shown = second.store.get("walrus")
            assert shown is not None and shown.text == text
            (hits,) = second._indexes[0].search([f"number{number}"], 3)
            assert [hit.chunk.text for hit in hits] == [text]
            assert second.delete("walrus") == first.version == 2 * number + 2
            assert first._indexes[0].search(["walrus"], 3) == [[]]
            assert first.store.get("walrus") is None
        with pytest.raises(BakeoffError, match="another process"), server(folder):
            pass


def test_a_search_asks_the_bucket_now_and_then(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not each time: what another server has changed is found when so much time has passed."""
    store, index, reader = open_store(folder), opened(folder), opened(another(folder))
    clock = [100.0]
    monkeypatch.setattr(asked.time, "monotonic", lambda: clock[0])
    assert reader.search_bm25(["zebras"], 3) == [[]]
    store.upsert([document("a", "Zebras.")])
    index.sync(store)
    assert reader.search_bm25(["zebras"], 3) == [[]]
    clock[0] += asked.ASK_EVERY_S
    assert ids(reader.search_bm25(["zebras"], 3)[0]) == ["a"]


def test_servers_that_change_at_once_lose_nothing_and_show_no_half(folder: Path, at_once: None) -> None:
    """Two servers write pairs of documents while a third searches: it finds both of a pair, or neither."""
    halves: list[int] = []
    ended = threading.Event()
    failed: list[BakeoffError] = []
    names = {"left": another(folder, "left"), "right": another(folder, "right")}

    def write(name: str) -> None:
        try:
            with LiveDocuments(open_store(names[name]), [opened(names[name])]) as live:
                for number in range(6):
                    live.put_all([document(f"{name}{number}{half}", f"Pair {name}{number}x.") for half in "ab"])
        except BakeoffError as error:
            failed.append(error)

    def search() -> None:
        index = opened(folder)
        while not ended.is_set():
            found = ids(index.search_bm25(["pair"], 100)[0])
            halves.extend(1 for id in found if id[:-1] + ("b" if id[-1] == "a" else "a") not in found)

    opened(folder)
    reader = threading.Thread(target=search)
    writers = [threading.Thread(target=write, args=(name,)) for name in names]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    ended.set()
    reader.join()
    assert not failed
    for where in (folder, *names.values()):
        store, index = open_store(where), opened(where)
        assert not halves and store.version == 12 and index.version == 12
        assert len({*ids(index.search_bm25(["pair"], 100)[0])}) == 24 and index.doubts(store) == ()


def test_a_document_that_changes_and_changes_back_while_it_is_embedded_is_as_it_was(folder: Path) -> None:
    """An entry holds the documents as of its version, not as they were when each one was read."""
    store, other = open_store(folder), open_store(another(folder))
    store.upsert([document("a", "Zebras."), document("b", "Yaks.")])

    class Meanwhile(HashEmbedder):
        def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
            if other.version < 3:
                other.upsert([document("b", "Lions.")])
                assert store.version == other.version  # another thread of this server has read it
            return super().embed_passages(texts)

    index = opened(folder, Meanwhile(dimension=32))
    store.upsert([document("a", "Gnus.")])
    index.sync(store)
    other.upsert([document("b", "Yaks.")])
    index.sync(store)
    assert {hit.chunk.text for hit in index.search_dense(["x"], 9)[0]} == {"Gnus.", "Yaks."}
    assert index.doubts(store) == ()


def test_a_writer_that_always_comes_too_late_is_refused_by_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, index = open_store(folder), opened(folder)
    store.upsert([document("a", "Zebras.")])
    monkeypatch.setattr(Log, "append", lambda self, *given: any(given[2]) and False)
    for use in (lambda: store.upsert([document("b")]), lambda: store.delete(["a"]), lambda: index.sync(store)):
        with pytest.raises(BakeoffError, match="is changed by so many at once"):
            use()


def test_a_new_server_embeds_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads many entries at once, in order, and holds what a new index would hold."""
    monkeypatch.setattr(logs, "AT_ONCE", 4)
    store, index = open_store(folder), opened(folder)
    for number in range(11):
        store.change(
            [document(f"d{number % 4}", f"Animal number{number}. It lives here.", ("x",))], [f"d{(number + 2) % 4}"]
        )
        index.sync(store, tidy=False)
    embedder = Counting()
    two = another(folder)
    fresh = opened(two, embedder)
    assert fresh.version == 11 and embedder.embedded == [] and fresh.doubts(open_store(two)) == ()
    assert index_sha256(two, "index") == index_sha256(folder, "index")
    assert fresh.sync(open_store(two)).n_chunks == 0


def test_an_index_that_another_server_removed_is_told(folder: Path) -> None:
    store, index = open_store(folder), opened(folder)
    store.upsert([document("a", "Zebras.")])
    index.sync(store)
    two = another(folder)
    assert index_names(two) == ["index"]
    remove_indexes(two, ["index"])
    assert index_names(folder) == [] and index_sha256(folder, "index") == ""
    store.upsert([document("b", "Yaks.")])
    with pytest.raises(RunFolderError, match="is gone, or was made again"):
        index.sync(store)
    embedder = Counting()
    again = opened(folder, embedder)
    again.sync(store)
    assert again.n_chunks == 2 and len(embedder.embedded) == 2
