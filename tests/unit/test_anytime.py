"""Differences that may be looked at again while questions are added."""

import numpy as np
import pytest

from bakeoff.measure.anytime import anytime, anytime_paired, log_fortune
from bakeoff.measure.graded import Graded, combined
from bakeoff.measure.statistics import paired

ONE = np.ones(400)


def facts_of(n_ahead, n_behind, n=400):
    return np.repeat([1.0, -1.0, 0.0], [n_ahead, n_behind, n - n_ahead - n_behind])


def test_a_clear_difference_is_found_and_none_is_not():
    """60 facts ahead and 20 behind of 400; as many ahead as behind; never any difference."""
    clear, none, never = (anytime(facts_of(*counts), ONE) for counts in ((60, 20), (40, 40), (0, 0)))
    assert clear.difference == pytest.approx(0.1) and 0 < clear.low < 0.1 < clear.high and clear.p < 0.01
    assert none.low < 0 < none.high and none.p == 1.0
    assert never.p == 1.0 and never.low < 0 < never.high < 0.05


def test_the_order_of_the_facts_does_not_matter_and_neither_do_the_signs():
    """Reversed signs reverse the interval."""
    sums = facts_of(60, 20)
    shuffled = np.random.default_rng(0).permutation(sums)
    assert log_fortune(sums, ONE, 0.0) == pytest.approx(log_fortune(shuffled, ONE, 0.0))
    given, turned = anytime(sums, ONE), anytime(-sums, ONE)
    assert (given.low, given.high, given.p) == pytest.approx((-turned.high, -turned.low, turned.p))


def test_the_expected_fortune_is_one_without_a_difference():
    """Exactly, over all outcomes of three facts of one and two questions: betting on nothing wins nothing."""
    sizes = np.array([1.0, 2.0, 1.0])
    outcomes = np.array(np.meshgrid(*[[-1.0, 1.0]] * 3)).reshape(3, -1).T
    assert np.mean([np.exp(log_fortune(signs * sizes, sizes, 0.0)) for signs in outcomes]) == pytest.approx(1.0)


def test_phrasings_of_a_fact_are_one_observation():
    """Four phrasings that always agree show no more than one."""
    differences = {f"{fact}-{i}": value for fact, value in enumerate(facts_of(60, 20)) for i in range(4)}
    facts = {key: key.split("-")[0] for key in differences}
    alone = {key: value for key, value in differences.items() if key.endswith("-0")}
    four, one = (anytime_paired("a", "b", given, facts, "accuracy") for given in (differences, alone))
    assert (four.p, four.low, four.high) == pytest.approx((one.p, one.low, one.high))
    assert (four.n, one.n) == (1600, 400)


def test_it_costs_more_than_one_look_and_says_how_many_questions_it_needs():
    """A larger p-value, a wider interval and more further questions than the test for one look."""
    differences = {str(i): value for i, value in enumerate(facts_of(40, 22))}
    facts = {key: key for key in differences}
    once, always = (of("a", "b", differences, facts, "accuracy") for of in (paired, anytime_paired))
    assert once.difference == always.difference
    assert once.p < 0.05 < always.p and always.finding == "open"
    assert always.low < once.low and always.high > once.high
    assert always.more_questions > once.more_questions


def test_unsure_answers_and_equality():
    """The finding holds whatever they are; a tie is an interval within the margin."""
    facts = {str(i): str(i) for i in range(4000)}
    equal = dict.fromkeys(facts, 0.0)
    assert anytime_paired("a", "b", equal, facts, "accuracy").finding == "tied"
    unsure = Graded({key: 0.5 if int(key) < 400 else 1.0 for key in facts}, {str(i): "x" for i in range(400)})
    found = anytime_paired("a", "b", combined([(1.0, unsure), (-1.0, Graded(dict.fromkeys(facts, 1.0)))]), facts, "m")
    assert (found.finding, found.p, found.unsure) == ("open", 1.0, 400)
    assert found.low < -0.1 and found.high > 0
    assert anytime_paired("a", "b", {}, {}, "accuracy") is None
