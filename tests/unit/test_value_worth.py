"""What contenders are worth: net value, chances, losses and break-even values, checked by hand."""

import numpy as np
import pytest

from bakeoff.decide.situation.stakes import OwnStakes, Stakes, Value
from bakeoff.decide.value.updates import Changes
from bakeoff.decide.value.worth import NOTHING, Draws, Shares, best_ranges, today_utility, utility_of, worth

# One question a month for a year is 12 questions: easy to reckon by hand.
UTILITY = {"a": np.tile([0.5, 0.7], 500), "b": np.tile([0.6, 0.4], 500), NOTHING: np.zeros(1000)}
TOTAL = {"a": np.full(1000, 60.0), "b": np.full(1000, 12.0), NOTHING: np.zeros(1000)}
DRAWS = Draws(UTILITY, TOTAL, queries=1200.0, months=12)


def test_net_value_is_the_value_of_answers_less_the_cost():
    """1,200 questions at .6 right answers of 0.10 USD each are 72 USD, less 60 USD."""
    of = worth(DRAWS, 0.10, ["a", "b", NOTHING])
    assert of.nets["a"].net.value == pytest.approx(12.0)
    assert of.nets["a"].answers.value == pytest.approx(72.0) and of.nets["a"].cost.value == pytest.approx(60.0)
    assert of.nets["b"].net.value == pytest.approx(48.0)


def test_chances_and_losses_follow_the_draws():
    """a has the better answers in one of two draws; b is worth more in both at this price."""
    of = worth(DRAWS, 0.10, ["a", "b", NOTHING])
    assert of.best["a"] == of.best["b"] == 0.5
    assert of.nets["b"].best == 1.0 and of.nets["b"].loss == 0.0
    assert of.nets["a"].loss == pytest.approx(((60 - 0) + (36 - 24)) / 2)


def test_equal_contenders_share_a_draw():
    """Half a draw each."""
    same = Draws({"a": np.ones(4), "b": np.ones(4)}, {}, 1.0, 12)
    assert worth(same, None, ["a", "b"]).best == {"a": 0.5, "b": 0.5}


def test_the_ranges_of_value_are_the_upper_envelope():
    """b pays from 2 cents (12 USD for 600 right answers), a from 40 cents (48 USD more for 120 more)."""
    ranges = best_ranges(DRAWS, ["a", "b", NOTHING])
    assert [(one.contender, one.low, one.high) for one in ranges] == [
        (NOTHING, 0.0, pytest.approx(0.02)),
        ("b", pytest.approx(0.02), pytest.approx(0.40)),
        ("a", pytest.approx(0.40), None),
    ]
    pairs = {(one.above, one.below): one.usd for one in worth(DRAWS, None, ["a", "b"]).break_even}
    assert pairs[("a", "b")] == pytest.approx(0.40) and pairs[("b", NOTHING)] == pytest.approx(0.02)


def test_a_contender_that_is_worse_and_dearer_is_never_best():
    """It is in no range, and no value is its break-even."""
    utility = {**UTILITY, "c": np.full(1000, 0.3)}
    draws = Draws(utility, {**TOTAL, "c": np.full(1000, 500.0)}, 1200.0, 12)
    assert "c" not in {one.contender for one in best_ranges(draws, list(utility))}
    assert next(one.usd for one in worth(draws, None, ["a"]).break_even if {one.above, one.below} == {"a", "c"}) is None


def test_chance_among_the_draws_makes_no_contender_the_best():
    """Two with equal answers, whose means differ by what was drawn for each: the cheaper one is best at any value."""
    rng = np.random.default_rng(5)
    common = rng.normal(0.5, 0.1, 2000)
    utility = {name: common + rng.normal(0, 0.013, 2000) for name in ("rag", "router")}
    utility["router"] += 0.0005 - (utility["router"] - utility["rag"]).mean()
    draws = Draws(utility, {"rag": np.full(2000, 30.0), "router": np.full(2000, 55.0)}, 1000.0, 12)
    assert [one.contender for one in best_ranges(draws, ["rag", "router"])] == ["rag"]
    (pair,) = worth(draws, None, ["rag", "router"]).break_even
    assert (pair.above, pair.below, pair.usd) == ("rag", "router", None)
    better = Draws({**utility, "router": utility["router"] + 0.02}, draws.total_usd, 1000.0, 12)
    assert [one.contender for one in best_ranges(better, ["rag", "router"])] == ["rag", "router"]


def test_ranges_agree_with_the_highest_net_value_everywhere():
    """Random lines: at many values, the range's contender has the highest expected net value."""
    rng = np.random.default_rng(3)
    for _ in range(30):
        names = [f"n{i}" for i in range(6)]
        utility = {n: np.full(3, rng.normal()) for n in names}  # the same in each draw, so that no mean is chance
        draws = Draws(utility, {n: rng.uniform(0, 900, 3) for n in names}, 500.0, 24)
        ranges = best_ranges(draws, names)
        for usd in np.geomspace(0.01, 100, 25):
            here = next(one.contender for one in ranges if one.low <= usd and (one.high is None or usd < one.high))
            net = {name: values.mean() for name, values in draws.net(usd).items()}
            assert net[here] == pytest.approx(max(net.values()))


def test_own_stakes_of_a_group_replace_the_usual_ones():
    """A right answer in the second group is worth 5, a wrong one costs as usual."""
    shares = Shares(np.array([[0.3, 0.2]]), np.array([[0.1, 0.0]]), np.array([[0.6, 0.4]]))
    own = [None, OwnStakes(right=5.0)]
    assert utility_of(shares, Stakes(1.0, 2.0, 0.5), own) == pytest.approx(0.3 - 0.4 - 0.05 + 1.0 - 0.4)


def test_doing_nothing_is_worth_nothing_unless_today_is_described():
    """Nobody answers: 0. People who answer 90 % right and 10 % wrong: .9 less the cost of wrong ones."""
    plain = Value.model_validate({"currency": "USD", "unanswered": 4})
    mass = np.ones((1, 1))
    assert today_utility(None, Stakes(1, 1, 0), mass, [None]) == today_utility(plain, Stakes(1, 1, 0), mass, [None])
    assert today_utility(plain, Stakes(1, 1, 0), mass, [None]) == 0.0
    people = Value.model_validate({"currency": "USD", "unanswered": 4, "today": {"accuracy": 0.9}})
    assert today_utility(people, Stakes(1.0, 2.0, 0.0), mass, [None]) == pytest.approx(0.7)
    wrong = Value.model_validate({"currency": "USD", "unanswered": 4, "today": {"accuracy": 0, "declined": 0.2}})
    assert today_utility(wrong, Stakes(1.0, 2.0, 0.5), mass, [None]) == pytest.approx(-0.8 * 2 - 0.2 * 0.5)


def test_todays_answers_have_the_stakes_of_each_group_too():
    """A tenth of the questions is worth 100 right answers, for a contender and for people alike."""
    people = Value.model_validate({"currency": "USD", "unanswered": 4, "today": {"accuracy": 0.9, "declined": 0.1}})
    mass = np.array([[0.9, 0.1]])
    given = today_utility(people, Stakes(1.0, 1.0, 0.0), mass, [None, OwnStakes(right=100.0)])
    assert given == pytest.approx(0.9 * 0.9 + 0.1 * 0.9 * 100)


def test_the_share_of_changed_facts_follows_the_updates():
    """Daily updates of 5 %: nearly everything has changed within a year. Never: nothing."""
    daily = Changes(interval_days=1, share=0.05, horizon_months=12)
    n = 12 * 365.25 / 12
    assert daily.changed == pytest.approx(np.mean([1 - 0.95**i for i in range(int(n))]), abs=0.002)
    assert Changes(interval_days=None, share=0.05, horizon_months=12).changed == 0.0
    assert daily.stale(0.5) == pytest.approx(0.025) and daily.stale(1000) == daily.changed
