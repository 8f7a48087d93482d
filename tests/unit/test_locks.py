"""A lock is held by one at a time, and ends with the process that holds it."""

import errno
import subprocess
import sys
import threading
import time

import pytest

from bakeoff.errors import BakeoffError, RunFolderError
from bakeoff.files import locks
from bakeoff.files.locks import NoLocksError, held, is_held, waited_for
from tests.end_to_end.small import environment

HOLDS = """
import sys, time
from pathlib import Path
from bakeoff.errors import BakeoffError
from bakeoff.files.locks import held
with held(Path(sys.argv[1]), BakeoffError("somebody else")):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_one_is_refused_until_the_first_has_ended(tmp_path):
    """In the same process too; the refusal is the error that was given."""
    path = tmp_path / "work.lock"
    with (
        held(path, BakeoffError("first")),
        pytest.raises(RunFolderError, match="second"),
        held(path, RunFolderError("second")),
    ):
        pass
    with held(path, BakeoffError("third")):
        assert path.exists()


def test_a_kill_frees_the_lock(tmp_path):
    """Nothing has to be cleaned up by a person."""
    path = tmp_path / "work.lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(path)], stdout=subprocess.PIPE, text=True, env=environment()
    )
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    with pytest.raises(BakeoffError, match="refused"), held(path, BakeoffError("refused")):
        pass
    holder.kill()
    holder.communicate()
    with held(path, BakeoffError("still held")):
        pass


def test_who_waits_gets_the_lock_when_it_is_free(tmp_path):
    """Another thread of the same process waits too."""
    path, order = tmp_path / "work.lock", []

    def second() -> None:
        with waited_for(path):
            order.append("second")

    with waited_for(path):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.1)
        order.append("first")
    thread.join(timeout=10)
    assert order == ["first", "second"]


def test_only_the_owner_may_read_a_lock_file_unless_said_otherwise(tmp_path):
    """A lock in a run folder that a group shares can be taken by the group."""
    with held(tmp_path / "mine", BakeoffError("no")), held(tmp_path / "ours", BakeoffError("no"), 0o640):
        modes = [(tmp_path / name).stat().st_mode & 0o777 for name in ("mine", "ours")]
    assert modes == [0o600, 0o640]


def test_asking_whether_a_lock_is_held_makes_no_file(tmp_path):
    """It says yes while somebody holds it, also in this process."""
    path = tmp_path / "work.lock"
    assert not is_held(path) and not path.exists()
    with held(path, BakeoffError("no")):
        assert is_held(path)
    assert path.exists() and not is_held(path)


def test_asking_whether_a_lock_is_held_refuses_nobody(tmp_path):
    """A list of runs that is read all the time must not keep a run from starting, and two lists agree."""
    path, ended, seen = tmp_path / "work.lock", threading.Event(), []
    path.touch()

    def ask() -> None:
        while not ended.is_set():
            seen.append(is_held(path))
            time.sleep(0.001)  # as a list reads other files in between

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    ended.set()
    for thread in threads:
        thread.join()
    assert len(seen) > 50 and not any(seen)
    ended.clear()
    asking = threading.Thread(target=ask)
    asking.start()
    for _ in range(100):
        with held(path, BakeoffError("refused by a question")):
            pass
    ended.set()
    asking.join()


def test_a_lock_file_that_was_removed_guards_nothing(tmp_path):
    """Who opened it before it was removed takes the lock on the new file, as everybody else does."""
    path = tmp_path / "work.lock"
    opened = locks._open

    def removed_in_between(path, mode):
        descriptor = opened(path, mode)
        if not removed:
            removed.append(path)
            path.unlink()
        return descriptor

    removed: list[object] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(locks, "_open", removed_in_between)
        with held(path, BakeoffError("no")):
            assert removed and path.exists() and is_held(path)


def test_a_file_system_without_locks_is_named(tmp_path, monkeypatch):
    """With what would help; the file is closed."""

    def missing(descriptor, *, blocking):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks, "lock_descriptor", missing)
    with pytest.raises(BakeoffError, match="cannot be locked: No locks available") as caught:  # noqa: SIM117
        with held(tmp_path / "work.lock", BakeoffError("no")):
            pytest.fail("nothing is locked")
    assert "file system with locks" in caught.value.remedy
    assert not is_held(tmp_path / "work.lock")
    with pytest.raises(NoLocksError), waited_for(tmp_path / "work.lock"):
        pytest.fail("nothing is locked")
    with waited_for(tmp_path / "new" / "work.lock", needed=False):
        assert (tmp_path / "new").exists()
