"""The retriever of a contender: the index of its settings, and the reranker that they name.

Takes a world and retrieval settings. Knows no contender.
"""

from typing import Any

from bakeoff.contenders.recipe import World
from bakeoff.retrieval.rerank import Reranked
from bakeoff.retrieval.settings import Retrieval


def retriever_of(world: World, retrieval: Retrieval) -> Any:
    """The index for these settings; if they name a reranker, with its first candidates in the reranker's order."""
    index: Any = world.index(retrieval)
    if retrieval.fusion != "score":
        index = index.with_fusion(retrieval.fusion)
    if not retrieval.reranker:
        return index
    return Reranked(index, world.reranker(retrieval.reranker), retrieval.candidates)
