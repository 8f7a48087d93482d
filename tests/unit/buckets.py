"""What the tests of documents and indexes in a bucket share."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bakeoff.corpus.buckets.objects import Objects
from bakeoff.corpus.buckets.place import BucketPlace
from bakeoff.corpus.place import PLACE, place_of
from bakeoff.models.embed import HashEmbedder
from bakeoff.records import Document, Hit
from bakeoff.retrieval.buckets.index import BucketIndex
from bakeoff.retrieval.opening import open_index


class Counting(HashEmbedder):
    """Remembers what it embedded."""

    def __init__(self) -> None:
        super().__init__(dimension=32)
        self.embedded: list[str] = []

    def embed_passages(self, texts: Sequence[str]) -> np.ndarray:
        self.embedded += texts
        return super().embed_passages(texts)


def document(name: str, text: str = "text", access: tuple[str, ...] = ()) -> Document:
    return Document(id=name, source=f"{name}.md", text=text, access=access)


def opened(folder: Path, embedder: Any = None) -> BucketIndex:
    index = open_index(folder, "index", embedder or HashEmbedder(dimension=32), 8)
    assert isinstance(index, BucketIndex)
    return index


def ids(hits: Sequence[Hit]) -> list[str]:
    return [hit.chunk.document_id for hit in hits]


def place(folder: Path) -> BucketPlace:
    found = place_of(folder)
    assert isinstance(found, BucketPlace)
    return found


def objects(folder: Path) -> Objects:
    return Objects(place(folder))


def another(folder: Path, name: str = "two") -> Path:
    """The folder of another server for the same documents."""
    (made := folder.with_name(name)).mkdir()
    shutil.copy(folder / PLACE, made / PLACE)
    return made
