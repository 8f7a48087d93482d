"""The retrieval settings of bakeoff.yaml. Knows nothing about indexes."""

from pydantic import Field

from bakeoff.records import Record


class Retrieval(Record):
    """The most tokens of a chunk, the model in `models:` that embeds chunks, and the passages per question (`k`)."""

    chunk_tokens: int = Field(default=128, ge=16, le=4096)
    k: int = Field(default=3, ge=1, le=50)
    embedder: str = "embedder"

    @property
    def index(self) -> str:
        """The name of the index these settings need: the same for settings that can share one.

        >>> Retrieval(k=3).index == Retrieval(k=8).index, Retrieval(chunk_tokens=64).index
        (True, 'embedder-64')
        """
        return f"{self.embedder}-{self.chunk_tokens}"

    @property
    def label(self) -> str:
        """How reports name what is retrieved.

        >>> Retrieval(chunk_tokens=64, k=8).label
        'retrieval (64 tokens, k 8)'
        """
        embedder = "" if self.embedder == "embedder" else f", {self.embedder}"
        return f"retrieval ({self.chunk_tokens} tokens, k {self.k}{embedder})"


def index_folder_name(index: str) -> str:
    """The name of the folder of an index: one folder, also where the embedder's name holds a slash.

    >>> index_folder_name("BAAI/bge-128")
    'BAAI-bge-128'
    """
    return index.replace("/", "-")
