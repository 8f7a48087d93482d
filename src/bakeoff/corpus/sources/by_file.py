"""What changed among many files that each have a stamp, such as a hash: only files with a new stamp are read.

Takes the cursor of the last time, the files that are there now, and a function that reads some of them. Gives the
changes, with a cursor that holds every file's stamp and what was in it. Knows no place where files may be.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, NamedTuple

from bakeoff.corpus.sources.folders import documents_in, twice, unread_file
from bakeoff.corpus.sources.unread import is_unread, kept_of_file, unread_names
from bakeoff.errors import CursorError
from bakeoff.files.plain_json import plain_json
from bakeoff.formats.part import UnreadableError
from bakeoff.protocols import Changes
from bakeoff.records import Document, Problem

MAX_BYTES = 50_000_000


class File(NamedTuple):
    """A file: its name, which is the source of its document, and a stamp that changes whenever its content does."""

    name: str
    stamp: str


class Content(NamedTuple):
    """What was read of a file: its bytes, or why it could not be read.

    `changed` is used if the file gives no time itself. `stamp` is set if the file changed after it was listed.
    """

    name: str
    content: bytes | UnreadableError
    changed: datetime | None = None
    stamp: str = ""


Read = Callable[[Sequence[File]], Iterable[Content]]
Tell = Callable[[int, int], None]
_TOLD: ContextVar[Tell] = ContextVar("_TOLD", default=lambda done, total: None)


@contextmanager
def telling_of_files(tell: Tell) -> Iterator[None]:
    """Within the block, `tell` is called with the number of files that were read, and of all that are to be read."""
    token = _TOLD.set(tell)
    try:
        yield
    finally:
        _TOLD.reset(token)


class Known(NamedTuple):
    """What a cursor holds of a file: its stamp (empty: read it again), a hash of each document by source, problems."""

    stamp: str
    documents: Mapping[str, str] = {}
    problems: tuple[Problem, ...] = ()


def changes_by_file(
    cursor: str,
    files: Iterable[File],
    read: Read,
    problems: Sequence[Problem] = (),
    at: str = "",
) -> Changes:
    """The changes since the cursor. `problems` are about what is not among the files; `at` is kept in the new cursor.

    Files that are not there are gone, unless a problem is about them.

    A file that cannot be read keeps the documents that it had. Of two documents with the same source one is left out,
    and listed. Raises CursorError for a foreign cursor.
    """
    before = known_files(cursor)
    there = {file.name: file for file in files}
    unread = unread_names(problems)
    now = {name: known for name, known in before.items() if name in there and there[name].stamp == known.stamp}
    for name, known in before.items():
        if name not in there and is_unread(name, unread):
            now[name] = known._replace(stamp="")
    owners = {source: name for name, known in now.items() for source in known.documents}
    changed: dict[str, Document] = {}
    new, tell = [file for name, file in there.items() if name not in now], _TOLD.get()
    for done, content in enumerate(read(new)):
        tell(done, len(new))
        old = before.get(content.name, Known(""))
        known, documents = _read(content, content.stamp or there[content.name].stamp, old, owners)
        now[content.name] = known
        changed |= {one.source: one for one in documents}
    were = {source: hash_ for known in before.values() for source, hash_ in known.documents.items()}
    are = {source: hash_ for known in now.values() for source, hash_ in known.documents.items()}
    return Changes(
        documents=tuple(one for source, one in changed.items() if were.get(source) != are[source]),
        deleted=tuple(source for source in were if source not in are),
        problems=(*problems, *(problem for name in there if name in now for problem in now[name].problems)),
        cursor=_cursor(now, at),
    )


def _read(content: Content, stamp: str, old: Known, owners: dict[str, str]) -> tuple[Known, list[Document]]:
    """What is known of a file after it was read, and the documents in it whose source no other file has."""
    if isinstance(content.content, UnreadableError):
        problem = unread_file(content.name, content.content)
        owners |= dict.fromkeys(old.documents, content.name)
        return Known("", old.documents, (problem,)), []
    reading = documents_in(content.name, content.content, content.changed)
    problems, documents = list(reading.problems), list[Document]()
    for document in reading.documents:
        owner = owners.setdefault(document.source, content.name)
        if owner == content.name and document.source not in {one.source for one in documents}:
            documents.append(document)
        else:
            problems.append(twice(document.source, owner))
            stamp = ""  # it may be the only one the next time
    hashes = {one.source: hash_of(one) for one in documents}
    for source, hash_ in kept_of_file(content.name, old.documents, reading.problems, not reading.documents).items():
        if owners.setdefault(source, content.name) == content.name:
            hashes.setdefault(source, hash_)
    return Known(stamp, hashes, tuple(problems)), documents


def hash_of(document: Document) -> str:
    """A hash of all that a reader sees or a key is asked for: labels that change are a change."""
    content = document.model_dump(mode="json", include={"title", "text", "access", "meta"})
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def known_files(cursor: str) -> dict[str, Known]:
    """The files in a cursor. Raises CursorError if it is none."""
    return {
        name: Known(stamp, documents, tuple(Problem.model_validate(one) for one in problems))
        for name, (stamp, documents, problems) in _opened(cursor)[1].items()
    }


def nothing_new(cursor: str, at: str) -> Changes | None:
    """No changes, if the cursor says that it is of this state and that every file was read; None otherwise."""
    if not cursor or _opened(cursor)[0] != at:
        return None
    files = known_files(cursor).values()
    if not all(known.stamp for known in files):
        return None
    return Changes(problems=tuple(problem for known in files for problem in known.problems), cursor=cursor)


def _opened(cursor: str) -> tuple[str, dict[str, list]]:
    try:
        opened: dict[str, Any] = plain_json(cursor) if cursor else {"at": "", "files": {}}
        return str(opened["at"]), dict(opened["files"])
    except (ValueError, TypeError, KeyError) as error:
        raise CursorError(
            f"{cursor[:40]!r} is not a cursor of a source of files.",
            "pass the cursor of an earlier result, or an empty text",
        ) from error


def _cursor(files: Mapping[str, Known], at: str) -> str:
    plain = {
        name: [known.stamp, known.documents, [one.model_dump(exclude_defaults=True) for one in known.problems]]
        for name, known in sorted(files.items())
    }
    return json.dumps({"at": at, "files": plain}, ensure_ascii=False)
