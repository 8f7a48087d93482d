"""Reads, writes and appends records as lines of JSON. A kill while appending loses at most the line being written.

Knows the record base class only.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TypeVar

from pydantic import TypeAdapter, ValidationError

from bakeoff.errors import RunFolderError
from bakeoff.files.flush import to_disk
from bakeoff.files.plain_types import message_of
from bakeoff.files.unreadable import unreadable
from bakeoff.records import Record

R = TypeVar("R", bound=Record)

BLOCK = 65_536
RESTORE = "the file was changed by hand or by another version: restore it, or start a new run"
LINES_AT_ONCE = 1000  # read in one call, for speed


def read(path: Path, kind: type[R], remedy: str = RESTORE) -> list[R]:
    """All records of a file, in order. Empty if there is no file. Raises the errors of `iterate`."""
    try:
        return list(iterate(path, kind, remedy))
    except (FileNotFoundError, NotADirectoryError):
        return []


def iterate(path: Path, kind: type[R], remedy: str = RESTORE) -> Iterator[R]:
    """The records of a file one by one. A last line without a newline, cut off by a kill, is left out.

    Raises RunFolderError, with the line's number and the remedy, if any other line is not a record of this kind, and
    if this user may not read the file.
    """
    with _opened(path, remedy) as file:
        lines = ((number, line) for number, line in enumerate(file, 1) if line.endswith(b"\n") and line.strip())
        while batch := list(islice(lines, LINES_AT_ONCE)):
            try:
                yield from _list_of(kind).validate_json(b"[" + b",".join(line for _, line in batch) + b"]")
            except ValidationError:  # a line is broken: read line by line up to it
                for number, line in batch:
                    yield _record(line, kind, path, number, remedy)


def _opened(path: Path, remedy: str) -> BinaryIO:
    try:
        return path.open("rb")
    except PermissionError as error:
        raise RunFolderError(*unreadable(f"Cannot read {path}", error, remedy)) from error


@cache
def _list_of(kind: type[R]) -> TypeAdapter[list[R]]:
    return TypeAdapter(list[kind])  # type: ignore[valid-type]


def _record(line: bytes, kind: type[R], path: Path, number: int, remedy: str) -> R:
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        raise RunFolderError(
            f"{path}, line {number}: not a {kind.__name__} ({message_of(error.errors()[0])}).", remedy
        ) from error


def append(path: Path, records: Sequence[Record]) -> None:
    """Append records and flush them to the disk. A half line left by a kill is removed first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with naming(path), path.open("ab+") as file:
        cut_half_line(file)
        file.write(b"".join(record.model_dump_json().encode() + b"\n" for record in records))
        file.flush()
        os.fsync(file.fileno())


def cut_half_line(file: BinaryIO) -> None:
    """Remove everything after the last newline. Reads from the end, because the file may be long."""
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
    """Replace the file's content by these records, all or nothing."""
    write_text(path, "".join(record.model_dump_json() + "\n" for record in records))


def write_text(path: Path, text: str) -> None:
    """Replace the file's content by this text, all or nothing."""
    write_bytes(path, text.encode())  # the same bytes on Windows


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Errors of the system within the block name this file: a full disk names none, and no temporary file is meant."""
    try:
        yield
    except OSError as error:
        error.filename = str(path)
        error.filename2 = None
        raise


@cache
def _new_mode() -> int:
    """The mode that the system gives a new file of this process. It can be read only by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask


def write_bytes(path: Path, content: bytes) -> None:
    """Replace the file's content, all or nothing: write a temporary file, flush it, rename it, flush its name."""
    with naming(path):
        _write_bytes(path, content)


def _write_bytes(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(_new_mode())
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
    with suppress(OSError):  # some file systems flush no folder: the file is replaced all the same
        to_disk(path.parent)
