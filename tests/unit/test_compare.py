"""Intervals and contrasts treat facts, not questions, as independent."""

import numpy as np
import pytest

from bakeoff.measure.contrasts import contrasts
from bakeoff.measure.statistics import (
    holm,
    mean_estimate,
    paired,
    quantile_estimate,
    ratio_estimate,
    share_estimate,
    widened,
)


def own_facts(values):
    return {key: key for key in values}


def test_clustered_phrasings_widen_the_interval():
    """Four phrasings that always agree contain no more information than one: the interval doubles."""
    values = {f"{fact}-{i}": float(fact % 2) for fact in range(50) for i in range(4)}
    alone = share_estimate(values, own_facts(values))
    clustered = share_estimate(values, {key: key.split("-")[0] for key in values})
    assert (clustered.high - clustered.low) / (alone.high - alone.low) == pytest.approx(2.0, rel=0.1)


def test_weights_move_the_mean_to_what_is_asked_often():
    """A question asked 99 times counts 99 times."""
    found = share_estimate({"a": 1.0, "b": 0.0}, {"a": "a", "b": "b"}, weights={"a": 99.0, "b": 1.0})
    assert found.value == pytest.approx(0.99)


def test_all_right_is_not_certainty():
    """For 20 of 20 the interval reaches below one, but not above."""
    values = {str(i): 1.0 for i in range(20)}
    found = share_estimate(values, own_facts(values))
    assert found.value == found.high == 1.0
    assert 0.75 < found.low < 0.9


def test_a_ratio_to_itself_is_one_without_doubt():
    """The base model retains all it knows."""
    values = {str(i): float(i % 3 > 0) for i in range(30)}
    found = ratio_estimate(values, values, own_facts(values))
    assert (found.value, found.low, found.high) == pytest.approx((1.0, 1.0, 1.0))


def test_nothing_measured_has_no_value():
    """No answers, no number."""
    assert share_estimate({}, {}).value is None
    assert mean_estimate({}, {}).value is None
    assert quantile_estimate([], 0.5).value is None
    assert ratio_estimate({"a": 1.0}, {"a": 0.0}, {"a": "a"}).value is None
    assert paired("a", "b", {}, {}, "accuracy") is None


def test_a_clear_difference_is_told_and_equal_contenders_are_tied_only_with_enough_questions():
    """a beats b on 40 of 100. c equals a, which needs more than a hundred questions to show within 2 points."""
    facts = {str(i): str(i) for i in range(100)}
    a = dict.fromkeys(facts, 1.0)
    b = {key: float(int(key) >= 40) for key in facts}
    found = {(one.a, one.b): one for one in contrasts({"a": a, "b": b, "c": dict(a)}, facts, "accuracy")}
    assert found["a", "b"].difference == pytest.approx(0.4)
    assert found["a", "b"].low > 0.25
    assert found["a", "b"].finding == "different"
    assert found["a", "c"].p == 1.0
    many = {str(i): 1.0 for i in range(1000)}
    assert contrasts({"a": many, "c": many}, own_facts(many), "accuracy")[0].finding == "tied"


def test_an_open_pair_says_how_many_more_questions_would_settle_it():
    """6 points on 50 questions are open. With the suggested number of questions, a difference of that size is clear."""
    facts = {str(i): str(i) for i in range(50)}
    a = {key: float(int(key) % 2) for key in facts}
    b = {**a, "1": 0.0, "3": 0.0, "5": 0.0}
    found = contrasts({"a": a, "b": b}, facts, "accuracy")[0]
    assert found.finding == "open"
    assert 50 < found.more_questions < 250


def test_holm_is_the_textbook_example():
    """p = .01, .04, .03, .005 become .03, .06, .06, .02."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_ten_contenders_on_ten_thousand_questions_take_seconds():
    """The comparison stays interactive at ten times the usual size."""
    rng = np.random.default_rng(0)
    facts = {str(i): str(i // 3) for i in range(10_000)}
    values = {f"c{j}": dict(zip(facts, rng.integers(0, 2, 10_000).astype(float), strict=True)) for j in range(10)}
    assert len(contrasts(values, facts, "accuracy")) == 45


def test_more_pairs_ask_for_more_questions():
    """The number that is enough for one pair is not enough among twenty-one; as many more, and the pair is clear."""
    rng = np.random.default_rng(3)
    facts = {str(i): str(i) for i in range(100)}
    values = {f"c{j}": {key: float(rng.random() < 0.5) for key in facts} for j in range(5)}
    values |= {"a": {key: float(int(key) < 56) for key in facts}, "b": {key: float(int(key) % 2) for key in facts}}
    alone = contrasts({name: values[name] for name in "ab"}, facts, "accuracy")[0]
    among = next(one for one in contrasts(values, facts, "accuracy") if (one.a, one.b) == ("a", "b"))
    assert among.more_questions > 1.5 * alone.more_questions > 0
    assert among.p_adjusted > alone.p_adjusted == alone.p == among.p


def test_other_dev_sets_widen_intervals_and_weaken_findings():
    """As far as they move the difference; a shift that both contenders share, and none at all, change nothing."""
    a = {str(i): float(i < 60) for i in range(100)}
    b = {str(i): float(i < 45) for i in range(100)}
    facts = {key: key for key in a}
    shift = np.linspace(-0.1, 0.1, 100)
    plain, moved, together = (
        contrasts({"a": a, "b": b}, facts, "accuracy", shifts=shifts)[0]
        for shifts in (None, {"a": shift}, {"a": shift, "b": shift})
    )
    assert moved.difference == plain.difference
    assert moved.low < plain.low and moved.high > plain.high and moved.p > plain.p
    assert together == plain


def test_the_interval_of_a_share_reaches_as_far_as_other_dev_sets_do():
    """On the side on which they differ, and never out of 0..1."""
    estimate = share_estimate({str(i): float(i < 5) for i in range(100)}, {str(i): str(i) for i in range(100)})
    up = widened(estimate, np.linspace(0.0, 0.3, 100))
    assert up.low == estimate.low and 0.3 < up.high < estimate.high + 0.3
    assert widened(estimate, np.zeros(5)) == estimate
    assert widened(estimate, np.linspace(-2, 2, 50)).low == 0.0
