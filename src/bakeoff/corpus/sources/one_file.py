"""Reads one file as it is read with the folder that it is in.

Takes the paths of a corpus and the name of a file. Gives its documents and problems. Knows no chunk and no store.
"""

from collections.abc import Sequence
from pathlib import Path

from bakeoff.corpus.sources.by_file import MAX_BYTES
from bakeoff.corpus.sources.folders import Reading, content_of, documents_in, read_documents
from bakeoff.errors import InputError
from bakeoff.files.did_you_mean import similar
from bakeoff.formats.part import UnreadableError
from bakeoff.formats.values import time_of


def read_one(documents: str | Path, file: str, whole: Reading | None = None) -> Reading:
    """The documents of a file, and the problems with it.

    `whole` is everything that was read, if `documents` is only the name of a place.
    `file` is its source: the path below the folder, the end of it if that is enough, or `table.csv#row` for one row.
    Raises InputError if there is none, if there are several, or if nothing of it could be read.
    """
    name, _, row = file.partition("#")
    folder = Path(documents).expanduser()
    reading = _directly(folder, name) if whole is None and folder.is_dir() else None
    reading = reading or _of_source(whole or read_documents([documents]), name, str(documents))
    shown = [one for one in reading.documents if not row or one.source.partition("#")[2] == row or one.source == file]
    if reading.documents and not shown:
        rows = [one.source.partition("#")[2] for one in reading.documents if "#" in one.source]
        if not rows:
            raise InputError(
                f"{name} is read as one document: it has no rows to name.", f"leave #{row} out to see all of it"
            )
        raise InputError(f"{name} has no row {row!r}.", f"it has {_some(rows)}")
    if not shown:
        reasons = "; ".join(f"{one.source}: {one.reason}" for one in reading.problems) or "there is no text in it"
        remedy = next((one.remedy for one in reading.problems if one.remedy), "choose another file")
        raise InputError(f"{name} was not read ({reasons}).", remedy)
    return Reading(documents=tuple(shown), problems=reading.problems)


def _directly(folder: Path, name: str) -> Reading | None:
    """What a file below the folder holds. None if there is no such file."""
    path = folder / name
    if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
        return None
    try:
        content, status = content_of(path, MAX_BYTES)
    except UnreadableError as error:
        raise InputError(f"Cannot read {path}: {error.message}.", error.remedy) from error
    return documents_in(name, content, time_of(status.st_mtime))


def _of_source(reading: Reading, name: str, documents: str) -> Reading:
    """The part of a reading that is about one file."""
    read = [document.source.partition("#")[0] for document in reading.documents]
    files = list(dict.fromkeys([*read, *(problem.source for problem in reading.problems)]))
    matching = [file for file in files if file == name] or [file for file in files if file.endswith(f"/{name}")]
    if not matching:
        close = similar(name, files, n=3, cutoff=0.4) or files[:3]
        raise InputError(f"There is no file {name!r} in {documents}.", f"did you mean {_some(close)}?")
    if len(matching) > 1:
        raise InputError(f"{len(matching)} files in {documents} are called {name!r}.", f"name one: {_some(matching)}")
    return Reading(
        documents=tuple(one for one in reading.documents if one.source.partition("#")[0] == matching[0]),
        problems=tuple(one for one in reading.problems if f"{one.source}, ".startswith(f"{matching[0]}, ")),
    )


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
