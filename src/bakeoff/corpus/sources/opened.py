"""The one way from what `documents:` names to documents: every source opened, its documents placed and labelled.

Takes paths and settings, gives `OpenSource`s, or everything they hold as a `Reading`. Knows no store.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bakeoff.corpus.sources.folder_source import FolderSource
from bakeoff.corpus.sources.folders import Reading, document_id, nothing_readable
from bakeoff.corpus.sources.settings import SourceSettings
from bakeoff.errors import BakeoffError, InputError, error_line
from bakeoff.protocols import Changes, Source
from bakeoff.records import Document, Problem

NOTHING = "check the address, the paths and what they match (docs/sources.md), or put documents there"


class OpenSource(NamedTuple):
    """A source with its place: `key` is the same for the same settings, `where` names it in messages."""

    key: str
    where: str
    source: Source
    labels: tuple[str, ...] = ()
    prefix: str = ""

    def changes_since(self, cursor: str) -> Changes:
        """What changed, with the prefix and the labels of the settings. Raises what `Source.changes_since` raises."""
        with said_plainly(self.where):
            changes = self.source.changes_since(cursor)
        if not isinstance(changes, Changes):
            raise InputError(
                f"{self.where} gave {type(changes).__name__} instead of Changes.",
                "return bakeoff.protocols.Changes from changes_since",
            )
        return Changes(
            documents=tuple(placed(labelled(changes.documents, self.labels), self.prefix)),
            deleted=tuple(self.prefix + source for source in changes.deleted),
            problems=tuple(problems_below(changes.problems, self.prefix)),
            cursor=changes.cursor,
        )


@contextmanager
def said_plainly(where: str) -> Iterator[None]:
    """Turns whatever the code of a source raises into a BakeoffError that names the source."""
    try:
        yield
    except BakeoffError:
        raise
    except Exception as error:  # a source of someone else may raise anything; it costs this source alone
        raise BakeoffError(
            f"{where} raised {error_line(error)}.", "correct the code of the source; nothing of it was changed"
        ) from error


def placed(documents: Iterable[Document], prefix: str) -> list[Document]:
    """The documents below a prefix of sources, with the ids of their sources: ids of two places may be equal."""
    named = ((document, prefix + document.source) for document in documents)
    return [
        document.model_copy(update={"source": source, "id": id})
        if (document.source, document.id) != (source, id := document_id(source))
        else document
        for document, source in named
    ]


def labelled(documents: Iterable[Document], labels: Sequence[str]) -> list[Document]:
    """The documents; those that have no labels of their own get these."""
    given = tuple(labels)
    return [
        document if document.access or not given else document.model_copy(update={"access": given})
        for document in documents
    ]


def problems_below(problems: Iterable[Problem], prefix: str) -> list[Problem]:
    """The problems, named as the documents are after `placed`. The empty name is still everything."""
    if not prefix:
        return list(problems)
    return [
        one.model_copy(
            update={"source": prefix + one.source, "also": tuple(name and prefix + name for name in one.also)}
        )
        for one in problems
    ]


def open_sources(named: Sequence[str | Path | SourceSettings], folder: Path | None = None) -> list[OpenSource]:
    """Every source, in order; all plain paths are one source, in the place of the first.

    `folder` is that of bakeoff.yaml. Raises ConfigError if a source cannot be opened.
    """
    paths = [str(one) for one in named if not isinstance(one, SourceSettings)]
    opened: dict[str, OpenSource] = {}
    for one in named:
        if isinstance(one, SourceSettings):
            key = _key(one.model_dump(mode="json"))
            with said_plainly(one.where):
                opened[key] = OpenSource(key, one.where, one.open(folder), one.labels, one.prefix)
        elif _key(paths) not in opened:
            opened[_key(paths)] = OpenSource(_key(paths), ", ".join(paths), FolderSource(paths))
    return list(opened.values())


def read_sources(named: Sequence[str | Path | SourceSettings], folder: Path | None = None) -> Reading:
    """Everything that these sources hold now.

    A document whose source an earlier one has is left out, and listed. Raises InputError if nothing could be read of
    one of them, and what they raise.
    """
    documents: dict[str, Document] = {}
    problems: list[Problem] = []
    sources = open_sources(named, folder)
    for source in sources:
        changes = source.changes_since("")
        problems += changes.problems
        if not changes.documents:
            raise nothing_readable([source.where], changes.problems, NOTHING)
        for document in changes.documents:
            if documents.setdefault(document.source, document) is not document:
                problems.append(taken(document.source, source.where))
    if not sources:
        raise nothing_readable([], [], NOTHING)
    return Reading(documents=tuple(documents.values()), problems=tuple(problems))


def taken(source: str, where: str) -> Problem:
    """The problem of a document whose source another one has."""
    return Problem(
        source=source,
        reason=f"another source has a document of this name; the one in {where} is left out",
        remedy="give one of the sources a prefix: in documents:",
    )


def _key(settings: object) -> str:
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
