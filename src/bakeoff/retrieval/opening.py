"""Opens the index of a folder of documents, wherever it is kept.

Takes the folder, gives a `SearchIndex`. Reads no document.
"""

from pathlib import Path

from bakeoff.protocols import Embedder, SearchIndex
from bakeoff.retrieval.settings import index_folder_name

INDEXES = "indexes"


def open_index(documents: Path, name: str, embedder: Embedder, max_tokens: int) -> SearchIndex:
    """The index of this name for the documents in this folder, next to them. A new one if there is none.

    Raises RunFolderError if it was made with another embedder or chunk size, or cannot be read.
    """
    from bakeoff.retrieval.hybrid import HybridIndex

    return HybridIndex.open(documents / INDEXES / index_folder_name(name), embedder, max_tokens)
