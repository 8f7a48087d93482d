"""A file of lines that many threads append to. A line is on the disk when `add` returns.

Takes bytes, knows nothing of what they mean. Lines that wait at the same time are written and flushed together (group
commit): the disk is asked once for all of them.
"""

import os
import threading
from pathlib import Path

from bakeoff.files.jsonl import cut_half_line, write_text


class Journal:
    """An open file. Safe to use from several threads. A half line that a kill left is removed when it is opened."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = path.open("ab+", buffering=0)
        cut_half_line(self._file)
        self._changed = threading.Condition()
        self._lines: list[bytes] = []
        self._n_added = self._n_kept = 0
        self._is_writing = False

    def add(self, line: bytes, wait: bool = True) -> None:
        """Appends a line. Without `wait` it comes to the disk with the next one, or with `flush`.

        Raises OSError if the disk is full.
        """
        with self._changed:
            self._lines.append(line + b"\n")
            self._n_added += 1
            if wait:
                self._keep(self._n_added)

    def flush(self) -> None:
        """Returns when every line is on the disk."""
        with self._changed:
            self._keep(self._n_added)

    def replace(self, text: str) -> None:
        """Replaces all lines by these, as a whole or not at all: also those that other threads have added by now."""
        with self._changed:
            while self._is_writing or self._n_kept < self._n_added:  # another thread may write what a third one added
                self._changed.wait() if self._is_writing else self._keep(self._n_added)
            if text:
                write_text(self.path, text)
                self._file.close()
                self._file = self.path.open("ab+", buffering=0)
            else:
                self._file.truncate(0)

    def close(self) -> None:
        """Writes what waits, and closes the file."""
        try:
            self.flush()
        finally:
            self._file.close()

    def _keep(self, n: int) -> None:
        """Writes until the first n lines are kept, unless another thread does. Called with the lock."""
        while self._n_kept < n:
            if self._is_writing:
                self._changed.wait()
                continue
            self._is_writing = True
            lines, upto, is_kept = self._lines, self._n_added, False
            self._lines = []
            self._changed.release()
            try:
                self._write(b"".join(lines))
                is_kept = True
            finally:
                self._changed.acquire()
                self._is_writing = False
                if is_kept:
                    self._n_kept = upto
                else:
                    self._lines = [*lines, *self._lines]  # the next thread tries again, and learns of it too
                self._changed.notify_all()

    def _write(self, content: bytes) -> None:
        end = self._file.seek(0, os.SEEK_END)
        try:
            while content:
                content = content[self._file.write(content) :]
            os.fsync(self._file.fileno())
        except BaseException:  # also Ctrl-C: a part of a line would join the next one
            self._file.truncate(end)
            raise
