"""The cache folder: what is made once from a model's weights and can be made again at any time.

Takes a folder's name and what writes it, gives the folder, whole or not at all. Knows nothing about models.
"""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bakeoff.errors import BakeoffError, MissingExtraError, disk_is_full

LOADING_S = 3600  # a folder taken so lately may still be read by the process that took it


def cache_folder() -> Path:
    """Where what is made from models is kept: $BAKEOFF_CACHE, else ~/.cache/bakeoff."""
    configured = os.environ.get("BAKEOFF_CACHE")
    return Path(configured).expanduser() if configured else Path.home() / ".cache" / "bakeoff"


def made_once(
    target: Path,
    write: Callable[[Path], None],
    is_whole: Callable[[Path], bool] = Path.exists,
    keep: int | None = None,
) -> Path:
    """The folder `target`, filled by `write` where it is not whole yet, by one process at a time in its parent.

    With `keep`, of the folders beside it only that many, those taken last, stay when one is added. Raises BakeoffError
    where the disk is full.
    """
    with contextlib.suppress(OSError):
        os.utime(target)  # taken now: not the next to go
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
    """Fill a folder beside the target, then rename it. What a killed process left half done is removed first."""
    for abandoned in (target, *target.parent.glob(".*")):
        shutil.rmtree(abandoned, ignore_errors=True)
    half = Path(tempfile.mkdtemp(dir=target.parent, prefix="."))
    try:
        write(half)
        half.rename(target)
    except Exception as error:  # safetensors has an error of its own that is no OSError
        if not disk_is_full(error):
            raise
        raise BakeoffError(
            f"There is no room in {target.parent} for the prepared model ({' '.join(str(error).split())[:200]}).",
            "free some space there, or set BAKEOFF_CACHE to a folder on another disk; then run it again",
        ) from error
    finally:
        shutil.rmtree(half, ignore_errors=True)


def _drop_oldest(folder: Path, keep: int) -> None:
    """Remove all but the folders taken last, and none that may be loading: what is loaded needs its files no more."""
    by_age = sorted(folder.iterdir(), key=lambda one: one.stat().st_mtime, reverse=True)
    for one in by_age[keep:]:
        if one.stat().st_mtime < time.time() - LOADING_S:
            shutil.rmtree(one, ignore_errors=True)
