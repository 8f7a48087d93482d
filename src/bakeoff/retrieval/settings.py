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
        """The name of the index for these settings. Settings with the same name share an index."""
        return f"{self.embedder}-{self.chunk_tokens}"

    @property
    def label(self) -> str:
        """The name of these settings in reports."""
        embedder = "" if self.embedder == "embedder" else f", {self.embedder}"
        return f"retrieval ({self.chunk_tokens} tokens, k {self.k}{embedder})"
