"""What is said where a file cannot be read: the reason in the system's words, and what helps.

Takes the error, gives the message and the remedy of one of Bakeoff's own errors. Reads nothing.
"""

from bakeoff.files.room import NOT_ALLOWED

NOT_READABLE = "allow this user to read the file, and to open its folder"


def unreadable(what: str, error: Exception, remedy: str) -> tuple[str, str]:
    """`what` with the reason, and what to do: `remedy`, unless this user may not read the file.

    >>> unreadable("Cannot read p.yaml", PermissionError(13, "Permission denied", "p.yaml"), "write it")
    ('Cannot read p.yaml: Permission denied.', 'allow this user to read the file, and to open its folder')
    >>> unreadable("Cannot read p.yaml", FileNotFoundError(2, "No such file or directory", "p.yaml"), "write it")
    ('Cannot read p.yaml: No such file or directory.', 'write it')
    """
    if not isinstance(error, OSError):
        return f"{what}: {error}.", remedy
    return f"{what}: {error.strerror or error}.", NOT_READABLE if error.errno in NOT_ALLOWED else remedy
