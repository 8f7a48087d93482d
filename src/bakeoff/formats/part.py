"""What a parser of one file returns to the reader of many files: parts, problems, and the error for a whole file.

Knows the record base class only. Opens no file.
"""

from datetime import datetime
from typing import Any

from pydantic import Field

from bakeoff.errors import InputError
from bakeoff.records import Problem, Record

__all__ = ["Parsed", "Part", "Problem", "UnclearAccessError", "UnreadableError", "problem_of"]


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
    """All parts of one file, in order, and the problems with the rest.

    What a problem is `also` about is the part `#key`, any part of the file (`#`), or a source that a row gives itself.
    """

    parts: tuple[Part, ...]
    problems: tuple[Problem, ...] = ()


class UnreadableError(InputError):
    """A file that no text can be read from. The message gives the reason, without the file's name."""


class UnclearAccessError(UnreadableError):
    """A text that says in a way that is not understood who may see it: nobody does, nor what was read of it before."""


def problem_of(source: str, error: UnreadableError, also: tuple[str, ...] = (), is_read: bool = False) -> Problem:
    """The problem that something could not be read."""
    unclear = isinstance(error, UnclearAccessError)
    return Problem(
        source=source, reason=error.message, remedy=error.remedy, is_read=is_read, withdraws=unclear, also=also
    )
