"""The grid's effects are paired per question and said in one sentence each."""

import pytest

from bakeoff.decide.verdict.effects import effects

FACTS = {str(i): str(i) for i in range(60)}
SLICES = {key: "seen" if int(key) < 30 else "unseen" for key in FACTS}


def grid(base, rag, tuned, hybrid):
    cells = {"base": base, "rag": rag, "tuned": tuned, "hybrid": hybrid}
    return {name: {key: float(right(int(key))) for key in FACTS} for name, right in cells.items()}


def found(values):
    return {(one.effect, one.slice): one for one in effects(values, FACTS, SLICES)}


def test_retrieval_alone_is_told_as_retrieval():
    """Both retrieving cells are right everywhere, the others nowhere: 100 points, no tuning effect, no interaction."""
    one = found(grid(lambda i: 0, lambda i: 1, lambda i: 0, lambda i: 1))
    assert one["retrieval", "all"].contrast.difference == 1.0
    assert one["retrieval", "all"].sentence.startswith("Retrieval raises accuracy by 100.0 points")
    assert one["tuning", "all"].contrast.difference == 0.0
    assert one["interaction", "all"].contrast.difference == 0.0


def test_tuning_that_helps_only_what_was_seen_shows_by_slice():
    """Tuned cells know the seen facts; the effect is on that slice and not on the other."""
    one = found(grid(lambda i: 0, lambda i: 0, lambda i: i < 30, lambda i: i < 30))
    assert one["tuning", "seen"].contrast.difference == 1.0
    assert one["tuning", "seen"].contrast.finding == "different"
    assert one["tuning", "unseen"].contrast.difference == 0.0


def test_an_interaction_is_what_only_both_together_do():
    """Only the hybrid is right: neither alone adds a point, so all 100 come from their meeting."""
    one = found(grid(lambda i: 0, lambda i: 0, lambda i: 0, lambda i: 1))
    for name in ("retrieval", "tuning"):
        assert one[name, "all"].contrast.difference == pytest.approx(0.5)
    assert one["interaction", "all"].contrast.difference == pytest.approx(1.0)
    assert "by 100.0 points" in one["interaction", "all"].sentence


def test_a_missing_cell_gives_no_effects():
    """Three of four contenders do not make a grid."""
    values = grid(lambda i: 0, lambda i: 1, lambda i: 0, lambda i: 1)
    del values["hybrid"]
    assert effects(values, FACTS, SLICES) == []


def test_an_open_effect_says_that_it_cannot_be_told():
    """Two questions of sixty do not make an effect."""
    one = found(grid(lambda i: 0, lambda i: i < 2, lambda i: 0, lambda i: i < 2))
    assert "cannot tell from none" in one["retrieval", "all"].sentence
