"""A lock that one process holds: a file that is locked while the work in a folder lasts.

Takes the path of the file and what to say to a second one. The lock ends with the process, however it ends. Knows no
content.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bakeoff.errors import BakeoffError

OWNER_ONLY = 0o600


@contextmanager
def held(path: Path, refusal: BakeoffError) -> Iterator[None]:
    """Nobody else holds this lock within the block, not even another thread. Raises the refusal if somebody does.

    Raises OSError if the file cannot be made.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise refusal from error
        yield
    finally:
        os.close(descriptor)


@contextmanager
def waited_for(path: Path) -> Iterator[None]:
    """Nobody else holds this lock within the block. Waits for who holds it. Without effect on a file system that has
    no locks.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
