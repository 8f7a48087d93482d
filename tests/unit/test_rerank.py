"""Reranking: the order of the scores, labels before the best are chosen, and the scores of another library."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.models.embed import HashEmbedder
from bakeoff.records import Document
from bakeoff.retrieval.hybrid import HybridIndex
from bakeoff.retrieval.rerank import Reranked
from bakeoff.retrieval.visible import hits_for
from tests.unit.fakes import question
from tests.unit.tiny_embedder import write_tiny_embedder

TEXTS = [f"The kettle number {i} boils water {'again ' * i}." for i in range(8)]


class Lengths:
    """Scores a passage by its length, so that the longest is best."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def scores(self, texts: Sequence[tuple[str, str]]) -> np.ndarray:
        self.asked += texts
        return np.array([len(passage) for _, passage in texts], np.float32)


@pytest.fixture
def index(tmp_path: Path) -> HybridIndex:
    store = SqliteStore(tmp_path / "store.sqlite")
    store.upsert(
        Document(id=str(i), text=text, source=f"{i}.md", access=("hr",) if i >= 4 else ())
        for i, text in enumerate(TEXTS)
    )
    made = HybridIndex.open(tmp_path / "index", HashEmbedder(), max_tokens=64)
    made.sync(store)
    return made


def test_hits_are_in_the_order_of_the_scores_with_new_ranks(index: HybridIndex) -> None:
    """Only the candidates are scored; one query does not take the scores of another."""
    scores = Lengths()
    first, second = Reranked(index, scores, 5).search(["kettle", "boils water again"], 3)
    for hits in (first, second):
        lengths = [len(hit.chunk.passage) for hit in hits]
        assert lengths == sorted(lengths, reverse=True) == [hit.score for hit in hits]
        assert [hit.rank for hit in hits] == [1, 2, 3]
    assert len(scores.asked) == 10 and scores.asked[0][0] == "kettle" and scores.asked[9][0] == "boils water again"


def test_more_passages_than_candidates_are_all_scored(index: HybridIndex) -> None:
    """`k` may be larger."""
    assert len(Reranked(index, Lengths(), 2).search(["kettle"], 6)[0]) == 6


def test_hidden_documents_are_left_out_before_the_candidates_are_chosen(index: HybridIndex) -> None:
    """The four longest passages are hidden and would be the best; none is scored, and all visible ones are found."""
    scores = Lengths()
    (hits,) = hits_for(Reranked(index, scores, 4), [question("q", "kettle boils again", access=())], 4)
    assert {hit.chunk.source for hit in hits} == {"0.md", "1.md", "2.md", "3.md"}
    assert not [passage for _, passage in scores.asked if passage in TEXTS[4:]]
    (seen,) = hits_for(Reranked(index, Lengths(), 8), [question("q", "kettle", access=("hr",))], 1)
    assert seen[0].chunk.source == "7.md"


def test_scores_are_those_of_sentence_transformers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tuned reranker is an ordinary cross-encoder: both engines and another library read the same folder."""
    from bakeoff.models.engines.pair_scorers import scoring_model
    from bakeoff.models.rerank import load_reranker
    from bakeoff.tuning.retriever.folders import write_reranker

    cross_encoder = pytest.importorskip("sentence_transformers").CrossEncoder
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))
    source = write_tiny_embedder(tmp_path / "tiny", TEXTS)
    module = scoring_model(source, seed=3)
    name = write_reranker(source, module.model.config, module.model.state_dict(), tmp_path / "adapters")
    pairs = [(first, second) for first in TEXTS[:2] for second in TEXTS]
    folder = tmp_path / "adapters" / name
    theirs = cross_encoder(str(folder), device="cpu", local_files_only=True)
    expected = theirs.predict(pairs, convert_to_numpy=True, activation_fn=__import__("torch").nn.Identity())
    for engine, difference in (("transformers", 2e-4), ("openvino", 2e-2)):
        assert np.abs(load_reranker(folder, engine).scores(pairs) - expected).max() < difference
    assert np.ptp(expected) > 0.05


def test_a_long_question_leaves_room_for_the_passage(tmp_path: Path) -> None:
    """It is read up to half of the window; the passage up to the rest."""
    from bakeoff.models.rerank import PairTokenizer

    tokenizer = PairTokenizer(write_tiny_embedder(tmp_path / "tiny", TEXTS))
    (long,), (short,) = (tokenizer.pairs([(text, "water " * 300)]) for text in ("kettle " * 300, "kettle"))
    assert len(long.ids) == len(short.ids) == 128
    assert (long.types.count(0), short.types.count(0)) == (66, 3)
