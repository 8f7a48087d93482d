"""Addresses of buckets, and their faults: credentials, room, servers that go away. On an S3 server."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx2
import pytest

from bakeoff.corpus.place import PLACE
from bakeoff.corpus.sources.bucket import BucketSettings
from bakeoff.corpus.stores import keep_in, open_store
from bakeoff.errors import ConfigError, RunFolderError, StoreGoneError
from bakeoff.retrieval.buckets import asked
from bakeoff.runs.config import validate
from tests.unit.buckets import another, document, objects, opened, place
from tests.unit.s3_server import Bucket, s3_server

pytest.importorskip("obstore")


@pytest.fixture
def folder(tmp_path: Path, bucket_address: str) -> Path:
    keep_in(tmp_path / "one", bucket_address)
    return tmp_path / "one"


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every search asks the bucket."""
    monkeypatch.setattr(asked, "ASK_EVERY_S", 0.0)


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

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def test_a_server_without_conditions_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two writers would undo each other's changes there. It is refused each time, and nothing is left."""
    store = BucketSettings.store
    monkeypatch.setattr(BucketSettings, "store", lambda self, create: Careless(store(self, create)))
    keep_in(tmp_path / "one", f"file://{tmp_path}/bucket")
    for _ in range(2):
        with pytest.raises(ConfigError, match="writes over an object though it was asked not to") as caught:
            open_store(tmp_path / "one")
        assert "PostgreSQL" in caught.value.remedy and objects(tmp_path / "one").names() == []


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
