"""Redrawn pilots keep contenders paired."""

import numpy as np
import pytest

from bakeoff.measure.graded import Graded, known
from bakeoff.measure.resample import redraw
from tests.unit.comparison_fixture import FACTS, IDS, answered


def drawn(values, facts=FACTS):
    graded = {name: given if isinstance(given, Graded) else known(given) for name, given in values.items()}
    return redraw({"accuracy": graded}, facts, list(values))["accuracy"]


def test_contenders_stay_paired():
    """The spread of a drawn difference is the paired one: zero if both give the same answers."""
    values = answered(rag=154, hybrid=154, base=range(100, 160))
    means = drawn(values)
    assert np.abs(means[:, 0] - means[:, 1]).max() == 0
    grid = np.array([list(one.values()) for one in values.values()])
    picks = np.random.default_rng(1).integers(0, len(IDS), (4000, len(IDS)))
    bootstrap = grid[:, picks].mean(axis=2).T
    assert np.cov(means.T)[2, 2] == pytest.approx(np.cov(bootstrap.T)[2, 2], rel=0.1)
    assert (means[:, 0] - means[:, 2]).std() == pytest.approx((bootstrap[:, 0] - bootstrap[:, 2]).std(), rel=0.1)


def test_a_measure_on_few_questions_keeps_its_mean_where_no_fact_was_drawn():
    """A contender without a value for a measure has none."""
    own = {f"c{i}": float(i < 5) for i in range(10)}
    facts = {**FACTS, **{key: key for key in own}}
    of = {"accuracy": {name: known(given) for name, given in answered(rag=100, hybrid=160).items()},
          "freshness": {"rag": known(own)}}  # fmt: skip
    found = redraw(of, facts, ["rag", "hybrid"])
    assert found["freshness"][:, 0].mean() == pytest.approx(0.5, abs=0.02)
    assert np.isnan(found["freshness"][:, 1]).all() and not np.isnan(found["accuracy"]).any()
