"""Objects and logs of a bucket: conditions, deletions, long listings, packing while others read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bakeoff.corpus.buckets import log as logs
from bakeoff.corpus.buckets import objects as objects_module
from bakeoff.corpus.buckets.log import PACKED, Log, PackedError
from bakeoff.corpus.buckets.objects import Objects
from bakeoff.corpus.buckets.place import BucketPlace
from bakeoff.corpus.stores import keep_in, open_store
from bakeoff.errors import RunFolderError, StoreGoneError
from bakeoff.pilot.executors.parts import PartStore
from tests.unit.buckets import another, document, objects, opened
from tests.unit.s3_server import Bucket

pytest.importorskip("obstore")


@pytest.fixture
def there(tmp_path: Path) -> Objects:
    return Objects(BucketPlace(address=f"file://{tmp_path}/bucket", world="w"))


class Refusing:
    """A store that refuses the first puts on a condition, or all puts after some."""

    def __init__(self, inner: Any, error: Exception, n_conflicts: int = 0, n_puts: int = 1_000) -> None:
        self.inner, self.error, self.n_conflicts, self.n_puts = inner, error, n_conflicts, n_puts

    def put(self, path: str, content: bytes, **how: Any) -> Any:
        self.n_puts -= 1
        if how.get("mode") == "create" and self.n_conflicts:
            self.n_conflicts -= 1
            raise self.error
        if self.n_puts < 0:
            raise self.error
        return self.inner.put(path, content, **how)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def refusing(there: Objects, error: Exception, **how: int) -> Objects:
    there.__dict__["_store"] = Refusing(there._store, error, **how)
    return there


# Objects


@pytest.mark.parametrize("kind", ["AlreadyExistsError", "GenericError"])
def test_a_write_that_another_one_disturbed_is_tried_again(there: Objects, kind: str) -> None:
    """S3 refuses one of two writes on a condition with 409 while neither is done; then there may be none."""
    from obstore import exceptions

    error = getattr(exceptions, kind)("409 Conflict: <Code>ConditionalRequestConflict</Code>")
    assert refusing(there, error, n_conflicts=2).put_new("a", b"x") and there.get("a") == b"x"
    with pytest.raises(StoreGoneError, match="cannot be read or written"):
        refusing(there, error, n_conflicts=1_000).put_new("b", b"x")


def test_deleting_what_is_not_there_is_no_fault(there: Objects, tmp_path: Path) -> None:
    """Two may delete the same at once. What else was to be deleted is."""
    for name in "ac":
        there.put(name, b"x")
    there.delete(["a", "b", "c"])
    there.delete(["b"])
    assert there.names() == []
    shared = PartStore(f"file://{tmp_path}/share")
    (tmp_path / "part").write_text("x")
    part = shared.put(tmp_path / "part", "part")
    shared.remove(part)
    shared.remove(part)


def test_more_objects_than_a_page_are_listed_in_order_and_deleted(s3: Bucket, bucket_address: str) -> None:
    there = Objects(BucketPlace(address=bucket_address, world="w"))
    names = [f"log/{number:012}" for number in range(1, 1_101)]
    there.put("base", b"x")
    list(map(lambda name: there._store.copy("w/base", f"w/{name}"), names))
    assert there.names("log") == names
    assert list(there.sizes("log", after=names[1_049])) == names[1_050:]
    there.delete(names)
    assert there.names() == ["base"]


def test_what_is_written_to_a_folder_is_flushed_before_it_counts(
    there: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The object, and its name in each folder that may be new. A disk that cannot is one message."""
    flushed: list[Path] = []
    monkeypatch.setattr(objects_module, "to_disk", flushed.append)
    for write in (there.put_new, there.put):
        flushed.clear()
        write("log/1", b"x")
        world = tmp_path / "bucket" / "w"
        assert flushed == [world / "log" / "1", world / "log", world, tmp_path / "bucket"]

    def failing(path: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(objects_module, "to_disk", failing)
    for write in (there.put_new, there.put):
        with pytest.raises(StoreGoneError, match="Input/output error"):
            write("log/2", b"x")


# Logs


def entries(log: Log, n: int, size: int = 10, n_blocks: int = 3) -> None:
    for number in range(1, n + 1):
        assert log.append(number, {"n": number}, [b"%d" % number * size] * n_blocks)


def test_blocks_of_a_change_that_found_no_room_are_removed(there: Objects) -> None:
    """Trying again and again does not fill what room is left."""
    from obstore.exceptions import GenericError

    log = Log(refusing(there, GenericError("QuotaExceeded"), n_puts=3), "log")
    with pytest.raises(StoreGoneError, match="QuotaExceeded"):
        log.append(1, {}, [b"x"] * 9)
    assert there.names() == []


def test_who_reads_while_the_log_is_packed_twice_reads_again(there: Objects) -> None:
    """Entries and bases whose blocks are gone for that reason are not taken for deleted ones."""
    log = Log(there, "log")
    entries(log, 2)
    old = next(log.after(0))
    log.pack(1, {"n": 1}, [b"1"] * 3)
    base = log.base(1)
    assert list(log.blocks(old)) == [b"1" * 10] * 3 and list(log.blocks(base)) == [b"1"] * 3
    log.pack(2, {"n": 2}, [b"2"] * 3)
    entries_three = log.append(3, {"n": 3}, [b"3"] * 3)
    log.pack(3, {"n": 3}, [b"3"] * 3)
    for read in (old, base):
        with pytest.raises(PackedError):
            list(log.blocks(read))
    assert entries_three and list(log.blocks(log.base(1))) == [b"3"] * 3
    there.delete([name for name in there.names("log/bases") if "000003-" in name])
    with pytest.raises(RunFolderError, match="somebody deleted it"):
        list(log.blocks(log.base(1)))


def test_a_table_is_read_although_its_log_was_packed_twice_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bakeoff.retrieval import syncing

    monkeypatch.setattr(syncing, "GROUP_CHUNKS", 1)
    monkeypatch.setattr(Log, "is_long", True)
    keep_in(folder := tmp_path / "one", f"file://{tmp_path}/bucket")
    store, index = open_store(folder), opened(folder)
    store.upsert([document("gone"), *(document(f"d{i}", f"Animal number{i}.") for i in range(4))])
    index.sync(store)
    reader = opened(another(folder))
    blocks, packed = Log.blocks, []

    def slow(self: Log, entry: Any) -> Any:
        while len(packed) < 2 and self.name.startswith("indexes"):
            packed.append(1)
            for n in range(3):
                store.change([document("d0", f"Animal changed{len(packed)}{n}.")], ["gone"])
                index.sync(store)
            index._table.pack()
        return blocks(self, entry)

    monkeypatch.setattr(Log, "blocks", slow)
    found = {hit.chunk.text for hit in reader.search_dense(["x"], 9)[0]}
    assert len(packed) == 2 and not any(name.endswith("-000001") for name in objects(folder).names("indexes"))
    assert found == {"Animal changed22.", *(f"Animal number{i}." for i in (1, 2, 3))}
    assert reader.doubts(store) == () and reader._table.local._state.pending == ()


def test_what_others_put_into_a_log_and_a_killed_packer_do_no_harm(there: Objects) -> None:
    """A base without its object is none: the one before it is kept for those who read it."""
    log = Log(there, "log")
    entries(log, 6)
    log.pack(2, {}, [b"base 2"])
    for name in ("log/.DS_Store", "log/bases/notes.txt", "log/blocks/x", "log/bases/000000000004-killed-000001"):
        there.put(name, b"?")
    assert not log.is_long
    log.pack(4, {}, [b"base 4"])
    log.pack(5, {}, [b"base 5"])
    names = there.names("log/bases")
    assert "log/bases/000000000004" in names and "log/bases/000000000002" not in names
    assert log.base(1).number == 5 and [entry.number for entry in log.after(5)] == [6]
    assert there.get("log/000000000003") == PACKED and there.get("log/bases/notes.txt") == b"?"


def test_asking_whether_a_log_is_long_costs_no_more_when_it_has_a_long_past(
    there: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Emptied entries stay for good, so that nobody writes them again. They are not listed each time."""
    monkeypatch.setattr(logs, "LEAST_BYTES", 250)
    log, sizes, listed = Log(there, "log"), Objects.sizes, list[int]()

    def counted(self: Objects, *given: Any) -> dict[str, int]:
        found = sizes(self, *given)
        listed.append(len(found))
        return found

    entries(log, 60, n_blocks=1)
    log.pack(58, {}, [b"base"])
    monkeypatch.setattr(Objects, "sizes", counted)
    assert not log.is_long and sum(listed) < 10
    assert log.append(61, {}, [b"x" * 200]) and log.is_long
    numbers: Sequence[int] = [entry.number for entry in log.after(58)]
    assert numbers == [59, 60, 61]
