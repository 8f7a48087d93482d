"""The retrieval settings of bakeoff.yaml. Knows nothing about indexes."""

from typing import Literal, Self

from pydantic import Field, model_validator

from bakeoff.records import Record

Fusion = Literal["score", "rank", "words", "vectors"]
FUSIONS = {"score": "", "rank": ", fused by rank", "words": ", words only", "vectors": ", vectors only"}
CANDIDATES = 20
"""The hits that a reranker puts in order, unless the settings say otherwise."""


class Retrieval(Record):
    """The most tokens of a chunk, the model in `models:` that embeds chunks, and the passages per question (`k`).

    `fusion` says how the rankings by words (BM25) and by vectors become one: by their scores, by reciprocal ranks, or
    one of them alone. `reranker` is a model in `models:` that puts the first `candidates` hits in order; empty: the
    index's order stays.
    """

    chunk_tokens: int = Field(default=128, ge=16, le=4096)
    k: int = Field(default=3, ge=1, le=50)
    embedder: str = "embedder"
    fusion: Fusion = Field(default="score", exclude_if=lambda fusion: fusion == "score")
    reranker: str = Field(default="", exclude_if=lambda name: not name)
    candidates: int = Field(default=CANDIDATES, ge=2, le=100, exclude_if=lambda n: n == CANDIDATES)

    @model_validator(mode="after")
    def _candidates_belong_to_a_reranker(self) -> Self:
        if self.candidates != CANDIDATES and not self.reranker:
            raise ValueError("candidates are the hits that a reranker puts in order, but retrieval.reranker names none")
        return self

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
        reranker = f", {self.reranker} of {self.candidates}" if self.reranker else ""
        fusion = FUSIONS[self.fusion]
        return f"retrieval ({self.chunk_tokens} tokens, k {self.k}{embedder}{fusion}{reranker})"


def index_folder_name(index: str) -> str:
    """The name of the folder of an index: one folder, also where the embedder's name holds a slash.

    >>> index_folder_name("BAAI/bge-128")
    'BAAI-bge-128'
    """
    return index.replace("/", "-")
