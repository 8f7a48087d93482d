"""Locks on files: the only place of the package that locks. They work on Linux, macOS and Windows.

Takes the path of a lock file and what to say to a second one. A lock ends with the process, however it ends. It is the
system's own (flock, or LockFileEx), so that versions of this package exclude each other. Knows no content.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import lock_descriptor

from bakeoff.errors import BakeoffError

OWNER_ONLY = 0o600
N_ATTEMPTS, PAUSE_S = 5, 0.01
"""Before somebody is refused. `is_held` holds a lock for a moment, which must refuse nobody."""


class NoLocksError(BakeoffError):
    """A file system has no locks."""


@contextmanager
def held(path: Path, refusal: BakeoffError, mode: int = OWNER_ONLY) -> Iterator[int]:
    """Nobody else holds this lock within the block, not even another thread. Raises the refusal if somebody does.

    Yields the descriptor of the lock file. `mode` is that of a new one. Raises OSError if the file cannot be made, and
    NoLocksError if its file system has no locks.
    """
    descriptor = _attempts(path, mode)
    if descriptor is None:
        raise refusal
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def waited_for(path: Path, mode: int = OWNER_ONLY, needed: bool = True) -> Iterator[None]:
    """The same, but waits until nobody holds the lock. A thread must not wait for what it holds already.

    Its folder is made. Unless it is `needed`, there is no lock on a file system that has none.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        while (descriptor := _attempts(path, mode)) is None:
            time.sleep(PAUSE_S)
    except NoLocksError:
        if needed:
            raise
        yield
        return
    try:
        yield
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether somebody holds this lock now. False if there is no such file, it cannot be read, or locks are missing."""
    try:
        descriptor = _attempts(path)
    except (OSError, NoLocksError):
        return False
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def _attempts(path: Path, mode: int | None = None) -> int | None:
    for attempt in range(N_ATTEMPTS):
        if attempt:
            time.sleep(PAUSE_S)
        descriptor = _open(path, mode)
        if _locked(path, descriptor):
            return descriptor
        os.close(descriptor)
    return None


def _open(path: Path, mode: int | None) -> int:
    """The lock file, made with this mode if it is missing; without a mode it must exist."""
    if mode is not None:
        return os.open(path, os.O_RDWR | os.O_CREAT, mode)
    try:
        return os.open(path, os.O_RDWR)
    except PermissionError:
        return os.open(path, os.O_RDONLY)


def _locked(path: Path, descriptor: int) -> bool:
    """Locks the file unless somebody else has, or has removed it since it was opened: that lock would guard nothing."""
    try:
        return lock_descriptor(descriptor, blocking=False) and os.fstat(descriptor).st_nlink > 0
    except OSError as error:
        os.close(descriptor)
        raise NoLocksError(
            f"{path} cannot be locked: {error.strerror}.",
            "use a folder on a file system with locks: a local disk, or NFS with its lock service",
        ) from error
