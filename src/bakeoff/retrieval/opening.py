"""Opens, copies and removes the indexes of a folder of documents, wherever they are kept.

Takes the folder, gives a `SearchIndex`. Reads no document. The indexes are in the folder `indexes`, or in the schema of
the documents if these are in a database. If these are in a bucket, the indexes are beside them, and the folder has
tables of what was read of them.
"""

import shutil
from collections.abc import Collection
from pathlib import Path

from bakeoff.corpus.buckets.objects import Objects
from bakeoff.corpus.buckets.place import BucketPlace
from bakeoff.corpus.place import place_of
from bakeoff.corpus.stores import copy_store
from bakeoff.protocols import Embedder, SearchIndex
from bakeoff.retrieval.settings import index_folder_name

INDEXES = "indexes"


def open_index(documents: Path, name: str, embedder: Embedder, max_tokens: int) -> SearchIndex:
    """The index of this name for the documents in this folder. A new one if there is none.

    Raises RunFolderError if it was made with another embedder or chunk size, or cannot be read.
    """
    place, short = place_of(documents), index_folder_name(name)
    if isinstance(place, BucketPlace):
        from bakeoff.retrieval.buckets.index import BucketIndex

        return BucketIndex.open(place, documents / INDEXES / short, short, embedder, max_tokens)
    if place is not None:
        from bakeoff.retrieval.postgres.index import PostgresIndex

        return PostgresIndex.open(place, short, embedder, max_tokens)
    from bakeoff.retrieval.hybrid import HybridIndex

    return HybridIndex.open(documents / INDEXES / short, embedder, max_tokens)


def index_sha256(documents: Path, name: str) -> str:
    """One sum over all that an index holds. Empty if there is no such index. Raises RunFolderError if it is damaged."""
    place, short = place_of(documents), index_folder_name(name)
    if isinstance(place, BucketPlace):
        from bakeoff.retrieval.buckets.contents import log_sha256

        return log_sha256(place, documents / INDEXES / short, short)
    if place is not None:
        from bakeoff.retrieval.postgres.contents import schema_sha256

        return schema_sha256(place, short)
    from bakeoff.retrieval.contents import folder_sha256

    return folder_sha256(documents / INDEXES / short)


def index_names(documents: Path) -> list[str]:
    """The names of the indexes, as `settings.index_folder_name` gives them."""
    place = place_of(documents)
    if isinstance(place, BucketPlace):
        from bakeoff.retrieval.buckets.entries import index_names

        return index_names(Objects(place))
    if place is not None:
        from bakeoff.retrieval.postgres.contents import names_in

        return names_in(place)
    return sorted(path.name for path in (documents / INDEXES).glob("[!.]*"))


def remove_indexes(documents: Path, names: Collection[str]) -> None:
    """Removes indexes by the names of `index_names`. Each can be made again from the documents."""
    place = place_of(documents)
    if isinstance(place, BucketPlace):
        from bakeoff.retrieval.buckets.entries import remove_index

        for name in names:
            remove_index(Objects(place), name)
    elif place is not None:
        from bakeoff.retrieval.postgres.contents import drop_indexes

        drop_indexes(place, names)
    for name in names:
        _remove_folder(documents / INDEXES / name)


def _remove_folder(folder: Path) -> None:
    """In one step, then its files."""
    gone = folder.with_name(f".{folder.name}.gone")
    shutil.rmtree(gone, ignore_errors=True)
    if folder.exists():
        folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def copy_documents(source: Path, target: Path) -> None:
    """Copies the store and the indexes of a folder that nobody changes. A copy that was interrupted is made again."""
    for name in (INDEXES, f"{INDEXES}.part"):
        shutil.rmtree(target / name, ignore_errors=True)
    if (source / INDEXES).exists():
        shutil.copytree(source / INDEXES, target / f"{INDEXES}.part")
        (target / f"{INDEXES}.part").rename(target / INDEXES)
    copy_store(source, target)


def copy_documents_alone(source: Path, target: Path) -> None:
    """A consistent copy of the store of a folder, without its indexes. Others may be writing to it."""
    from bakeoff.retrieval.postgres.tables import PREFIXES

    copy_store(source, target, but=(*PREFIXES, f"{INDEXES}/"))
