"""Which documents an index may hold otherwise than the store: found by comparing texts, without a model.

Takes the rows of an index and the documents of a store, gives ids. Knows nothing about vectors.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from bakeoff.records import Chunk, Document

COLUMNS = ("id", "document_id", "source", "text", "start", "end", "heading", "readable", "passage", "access")
Rows = Sequence[Mapping[str, Any]]


def doubtful(
    rows: Rows, documents: Iterable[Document], chunks_of: Callable[[Document], Sequence[Chunk]]
) -> tuple[str, ...]:
    """The ids of the documents whose rows are not their chunks, and those that rows name and the store does not hold.

    `chunks_of` cuts a document, which takes long. It is only called where rows differ from the text or leave out words.
    """
    of_document: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        of_document[row["document_id"]].append(row)
    found = []
    for document in documents:
        own = sorted(of_document.pop(document.id, []), key=lambda row: row["start"])
        if not _agrees(document, own) and not _is_exact(document, own, chunks_of(document)):
            found.append(document.id)
    return (*found, *of_document)


def _agrees(document: Document, rows: Rows) -> bool:
    """Whether the rows are verbatim parts of the document that leave out only headings and what has no words."""
    end = 0
    for row in rows:
        if row["text"] != document.text[row["start"] : row["end"]] or not _is_whole(document, row):
            return False
        if row["start"] < end or _has_words(document.text[end : row["start"]]):
            return False
        end = row["end"]
    return not _has_words(document.text[end:])


def _is_whole(document: Document, row: Mapping[str, Any]) -> bool:
    """Whether what is searched is what is shown, and seen by those who may see the document."""
    where = (f"{document.id}:{row['start']}-{row['end']}", document.source, document.access)
    is_placed = (row["id"], row["source"], tuple(row["access"] or ())) == where
    return is_placed and _chunk(row).passage == row["passage"]


def _has_words(gap: str) -> bool:
    lines = (line for line in gap.splitlines() if not line.lstrip().startswith("#"))
    return any(character.isalnum() for line in lines for character in line)


def _is_exact(document: Document, rows: Rows, chunks: Sequence[Chunk]) -> bool:
    return [_chunk(row) for row in rows] == list(chunks) and all(_is_whole(document, row) for row in rows)


def _chunk(row: Mapping[str, Any]) -> Chunk:
    return Chunk.model_construct(**{name: row[name] for name in Chunk.model_fields})
