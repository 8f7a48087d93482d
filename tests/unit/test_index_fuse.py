"""Rankings and their fusion, against values calculated by hand."""

import numpy as np
import pytest

from bakeoff.retrieval.fuse import Ranking, fused_by_rank, fused_by_score, top

ORDER = np.arange(10)


def ranking(*scored: tuple[int, float]) -> Ranking:
    return Ranking.of(scored, ORDER)


def test_top_gives_the_best_in_order() -> None:
    """The k highest scores come first to last."""
    ranking = top(np.array([0.1, 0.9, 0.5, 0.7], np.float32), 2, np.arange(4))
    assert ranking.rows.tolist() == [1, 3]


def test_top_breaks_ties_by_order_and_not_by_rounding() -> None:
    """Scores that differ by less than the rounding of a matrix product are equal: the given order decides."""
    ranking = top(np.array([0.5, 0.5 + 1e-7, 0.5 - 1e-7, 0.2]), 2, np.array([2, 1, 0, 3]))
    assert ranking.rows.tolist() == [2, 1]


def test_top_never_gives_a_hidden_row() -> None:
    """Rows of -inf stay out, even when fewer than k are left."""
    assert top(np.array([-np.inf, 0.3, -np.inf]), 3, np.arange(3)).rows.tolist() == [1]
    assert top(np.full(3, -np.inf), 2, np.arange(3)).rows.tolist() == []


def test_reciprocal_ranks_are_summed() -> None:
    """A row in both rankings scores 1/(60 + rank) twice."""
    fused = fused_by_rank(ranking((1, 9.0), (2, 8.0)), ranking((2, 0.9), (3, 0.8)), ORDER)
    assert fused.rows.tolist() == [2, 1, 3]
    assert fused.scores == pytest.approx([1 / 62 + 1 / 61, 1 / 61, 1 / 62], abs=1e-8)


def test_scores_are_scaled_and_averaged() -> None:
    """The scores of a ranking are scaled to 0..1 over its candidates; a row missing from it scores 0."""
    fused = fused_by_score(ranking((1, 8.0), (2, 6.0), (3, 4.0)), ranking((2, 0.9), (4, 0.5)), ORDER)
    assert dict(zip(fused.rows.tolist(), fused.scores.tolist(), strict=True)) == pytest.approx(
        {2: (0.5 + 1.0) / 2, 1: 0.5, 3: 0.0, 4: 0.0}
    )
    assert fused.rows.tolist() == [2, 1, 3, 4]


def test_one_empty_ranking_leaves_the_other() -> None:
    """If only one of the two searches finds anything, both fusions keep its order."""
    for fuse in (fused_by_score, fused_by_rank):
        assert fuse(ranking(), ranking((5, 0.4), (6, 0.3)), ORDER).rows.tolist() == [5, 6]
        assert fuse(ranking(), ranking(), ORDER).rows.tolist() == []
        assert fuse(ranking((7, 2.0)), ranking(), ORDER).scores[0] > 0
