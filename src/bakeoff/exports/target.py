"""The path that an export is written to: it must be new, and it appears only when the export is complete.

Takes a path, gives a folder beside it, `PATH.part`, to write into. A stopped export leaves at most that folder, which
the next export to the same path removes. Knows no form.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from bakeoff.errors import BakeoffError, ConfigError, disk_is_full
from bakeoff.files.locks import held
from bakeoff.files.room import room_remedy
from bakeoff.files.unreadable import reason_of


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
            f"There is not enough room for {path} ({reason_of(error)[:200]}). Nothing was left there.",
            f"{room_remedy(error)}, or name a path on another disk",
        ) from error


def refuse_existing(path: Path) -> None:
    """Raises ConfigError if there is something at this path already."""
    if path.exists() or path.is_symlink():
        raise ConfigError(f"{path} exists already, and an export overwrites nothing.", "name another path with --out")


@contextmanager
def _claimed(part: Path) -> Iterator[None]:
    """A new, empty folder that only this process uses, and that is removed at the end.

    The lock on a file in it ends with the process, so that it is known after a kill that nobody uses the folder.
    """
    if part.is_symlink() or not part.is_dir():
        refuse_existing(part)
    lock = part / f"{part.name}.lock"  # what is exported there has another name: that of `part` without its ending
    refusal = ConfigError(
        f"Another export writes to {part.with_suffix('')} now.", "wait for it, or name another path with --out"
    )
    with ExitStack() as stack:
        try:
            part.mkdir(0o700, parents=True, exist_ok=True)
            stack.enter_context(held(lock, refusal))
            _empty(part, lock)
        except OSError as error:
            if disk_is_full(error):
                raise
            raise ConfigError(f"Cannot write {part}: {error.strerror}.", "name another path with --out") from error
        try:
            yield
        finally:
            _empty(part, lock)
            _remove(part, lock)
    _remove(part, lock)  # Windows removes no file that is open


def _empty(part: Path, lock: Path) -> None:
    """Removes all but the lock file: what a killed export left, or what is not needed any more."""
    for path in part.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        elif path != lock:
            path.unlink(missing_ok=True)


def _remove(part: Path, lock: Path) -> None:
    """Removes the folder unless somebody else writes to it. Another file with that name was made by somebody else."""
    with suppress(OSError):
        lock.unlink(missing_ok=True)
        part.rmdir()
