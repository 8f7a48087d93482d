"""Records as lines of JSON: read, written whole, or appended so that a kill loses at most the line in flight.

Knows the record base class only.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TypeVar

from pydantic import TypeAdapter, ValidationError

from bakeoff.errors import RunFolderError
from bakeoff.records import Record

R = TypeVar("R", bound=Record)

BLOCK = 65_536
LINES_AT_ONCE = 1000  # read in one call, for speed


def read(path: Path, kind: type[R]) -> list[R]:
    """All records of a file, in order; none where there is no file. Raises as `iterate`."""
    return list(iterate(path, kind)) if path.exists() else []


def iterate(path: Path, kind: type[R]) -> Iterator[R]:
    """The records of a file one by one; a last line cut off by a kill (no newline at its end) is left out.

    Raises RunFolderError naming the line when any other line does not hold a record of this kind.
    """
    with path.open("rb") as file:
        lines = ((number, line) for number, line in enumerate(file, 1) if line.endswith(b"\n") and line.strip())
        while some := list(islice(lines, LINES_AT_ONCE)):
            try:
                yield from _list_of(kind).validate_json(b"[" + b",".join(line for _, line in some) + b"]")
            except ValidationError:  # one of them is broken: read them singly up to it
                for number, line in some:
                    yield _record(line, kind, path, number)


@cache
def _list_of(kind: type[R]) -> TypeAdapter[list[R]]:
    return TypeAdapter(list[kind])  # type: ignore[valid-type]


def _record(line: bytes, kind: type[R], path: Path, number: int) -> R:
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        raise RunFolderError(
            f"{path}, line {number}: not a {kind.__name__} ({error.errors()[0]['msg']}).",
            "the file was changed by hand or by another version: restore it, or start a new run",
        ) from error


def append(path: Path, records: Sequence[Record]) -> None:
    """Add records to the end and flush them to the disk; a half line left by a kill is cut off first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as file:
        _cut_half_line(file)
        file.write(b"".join(record.model_dump_json().encode() + b"\n" for record in records))
        file.flush()
        os.fsync(file.fileno())


def _cut_half_line(file: BinaryIO) -> None:
    """Cut off what follows the last newline, reading backwards: the file may be long."""
    end = file.seek(0, os.SEEK_END)
    keep = end
    while keep:
        start = max(0, keep - BLOCK)
        file.seek(start)
        newline = file.read(keep - start).rfind(b"\n")
        if newline >= 0:
            keep = start + newline + 1
            break
        keep = start
    if keep < end:
        file.truncate(keep)
    file.seek(0, os.SEEK_END)


def write(path: Path, records: Iterable[Record]) -> None:
    """Replace the file by these records, all or nothing."""
    write_text(path, "".join(record.model_dump_json() + "\n" for record in records))


def write_text(path: Path, text: str) -> None:
    """Replace the file by this text, all or nothing: written beside it, flushed, then renamed over it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
