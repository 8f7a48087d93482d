"""Errors of a write without room say what would help: space on the disk, or a higher limit on the size of files."""

import errno
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.corpus.stores import copy_store
from bakeoff.errors import BakeoffError
from bakeoff.files.room import room_remedy
from bakeoff.files.sqlite_file import connected, explained
from bakeoff.files.unreadable import NOT_READABLE
from bakeoff.records import Document
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import LoggedAnswer
from tests.unit.file_limit import files_of_at_most


def too_large(path: Path) -> OSError:
    """The error that the system itself raises."""
    with pytest.raises(OSError) as caught, path.open("wb", buffering=0) as file:
        file.write(b"x" * 4096)
        file.write(b"x")
    return caught.value


def test_a_limit_on_the_size_of_files_is_no_full_disk(tmp_path: Path) -> None:
    """The remedy names the limit and does not ask for space; without a limit, the file system has one."""
    with files_of_at_most(4096):
        error = too_large(tmp_path / "file")
        assert error.errno == errno.EFBIG
        assert room_remedy(error) == "allow files of more than 4,096 bytes, for example with: ulimit -f unlimited"
    assert room_remedy(error) == "use a file system that takes larger files"


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        RuntimeError("LanceError(IO): StorageFull"),
    ],
)
def test_a_full_disk_needs_space_also_where_there_is_a_limit(error: Exception) -> None:
    """And so does a quota that is used up."""
    with files_of_at_most(10**9):
        assert room_remedy(error) == "free some space"


def test_where_a_library_does_not_say_what_is_missing_both_are_named() -> None:
    """OpenVINO's error says neither; without a limit only space can be missing."""
    error = RuntimeError("basic_ios::clear: iostream error")
    assert room_remedy(error) == "free some space"
    with files_of_at_most(10**9):
        assert room_remedy(error) == "free some space, or allow files of more than 1,000,000,000 bytes (ulimit -f)"


def test_a_database_that_may_not_grow_names_the_limit(tmp_path: Path) -> None:
    """SQLite's own error only says that the disk failed."""
    path = tmp_path / "file.sqlite"
    with files_of_at_most(20_000), pytest.raises(BakeoffError) as caught, explained(path):
        connection = connected(path)
        try:
            connection.execute("CREATE TABLE texts (text TEXT)")
            connection.execute("INSERT INTO texts VALUES (?)", ("x" * 50_000,))
        finally:
            connection.close()
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
    assert "full" not in caught.value.message and "20,000 bytes" in caught.value.remedy


def test_a_database_that_may_not_be_read_is_not_told_to_be_unwritable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite only says that it cannot open the file. Commands that only read complained about writing."""
    with pytest.raises(BakeoffError, match="cannot be written"), explained(tmp_path):
        sqlite3.connect(tmp_path)
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(BakeoffError) as caught, explained(tmp_path):
        sqlite3.connect(tmp_path)
    assert caught.value.message == f"Cannot read {tmp_path}: Permission denied." and caught.value.remedy == NOT_READABLE
    with pytest.raises(BakeoffError, match=r"Cannot read .*: Permission denied\."), explained(tmp_path):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path))


def test_a_log_that_may_only_be_read_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By `monitor` and `decisions`, for example. One that is not prepared is still an error."""
    with Log(tmp_path / "log.sqlite") as log:
        log.append(LoggedAnswer(question="q", text="t", contender="rag", declined=False))
    (tmp_path / "empty.sqlite").touch()
    real = os.open

    def read_only(path: str, flags: int, *rest: int, **more: int) -> int:
        if flags & os.O_RDWR:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, flags, *rest, **more)

    monkeypatch.setattr("bakeoff.files.sqlite_file.os.open", read_only)
    with Log(tmp_path / "log.sqlite") as log:
        assert [one.question for one in log.entries(LoggedAnswer)] == ["q"]
    with pytest.raises(BakeoffError, match="Cannot write"):
        Log(tmp_path / "empty.sqlite")


def test_a_store_that_cannot_be_copied_for_lack_of_room_says_so(tmp_path: Path) -> None:
    """A round of learning that had no room ended with a traceback."""
    source, target = tmp_path / "a", tmp_path / "b"
    for folder in (source, target):
        folder.mkdir()
    with SqliteStore(source / "store.sqlite") as store:
        store.upsert([Document(id="a", text="x" * 100_000, source="a.md", updated_at=datetime.now(UTC))])
    with files_of_at_most(20_000), pytest.raises(BakeoffError) as caught:
        copy_store(source, target)
    assert str(target / "store.sqlite") in caught.value.message and "20,000 bytes" in caught.value.remedy
