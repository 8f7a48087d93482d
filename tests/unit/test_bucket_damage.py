"""Objects of a bucket that are damaged or gone, and kills. On an S3 server."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bakeoff.corpus.buckets import store as stores
from bakeoff.corpus.buckets.log import Log
from bakeoff.corpus.stores import keep_in, open_store
from bakeoff.errors import RunFolderError
from bakeoff.retrieval.buckets import asked
from bakeoff.retrieval.buckets.follower import Follower
from tests.unit.buckets import Counting, another, document, objects, opened

pytest.importorskip("obstore")


ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path, bucket_address: str) -> Path:
    keep_in(tmp_path / "one", bucket_address)
    return tmp_path / "one"


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every search asks the bucket."""
    monkeypatch.setattr(asked, "ASK_EVERY_S", 0.0)


def test_objects_that_are_damaged_or_gone_are_named(folder: Path) -> None:
    """And a world of a later version is refused."""
    store = open_store(folder)
    store.upsert([document("a")])
    whole = objects(folder).get("documents/000000000001")
    assert whole is not None
    objects(folder).put("documents/000000000001", whole[:-5])
    with pytest.raises(RunFolderError, match=r"documents/000000000001 in \S+ is damaged"):
        open_store(another(folder)).get("a")
    objects(folder).put(stores.WORLD, b'{"format": 99, "identity": "x"}')
    with pytest.raises(RunFolderError, match="has format 99"):
        open_store(folder)
    objects(folder).delete([stores.WORLD])
    with pytest.raises(RunFolderError, match="are gone, or were made again"):
        store.upsert([document("b")])


def test_a_block_that_somebody_deleted_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "BLOCK_CHARACTERS", 10)
    store = open_store(folder)
    store.upsert([document(name) for name in "abc"])
    blocks = objects(folder).names("documents/blocks")
    assert len(blocks) == 2 and len(list(open_store(another(folder)).documents())) == 3
    objects(folder).delete(blocks[:1])
    with pytest.raises(RunFolderError, match=rf"{blocks[0]} in \S+ is gone"):
        open_store(another(folder, "three")).get("a")


def test_what_is_on_this_machine_can_be_deleted_or_damaged(folder: Path) -> None:
    """It is read again from the bucket. Nothing is embedded for that."""
    store, index = open_store(folder), opened(folder)
    store.upsert([document("a", "Zebras graze."), document("b", "Yaks.")])
    index.sync(store)
    before = index.search(["zebras"], 3)
    for harm in (
        lambda: (folder / stores.COPY).write_bytes(b"x" * 10_000),
        lambda: (folder / stores.COPY).unlink(),
        lambda: (folder / "indexes" / "index" / "index.json").write_text("{"),
        lambda: shutil.rmtree(folder / "indexes" / "index" / "chunks.lance"),
        lambda: shutil.rmtree(folder / "indexes"),
    ):
        harm()
        embedder = Counting()
        again = opened(folder, embedder)
        assert again.doubts(open_store(folder)) == () and again.sync(open_store(folder)).n_chunks == 0
        assert embedder.embedded == [] and again.search(["zebras"], 3) == before


def test_a_table_here_with_damaged_rows_is_read_again_from_the_bucket(folder: Path) -> None:
    """The check that a server does when it starts finds them, and nothing is embedded."""
    store, index = open_store(folder), opened(folder)
    store.upsert([document("a", "Zebras graze."), document("b", "Yaks.")])
    index.sync(store)
    before = index.search(["zebras"], 3)
    for file in (folder / "indexes" / "index" / "chunks.lance").rglob("*.lance"):
        file.write_bytes(bytes(file.stat().st_size))
    embedder = Counting()
    again = opened(folder, embedder)
    again.check()
    assert again.doubts(open_store(folder)) == () and again.sync(open_store(folder)).n_chunks == 0
    assert embedder.embedded == [] and again.search(["zebras"], 3) == before


CHILD = """
import sys, time
from pathlib import Path
from bakeoff.corpus.stores import open_store
from bakeoff.models.embed import HashEmbedder
from bakeoff.retrieval import syncing
from bakeoff.retrieval.opening import open_index
syncing.GROUP_CHUNKS = 1
class Slow(HashEmbedder):
    def embed_passages(self, texts):
        print("embedding", len(texts), flush=True)
        time.sleep(float(sys.argv[2]))
        return super().embed_passages(texts)
folder = Path(sys.argv[1])
index = open_index(folder, "index", Slow(dimension=32), 8)
print("synced", index.sync(open_store(folder)).n_written, index.n_chunks, flush=True)
"""


def child(folder: Path, seconds: float) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", CHILD, str(folder), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def test_a_killed_sync_holds_nobody_up_and_goes_on_where_it_was(folder: Path) -> None:
    """Another server syncs at once. In the same folder, what was embedded is not embedded again."""
    with open_store(folder) as store:
        store.upsert([document(f"d{i}", f"Animal number{i}.") for i in range(5)])
    first = child(folder, 0.5)
    assert first.stdout
    for _ in range(3):
        assert first.stdout.readline() == "embedding 1\n"
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    for where, n_embedded, last in ((folder, 3, "synced 5 5"), (another(folder), 0, "synced 0 5")):
        lines = child(where, 0.0).communicate(timeout=60)[0].splitlines()
        assert lines.count("embedding 1") == n_embedded and lines[-1] == last


@pytest.mark.parametrize("written", [False, True])
def test_a_kill_around_the_entry_leaves_all_of_a_change_or_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, written: bool
) -> None:
    """Before it is written nothing is changed; after it, every server sees the change, this one too."""
    store, index = open_store(folder), opened(folder)
    store.upsert([document("a", "Zebras.")])
    index.sync(store)
    append = Log.append

    def killed(self: Log, *given: Any) -> bool:
        if written:
            append(self, *given)
        raise KeyboardInterrupt

    monkeypatch.setattr(Log, "append", killed)
    with pytest.raises(KeyboardInterrupt):
        store.upsert([document("b", "Yaks.")])
    monkeypatch.setattr(Log, "append", append)
    names = ["a", "b"] if written else ["a"]
    for where in (folder, another(folder)):
        assert [one.id for one in open_store(where).documents()] == names
    store.upsert([document("c", "Walrus.")])
    monkeypatch.setattr(Log, "append", killed)
    with pytest.raises(KeyboardInterrupt):
        index.sync(store)
    monkeypatch.setattr(Log, "append", append)
    assert opened(folder.with_name("two")).n_chunks == (3 if written else 1)
    again = opened(folder)
    again.sync(store)
    assert again.n_chunks == len(names) + 1 and again.doubts(store) == ()


def test_a_table_that_was_killed_while_it_read_an_entry_is_as_the_entry_says(
    folder: Path, monkeypatch: pytest.MonkeyPatch, at_once: None
) -> None:
    store, index, reader = open_store(folder), opened(folder), opened(two := another(folder))
    store.upsert([document("a", "Zebras."), document("b", "Yaks.")])
    index.sync(store)
    assert len(reader.search_dense(["x"], 9)[0]) == 2
    store.change([document("a", "Lions."), document("c", "Walrus.")], ["b"])
    index.sync(store)

    rewritten = Follower._rewritten

    def killed(self: Follower, *given: Any) -> Iterator[Any]:
        yield next(rewritten(self, *given))  # the old rows are gone, the new ones are not there
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Follower, "_rewritten", killed)
        with pytest.raises(KeyboardInterrupt):
            reader.search(["x"], 9)
    again = opened(two)
    assert {hit.chunk.text for hit in again.search_dense(["x"], 9)[0]} == {"Lions.", "Walrus."}
    assert again.doubts(store) == () and again.version == 2
