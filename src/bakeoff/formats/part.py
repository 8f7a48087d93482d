"""What the parsers of one file exchange with the reader of many: parts, problems, and the error that ends one file.

Knows the record base class only; opens no file.
"""

from datetime import datetime
from typing import Any

from pydantic import Field

from bakeoff.errors import InputError
from bakeoff.records import Record


class Problem(Record):
    """Something that was not read: what it is called, why, and what a person can do about it."""

    source: str
    reason: str
    remedy: str = ""


class Part(Record):
    """One text found in a file: the whole file (`key` empty) or one of its rows.

    `source` is set where the row names its own. `updated_at` is None where the file does not say.
    """

    text: str
    title: str = ""
    meta: dict[str, Any] = Field(default_factory=dict)
    key: str = ""
    source: str = ""
    updated_at: datetime | None = None
    access: tuple[str, ...] = ()


class Parsed(Record):
    """All parts of one file, in order, and what in it could not be used."""

    parts: tuple[Part, ...]
    problems: tuple[Problem, ...] = ()


class UnreadableError(InputError):
    """A file from which no text can be had; the message names the reason without the file."""
