"""The path that an export is written to: it must be new, and it appears only when the export is complete.

Takes a path, gives a folder beside it, `PATH.part`, to write into. A stopped export leaves at most that folder, which
the next export to the same path removes. Knows no form.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bakeoff.errors import BakeoffError, ConfigError, disk_is_full
from bakeoff.files.room import room_remedy


@contextmanager
def new_path(path: Path) -> Iterator[Path]:
    """Where to write what becomes `path` at the end of the block: a file or a folder of the same name in `PATH.part`.

    Raises ConfigError if the path exists, another export writes to it, or its folder cannot be written, and
    BakeoffError if the disk is full.
    """
    refuse_existing(path)
    part = path.with_name(f"{path.name}.part")
    try:
        with _claimed(part):
            yield part / path.name
            refuse_existing(path)
            (part / path.name).rename(path)
    except Exception as error:  # each library has its own error for a full disk; every other one is raised again
        if not disk_is_full(error):
            raise
        raise BakeoffError(
            f"There is not enough room for {path} ({' '.join(str(error).split())[:200]}). Nothing was left there.",
            f"{room_remedy(error)}, or name a path on another disk",
        ) from error


def refuse_existing(path: Path) -> None:
    """Raises ConfigError if there is something at this path already."""
    if path.exists() or path.is_symlink():
        raise ConfigError(f"{path} exists already, and an export overwrites nothing.", "name another path with --out")


@contextmanager
def _claimed(part: Path) -> Iterator[None]:
    """A new, empty folder that only this process uses. It is removed at the end, and by the system's lock after a kill
    it is known that nobody uses it any more.
    """
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(part)
        part.mkdir(0o700)
        lock = os.open(part, os.O_RDONLY)
    except OSError as error:
        if disk_is_full(error):
            raise
        raise ConfigError(f"Cannot write {part}: {error.strerror}.", "name another path with --out") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        shutil.rmtree(part, ignore_errors=True)
        os.close(lock)


def _remove_abandoned(part: Path) -> None:
    """Removes what a killed export left. Raises ConfigError if an export is writing there now."""
    if not part.is_dir() or part.is_symlink():
        refuse_existing(part)
        return
    lock = os.open(part, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(part)
    except BlockingIOError as error:
        raise ConfigError(
            f"Another export writes to {part.with_suffix('')} now.", "wait for it, or name another path with --out"
        ) from error
    finally:
        os.close(lock)
