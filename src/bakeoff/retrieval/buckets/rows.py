"""Rows of an index as bytes, and those that were embedded and wait on this machine for the end of a sync.

Takes and gives Arrow tables. Knows no bucket and no model.
"""

import json
import shutil
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bakeoff.corpus.store import content_hash
from bakeoff.files.jsonl import write_bytes
from bakeoff.retrieval.lance_table import arrow_rows, table_schema
from bakeoff.retrieval.syncing import Group

_HEAD = b"bakeoff"


class Cost(NamedTuple):
    """What embedding has cost: chunks, tokens, seconds."""

    n_chunks: int = 0
    n_tokens: int = 0
    seconds: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":  # type: ignore[override]
        return Cost(self.n_chunks + other[0], self.n_tokens + other[1], self.seconds + other[2])


class Waiting:
    """The groups of one index that were embedded and are in no entry of its log yet, each in a file of its own.

    Each is on the disk before the next one is embedded, so a kill loses one group at most.
    """

    def __init__(self, folder: Path, log: str, dimension: int) -> None:
        self._folder, self._log, self._schema = folder, log, table_schema(dimension)
        self._files: dict[Path, Mapping[str, Any]] = {}
        for path in sorted(folder.glob("*.arrow")):
            head = _head(path)
            if head is not None and head["log"] == log:
                self._files[path] = head
            else:
                path.unlink()

    @property
    def cost(self) -> Cost:
        return sum((Cost(*head["cost"]) for head in self._files.values()), Cost())

    @property
    def hashes(self) -> dict[str, str]:
        """The hash of the content of each document that waits, as it was last embedded."""
        return {id: hash for head in self._files.values() for id, hash in head["documents"].items()}

    def add(self, group: Group, vectors: np.ndarray, cost: Cost) -> None:
        """Keeps the rows of a group."""
        head = {"log": self._log, "documents": hashes_of(group), "cost": cost}
        rows = arrow_rows(group.chunks, group.access, vectors, self._schema)
        self._folder.mkdir(parents=True, exist_ok=True)
        number = 1 + max((int(path.stem) for path in self._files), default=0)
        path = self._folder / f"{number:08}.arrow"
        write_bytes(path, packed(rows.replace_schema_metadata({_HEAD: json.dumps(head)})))
        self._files[path] = head

    def n_rows(self, documents: Collection[str]) -> int:
        """How many rows `tables` gives."""
        return sum(map(len, self.tables(documents)))

    def tables(self, documents: Collection[str]) -> Iterator[Any]:
        """The rows of these documents, as they were last embedded, group by group."""
        last = {id: path for path, head in self._files.items() for id in head["documents"]}
        for path, head in self._files.items():
            mine = {id for id in head["documents"] if id in documents and last[id] == path}
            rows = of_documents(unpacked(path.read_bytes()), mine, len(head["documents"])).replace_schema_metadata()
            if len(rows):
                yield rows

    def clear(self) -> None:
        """Forgets everything."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._files = {}


def hashes_of(group: Group) -> dict[str, str]:
    return {id: content_hash(document) for id, document in group.documents.items() if document is not None}


def of_documents(rows: Any, documents: Collection[str], n_all: int) -> Any:
    """The rows of these documents, of a table that has the rows of so many."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if len(documents) == n_all:
        return rows
    return rows.filter(pc.is_in(rows["document_id"], pa.array(sorted(documents), pa.string())))


def packed(rows: Any) -> bytes:
    """A table as bytes."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, rows.schema, options=options) as writer:
        writer.write_table(rows)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def unpacked(content: bytes) -> Any:
    """The table of these bytes. Raises ValueError (pyarrow's ArrowInvalid) or OSError if they are damaged."""
    import pyarrow as pa

    return pa.ipc.open_stream(content).read_all()


def _head(path: Path) -> Mapping[str, Any] | None:
    """What a file says of itself. None if it was not written to the end."""
    import pyarrow as pa

    try:
        with pa.OSFile(str(path)) as file:
            head: Mapping[str, Any] = json.loads(pa.ipc.open_stream(file).schema.metadata[_HEAD])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return head
