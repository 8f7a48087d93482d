"""Contrastive tuning of an embedder: pairs and loss as SetFit defines them, and what a tuned folder holds."""

from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from sentence_transformers.losses import CosineSimilarityLoss

from bakeoff.models.embed import load_embedder
from bakeoff.models.sentence_model import read_sentence_model
from bakeoff.models.settings import LocalModel
from bakeoff.tuning.checkpoint import Position
from bakeoff.tuning.contrastive import ContrastiveSettings, batches, has_pairs, n_steps, pair_loss, tune_embedder
from tests.unit.test_sentence_model import write_model

TEXTS = ("how do i pay", "i pay by bank", "pay by card", "an invoice", "invoice or invoice", "an invoice or an invoice")
CLASSES = np.array([0, 0, 0, 1, 1, 1])
MEAN = {"pooling_mode_mean_tokens": True}


def unit(n: int, d: int = 5) -> torch.Tensor:
    return torch.nn.functional.normalize(torch.randn(n, d, generator=torch.Generator().manual_seed(0)), dim=1)


def test_the_loss_is_the_mean_over_setfits_pairs_written_out() -> None:
    """As many positive as negative pairs: the mean squared error of each kind counts half."""
    vectors, classes = unit(7), torch.tensor([0, 0, 1, 1, 1, 2, 3])
    near, far = [], []
    for i, j in combinations(range(7), 2):
        cosine = float(vectors[i] @ vectors[j])
        (near if classes[i] == classes[j] else far).append((cosine - float(classes[i] == classes[j])) ** 2)
    expected = (sum(near) / len(near) + sum(far) / len(far)) / 2
    assert float(pair_loss(vectors, classes)) == pytest.approx(expected, rel=1e-5)


def test_the_loss_is_that_of_sentence_transformers_on_the_same_pairs() -> None:
    """Its CosineSimilarityLoss, which SetFit trains with, on all pairs of one kind and of the other."""
    vectors, loss = unit(6), CosineSimilarityLoss(torch.nn.Identity())
    of_kind = []
    for same in (True, False):
        pairs = [(i, j) for i, j in combinations(range(6), 2) if (CLASSES[i] == CLASSES[j]) == same]
        sides = [vectors[[pair[side] for pair in pairs]] for side in (0, 1)]
        of_kind.append(float(loss.compute_loss_from_embeddings(sides, torch.full((len(pairs),), float(same)))))
    assert float(pair_loss(vectors, torch.tensor(CLASSES))) == pytest.approx(sum(of_kind) / 2, rel=1e-5)


def test_a_batch_holds_pairs_of_one_label_and_every_text_has_its_turn() -> None:
    """Five labels with four texts each in batches of eight: four labels, two texts of each."""
    classes = np.repeat(np.arange(5), 4)
    drawn = list(batches(classes, ContrastiveSettings(batch=8, epochs=10)))
    assert len(drawn) == n_steps(20, ContrastiveSettings(batch=8, epochs=10)) == 25
    assert all(len(np.unique(rows)) == len(rows) for rows in drawn)
    assert all(max(np.bincount(classes[rows])) == 2 for rows in drawn)
    counts = np.bincount(np.concatenate(drawn), minlength=20)
    assert counts.min() >= 8 and counts.max() <= 12


def test_a_label_with_one_text_takes_part_as_a_negative() -> None:
    """It is in a batch once."""
    (rows, *_) = batches(np.array([0, 0, 1]), ContrastiveSettings(batch=4, epochs=4))
    assert sorted(rows.tolist()) == [0, 1, 2]


def test_pairs_need_two_texts_of_one_label_and_two_labels() -> None:
    """One text of each is too little, and so is one label."""
    assert has_pairs(np.array([0, 0, 1]))
    assert not has_pairs(np.array([0, 1, 2]))
    assert not has_pairs(np.array([1, 1, 1]))
    assert not has_pairs(np.array([], int))


def test_a_tuned_embedder_is_a_folder_of_safetensors_that_loads(tmp_path: Path) -> None:
    """Texts of one label are nearer than before, the source stays, and there is no pickle."""
    source = write_model(tmp_path / "source", MEAN, dense=((16, "torch.nn.modules.activation.Tanh", True),))
    before = {path: path.read_bytes() for path in source.rglob("*") if path.is_file()}
    settings = ContrastiveSettings(epochs=60, batch=6, learning_rate=0.01)
    tune_embedder(source, read_sentence_model(source), TEXTS, CLASSES, settings, tmp_path / "tuned", tmp_path / "kept")
    assert before == {path: path.read_bytes() for path in source.rglob("*") if path.is_file()}
    weights = [path for path in (tmp_path / "tuned").rglob("*") if path.suffix in (".bin", ".pt", ".pkl", ".pth")]
    assert weights == [] and (tmp_path / "tuned" / "model.safetensors").exists()

    def gap(folder: Path) -> float:
        vectors = load_embedder(LocalModel(name=str(folder), engine="transformers")).embed_queries(TEXTS)
        cosines = vectors @ vectors.T
        return float(cosines[:3, :3].mean() - cosines[:3, 3:].mean())

    assert gap(tmp_path / "tuned") > gap(source) + 0.2


def test_the_same_seed_gives_the_same_weights(tmp_path: Path) -> None:
    """Bit for bit."""
    source = write_model(tmp_path / "source", MEAN)
    for name in ("a", "b"):
        tuned(source, tmp_path / name)
    assert (tmp_path / "a" / "model.safetensors").read_bytes() == (tmp_path / "b" / "model.safetensors").read_bytes()


def tuned(source: Path, target: Path, on_step: Callable[[int, int], None] = lambda done, total: None) -> Position:
    settings, checkpoint = ContrastiveSettings(epochs=8, batch=6), target.with_suffix(".safetensors")
    return tune_embedder(source, read_sentence_model(source), TEXTS, CLASSES, settings, target, checkpoint, on_step)


def test_a_killed_training_goes_on_and_ends_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed twice, with a checkpoint after each step: no step is done again, and its tokens are counted once."""
    monkeypatch.setattr("bakeoff.tuning.contrastive.CHECKPOINT_EVERY_S", 0.0)
    source = write_model(tmp_path / "source", MEAN)
    steps: list[int] = []

    def killed_in(*numbers: int) -> Callable[[int, int], None]:
        def step(done: int, total: int) -> None:
            steps.append(done)
            if done in numbers:
                raise KeyboardInterrupt

        return step

    whole = tuned(source, tmp_path / "whole")
    for number in (3, 5):
        with pytest.raises(KeyboardInterrupt):
            tuned(source, tmp_path / "killed", killed_in(number))
        assert not (tmp_path / "killed").exists()
    again = tuned(source, tmp_path / "killed", killed_in())
    assert steps == [1, 2, 3, 3, 4, 5, 5, *range(6, whole.step + 1)]
    assert (again.step, again.n_tokens) == (whole.step, whole.n_tokens)
    whole_weights, weights = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "killed"))
    assert weights.keys() == whole_weights.keys()
    for name, tensor in weights.items():  # sums over several threads may differ in their last bit
        np.testing.assert_allclose(tensor, whole_weights[name], rtol=0, atol=1e-6, err_msg=name)
