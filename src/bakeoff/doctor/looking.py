"""Looks at one file after another; none of them that is damaged ends the others.

Takes functions that read, gives what they read and a finding for each that fails.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bakeoff.doctor.finding import Finding, note, problem
from bakeoff.errors import BakeoffError

T = TypeVar("T")

UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError)
"""What reading a damaged file may raise besides Bakeoff's own errors."""


class Looking:
    """The findings of one check, by its name."""

    def __init__(self, check: str) -> None:
        self.check = check
        self.findings: list[Finding] = []

    def at(self, read: Callable[[], T], remedy: str = "") -> T | None:
        """What is read. None, and a problem with this remedy or the error's own, if that fails."""
        try:
            return read()
        except BakeoffError as error:
            self.add(error.message, remedy or error.remedy)
        except UNREADABLE as error:
            self.add(f"{type(error).__name__}: {' '.join(str(error).split())[:200]}", remedy)
        return None

    def file(self, path: Path, read: Callable[[], T], remedy: str = "") -> T | None:
        """The same of a file or folder that must be there."""
        if not path.exists():
            self.add(f"{path} is missing", remedy)
            return None
        return self.at(read, remedy)

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
