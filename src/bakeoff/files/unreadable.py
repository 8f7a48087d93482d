"""What is said where a file cannot be read: the reason in the system's words, and what helps.

Takes the error, gives the message and the remedy of one of Bakeoff's own errors. A file that may not be read is neither
missing nor damaged, and must not be made again.
"""

import re
from pathlib import Path

from bakeoff.files.room import NOT_ALLOWED

_OF_SYSTEM = re.compile(r"\(os error (\d+)\)")
"""How Rust writes the number of an error of the system."""
NOT_READABLE = "allow this user to read the file, and to open its folder"


def unreadable(what: str, error: Exception, remedy: str) -> tuple[str, str]:
    """`what` with the reason, and what to do: `remedy`, unless this user may not read the file.

    >>> unreadable("Cannot read p.yaml", PermissionError(13, "Permission denied", "p.yaml"), "write it")
    ('Cannot read p.yaml: Permission denied.', 'allow this user to read the file, and to open its folder')
    >>> unreadable("Cannot read p.yaml", FileNotFoundError(2, "No such file or directory", "p.yaml"), "write it")
    ('Cannot read p.yaml: No such file or directory.', 'write it')
    """
    of_system = isinstance(error, OSError) and is_not_allowed(error)
    return f"{what}: {reason_of(error)}.", NOT_READABLE if of_system else remedy


def reason_of(error: BaseException) -> str:
    """What an error says, on one line; of an error of the system only the reason, without its number.

    >>> reason_of(PermissionError(13, "Permission denied", "p.yaml"))
    'Permission denied'
    """
    return " ".join(str(getattr(error, "strerror", None) or error).split())


def is_not_allowed(error: BaseException | None) -> bool:
    """Whether this error, or one that it came from, is that of a system which does not let this user do something. Some
    libraries only say so in their message.

    >>> is_not_allowed(PermissionError(13, "Permission denied")), is_not_allowed(FileNotFoundError(2, "None"))
    (True, False)
    """
    while error is not None:
        number = getattr(error, "errno", None)
        if {number, *map(int, _OF_SYSTEM.findall(str(error)))} & {*NOT_ALLOWED}:
            return True
        error = error.__cause__
    return False


def is_there(path: Path) -> bool:
    """Whether there is such a file or folder. Raises OSError if this user may not look; `exists` may say no, then.

    >>> is_there(Path("/")), is_there(Path("/no such file"))
    (True, False)
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True
