"""Cleans the names that clients give: ids, sources and file names. Nothing here is ever used as a path on the disk.

Raises ApiError for a name that is not allowed.
"""

import unicodedata
from urllib.parse import quote

from bakeoff.serve.openai.errors import ApiError

LONGEST = 512
LONGEST_SOURCE = 4096
"""Of a source in JSON: addresses of pages have up to 2,000 characters."""
RESERVED = ("changes",)
"""Ids that are addresses of something else."""


def checked_id(id: str) -> str:
    """The id, if a document may have it: any Unicode text without control characters."""
    if not id or len(id) > LONGEST or _has_control(id) or id in RESERVED:
        shown = id if len(id) <= 80 else f"{id[:80]}…"
        raise ApiError(
            f"{shown!r} cannot be the id of a document.",
            f"use 1 to {LONGEST} characters, without control characters, and not {' or '.join(RESERVED)}",
            code="invalid_id",
        )
    return id


def checked_source(source: str) -> str:
    """The source that a client gave in JSON, unchanged: it compares the sources that are listed with its own.

    >>> checked_source("docs.example.com/a//b/")
    'docs.example.com/a//b/'
    """
    parts = source.replace("\\", "/").split("/")
    if not source.strip("./\\ ") or ".." in parts or _has_control(source) or len(source) > LONGEST_SOURCE:
        raise ApiError(
            f"{source[:80]!r} cannot be the source of a document.",
            f"use at most {LONGEST_SOURCE:,} characters, names separated by '/', without '..' and control characters",
            code="invalid_source",
            param="source",
        )
    return source


def clean_source(name: str, param: str = "source") -> str:
    """The name of a file as a relative path with '/' between its parts.

    >>> clean_source("C:\\\\docs\\\\./guide.md"), clean_source("/docs//guide.md")
    ('docs/guide.md', 'docs/guide.md')
    """
    path = unicodedata.normalize("NFC", name.replace("\\", "/"))
    if len(path) > 1 and path[1] == ":" and path[0].isascii() and path[0].isalpha():
        path = path[2:]
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if not parts or ".." in parts or _has_control(path) or len(path) > LONGEST:
        raise ApiError(
            f"{name[:80]!r} is not the relative path of a file.",
            f"use at most {LONGEST} characters, names separated by '/', without '..'",
            code="invalid_source",
            param=param,
        )
    return "/".join(parts)


def is_hidden(source: str) -> bool:
    """Whether a file or a folder of a path is hidden, or is the lock file of an office program."""
    return any(part.startswith((".", "~$")) for part in source.split("/"))


def source_of_id(id: str, suffix: str = "") -> str:
    """The source of a document that was given only an id: the id if it is a path, else the id with '%' codes."""
    try:
        source = clean_source(id)
    except ApiError:
        source = quote(id, safe="").replace(".", "%2E")
    return source if source.endswith(suffix) else source + suffix


def _has_control(text: str) -> bool:
    return any(unicodedata.category(character) in ("Cc", "Cs") for character in text)
