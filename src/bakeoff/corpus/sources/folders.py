"""Reads documents from folders, files and globs, and lists everything that was left out, with the reason.

Takes paths, gives frozen records. Knows the parsers, but no chunk and no store. A broken file is listed as a problem
and skipped. It is an error only if nothing at all could be read.
"""

import fnmatch
import glob
import hashlib
import os
import stat
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from bakeoff.corpus.sources.labels import with_labels
from bakeoff.corpus.sources.unread import grouped
from bakeoff.errors import InputError
from bakeoff.files.unreadable import unreadable
from bakeoff.formats.apart import parse_apart
from bakeoff.formats.parse import SHEETS, SUFFIXES, TABLES
from bakeoff.formats.part import Part, Problem, UnreadableError, problem_of
from bakeoff.formats.values import time_of
from bakeoff.records import Document, Record

__all__ = ["Problem", "Reading", "document_id", "documents_in", "read_documents"]

HIDDEN = "hidden"
"""Why a hidden file of a folder is not read."""
LEADS_OUT = "a link that leads out of the folder"
NAME_OR_COPY = "name what it leads to in documents:, or put a copy there"
PUT_FILES = f"put files there that end in one of {', '.join(SUFFIXES)}"
READING = 6
"""Which way of reading this is. Raise it where a file may now give another text, title, time or labels: sources then
read all files once more, those without a change too. 2: `labels` in front matter, rows and columns is `access`.
3: a file that says in a way that is not understood who may see it is not read. 4: more such ways are seen, and
tables of documents have titles, sections and no false headers. 6: charts of slides have a row for each point."""


class Reading(Record):
    """The documents that were read, ordered by source within each root, and the problems with the rest."""

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...] = ()


class FoundFile(NamedTuple):
    """A file and the source of its document. `root` is the folder that it has to lie below, if it was found in one."""

    path: Path
    source: str
    root: Path | None = None


def read_documents(sources: Sequence[str | Path], max_bytes: int = 50_000_000) -> Reading:
    """The documents in folders (with subfolders), files and globs. Files larger than max_bytes are left out.

    A document's source is its path below the folder (or below the part of the glob before its first wildcard). For a
    single file it is the file's name. For a row of a table of texts without its own source it is `file.csv#id`.
    Raises InputError if a source does not exist, if a glob matches nothing, or if nothing could be read.
    """
    documents: dict[str, Document] = {}
    problems: list[Problem] = []
    for file in distinct_files(sources, problems):
        try:
            content, status = content_of(file.path, max_bytes, file.root)
        except UnreadableError as error:
            problems.append(unread_file(file.source, error))
            continue
        reading = documents_in(file.source, content, time_of(status.st_mtime))
        problems.extend(reading.problems)
        for document in reading.documents:
            if documents.setdefault(document.source, document) is not document:
                problems.append(twice(document.source, str(file.path)))
    if not documents:
        raise nothing_readable(map(str, sources), problems, PUT_FILES)
    return Reading(documents=tuple(documents.values()), problems=tuple(problems))


def distinct_files(sources: Sequence[str | Path], problems: list[Problem]) -> Iterator[FoundFile]:
    """Every file to read, in order. A second way to the same file, and what is skipped, are added to `problems`.

    Raises InputError as `read_documents`.
    """
    read: dict[tuple[int, int], FoundFile] = {}
    for file in _files(sources, problems):
        try:
            status = file.path.stat()
        except OSError:  # opening it says why
            yield file
            continue
        first = read.setdefault((status.st_dev, status.st_ino), file)
        if first is file or not status.st_ino:
            yield file
        else:
            problems.extend(_second_way(file, first))


def documents_in(source: str, content: bytes, changed: datetime | None = None) -> Reading:
    """The documents in the bytes of one file with this source. `changed` is used if the file gives no time itself."""
    try:
        parsed = parse_apart(source, content)
    except UnreadableError as error:
        return Reading(documents=(), problems=(unread_file(source, error),))
    own = Counter(part.source for part in parsed.parts)
    documents, problems = list[Document](), list[Problem]()
    for part in parsed.parts:
        name = _source_of(part, source, own)
        try:
            documents.append(_document(with_labels(part, source), name, changed))
        except UnreadableError as error:
            problems.append(problem_of(name, error))
    of_file = (_of_file(one, source, bool(documents)) for one in parsed.problems)
    return Reading(documents=tuple(documents), problems=(*of_file, *grouped(problems, "row")))


def _of_file(problem: Problem, source: str, is_read: bool) -> Problem:
    """A problem that a parser found, with whole names. One with a file as such is no reason to keep rows that are gone:
    the file was read.
    """
    also = tuple(f"{source}{one.rstrip('#')}" if one.startswith("#") else one for one in problem.also)
    noted = problem.is_read or (is_read and problem.source == source)
    return problem.model_copy(update={"also": also, "is_read": noted})


def document_id(source: str) -> str:
    """The id of the document at this source: 16 hexadecimal digits, the same in every run."""
    return hashlib.sha256(source.encode()).hexdigest()[:16]


def _document(part: Part, source: str, changed: datetime | None) -> Document:
    return Document(
        id=document_id(source),
        text=part.text,
        title=part.title,
        source=source,
        updated_at=part.updated_at or changed,
        access=part.access,
        meta=part.meta,
    )


def _source_of(part: Part, file: str, own: Counter[str]) -> str:
    """The row's own source if no other row of the file has it, else the own source (or the file), '#' and its id."""
    if part.source and own[part.source] == 1:
        return part.source
    return f"{part.source or file}#{part.key}" if part.key else file


def _files(sources: Sequence[str | Path], problems: list[Problem]) -> Iterator[FoundFile]:
    """Every file to read, in order. Skipped files are added to `problems`."""
    for given in sources:
        path = Path(given).expanduser()
        try:
            if path.is_dir():
                yield from _walk(path, problems)
            elif path.exists():
                yield from _named(path, path.name, problems)
            elif glob.has_magic(str(path)):
                yield from _matches(path, problems)
            else:
                raise InputError(
                    f"There is no file or folder at {given}.", f"check the path (relative paths start at {Path.cwd()})"
                )
        except (OSError, ValueError) as error:
            what, remedy = unreadable(f"Cannot read {str(given)!r}", error, "check the path and its permissions")
            raise InputError(what, remedy) from error


def _matches(pattern: Path, problems: list[Problem]) -> Iterator[FoundFile]:
    """The files that a glob matches. For a folder that it matches, all files below it.

    A folder whose very name has the signs of a glob, such as `[2024]`, is that folder.
    """
    n_fixed = next(
        i
        for i, piece in enumerate(pattern.parts)
        if glob.has_magic(piece) and not Path(*pattern.parts[: i + 1]).is_dir()
    )
    root, pieces = Path(*pattern.parts[:n_fixed]), pattern.parts[n_fixed:]
    passed_over: list[Problem] = []
    files = list(_walk(root, passed_over, pieces)) if root.is_dir() else []
    if not files and not passed_over:
        raise InputError(f"Nothing matches {pattern}.", "check the pattern; ** stands for any number of folders")
    problems.extend(passed_over)
    yield from files


def fits(parts: Sequence[str], pieces: Sequence[str], is_folder: bool) -> bool:
    """Whether a path, or a folder above it, matches the pieces of a glob. For a folder also if a file below may."""
    if not pieces:
        return True
    if not parts:
        return is_folder
    if pieces[0] == "**":
        return is_folder or any(fits(parts[i:], pieces[1:] or ["*"], False) for i in range(len(parts)))
    return fnmatch.fnmatchcase(parts[0], pieces[0]) and fits(parts[1:], pieces[1:], is_folder)


def _walk(root: Path, problems: list[Problem], pieces: Sequence[str] = ()) -> Iterator[FoundFile]:
    """The readable files below a folder that match the glob, in order of their paths. Each folder is read once.

    A link that leads out of the folder is not followed: whoever may write there could show any file of this machine.
    """
    entered: set[tuple[int, int]] = set()
    pending = [root]
    while pending:
        path = pending.pop()
        source = _relative(path, root)
        try:
            is_folder = path.is_dir()
            if path != root and not fits(path.relative_to(root).parts, pieces, is_folder):
                continue
            if path != root and path.name.startswith((".", "~$")):
                problems.append(Problem(source=source, reason=HIDDEN, remedy="rename it if it should be read"))
            elif path != root and leads_out(path, root):
                problems.append(link_out(source))
            elif not is_folder:
                yield from (one._replace(root=root) for one in _named(path, source, problems))
            elif (identity := (path.stat().st_dev, path.stat().st_ino)) in entered:
                problems.append(Problem(source=source, reason="a link to a folder that is already read"))
            else:
                entered.add(identity)
                pending.extend(sorted(path.iterdir(), reverse=True))
        except OSError as error:
            reason, also = f"it cannot be opened ({error.strerror})", ("",) if path == root else ()
            problems.append(Problem(source=source, reason=reason, remedy="check its permissions", also=also))


def link_out(source: str) -> Problem:
    """The problem with a link that is not followed: whoever may write there could show any file of this machine."""
    return Problem(source=source, reason=LEADS_OUT, remedy=NAME_OR_COPY)


def leads_out(path: Path, root: Path) -> bool:
    """Whether a path is a link to somewhere else than below the folder. One that loops leads nowhere."""
    try:
        return path.is_symlink() and not path.resolve().is_relative_to(root.resolve())
    except RuntimeError:  # Python before 3.13, for a loop
        return False


def _named(path: Path, source: str, problems: list[Problem]) -> Iterator[FoundFile]:
    """The file, if its name is valid Unicode and has a known ending. Otherwise adds a problem."""
    if not _is_unicode(source):
        shown = os.fsencode(source).decode(errors="replace")
        problems.append(Problem(source=shown, reason="its name is not UTF-8", remedy="rename it"))
    elif any(unicodedata.category(character) == "Cc" for character in source):
        shown = source.encode("unicode_escape").decode()
        problems.append(Problem(source=shown, reason="its name has control characters", remedy="rename it"))
    elif path.suffix.lower() not in SUFFIXES:
        kind = f"files ending in '{path.suffix}' are not read" if path.suffix else "it has no file ending"
        problems.append(Problem(source=source, reason=kind, remedy=f"convert it to one of {', '.join(SUFFIXES)}"))
    else:
        yield FoundFile(path, source)


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _relative(path: Path, root: Path) -> str:
    relative = path.relative_to(root).as_posix()
    return unicodedata.normalize("NFC", relative if relative != "." else path.name)


def content_of(path: Path, max_bytes: int, root: Path | None = None) -> tuple[bytes, os.stat_result]:
    """The file's bytes and status. Raises UnreadableError if it is not a regular file, too large or cannot be read, or
    if what was opened is not below the folder `root`: somebody put a link in its place since it was found.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableError("it is not a regular file", "remove it, or replace it by a file")
        if status.st_size <= max_bytes:
            with path.open("rb") as file:
                if root is not None and not _is_below(root, path, os.fstat(file.fileno())):
                    raise UnreadableError(LEADS_OUT, NAME_OR_COPY)
                content = file.read(max_bytes + 1)
            if len(content) <= max_bytes:
                return content, status
    except OSError as error:
        raise UnreadableError(f"it cannot be opened ({error.strerror})", "check the link or its permissions") from error
    raise UnreadableError(f"it is larger than {max_bytes:,} bytes", "split it, or raise the limit")


def _is_below(root: Path, path: Path, opened: os.stat_result) -> bool:
    """Whether this open file is the one that the path leads to now, and lies below the folder."""
    place = path.resolve()
    return place.is_relative_to(root.resolve()) and os.path.samestat(opened, place.stat())


def unread_file(source: str, error: UnreadableError) -> Problem:
    """The problem that a file cannot be read. That of a table is about everything: rows may have any source."""
    also = ("",) if source.lower().endswith((*TABLES, *SHEETS)) else ()
    return problem_of(source, error, also)


def _second_way(file: FoundFile, first: FoundFile) -> list[Problem]:
    """A problem if the same file was found under a second name. Empty if the name is the same too."""
    if file.source == first.source:
        return []
    return [Problem(source=file.source, reason=f"the same file as {first.source}", remedy="name it once")]


def twice(source: str, path: str) -> Problem:
    return Problem(
        source=source,
        reason=f"an earlier document has the same source; the one in {path} is left out",
        remedy="rename one of them, or give each row its own id",
    )


def nothing_readable(sources: Iterable[str], problems: Sequence[Problem], remedy: str) -> InputError:
    """The error that no document could be read from these places, with the first problems."""
    named = "; ".join(f"{problem.source}: {problem.reason}" for problem in problems[:5])
    more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
    where = ", ".join(sources) or "(no source was given)"
    return InputError(
        f"No document could be read from {where}" + (f" ({named}{more})." if named else ": it is empty."),
        remedy,
    )
