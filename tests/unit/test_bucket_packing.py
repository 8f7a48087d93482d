"""Logs in a bucket that are packed, changes in many blocks, and copies of worlds. On an S3 server."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bakeoff.corpus.buckets import log as logs
from bakeoff.corpus.buckets.objects import Objects
from bakeoff.corpus.buckets.place import BucketPlace
from bakeoff.corpus.place import PLACE
from bakeoff.corpus.stores import has_store, keep_in, open_store, remove_store
from bakeoff.retrieval import syncing
from bakeoff.retrieval.buckets import asked
from bakeoff.retrieval.opening import (
    copy_documents,
    copy_documents_alone,
    index_names,
    index_sha256,
)
from tests.unit.buckets import another, document, ids, objects, opened

pytest.importorskip("obstore")


@pytest.fixture
def folder(tmp_path: Path, bucket_address: str) -> Path:
    keep_in(tmp_path / "one", bucket_address)
    return tmp_path / "one"


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every search asks the bucket."""
    monkeypatch.setattr(asked, "ASK_EVERY_S", 0.0)


@pytest.fixture
def short_groups(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(syncing, "GROUP_CHUNKS", 2)
    yield


def test_a_log_that_is_long_is_packed(
    folder: Path, short_groups: None, monkeypatch: pytest.MonkeyPatch, at_once: None
) -> None:
    """Room is bounded by the rows there are. Servers that are behind, killed packers and copies find the same."""
    monkeypatch.setattr(logs, "LEAST_BYTES", 3_000)
    store, index, behind = open_store(folder), opened(folder), opened(another(folder))
    store.upsert([document("gone", "Gnus."), *(document(f"d{i}", f"Animal number{i}.") for i in range(5))])
    index.sync(store)
    assert behind.n_chunks == 6
    delete, sizes = Objects.delete, []

    def killed(self: Objects, names: Any) -> None:
        raise KeyboardInterrupt

    for number in range(60):
        store.change([document(f"d{number % 5}", f"Animal number{number}.")], ["gone"])
        index.sync(store, tidy=False)
        if number % 10 == 9:
            with monkeypatch.context() as patched:
                if number == 29:
                    patched.setattr(Objects, "delete", killed)
                with suppress(KeyboardInterrupt):
                    index.tidy()
            sizes.append(sum(objects(folder).sizes("indexes").values()))
    assert Objects.delete is delete and max(sizes[2:]) < 3 * sizes[0]
    assert sum("/bases/" in name for name in objects(folder).names("indexes")) <= 8
    fresh = opened(another(folder, "three"))
    (copy := folder.with_name("copy")).mkdir()
    copy_documents(folder, copy)
    shutil.rmtree(copy / "indexes")
    for one in (behind, fresh, index, opened(copy)):
        assert one.doubts(store) == () and one.version == store.version
        assert {hit.chunk.text for hit in one.search_dense(["x"], 99)[0]} == {
            f"Animal number{n}." for n in range(55, 60)
        }
    assert behind.search_bm25(["gnus"], 3) == [[]]


def test_a_copy_has_the_same_contents_and_goes_its_own_way(folder: Path, tmp_path: Path) -> None:
    """Documents with their versions, and indexes, embedded once."""
    store, index = open_store(folder), opened(folder)
    store.upsert([document("a", "Zebras."), document("b", "Yaks.", ("staff",))])
    store.delete(["a"])
    index.sync(store)
    copy = tmp_path / "copy"
    copy.mkdir()
    copy_documents(folder, copy)
    other = open_store(copy)
    assert (other.identity, other.version) == (store.identity, store.version)
    assert other.history("a") == store.history("a")
    assert index_names(copy) == ["index"] and index_sha256(copy, "index") == index_sha256(folder, "index") != ""
    other.upsert([document("c", "Walrus.")])
    copied = opened(copy)
    assert copied.sync(other).n_chunks == 1
    assert ids(copied.search_bm25(["walrus"], 3)[0]) == ["c"] and opened(folder).search_bm25(["walrus"], 3) == [[]]
    alone = tmp_path / "alone"
    alone.mkdir()
    copy_documents_alone(folder, alone)
    assert open_store(alone).version == store.version and index_names(alone) == []
    remove_store(copy)
    assert objects(copy).names() == [] and objects(folder).names() != []


def test_a_copy_that_was_killed_leaves_no_second_world(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, copy = open_store(folder), tmp_path / "copy"
    store.upsert([document("a")])
    copy.mkdir()
    copied = Objects.copy

    def killed(self: Objects, names: Any, target: BucketPlace) -> None:
        copied(self, list(names), target)
        raise KeyboardInterrupt

    monkeypatch.setattr(Objects, "copy", killed)
    with pytest.raises(KeyboardInterrupt):
        copy_documents(folder, copy)
    assert not has_store(copy)
    monkeypatch.setattr(Objects, "copy", copied)
    (half,) = copy.glob("store.json.*")
    before = half.read_text()
    copy_documents(folder, copy)
    assert (copy / PLACE).read_text() == before and open_store(copy).version == 1


def test_a_sync_in_many_groups_is_one_change(folder: Path, short_groups: None) -> None:
    """Its blocks are objects of their own; a writer that came too late leaves none behind."""
    store, index = open_store(folder), opened(folder)
    store.upsert([document(f"d{i}", f"Animal number{i}.") for i in range(7)])
    index.sync(store)
    names = objects(folder).names("indexes")
    assert sum("/blocks/" in name for name in names) == 3
    assert sum(name.endswith("/000000000001") for name in names) == 1
    assert opened(another(folder)).n_chunks == 7
