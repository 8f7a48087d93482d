"""Weights by traffic: how many facts they amount to, and when they are too few."""

import numpy as np
import pytest

from bakeoff.measure.statistics import paired, share_estimate
from bakeoff.measure.traffic import expected_variance, fact_weights, kish, too_few_facts


def test_the_effective_number_is_the_number_of_equal_weights():
    """One that outweighs all others leaves about one; no weight leaves none."""
    assert kish(np.ones(7)) == pytest.approx(7)
    assert kish(np.array([1000.0, 1.0, 1.0])) == pytest.approx(1.004, abs=1e-3)
    assert kish(np.zeros(3)) == 0.0


def test_a_test_whose_traffic_lies_on_few_facts_says_so_with_numbers():
    """Equal weights on enough facts say nothing; phrasings of one fact are one."""
    facts = {str(i): str(i // 2) for i in range(60)}
    assert too_few_facts(dict.fromkeys(facts, 3.0), facts) == ""
    heavy = dict.fromkeys(facts, 1.0) | {"0": 200.0, "1": 200.0}
    assert too_few_facts(heavy, facts) == (
        "the fact asked most carries 87 % of the weight, so these 30 facts say as much as 1.3 equal ones; "
        "at least 10 are needed"
    )
    assert fact_weights(heavy, facts)["0"] == 400.0
    assert too_few_facts(dict.fromkeys(facts, 0.0), facts) == "no question has any weight"


def test_the_expected_variance_follows_the_weights_and_how_alike_phrasings_are():
    """1 / n for equal weights of unlike phrasings, 1 / facts if all phrasings of a fact agree."""
    rng = np.random.default_rng(0)
    rows = np.repeat(np.arange(200), 2)
    same = np.repeat(rng.integers(0, 2, 200).astype(float), 2)
    opposite = np.tile([0.0, 1.0], 200)
    assert expected_variance(same, np.ones(400), rows) == pytest.approx(1 / 200)
    assert expected_variance(opposite, np.ones(400), rows) == pytest.approx(1 / 400)


def test_questions_that_nobody_asks_do_not_count():
    """Neither for the share nor for its number of questions and facts."""
    values = {str(i): float(i % 2) for i in range(40)}
    facts = {key: key for key in values}
    weights = {key: float(int(key) < 20) * (1 + int(key)) for key in values}
    asked = {key: value for key, value in values.items() if weights[key]}
    assert share_estimate(values, facts, weights) == share_estimate(asked, facts, weights)
    assert share_estimate(values, facts, dict.fromkeys(values, 0.0)).value is None


def test_a_fact_that_carries_most_of_the_traffic_makes_the_interval_wide():
    """However small its own residual is, because the mean lies close to it."""
    values = {str(i): float(i > 0) for i in range(100)}
    facts = {key: key for key in values}
    given = share_estimate(values, facts, dict.fromkeys(values, 1.0) | {"0": 900.0})
    assert given.value < 0.11
    assert given.high > 0.6
    assert given.n_effective < 1.5


def test_a_fact_that_carries_most_of_the_traffic_makes_a_difference_unclear():
    """Wherever contenders differ at all; where they never do, half a fact of doubt is left."""
    facts = {str(i): str(i) for i in range(100)}
    weights = dict.fromkeys(facts, 1.0) | {"0": 900.0}
    rng = np.random.default_rng(0)
    differences = {key: float(rng.choice([-1.0, 0.0, 1.0])) for key in facts} | {"0": 1.0}
    heavy, even = (paired("a", "b", differences, facts, "accuracy", weights=of) for of in (weights, None))
    assert heavy.difference > 0.85
    assert heavy.high - heavy.low > 2 * (even.high - even.low)
    assert heavy.p > 0.2
    never = paired("a", "b", dict.fromkeys(facts, 0.0), facts, "accuracy", weights=weights)
    assert never.low < -0.1 and never.high > 0.1 and not never.tied


def test_weights_that_are_all_alike_change_no_p_value_and_hardly_an_interval():
    """Whatever they are."""
    facts = {str(i): str(i // 2) for i in range(200)}
    rng = np.random.default_rng(1)
    differences = {key: float(rng.choice([-1.0, 0.0, 1.0], p=[0.1, 0.6, 0.3])) for key in facts}
    plain, weighted = (paired("a", "b", differences, facts, "accuracy", weights=of)
                       for of in (None, dict.fromkeys(facts, 7.0)))  # fmt: skip
    assert (plain.difference, plain.p) == pytest.approx((weighted.difference, weighted.p))
    assert plain.low == pytest.approx(weighted.low, abs=0.02)
    assert plain.high == pytest.approx(weighted.high, abs=0.02)
