"""Rows of a table that somebody filled in: CSV as spreadsheets write it, read in a process of its own with limits.

Takes a path, gives cells. Knows no column.
"""

from pathlib import Path

from bakeoff.apart.process import call
from bakeoff.errors import InputError
from bakeoff.files.small import small_file
from bakeoff.files.unreadable import unreadable
from bakeoff.formats.encodings import decoded
from bakeoff.formats.part import UnreadableError
from bakeoff.formats.tables.csv_rows import csv_rows

MOST_BYTES = 50_000_000


def rows_in(path: Path, what: str) -> list[list[str]]:
    """The rows that are not empty, header first. `what` is said to be in the file.

    Raises InputError if it cannot be read, or takes too much.
    """
    try:
        content = small_file(path, MOST_BYTES)
    except OSError as error:
        raise InputError(*unreadable(f"Cannot read the {what} {path}", error, "check the path")) from error
    if content.startswith(b"PK"):
        raise InputError(f"{path} is a spreadsheet, not a CSV file.", "save it as CSV in UTF-8 and read that")
    try:
        rows: list[list[str]] = call(f"{__name__}:rows_of", path.name, content)
    except InputError as error:
        raise InputError(f"{path}: {error.message.rstrip('.')}.", error.remedy) from error
    return rows


def rows_of(name: str, content: bytes) -> list[list[str]]:
    """What the other process does. Raises InputError, without the file's name, if it is no CSV."""
    try:
        text = decoded(content).text.replace("\r\n", "\n").replace("\r", "\n")
        return [cells for _, cells in csv_rows(text, strict=True)]
    except UnreadableError as error:
        raise InputError(error.message, error.remedy) from error
