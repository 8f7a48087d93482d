"""`retrieval.fusion`: both rankings fused by score or by rank, or one of them alone, for every way of searching."""

import numpy as np
import pytest

from bakeoff.contenders.retrieving import retriever_of
from bakeoff.contenders.world import WorldFolder
from bakeoff.corpus.stores import fill_store
from bakeoff.models.settings import LocalModel
from bakeoff.records import Document
from bakeoff.retrieval.settings import Retrieval

TEXTS = ["The pump runs at 4 bar.", "A valve closes in two seconds.", "Pressure of the pump: see the plate.", "Water."]
ALL = ("score", "rank", "words", "vectors")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> WorldFolder:
    world = WorldFolder(tmp_path_factory.mktemp("world"), {"embedder": LocalModel(name="hash")})
    documents = [Document(id=f"d{i}", text=text, source=f"{i}.md") for i, text in enumerate(TEXTS)]
    documents[2] = documents[2].model_copy(update={"access": ("staff",)})
    fill_store(world.documents, [])
    world.store.replace_all(documents)
    world.index(Retrieval()).sync(world.store)
    return world


def ids(hits: list) -> list[str]:  # type: ignore[type-arg]
    return [hit.chunk.document_id for hit in hits]


@pytest.mark.parametrize("fusion", ALL)
def test_each_way_is_that_of_the_index(world: WorldFolder, fusion: str) -> None:
    query, index = "pressure of the pump", world.index(Retrieval())
    direct = {
        "score": index.search,
        "rank": lambda queries, k: index.search(queries, k, fusion="rank"),
        "words": index.search_bm25,
        "vectors": index.search_dense,
    }[fusion]
    retriever = retriever_of(world, Retrieval(fusion=fusion))
    assert retriever.search([query], 4) == direct([query], 4)


@pytest.mark.parametrize("fusion", ALL)
def test_labels_and_given_vectors_hold_in_every_way(world: WorldFolder, fusion: str) -> None:
    retriever = retriever_of(world, Retrieval(fusion=fusion))
    assert "d2" not in ids(retriever.search_visible(["pressure pump"], 4, ())[0])
    assert "d2" in ids(retriever.search_visible(["pressure pump"], 4, ("staff",))[0])
    vector = world.embedder("embedder").embed_queries(["valve seconds"])
    best = ids(retriever.search_vectors(["water"], np.asarray(vector), 4)[0])[0]
    assert best == {"words": "d3", "vectors": "d1"}.get(fusion, best)


def test_the_setting_is_named_and_shares_the_index() -> None:
    assert Retrieval(fusion="rank").index == Retrieval().index
    assert Retrieval(fusion="words").label == "retrieval (128 tokens, k 3, words only)"
    assert "fusion" not in Retrieval().model_dump(), "what was made before it has the same name"
