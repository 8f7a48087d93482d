"""The losses of retrieval tuning, against sums written out and against sentence-transformers."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from bakeoff.tuning.retriever.losses import first_of_each, info_nce  # noqa: E402


def unit(*shape: int, seed: int = 0) -> "torch.Tensor":
    rows = np.random.default_rng(seed).normal(size=shape)
    return torch.tensor(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def test_info_nce_is_the_sum_written_out():
    """A passage that answers another question of the batch too is neither right nor wrong for it."""
    questions, passages, own = unit(3, 5), unit(6, 5, seed=1), torch.tensor([0, 2, 4])
    wrong = torch.ones(3, 6, dtype=torch.bool)
    wrong[0, 2] = wrong[1, 5] = False
    wrong[2, 4] = False  # its own passage always counts
    total = 0.0
    for i, mine in enumerate(own.tolist()):
        scores = {j: 20 * float(questions[i] @ passages[j]) for j in range(6) if j == mine or wrong[i, j]}
        total -= math.log(math.exp(scores[mine]) / sum(map(math.exp, scores.values())))
    assert float(info_nce(questions, passages, own, wrong)) == pytest.approx(total / 3, abs=1e-9)


def test_info_nce_is_that_of_sentence_transformers():
    """With one hard negative each and no passage left out: MultipleNegativesRankingLoss."""
    losses = pytest.importorskip("sentence_transformers.losses")
    questions, right, hard = unit(4, 8), unit(4, 8, seed=1), unit(4, 8, seed=2)
    theirs = losses.MultipleNegativesRankingLoss(model=None, scale=20.0)
    expected = theirs.compute_loss_from_embeddings([questions, right, hard], labels=None)
    wrong = ~torch.cat([torch.eye(4), torch.zeros(4, 4)], dim=1).bool()
    mine = info_nce(questions, torch.cat([right, hard]), torch.arange(4), wrong)
    assert float(mine) == pytest.approx(float(expected), abs=1e-6)


def test_the_loss_of_a_group_is_the_sum_written_out():
    """Groups may have different sizes; the first score of each is that of the right passage."""
    scores = torch.tensor([1.0, 0.5, -1.0, 2.0, 3.0])
    first = -math.log(math.exp(1) / (math.exp(1) + math.exp(0.5) + math.exp(-1)))
    second = -math.log(math.exp(2) / (math.exp(2) + math.exp(3)))
    assert float(first_of_each(scores, [3, 2])) == pytest.approx((first + second) / 2, abs=1e-6)
