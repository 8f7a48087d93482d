"""Names of files and folders that hold on every system. Takes a name. Knows nothing about what the file is for."""

import re

# Source: Microsoft, "Naming Files, Paths, and Namespaces": devices, with any ending; a dot at the end is dropped.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE | re.DOTALL)


def is_taken_by_windows(name: str) -> bool:
    """Whether Windows gives the name another meaning, so that a folder with it could not be copied there.

    >>> [is_taken_by_windows(name) for name in ("NUL", "aux.txt", "run.", "auxiliary", "rag")]
    [True, True, True, False, False]
    """
    return name.endswith(".") or _DEVICE.fullmatch(name) is not None
