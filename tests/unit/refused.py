"""A system that does not let this user open some files, for tests that root runs, who may open them all."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest


def no_rights(monkeypatch: pytest.MonkeyPatch, *places: Path) -> None:
    """This user may not read these files; nor list or enter these folders."""
    closed = [place.absolute() for place in places]

    def guard(module: object, name: str, is_refused: Callable[[Path], bool]) -> None:
        real = getattr(module, name)

        def guarded(path: Path, *rest: object, **named: object) -> object:
            if isinstance(path, str | os.PathLike) and is_refused(Path(path).absolute()):
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return real(path, *rest, **named)

        monkeypatch.setattr(module, name, guarded)

    def is_inside(path: Path) -> bool:
        return any(place in path.parents for place in closed)

    def is_opened(path: Path) -> bool:
        return path in closed or is_inside(path)

    for name in ("open", "iterdir", "read_text", "read_bytes"):
        guard(Path, name, is_opened)
    for name in ("stat", "mkdir", "unlink"):
        guard(Path, name, is_inside)
    for name in ("open", "listdir", "scandir"):
        guard(os, name, is_opened)
    guard(os, "stat", is_inside)
