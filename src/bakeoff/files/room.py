"""What to do where a file could not be written since there was no room: on the disk, or below a limit on its size.

Takes the error, gives the remedy as the beginning of a sentence. A limit on the size of files (`ulimit -f`, or that of
a file system) is no full disk, and freeing space does not help. Source: setrlimit(2), RLIMIT_FSIZE and EFBIG.
"""

import errno
from collections.abc import Iterable
from pathlib import Path

from bakeoff.errors import BakeoffError, disk_is_full

FREE = "free some space"
NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)
"""What the system says where this user may not write, or nobody may."""
_TOO_LARGE = ("File too large", f"os error {errno.EFBIG}")
_FULL = ("No space left", "StorageFull", *(f"os error {number}" for number in (errno.ENOSPC, errno.EDQUOT)))


def largest_file() -> int | None:
    """The size in bytes of the largest file that this process may write. None if there is no limit."""
    return limit_of("RLIMIT_FSIZE")


def limit_of(kind: str) -> int | None:
    """A limit of this process, in bytes: RLIMIT_FSIZE, RLIMIT_AS. None if there is none. Source: getrlimit(2)."""
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return None
    limit = resource.getrlimit(getattr(resource, kind))[0]
    return None if limit == resource.RLIM_INFINITY else limit


def room_remedy(error: Exception) -> str:
    """What to do. Where a library does not say which of the two it is, both are named if there is a limit.

    >>> room_remedy(OSError(errno.ENOSPC, "No space left on device"))
    'free some space'
    """
    number = getattr(error, "errno", None)
    limit = largest_file()
    if number == errno.EFBIG or any(word in str(error) for word in _TOO_LARGE):
        if limit is None:
            return "use a file system that takes larger files"
        return f"allow files of more than {limit:,} bytes, for example with: ulimit -f unlimited"
    is_full = number in (errno.ENOSPC, errno.EDQUOT) or any(word in str(error) for word in _FULL)
    if is_full or limit is None:
        return FREE
    return f"{FREE}, or allow files of more than {limit:,} bytes (ulimit -f)"


def refused(error: OSError, then: str, places: Iterable[Path | str] = ()) -> BakeoffError:
    """What the system did not do, and what to do about it; `then` is what to do when that is done.

    `places` are the folders that may be meant: the error of a full disk names no file.

    >>> print(refused(OSError(errno.EIO, "Input/output error"), "try again"))
    Cannot read or write the disk: Input/output error.
      -> check the disk; then try again
    """
    where = error.filename or " or ".join(f"in {place}" for place in places) or "the disk"
    first = f"Cannot read or write {where}: {error.strerror or error}."
    return BakeoffError(first, f"{_remedy(error)}; then {then}")


def _remedy(error: OSError) -> str:
    if error.errno == errno.EIO:
        return "check the disk"
    if error.errno in NOT_ALLOWED:
        return "allow this user to read and write there, or use another folder"
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST):
        return "fix the path"
    if disk_is_full(error):
        return room_remedy(error)
    return f"{room_remedy(error)}, or fix the path or its permissions"


def is_of_system(error: OSError) -> bool:
    """Whether the system refused something, and no code of ours or of a library raised the error by itself."""
    return error.filename is not None or error.errno is not None
