"""Documents and indexes in a bucket: several servers, kills, faults of the bucket, copies. On an S3 server."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest

from bakeoff.corpus.buckets import log as logs
from bakeoff.corpus.buckets import store as stores
from bakeoff.corpus.buckets.log import Log
from bakeoff.corpus.buckets.objects import Objects
from bakeoff.corpus.buckets.place import BucketPlace
from bakeoff.corpus.place import PLACE, place_of
from bakeoff.corpus.sources.bucket import BucketSettings
from bakeoff.corpus.stores import has_store, keep_in, open_store, remove_store
from bakeoff.errors import BakeoffError, ConfigError, RunFolderError, StoreGoneError
from bakeoff.models.embed import HashEmbedder
from bakeoff.records import Document, Hit
from bakeoff.retrieval import syncing
from bakeoff.retrieval.buckets import table as tables
from bakeoff.retrieval.buckets.follower import Follower
from bakeoff.retrieval.buckets.index import BucketIndex
from bakeoff.retrieval.opening import (
    copy_documents,
    copy_documents_alone,
    index_names,
    index_sha256,
    open_index,
    remove_indexes,
)
from bakeoff.runs.config import validate
from bakeoff.serve.documents.live import LiveDocuments
from tests.unit.s3_server import Bucket, s3_server

ROOT = Path(__file__).parents[2]
pytest.importorskip("obstore")


class Counting(HashEmbedder):
    """Remembers what it embedded."""

    def __init__(self) -> None:
        super().__init__(dimension=32)
        self.embedded: list[str] = []

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        self.embedded += texts
        return super().embed_passages(texts)


def document(name: str, text: str = "text", access: tuple[str, ...] = ()) -> Document:
    return Document(id=name, source=f"{name}.md", text=text, access=access)


def opened(folder: Path, embedder: Any = None) -> BucketIndex:
    index = open_index(folder, "index", embedder or HashEmbedder(dimension=32), 8)
    assert isinstance(index, BucketIndex)
    return index


def ids(hits: Sequence[Hit]) -> list[str]:
    return [hit.chunk.document_id for hit in hits]


def place(folder: Path) -> BucketPlace:
    found = place_of(folder)
    assert isinstance(found, BucketPlace)
    return found


def objects(folder: Path) -> Objects:
    return Objects(place(folder))


@pytest.fixture
def folder(tmp_path: Path, bucket_address: str) -> Path:
    keep_in(tmp_path / "one", bucket_address)
    return tmp_path / "one"


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every search asks the bucket."""
    monkeypatch.setattr(tables, "ASK_EVERY_S", 0.0)


@pytest.fixture
def short_groups(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(syncing, "GROUP_CHUNKS", 2)
    yield


def another(folder: Path, name: str = "two") -> Path:
    """The folder of another server for the same documents."""
    (made := folder.with_name(name)).mkdir()
    shutil.copy(folder / PLACE, made / PLACE)
    return made


# Addresses


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("s3://me:secret@bucket/x", "has no user"),
        ("s3://bucket?secret=1", "no query"),
        ("s3://", "not the address of a bucket"),
        ("ftp://host/x", r"of a bucket, such as s3://name/prefix"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_its_secrets(address: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        validate({"name": "x", "documents": ["d"], "questions": ["q"], "store": address})
    assert "secret@" not in str(caught.value) and "secret=" not in str(caught.value)


def test_each_world_has_a_name_of_its_own(tmp_path: Path) -> None:
    """Below the address, named after its folder. What is no plain name is refused."""
    for name in ("Help desk", "other"):
        keep_in(tmp_path / name, "gs://bucket/team/")
    first, second = place(tmp_path / "Help desk"), place(tmp_path / "other")
    assert first.where.startswith("gs://bucket/team/help-desk-") and first.world != second.world
    (tmp_path / "other" / PLACE).write_text('{"address": "gs://bucket", "world": "../x"}')
    with pytest.raises(RunFolderError, match="no plain name"):
        open_store(tmp_path / "other")


# Faults of the bucket


def test_a_bucket_that_is_not_there_is_named(tmp_path: Path, bucket_address: str) -> None:
    keep_in(tmp_path, "s3://nowhere/x")
    with pytest.raises(StoreGoneError, match=r"s3://nowhere/x/\S+ cannot be read or written: .*NoSuchBucket"):
        open_store(tmp_path)


def test_credentials_that_are_nowhere_are_missed_by_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(StoreGoneError, match=r"no credentials were found \(looked for in AWS_ACCESS_KEY_ID"):
        open_store(folder)


class Careless:
    """A store whose server does not know conditions."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def put(self, path: str, content: bytes, **_: Any) -> Any:
        return self.inner.put(path, content)

    def get(self, path: str) -> Any:
        return self.inner.get(path)


def test_a_server_without_conditions_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two writers would undo each other's changes there."""
    store = BucketSettings.store
    monkeypatch.setattr(BucketSettings, "store", lambda self, create: Careless(store(self, create)))
    keep_in(tmp_path / "one", f"file://{tmp_path}/bucket")
    with pytest.raises(ConfigError, match="writes over an object though it was asked not to") as caught:
        open_store(tmp_path / "one")
    assert "PostgreSQL" in caught.value.remedy


class Failing:
    """A store whose puts fail: before they are done, or after, when only the answer is lost."""

    def __init__(self, inner: Any, said: str, is_done: bool = False) -> None:
        self.inner, self.said, self.is_done = inner, said, is_done

    def put(self, path: str, content: bytes, **how: Any) -> Any:
        from obstore.exceptions import GenericError

        if self.is_done:
            self.inner.put(path, content, **how)
        raise GenericError(self.said)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def test_a_full_store_changes_nothing_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    keep_in(tmp_path / "one", f"file://{tmp_path}/bucket")
    store = open_store(tmp_path / "one")
    store.upsert([document("a")])
    whole = store._objects._store  # type: ignore[attr-defined]
    store._objects._store = Failing(whole, "Generic LocalFileSystem error: No space left on device")  # type: ignore[attr-defined]
    with pytest.raises(StoreGoneError, match="No space left on device") as caught:
        store.upsert([document("b")])
    assert "its room" in caught.value.remedy and "what was stored is kept" in caught.value.remedy
    assert [one.id for one in store.documents()] == ["a"]
    store._objects._store = whole  # type: ignore[attr-defined]
    assert store.upsert([document("b")]).version == 2


def test_a_change_whose_answer_is_lost_is_made_once(tmp_path: Path) -> None:
    """The writer finds its own entry, and does not take it for another one's."""
    keep_in(tmp_path / "one", f"file://{tmp_path}/bucket")
    store = open_store(tmp_path / "one")
    store._objects._store = Failing(store._objects._store, "connection closed", is_done=True)  # type: ignore[attr-defined]
    assert store.upsert([document("a")]).version == store.version == 1
    assert open_store(another(tmp_path / "one")).version == 1


def test_credentials_that_are_revoked_at_any_request_lose_nothing(folder: Path, s3: Bucket, at_once: None) -> None:
    """Each request in turn is the first one that is refused. What was acknowledged is there, and the rest goes on."""
    store, index = open_store(folder), opened(folder)
    there: dict[str, str] = {}
    n_refused = 0
    try:
        for n in range(12):
            name, text = f"d{n % 3}", f"Animal number{n} lives here."
            s3.accept(n)
            try:
                store.upsert([document(name, text)])
                there[name] = text
                index.sync(store)
                index.search(["animal"], 3)
            except StoreGoneError as error:
                n_refused += 1
                assert "credentials" in error.remedy
            s3.accept(1_000_000)
            found = {one.id: one.text for one in store.documents()}
            assert found in (there, {**there, name: text})
            there = found
            index.sync(store)
            assert {hit.chunk.text for hit in index.search_dense(["a"], 99)[0]} == set(there.values())
    finally:
        s3.accept(1_000_000)
    assert 5 <= n_refused < 12
    assert index.doubts(store) == () and opened(another(folder)).doubts(store) == ()


def test_a_bucket_that_goes_away_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: None) -> None:
    """Emptied and deleted, and then the server too. Nothing is answered from the copy: it may hold what was deleted."""
    with s3_server() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        keep_in(tmp_path / "one", "s3://handbook")
        store, index = open_store(tmp_path / "one"), opened(tmp_path / "one")
        store.upsert([document("a", "Zebras.")])
        index.sync(store)
        objects(tmp_path / "one").delete(objects(tmp_path / "one").names())
        httpx2.delete(f"{server.address}/handbook").raise_for_status()
        uses: Sequence[Callable[[], object]] = (
            lambda: index.search(["zebras"], 3), lambda: store.version, lambda: store.upsert([document("x")]),
            lambda: index.sync(store),
        )  # fmt: skip
        for use in uses:
            with pytest.raises(StoreGoneError, match="NoSuchBucket"):
                use()
    for use in uses:
        with pytest.raises(StoreGoneError, match="cannot be read or written") as caught:
            use()
        assert "what was stored is kept" in caught.value.remedy


# Damage


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


# Kills


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


# Several servers


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
    monkeypatch.setattr(tables.time, "monotonic", lambda: clock[0])
    assert reader.search_bm25(["zebras"], 3) == [[]]
    store.upsert([document("a", "Zebras.")])
    index.sync(store)
    assert reader.search_bm25(["zebras"], 3) == [[]]
    clock[0] += tables.ASK_EVERY_S
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


# Copies


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
