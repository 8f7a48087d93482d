"""Folders, files and globs as a source: reports what changed since the last call.

Takes paths. Every file is read, but only what has another hash than the last time is parsed.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from bakeoff.corpus.sources.by_file import MAX_BYTES, Content, File, changes_by_file
from bakeoff.corpus.sources.folders import FoundFile, content_of, distinct_files, twice
from bakeoff.formats.part import UnreadableError
from bakeoff.formats.values import time_of
from bakeoff.protocols import Changes
from bakeoff.records import Problem


class FolderSource:
    """Folders, files and globs as a `protocols.Source`."""

    def __init__(self, paths: Sequence[str | Path]) -> None:
        self._paths = tuple(paths)

    def changes_since(self, cursor: str) -> Changes:
        """New and changed documents and the sources that are gone. An empty cursor returns everything.

        Raises InputError if a path does not exist, if a glob matches nothing, and for a cursor that this class did not
        make.
        """
        problems: list[Problem] = []
        found_files: dict[str, FoundFile] = {}
        for found in distinct_files(self._paths, problems):
            if found_files.setdefault(found.source, found).path != found.path:
                problems.append(twice(found.source, str(found.path)))

        def read(files: Sequence[File]) -> Iterable[Content]:
            for file in files:
                content, changed = _content(found_files[file.name])
                yield Content(file.name, content, changed, _stamp(content))

        files = [File(name, _stamp(_content(one)[0])) for name, one in found_files.items()]
        return changes_by_file(cursor, files, read, problems)


def _content(file: FoundFile) -> tuple[bytes | UnreadableError, datetime | None]:
    try:
        content, status = content_of(file.path, MAX_BYTES, file.root)
    except UnreadableError as error:
        return error, None
    return content, time_of(status.st_mtime)


def _stamp(content: bytes | UnreadableError) -> str:
    return hashlib.sha256(content).hexdigest()[:32] if isinstance(content, bytes) else "unread"
