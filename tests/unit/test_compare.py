"""Intervals and contrasts resample facts, not questions."""

import numpy as np
import pytest

from bakeoff.compare import contrasts, holm, mean_estimate, quantile_estimate, ratio_estimate


def test_the_mean_and_its_interval_match_the_binomial_where_facts_are_single_questions():
    """200 independent questions at 60 %: the bootstrap interval is close to the normal one."""
    values = {str(i): float(i % 5 < 3) for i in range(200)}
    found = mean_estimate(values, {key: key for key in values})
    half = 1.96 * np.sqrt(0.6 * 0.4 / 200)
    assert found.value == pytest.approx(0.6)
    assert found.low == pytest.approx(0.6 - half, abs=0.01)
    assert found.high == pytest.approx(0.6 + half, abs=0.01)


def test_clustered_phrasings_widen_the_interval():
    """Four phrasings that always agree hold no more than one: the interval doubles."""
    values = {f"{fact}-{i}": float(fact % 2) for fact in range(50) for i in range(4)}
    alone = mean_estimate(values, {key: key for key in values})
    clustered = mean_estimate(values, {key: key.split("-")[0] for key in values})
    assert (clustered.high - clustered.low) / (alone.high - alone.low) == pytest.approx(2.0, rel=0.15)


def test_weights_move_the_mean_to_what_is_asked_often():
    """A question asked 99 times counts 99 times."""
    found = mean_estimate({"a": 1.0, "b": 0.0}, {"a": "a", "b": "b"}, weights={"a": 99.0, "b": 1.0})
    assert found.value == pytest.approx(0.99)


def test_a_ratio_to_itself_is_one_without_doubt():
    """The base model retains all it knows."""
    values = {str(i): float(i % 3 > 0) for i in range(30)}
    found = ratio_estimate(values, values, {key: key for key in values})
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)


def test_nothing_measured_has_no_value():
    """No answers, no number."""
    assert mean_estimate({}, {}).value is None
    assert quantile_estimate([], 0.5).value is None
    assert ratio_estimate({"a": 1.0}, {"a": 0.0}, {"a": "a"}).value is None


def test_a_clear_difference_is_told_and_a_tie_is_not():
    """a beats b on 40 of 100 facts and never loses; c equals a."""
    facts = {str(i): str(i) for i in range(100)}
    a = dict.fromkeys(facts, 1.0)
    b = {key: float(int(key) >= 40) for key in facts}
    found = {(one.a, one.b): one for one in contrasts({"a": a, "b": b, "c": dict(a)}, facts, "accuracy")}
    assert found["a", "b"].difference == pytest.approx(0.4)
    assert found["a", "b"].low > 0.25 and found["a", "b"].p_adjusted < 0.01
    assert found["a", "c"].difference == 0 and found["a", "c"].p == 1.0


def test_holm_is_the_textbook_example():
    """p = .01, .04, .03, .005 become .03, .06, .06, .02."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
