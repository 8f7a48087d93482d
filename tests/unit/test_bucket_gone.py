"""Documents in a bucket that are gone, were restored as they were earlier, or are damaged: they are told from none."""

import json
import shutil
from pathlib import Path

import pytest

from bakeoff.corpus.buckets.place import COPY
from bakeoff.corpus.buckets.store import WORLD, BucketStore
from bakeoff.corpus.place import PLACE, place_of
from bakeoff.corpus.stores import HALF, keep_in, move_store, open_store, remove_store
from bakeoff.errors import ConfigError, RunFolderError, StoreGoneError
from bakeoff.retrieval.opening import copy_documents, copy_documents_alone
from bakeoff.runs.config import validate
from tests.unit.buckets import another, document, objects, opened, place

pytest.importorskip("obstore")
FIRST = "documents/000000000001"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    keep_in(tmp_path / "one", f"file://{tmp_path}/bucket")
    return tmp_path / "one"


def test_a_server_that_starts_when_the_documents_are_gone_does_not_start_with_none(folder: Path) -> None:
    """Its copy is all that is left of them, and stays. Also if another server has made the world again."""
    open_store(folder).upsert([document("a")])
    objects(folder).delete(objects(folder).names())
    for _ in range(2):
        with pytest.raises(RunFolderError, match="are gone, or were made again") as caught:
            open_store(folder)
        assert f"delete {folder / COPY}" in caught.value.remedy and (folder / COPY).stat().st_size > 10_000
        open_store(folder.with_name("two") if folder.with_name("two").exists() else another(folder))
    (folder / COPY).unlink()
    assert open_store(folder).version == 0


def test_a_bucket_that_was_restored_as_it_was_earlier_is_told(folder: Path) -> None:
    """Whether the last changes are missing, or others have been made in their place."""
    store = open_store(folder)
    for name in "abc":
        store.upsert([document(name)])
    objects(folder).delete(["documents/000000000003"])
    with pytest.raises(RunFolderError, match="or restored as they were earlier"):
        open_store(folder)
    other = open_store(another(folder))
    other.upsert([document("x")])
    other.upsert([document("y")])
    with pytest.raises(RunFolderError, match="or restored as they were earlier"):
        open_store(folder)
    (folder / COPY).unlink()
    assert [one.id for one in open_store(folder).documents()] == ["a", "b", "x", "y"]


def test_a_folder_that_is_no_longer_mounted_is_told(folder: Path) -> None:
    store = open_store(folder)
    store.upsert([document("a")])
    (folder.with_name("bucket")).rename(folder.with_name("unmounted"))
    with pytest.raises(StoreGoneError, match="cannot be read or written"):
        store.get("a")


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b""])
def test_what_says_that_there_is_a_world_or_an_index_is_named_if_it_is_damaged(folder: Path, content: bytes) -> None:
    open_store(folder)
    opened(folder)
    objects(folder).put("indexes/index/made.json", content)
    with pytest.raises(RunFolderError, match=r"indexes/index/made.json in \S+ is damaged"):
        opened(folder)
    objects(folder).put(WORLD, content)
    with pytest.raises(RunFolderError, match=r"world.json in \S+ is damaged"):
        open_store(folder)


@pytest.mark.parametrize("head", [None, {}, [], {"n": 2}])
def test_an_entry_that_says_other_than_it_holds_is_damaged(folder: Path, head: object) -> None:
    store, index = open_store(folder), opened(folder)
    store.upsert([document("a", "Zebras.")])
    index.sync(store)
    (entry,) = (name for name in objects(folder).names("indexes") if name.endswith("/000000000001"))
    for name in (FIRST, entry):
        line, _, rows = (objects(folder).get(name) or b"").partition(b"\n")
        whole = json.loads(line)
        objects(folder).put(name, json.dumps({**whole, "head": head}).encode() + b"\n" + rows)
    with pytest.raises(RunFolderError, match=f"{FIRST} in .* is damaged"):
        open_store(another(folder)).get("a")
    with pytest.raises(RunFolderError, match=r"is damaged|is gone"):
        opened(folder.with_name("two")).search(["zebras"], 3)


def test_an_entry_that_was_cut_after_its_head_is_damaged(folder: Path) -> None:
    """It is not taken for a change of nothing."""
    store, index = open_store(folder), opened(folder)
    store.upsert([document("a", "Zebras.")])
    index.sync(store)
    (entry,) = (name for name in objects(folder).names("indexes") if name.endswith("/000000000001"))
    for name in (FIRST, entry):
        objects(folder).put(name, (objects(folder).get(name) or b"").partition(b"\n")[0] + b"\n")
    with pytest.raises(RunFolderError, match=f"{FIRST} in .* is damaged"):
        open_store(another(folder)).get("a")
    with pytest.raises(RunFolderError, match="is damaged"):
        opened(folder.with_name("two")).search(["zebras"], 3)


def test_many_small_changes_are_read_together(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new server waits for its disk once, not once for each change."""
    store = open_store(folder)
    for number in range(40):
        store.upsert([document(f"d{number % 7}", f"text {number}")])
    store.delete(["d0"])
    new = open_store(another(folder))
    assert isinstance(new, BucketStore)
    writing, n_written = new.near._writing, []
    monkeypatch.setattr(new.near, "_writing", lambda: n_written.append(1) or writing())
    assert list(new.documents()) == list(store.documents()) and len(n_written) == 1
    assert new.history("d1") == store.history("d1") and new.version == 41


# Copies and removals


def test_a_store_that_is_moved_leaves_an_empty_folder(folder: Path, tmp_path: Path) -> None:
    """As a round of `bakeoff learn` does with a copy that it has read."""
    open_store(folder).upsert([document("a")])
    for name in ("half", "round"):
        (tmp_path / name).mkdir()
    copy_documents_alone(folder, tmp_path / "half")
    assert open_store(tmp_path / "half").version == 1
    move_store(tmp_path / "half", tmp_path / "round")
    (tmp_path / "half").rmdir()
    assert open_store(tmp_path / "round").version == 1


def test_removing_a_folder_takes_a_copy_that_was_killed_with_it(folder: Path, tmp_path: Path) -> None:
    open_store(folder).upsert([document("a")])
    (half := tmp_path / "half").mkdir()
    copy_documents(folder, half)
    copied = objects(half)
    (half / PLACE).rename(half / f"{PLACE}{HALF}")
    assert place_of(half) is None and copied.names()
    remove_store(half)
    assert copied.names() == [] and objects(folder).names()


def test_removing_a_world_that_is_killed_leaves_none_that_looks_whole(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_store(folder).upsert([document("a")])
    there = objects(folder)
    kind, deleted = type(there), []

    def killed(self: object, names: list[str]) -> None:
        deleted.append(list(names))
        if len(deleted) > 1:
            raise KeyboardInterrupt
        there._store.delete([there._path(name) for name in names])

    monkeypatch.setattr(kind, "delete", killed)
    with pytest.raises(KeyboardInterrupt):
        remove_store(folder)
    assert there.get(WORLD) is None and there.get(FIRST) is not None


def test_an_address_that_would_be_cut_is_refused() -> None:
    """What comes after a # is no part of an address: documents of two would be in one place."""
    with pytest.raises(ConfigError, match="has no '#'"):
        validate({"name": "x", "documents": ["d"], "questions": ["q"], "store": "s3://bucket/team#1"})


def test_a_schema_may_have_any_name(tmp_path: Path) -> None:
    (tmp_path / PLACE).write_text('{"address": "postgresql://me@host/desk", "schema_name": "world"}')
    assert getattr(place_of(tmp_path), "schema_name", None) == "world"
    shutil.rmtree(tmp_path)


def test_a_prefix_with_odd_characters_is_one_place(tmp_path: Path) -> None:
    for name in ("a b", "é", "[x]*", "a&b=c"):
        keep_in(one := tmp_path / name, f"file://{tmp_path}/bucket/{name}")
        open_store(one).upsert([document("a")])
        assert (tmp_path / "bucket" / name / place(one).world / WORLD).exists()
        shutil.copytree(one, two := tmp_path / f"{name} again", ignore=shutil.ignore_patterns(COPY))
        assert open_store(two).version == 1
