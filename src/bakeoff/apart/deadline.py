"""Lets a reader of files say that the next step may take longer than a file may: a page that is read by OCR.

Knows nothing of processes. Where nobody keeps the time, nothing happens.
"""

from collections.abc import Callable

_tell: list[Callable[[float], None]] = []


def longer(seconds: float) -> None:
    """Adds so many seconds to the time that the file may still take."""
    for tell in _tell:
        tell(seconds)


def told_to(tell: Callable[[float], None]) -> None:
    """From now on, `tell` is called with the seconds that are added."""
    _tell[:] = [tell]


def is_kept() -> bool:
    """Whether somebody keeps the time, as in a process that reads files for another one: it has limits already."""
    return bool(_tell)
