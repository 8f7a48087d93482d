"""One sum over all that an index in a bucket holds.

Takes a place and the folder of the table. Knows nothing about searching.
"""

from pathlib import Path
from typing import NamedTuple, cast

from bakeoff.corpus.buckets.objects import Objects
from bakeoff.corpus.buckets.place import BucketPlace
from bakeoff.protocols import Embedder
from bakeoff.retrieval.buckets.entries import made_of
from bakeoff.retrieval.buckets.table import Table
from bakeoff.retrieval.contents import folder_sha256


class _Named(NamedTuple):
    """What a table asks of an embedder that embeds nothing."""

    name: str
    dimension: int


def log_sha256(place: BucketPlace, folder: Path, name: str) -> str:
    """The sum of the rows and of the settings they were made with. Empty if there is no such index."""
    objects = Objects(place)
    made = made_of(objects, name)
    if made is None:
        return ""
    embedder = cast("Embedder", _Named(made.embedder, made.dimension))
    table = Table(objects, folder, name, embedder, made)
    table.newest()
    return folder_sha256(folder)
