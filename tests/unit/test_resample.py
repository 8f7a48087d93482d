"""Redrawn pilots keep contenders paired, and test every pair as the comparison does."""

import numpy as np
import pytest

from bakeoff.measure.contrasts import contrasts
from bakeoff.measure.graded import Graded, graded, known
from bakeoff.measure.resample import redraw
from tests.unit.comparison_fixture import FACTS, IDS, answered


def drawn(values, facts=FACTS, margin=0.02):
    graded = {name: given if isinstance(given, Graded) else known(given) for name, given in values.items()}
    return redraw({"accuracy": graded}, facts, list(values), "accuracy", margin)


def test_contenders_stay_paired():
    """The spread of a drawn difference is the paired one: zero if both give the same answers."""
    values = answered(rag=154, hybrid=154, base=range(100, 160))
    means = drawn(values).means["accuracy"]
    assert np.abs(means[:, 0] - means[:, 1]).max() == 0
    grid = np.array([list(one.values()) for one in values.values()])
    picks = np.random.default_rng(1).integers(0, len(IDS), (4000, len(IDS)))
    bootstrap = grid[:, picks].mean(axis=2).T
    assert np.cov(means.T)[2, 2] == pytest.approx(np.cov(bootstrap.T)[2, 2], rel=0.1)
    assert (means[:, 0] - means[:, 2]).std() == pytest.approx((bootstrap[:, 0] - bootstrap[:, 2]).std(), rel=0.1)


@pytest.mark.parametrize("phrasings", [1, 3])
def test_pairs_are_told_apart_as_often_as_by_the_comparison_itself(phrasings):
    """Compared with a plain bootstrap of facts through `contrasts`, with facts asked once and three times."""
    facts = {key: str(int(key) // phrasings) for key in IDS}
    values = answered(base=range(100), rag=range(30, 145), hybrid=range(20, 140))
    found = drawn(values, facts)
    rng, names = np.random.default_rng(2), list(values)
    by_fact = {fact: [key for key in IDS if facts[key] == fact] for fact in facts.values()}
    counts, n = np.zeros((3, 3)), 300
    for _ in range(n):
        picked = rng.choice(list(by_fact), len(by_fact))
        keys = {f"{key}/{i}": (key, i) for i, fact in enumerate(picked) for key in by_fact[fact]}
        redrawn = {name: {new: values[name][old] for new, (old, _) in keys.items()} for name in names}
        for one in contrasts(redrawn, {new: str(i) for new, (_, i) in keys.items()}, "accuracy"):
            if one.finding == "different":
                pair = (names.index(one.a), names.index(one.b))
                counts[pair if one.difference > 0 else pair[::-1]] += 1
    assert found.ahead.mean(axis=0) == pytest.approx(counts / n, abs=0.06)


def test_equal_answers_are_a_tie_in_every_draw():
    """200 facts without a difference."""
    found = drawn(answered(rag=100, hybrid=100))
    assert found.tied[:, 0, 1].all() and not found.ahead.any()


def test_measures_on_other_questions_are_drawn_beside():
    """A contender without a value for a measure has none. Facts of that measure do not affect the tested ones."""
    own = {f"c{i}": float(i < 5) for i in range(10)}
    facts = {**FACTS, **{key: key for key in own}}
    values = answered(rag=100, hybrid=160)
    of = {"accuracy": {name: known(given) for name, given in values.items()}, "freshness": {"rag": known(own)}}
    found = redraw(of, facts, ["rag", "hybrid"], "accuracy", 0.02)
    assert found.means["accuracy"] == pytest.approx(drawn(values).means["accuracy"])
    assert found.means["freshness"][:, 0].mean() == pytest.approx(0.5, abs=0.02)
    assert np.isnan(found.means["freshness"][:, 1]).all()


def test_some_contenders_keep_their_draws():
    """Leaving one out does not change the others."""
    found = drawn(answered(rag=100, hybrid=160, base=10))
    fewer = found.only(["hybrid", "base"])
    assert (fewer.means["accuracy"][:, 0] == found.means["accuracy"][:, 1]).all()
    assert (fewer.ahead[:, 0, 1] == found.ahead[:, 1, 2]).all()


def test_a_lead_that_unsure_answers_could_undo_is_no_lead_in_any_draw():
    """60 answers ahead, of which 60 are unsure: all may be wrong. With 10 of them unsure most draws still lead."""
    ahead, behind = answered(rag=160)["rag"], answered(base=100)["base"]
    counts = {}
    for n in (0, 10, 60):
        unsure = {key: 0.5 if 100 <= int(key) < 100 + n else value for key, value in ahead.items()}
        counts[n] = drawn({"rag": graded(unsure), "base": known(behind)}).ahead[:, 0, 1].mean()
    assert counts[0] == 1 and 0.9 < counts[10] <= 1 and counts[60] == 0
