"""Flushes what was written, so that a power failure does not lose it."""

import os
from pathlib import Path


def to_disk(path: Path) -> None:
    """Flushes a file, or the names in a folder, so that a power failure does not lose them.

    Windows flushes only what is open for writing, and no folder.
    """
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def folder_to_disk(folder: Path) -> None:
    """Flushes all files of a folder, and their names."""
    for path in (*folder.rglob("*"), folder):
        to_disk(path)
