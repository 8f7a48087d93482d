"""The log of an index in a bucket: which index it is, and what each entry changes.

Takes and gives rows as Arrow tables. Knows no LanceDB table and no model.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from bakeoff.corpus.buckets.log import Entry, Log
from bakeoff.corpus.buckets.objects import Objects
from bakeoff.errors import RunFolderError
from bakeoff.records import Record
from bakeoff.retrieval.buckets.follower import Mark
from bakeoff.retrieval.buckets.rows import of_documents, packed, unpacked

INDEXES = "indexes"
MADE = "made.json"
REMEDY = "delete the objects below indexes/ in its world: the index is made again; no document is lost"
ROWS_AT_ONCE = 20_000
"""Entries with at most so many rows are taken as one change."""


class Made(Record):
    """What says that there is an index: its log, and the settings it is made with."""

    log: str
    embedder: str
    dimension: int
    max_tokens: int

    @classmethod
    def new(cls, embedder: str, dimension: int, max_tokens: int) -> "Made":
        return cls(log=uuid.uuid4().hex, embedder=embedder, dimension=dimension, max_tokens=max_tokens)


def made_of(objects: Objects, name: str) -> Made | None:
    """The index of this name. None if there is none."""
    path = f"{INDEXES}/{name}/{MADE}"
    found = objects.get(path)
    try:
        return None if found is None else Made.model_validate_json(found)
    except ValueError as error:
        raise RunFolderError(f"The object {path} in {objects.where} is damaged.", REMEDY) from error


def make(objects: Objects, name: str, wanted: Made) -> Made:
    """A new index of this name, or the one that another server has made meanwhile."""
    path = f"{INDEXES}/{name}/{MADE}"
    if not objects.put_new(path, wanted.model_dump_json().encode()):
        return made_of(objects, name) or wanted
    return wanted


class Change(NamedTuple):
    """Some entries as one change: the documents whose rows are replaced, the new rows, and how the index is then.

    With `is_all`, there are no other documents.
    """

    documents: tuple[str, ...]
    tables: Iterator[Any]
    mark: Mark
    is_all: bool = False


class IndexLog:
    """The entries of one index. Each one brings it from a version of the documents to a later one."""

    def __init__(self, objects: Objects, name: str, made: Made) -> None:
        self._log = Log(objects, f"{INDEXES}/{name}/{made.log}")

    def append(self, mark: Mark, documents: Sequence[str], n_rows: int, tables: Iterable[Any]) -> bool:
        """Writes the entry that `mark` numbers: the new rows of these documents. False if another writer has."""
        return self._log.append(mark.entry, _head(mark, documents, n_rows), map(packed, tables))

    @property
    def is_long(self) -> bool:
        """Whether what was changed takes more room than what there is."""
        return self._log.is_long

    def pack(self, mark: Mark, documents: Sequence[str], n_rows: int, tables: Iterable[Any]) -> None:
        """Puts all rows there are as of `mark` in the place of the entries that led to them."""
        self._log.pack(mark.entry, _head(mark, documents, n_rows), map(packed, tables))

    def has_more(self, entry: int) -> bool:
        """Whether there is an entry after this one."""
        return any(True for _ in self._log.after(entry))

    def changes(self, entry: int) -> Iterator[Change]:
        """What was changed after this entry, some entries at a time."""
        some: list[Entry] = []
        n_rows = 0
        for one in self._log.after(entry):
            if one.head is None:  # what it changed is in a base, with all before it
                base = self._log.base(one.number)
                yield self._as_one([base])._replace(is_all=True)
                yield from self.changes(base.number)
                return
            its_rows = self._n_rows(one)
            if some and n_rows + its_rows > ROWS_AT_ONCE:
                yield self._as_one(some)
                some, n_rows = [], 0
            some.append(one)
            n_rows += its_rows
        if some:
            yield self._as_one(some)

    def _as_one(self, entries: Sequence[Entry]) -> Change:
        head = _head_of(entries[-1])
        mark = Mark(head["store"], head["version"], entries[-1].number, head["language"])
        documents = {id for entry in entries for id in _head_of(entry)["documents"]}
        return Change(tuple(sorted(documents)), self._tables(entries), mark)

    def _tables(self, entries: Sequence[Entry]) -> Iterator[Any]:
        """The rows of all entries, those of a document from the last one that has it."""
        last = {id: entry.number for entry in entries for id in _head_of(entry)["documents"]}
        for entry in entries:
            all_of_it = _head_of(entry)["documents"]
            mine = {id for id in all_of_it if last[id] == entry.number}
            n_left = self._n_rows(entry) if mine else 0
            for block in self._log.blocks(entry) if mine else ():
                rows = self._unpacked(entry, block) if block else ()
                n_left -= len(rows)
                if len(rows):
                    yield of_documents(rows, mine, len(all_of_it))
            if n_left:
                raise self._log.damaged(entry.number)

    def _n_rows(self, entry: Entry) -> int:
        head = _head_of(entry)
        if not isinstance(head.get("rows"), int) or not isinstance(head.get("documents"), list):
            raise self._log.damaged(entry.number)
        return int(head["rows"])

    def _unpacked(self, entry: Entry, block: bytes) -> Any:
        try:
            return unpacked(block)
        except (OSError, ValueError) as error:
            raise self._log.damaged(entry.number) from error


def _head(mark: Mark, documents: Sequence[str], n_rows: int) -> dict[str, Any]:
    return {
        "store": mark.store,
        "version": mark.version,
        "language": mark.language,
        "documents": list(documents),
        "rows": n_rows,
    }


def _head_of(entry: Entry) -> Mapping[str, Any]:
    return entry.head or {}


def index_names(objects: Objects) -> list[str]:
    """The names of the indexes of a world."""
    return objects.folders(INDEXES)


def remove_index(objects: Objects, name: str) -> None:
    """Deletes an index. What says that there is one goes first."""
    folder = f"{INDEXES}/{name}"
    objects.delete([f"{folder}/{MADE}"])
    objects.delete(objects.names(folder))
