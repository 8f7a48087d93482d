"""The embedder without a model, batching by token budget, windows, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from bakeoff.errors import ConfigError, ModelUnavailableError
from bakeoff.models.embed import HashEmbedder, _batches, _cut, _Shape, load_embedder


def test_hash_vectors_are_the_same_on_every_machine() -> None:
    """Fixed values: the hash is no per-process one."""
    vector = HashEmbedder(dimension=8).embed_passages(["Zebra"])[0]
    assert vector == pytest.approx([0.3162, 0, -0.3162, -0.3162, -0.3162, 0, -0.7071, -0.3162], abs=1e-4)


def test_hash_vectors_know_spellings() -> None:
    """A misspelt or inflected word is nearer than another word; case does not matter."""
    zebra, zebras, upper, boiler = HashEmbedder().embed_passages(["zebra", "zebras", "ZEBRA", "boiler"])
    assert zebra @ zebras > 0.3 > zebra @ boiler
    assert zebra @ upper == pytest.approx(1.0)


def test_hash_counts_words_and_marks() -> None:
    """The count that chunking goes by."""
    assert HashEmbedder().count_tokens("Don't panic, now.") == 7


def test_batches_keep_to_the_budget_and_cover_every_window_once() -> None:
    """Padding counts; a window longer than the budget goes alone."""
    lengths = np.array([3, 50, 7, 7, 2, 9, 120])
    windows = [list(range(1, n + 1)) for n in lengths]
    seen: list[int] = []
    for batch in _batches(windows, lengths, budget=64):
        assert batch.ids.size <= 64 or len(batch.rows) == 1
        assert batch.mask.sum(axis=1).tolist() == lengths[batch.rows].tolist()
        for row, ids in zip(batch.rows, batch.ids, strict=True):
            assert ids[: lengths[row]].tolist() == windows[row]
            assert not ids[lengths[row] :].any()
        seen += batch.rows.tolist()
    assert sorted(seen) == list(range(7))


@pytest.mark.parametrize(("n", "size", "lengths"), [(0, 4, [0]), (4, 4, [4]), (5, 4, [2, 3]), (9, 4, [3, 3, 3])])
def test_long_texts_are_cut_evenly(n: int, size: int, lengths: list[int]) -> None:
    """As few windows as there can be, none much shorter than another, nothing lost."""
    pieces = list(_cut(list(range(n)), size))
    assert [len(piece) for piece in pieces] == lengths
    assert [token for piece in pieces for token in piece] == list(range(n))


def test_a_pooling_that_is_not_known_is_refused(tmp_path: Path) -> None:
    """The error names the pooling; a folder that says nothing is read as mean pooling."""
    (tmp_path / "config.json").write_text(json.dumps({"max_position_embeddings": 512}))
    assert _Shape.read(tmp_path) == ("mean", 512)
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_max_tokens": True}))
    with pytest.raises(ModelUnavailableError, match="pooling_mode_max_tokens"):
        _Shape.read(tmp_path)


def test_an_unknown_engine_is_refused() -> None:
    """The error lists the engines."""
    with pytest.raises(ConfigError, match="openvino or transformers"):
        load_embedder(engine="onnx")  # type: ignore[arg-type]
