"""The cache folder: files that are made once from a model's weights and can be made again at any time.

Takes a folder's name and a function that fills it. Gives the complete folder, or raises an error and leaves nothing
half written. Knows nothing about models.
"""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from bakeoff.errors import BakeoffError, MissingExtraError, disk_is_full
from bakeoff.files.room import room_remedy

LOADING_S = 3600  # a folder used less than this many seconds ago may still be read by the process that uses it


def cache_folder() -> Path:
    """The cache folder: $BAKEOFF_CACHE if it is set, else ~/.cache/bakeoff."""
    configured = os.environ.get("BAKEOFF_CACHE")
    return Path(configured).expanduser() if configured else Path.home() / ".cache" / "bakeoff"


def made_once(
    target: Path,
    write: Callable[[Path], None],
    is_whole: Callable[[Path], bool] = Path.exists,
    keep: int | None = None,
) -> Path:
    """The folder `target`. If it is not complete, `write` fills it; only one process at a time writes in its parent.

    With `keep`, only the `keep` most recently used folders in the parent stay when one is added. Raises BakeoffError
    if the disk is full, and MissingExtraError if `filelock` is not installed.
    """
    with contextlib.suppress(OSError):
        os.utime(target)  # marks it as used now, so that it is not the next to be removed
    if is_whole(target):
        return target
    try:
        from filelock import FileLock
    except ImportError as error:
        raise MissingExtraError("Preparing a model", "filelock", "local") from error
    target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{target.parent}.lock"):
        if not is_whole(target):
            _write_whole(target, write)
        if keep is not None:
            _drop_oldest(target.parent, keep)
    return target


def _write_whole(target: Path, write: Callable[[Path], None]) -> None:
    """Fill a temporary folder beside the target, then rename it. Removes what a killed process left behind first."""
    for abandoned in (target, *target.parent.glob(".*")):
        shutil.rmtree(abandoned, ignore_errors=True)
    half = Path(tempfile.mkdtemp(dir=target.parent, prefix="."))
    try:
        write(half)
        half.rename(target)
    except Exception as error:  # each library has its own error for a full disk; every other one is raised again
        if not disk_is_full(error):
            raise
        raise BakeoffError(
            f"There is not enough room in {target.parent} for the prepared model "
            f"({' '.join(str(error).split())[:200]}).",
            f"{room_remedy(error)}, or set BAKEOFF_CACHE to a folder on another disk; then run it again",
        ) from error
    finally:
        shutil.rmtree(half, ignore_errors=True)


def _drop_oldest(folder: Path, keep: int) -> None:
    """Remove all but the most recently used folders, except those that a process may be loading.

    A model that is loaded no longer needs its files.
    """
    by_age = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    remove_unused(by_age[keep:])


def remove_unused(folders: Iterable[Path]) -> None:
    """Remove those of these folders that no process has begun to use in the last hour."""
    for path in folders:
        with contextlib.suppress(FileNotFoundError):  # another process removed it
            if path.stat().st_mtime < time.time() - LOADING_S:
                shutil.rmtree(path, ignore_errors=True)
