"""Retrieval on public sets reaches what a plain fusion is known to reach; its measures agree with hand values."""

from pathlib import Path

import pytest
from benchmarks import retrieval_quality as quality

from bakeoff.models.embed import load_embedder

FLOORS = [
    (quality.cookbook_docs, 232, 100, {"Success@5": 0.96, "nDCG@10": 0.78}),
    (quality.cranfield, 1398, 225, {"nDCG@10": 0.42}),
    (quality.squad_paragraphs, 646, 2910, {"Success@5": 0.955}),
]


@pytest.mark.models
@pytest.mark.parametrize(("load", "n_documents", "n_queries", "floors"), FLOORS)
def test_the_index_finds_what_is_relevant(
    public_data: Path,
    load,
    n_documents: int,
    n_queries: int,
    floors: dict[str, float],  # type: ignore[no-untyped-def]
) -> None:
    """Fused search, with the default chunk size, on the whole set."""
    collection = load(public_data)
    assert (len(collection.documents), len(collection.queries)) == (n_documents, n_queries)
    _, ways = quality.evaluate(collection, load_embedder(), max_tokens=128, ways=("fused",))
    for measure, floor in floors.items():
        assert ways["fused"][measure] >= floor


def test_measures_agree_with_hand_values() -> None:
    """nDCG@3 of gains 0, 3, 1 against ideal 3, 2, 1: (3/log2(3) + 1/2) / (3 + 2/log2(3) + 1/2)."""
    relevant = {"a": 3, "b": 2, "c": 1}
    assert quality.ndcg(["x", "a", "c", "b"], relevant, 3) == pytest.approx((1.892789 + 0.5) / (3 + 1.261860 + 0.5))
    assert quality.ndcg(["a", "b", "c"], relevant, 10) == pytest.approx(1.0)
    assert quality.ndcg([], relevant, 10) == 0.0
    assert quality.recall(["x", "a", "c", "b"], relevant, 2) == pytest.approx(1 / 3)
    assert quality.success(["x", "y", "a"], relevant, 2) == 0.0
    assert quality.success(["x", "y", "a"], relevant, 3) == 1.0
