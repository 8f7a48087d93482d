"""Looks at one file after another; none of them that is damaged ends the others.

Takes functions that read, gives what they read and a finding for each that fails.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bakeoff.doctor.finding import Finding, note, problem
from bakeoff.errors import BakeoffError
from bakeoff.files.room import is_of_system
from bakeoff.files.unreadable import NOT_READABLE, is_not_allowed, is_there, unreadable

T = TypeVar("T")

UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError)
"""What reading a damaged file may raise besides Bakeoff's own errors."""


class Looking:
    """The findings of one check, by its name."""

    def __init__(self, check: str) -> None:
        self.check = check
        self.findings: list[Finding] = []

    def at(self, read: Callable[[], T], remedy: str = "") -> T | None:
        """What is read. None, and a problem with this remedy or the error's own, if that fails.

        What this user may not read is not to be restored or made again, but to be opened to this user.
        """
        try:
            return read()
        except BakeoffError as error:
            self.add(error.message, NOT_READABLE if is_not_allowed(error) else remedy or error.remedy)
        except UNREADABLE as error:
            if isinstance(error, OSError) and is_of_system(error):
                self.add(*unreadable(f"Cannot read {error.filename or 'a file'}", error, remedy))
            else:
                self.add(f"{type(error).__name__}: {' '.join(str(error).split())[:200]}", remedy)
        return None

    def file(self, path: Path, read: Callable[[], T], remedy: str = "") -> T | None:
        """The same of a file or folder that must be there."""
        there = self.at(lambda: is_there(path), remedy)
        if there is False:
            self.add(f"{path} is missing", remedy)
        return self.at(read, remedy) if there else None

    def add(self, found: str, remedy: str) -> None:
        """A problem, once, however many need the same file."""
        if all(finding.found != found for finding in self.findings):
            self.findings.append(problem(self.check, found, remedy))

    def note(self, found: str, remedy: str) -> None:
        """Something to know."""
        self.findings.append(note(self.check, found, remedy))

    @property
    def n_problems(self) -> int:
        return sum(finding.state == "problem" for finding in self.findings)
