"""What a parser of one file returns to the reader of many files: parts, problems, and the error for a whole file.

Knows the record base class only. Opens no file.
"""

from datetime import datetime
from typing import Any

from pydantic import Field

from bakeoff.errors import InputError
from bakeoff.records import Record


class Problem(Record):
    """Something that was not read: its name, the reason, and what a person can do about it.

    `is_read` if it was read after all, but a person should check how.
    """

    source: str
    reason: str
    remedy: str = ""
    is_read: bool = False

    @property
    def line(self) -> str:
        """The problem on one line, without the remedy."""
        return f"{'check' if self.is_read else 'not read'}: {self.source}: {self.reason}"


class Part(Record):
    """One text in a file: the whole file (`key` is empty) or one of its rows.

    `source` is set if the row gives its own source. `updated_at` is None if the file does not give a time.
    """

    text: str
    title: str = ""
    meta: dict[str, Any] = Field(default_factory=dict)
    key: str = ""
    source: str = ""
    updated_at: datetime | None = None
    access: tuple[str, ...] = ()


class Parsed(Record):
    """All parts of one file, in order, and the problems with the rest."""

    parts: tuple[Part, ...]
    problems: tuple[Problem, ...] = ()


class UnreadableError(InputError):
    """A file that no text can be read from. The message gives the reason, without the file's name."""
