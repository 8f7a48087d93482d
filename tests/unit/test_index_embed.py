"""The embedder without a model, batching by token budget, and windows."""

import numpy as np
import pytest

from bakeoff.models.embed import HashEmbedder
from bakeoff.models.engines.sentence_encoders import batches_of
from bakeoff.models.sentence_tokens import cut


def test_hash_vectors_are_the_same_on_every_machine() -> None:
    """Fixed values: the hash does not depend on the process."""
    vector = HashEmbedder(dimension=8).embed_passages(["Zebra"])[0]
    assert vector == pytest.approx([0.3162, 0, -0.3162, -0.3162, -0.3162, 0, -0.7071, -0.3162], abs=1e-4)


def test_hash_vectors_know_spellings() -> None:
    """A misspelt or inflected word is nearer than another word; case does not matter."""
    zebra, zebras, upper, boiler = HashEmbedder().embed_passages(["zebra", "zebras", "ZEBRA", "boiler"])
    assert zebra @ zebras > 0.3 > zebra @ boiler
    assert zebra @ upper == pytest.approx(1.0)


def test_hash_counts_words_and_marks() -> None:
    """Chunking uses this count."""
    assert HashEmbedder().count_tokens("Don't panic, now.") == 7


def test_batches_keep_to_the_budget_and_cover_every_window_once() -> None:
    """Padding counts; a window longer than the budget goes alone."""
    lengths = np.array([3, 50, 7, 7, 2, 9, 120])
    windows = [list(range(1, n + 1)) for n in lengths]
    seen: list[int] = []
    for batch in batches_of(windows, lengths, budget=64):
        assert batch.ids.size <= 64 or len(batch.rows) == 1
        assert batch.mask.sum(axis=1).tolist() == lengths[batch.rows].tolist()
        for row, ids in zip(batch.rows, batch.ids, strict=True):
            assert ids[: lengths[row]].tolist() == windows[row]
            assert not ids[lengths[row] :].any()
        seen += batch.rows.tolist()
    assert sorted(seen) == list(range(7))


@pytest.mark.parametrize(("n", "size", "lengths"), [(0, 4, [0]), (4, 4, [4]), (5, 4, [2, 3]), (9, 4, [3, 3, 3])])
def test_long_texts_are_cut_evenly(n: int, size: int, lengths: list[int]) -> None:
    """As few windows as possible, of similar length, with nothing lost."""
    pieces = list(cut(list(range(n)), size))
    assert [len(piece) for piece in pieces] == lengths
    assert [token for piece in pieces for token in piece] == list(range(n))
