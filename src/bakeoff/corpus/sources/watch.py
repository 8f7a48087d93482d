"""Notices when the files of a folder have changed and are no longer being written.

Takes a folder, gives moments. Looks at names, sizes and times only; reads no file.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

Signature = frozenset[tuple[str, int, int]]
SETTLED_S = 1.5
"""Files that were not written for this long are complete."""


def signature(folder: Path) -> Signature:
    """(path, time of the last change in ns, size) of every file below the folder. Unreadable ones are left out."""
    files = []
    for root, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(root, name)
            try:
                status = path.stat()
            except OSError:
                continue
            files.append((str(path), status.st_mtime_ns, status.st_size))
    return frozenset(files)


class FolderWatch:
    """`is_due()` is true when the folder differs from what was taken last, and has been still for SETTLED_S.

    Call `taken(signature)` with a signature from before the files were read.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._taken: Signature | None = None
        self._seen: Signature | None = None
        self._since = 0.0

    def look(self) -> Signature:
        """The folder as it is now."""
        now = signature(self._folder)
        if now != self._seen:
            self._seen, self._since = now, self._clock()
        return now

    def is_due(self) -> bool:
        """Whether it is time to read the files."""
        return self.look() != self._taken and self._clock() - self._since >= SETTLED_S

    def taken(self, signature: Signature) -> None:
        """Notes what was read."""
        self._taken = signature
