"""Bounds of a share on one side, and the further questions that would show a goal."""

import numpy as np
import pytest

from bakeoff.measure.bounds import meets, more_for_bound, observations, share_bound
from bakeoff.measure.graded import Graded
from bakeoff.measure.statistics import NORMAL, graded_share, share_estimate, widened, wilson


def test_bounds_are_those_of_clopper_and_pearson():
    """9 of 10 right: at least 60.6 % at level .95, and 1 of 10 wrong: at most 39.4 %; 0 of 59 shows less than 5 %."""
    assert share_bound(0.9, 10) == pytest.approx(0.6058, abs=1e-4)
    assert share_bound(0.1, 10, side="high") == pytest.approx(0.3942, abs=1e-4)
    assert share_bound(0.0, 59, side="high") < 0.05 < share_bound(0.0, 58, side="high")
    assert (share_bound(0.0, 10), share_bound(1.0, 10, side="high")) == (0.0, 1.0)


def test_without_observations_a_bound_says_nothing():
    """Neither below nor above."""
    assert share_bound(0.5, 0) == 0.0
    assert share_bound(0.5, 0, side="high") == 1.0


def test_a_stricter_level_and_fewer_observations_move_the_bound_away():
    """Half an observation is allowed."""
    assert share_bound(0.8, 50, 0.99) < share_bound(0.8, 50) < share_bound(0.8, 200)
    assert 0 < share_bound(0.8, 0.5) < 0.2


@pytest.mark.parametrize(("share", "n_effective", "n", "goal", "side"), [
    (0.84, 100.0, 120, 0.8, "low"), (0.03, 53.0, 53, 0.05, "high"), (1.0, 10.0, 30, 0.8, "low"),
])  # fmt: skip
def test_the_further_questions_are_the_fewest_that_show_the_goal(share, n_effective, n, goal, side):
    """One fewer would not."""
    more = more_for_bound(share, n_effective, n, goal, side=side)
    assert more > 0
    assert meets(share, n_effective * (n + more) / n, goal, side=side)
    assert not meets(share, n_effective * (n + more - 1) / n, goal, side=side)


def test_no_number_of_questions_shows_a_goal_that_the_share_misses_or_equals():
    """And none is needed where it is shown already."""
    assert more_for_bound(0.79, 100, 120, 0.8) is None
    assert more_for_bound(0.8, 100, 120, 0.8) is None
    assert more_for_bound(0.06, 100, 120, 0.05, side="high") is None
    assert more_for_bound(0.9, 0.0, 0, 0.8) is None
    assert more_for_bound(0.95, 400, 400, 0.8) == 0


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.97, 1.0])
def test_the_width_of_a_score_interval_says_how_many_observations_it_has(share):
    """It is inverted exactly."""
    low, high = wilson(share, 77.5, NORMAL)
    assert observations(share, low, high, NORMAL) == pytest.approx(77.5)
    assert observations(share, 0.0, 1.0, NORMAL) == 0.0


def test_the_observations_of_a_share_are_facts_not_phrasings():
    """Four phrasings that always agree count as one, less a little for the unknown variance."""
    values = {f"{fact}-{i}": float(fact % 4 > 0) for fact in range(100) for i in range(4)}
    clustered = share_estimate(values, {key: key.split("-")[0] for key in values})
    assert 90 < clustered.n_effective < 100
    assert 360 < share_estimate(values, {key: key for key in values}).n_effective <= 400
    assert 90 < share_estimate(dict.fromkeys(values, 1.0), {key: key.split("-")[0] for key in values}).n_effective < 100


def test_unsure_answers_and_other_dev_sets_leave_fewer_observations():
    """The unsure ones as few as the less clear of all right and all wrong."""
    values = {str(i): float(i % 10 > 0) for i in range(100)}
    facts = {key: key for key in values}
    plain = graded_share(Graded(values), facts)
    unsure = graded_share(Graded(values | {"0": 0.5}, {"0": "x"}), facts)
    assert unsure.n_effective <= plain.n_effective
    assert widened(plain, np.linspace(-0.1, 0.1, 50)).n_effective < plain.n_effective
