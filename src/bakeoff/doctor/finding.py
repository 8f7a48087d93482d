"""One line of the doctor: what was examined, its state, what was found, what to do.

Plain records. `figures` are the only part that a support bundle takes: they hold numbers and yes or no, never texts.
"""

from collections.abc import Callable, Iterable
from typing import Literal

from pydantic import Field

from bakeoff.records import Record

State = Literal["ok", "note", "problem"]


class Finding(Record):
    """`check` is a name from the code, such as 'disk space'; `found` and `remedy` are sentences for a person.

    'note': works, but a person should know it. 'problem': something does not work, or is not safe.
    """

    check: str
    state: State
    found: str
    remedy: str = ""
    figures: dict[str, bool | int | float] = Field(default_factory=dict)


Check = Callable[[], Iterable[Finding]]


def fine(check: str, found: str, **figures: bool | int | float) -> Finding:
    """Nothing to do."""
    return Finding(check=check, state="ok", found=found, figures=figures)


def note(check: str, found: str, remedy: str, **figures: bool | int | float) -> Finding:
    """Something to know."""
    return Finding(check=check, state="note", found=found, remedy=remedy, figures=figures)


def problem(check: str, found: str, remedy: str, **figures: bool | int | float) -> Finding:
    """Something to fix."""
    return Finding(check=check, state="problem", found=found, remedy=remedy, figures=figures)
