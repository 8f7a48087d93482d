"""Reads a file that people write by hand, such as a profile: one that is far larger is refused before it is read.

Takes a path, gives bytes or text. Knows no format.
"""

import errno
import io
import os
import stat
from pathlib import Path

MOST_BYTES = 10_000_000


def check_regular(path: Path) -> os.stat_result:
    """The file's status, asked before a file is opened that somebody named or put into a folder.

    Raises OSError if there is none, or if it is a pipe, a socket or a device: to open one may wait for ever.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return status


def small_file(path: Path, most: int = MOST_BYTES) -> bytes:
    """The file's bytes. Raises OSError if it cannot be opened, is no regular file, or is larger than `most`."""
    status = check_regular(path)
    if status.st_size <= most:
        with path.open("rb") as file:
            content = file.read(most + 1)
        if len(content) <= most:
            return content
    raise OSError(errno.EFBIG, f"it is larger than {most:,} bytes", str(path))


def small_text(path: Path, most: int = MOST_BYTES, encoding: str = "utf-8") -> str:
    """Its text, each end of a line as a line feed. Raises OSError as above, and UnicodeDecodeError."""
    return io.TextIOWrapper(io.BytesIO(small_file(path, most)), encoding=encoding).read()
