"""What verdicts say is rarely false: short forms of benchmarks/verdict_statistics.py."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import verdict_statistics as simulation
from decisions import labels, nothing


def at_most(share, n, expected=0.05):
    """At most what is expected, with three standard errors of so many pilots."""
    return share <= expected + 3 * np.sqrt(expected * (1 - expected) / n)


@pytest.mark.parametrize("goal", simulation.GOALS)
@pytest.mark.parametrize(("n", "n_pilots"), [(30, 500), (100, 400), (1000, 150)])
@pytest.mark.parametrize(("spread", "sigma"), [(0.8, 0.0), (3.0, 0.0), (0.8, 2.0)])
def test_a_goal_that_is_not_exceeded_is_rarely_called_met(goal, n, n_pilots, spread, sigma):
    """At the goal, in at most five of a hundred pilots of any size, by question and by traffic."""
    assert at_most(simulation.met_at_the_goal(n, goal, spread, sigma, n_pilots), n_pilots)


def test_more_questions_make_a_wrong_met_no_likelier_and_a_right_one_likelier():
    """A goal of 80 % with true shares of 72 and 88 %."""
    missed, met = (
        [np.mean([simulation.meets_goal(p, 0.8) for p in simulation.pilots(simulation.World((share,), n), 150)])
         for n in (30, 100, 300)]
        for share in (0.72, 0.88)
    )  # fmt: skip
    assert max(missed) <= 0.03
    assert met[0] < met[1] < met[2] and met[2] > 0.9


def test_the_base_gate_holds_in_most_pilots():
    """120 facts, base at 50 %, five at 65 %, a correlation of .17: at least 78 of 100, more than Holm's method."""
    found = simulation.Findings(*simulation.family_of("base 50 %, five at 65 %", 1.0, 250))
    assert found.now >= 0.78
    assert found.holm_all < found.holm_base <= found.now
    assert at_most(found.false_now, 250)


@pytest.mark.parametrize("name", [name for name in simulation.FAMILIES if "65" not in name])
def test_any_false_difference_is_rare(name):
    """Among equal contenders, in both steps together, also if others are better."""
    found = simulation.Findings(*simulation.family_of(name, 1.2, 250, (1, 2)))
    assert at_most(found.false_now, 250)


def test_the_further_questions_that_are_asked_for_are_enough():
    """In about 80 of 100 pilots if the difference is as large as it looked."""
    more, power = simulation.advertised((0.5, 0.62, 0.62, 0.62), 150)
    assert more > 0
    assert 0.7 <= power <= 0.95


@pytest.mark.parametrize("n_facts", [40, 120, 300])
def test_intervals_by_heavy_tailed_traffic_hold_the_truth(n_facts):
    """At least 93 of 100 for shares and differences, and the test calls equal contenders different in at most five."""
    found = simulation.Traffic(*simulation.traffic_of(n_facts, (0.6, 0.6), 2.0, 250))
    for now, before in ((found.share, found.share_before), (found.difference, found.difference_before)):
        assert now >= 0.93 - 0.03 and now > before
    assert at_most(found.false, 250)


@pytest.mark.parametrize("ease", [0.5, -0.5])
def test_shares_by_traffic_are_those_simulated_if_difficulty_depends_on_traffic(ease):
    """The weighted share of many facts is the one that the intervals have to hold."""
    (pilot,) = simulation.pilots(simulation.World((0.6, 0.8), 50_000, 1.0, 1.0, ease=ease), 1)
    weights = np.array(list(pilot.weights.values()))
    for name, share in (("base", 0.6), ("a", 0.8)):
        right = np.array(list(pilot.values[name].values()))
        assert abs(weights @ right / weights.sum() - share) < 0.015
        assert (right.mean() - share) * ease < -0.02


def test_intervals_by_traffic_hold_nearly_as_often_if_facts_asked_more_are_easier():
    """At sigma 2 in 92 of 100 or more; a clustered error holds in far fewer."""
    found = simulation.Traffic(*simulation.traffic_of(40, (0.6, 0.6), 2.0, 250, 0.5))
    assert found.share >= 0.92 - 0.03 and found.share > found.share_before + 0.1


def test_flipping_signs_is_not_right_for_corrected_values_and_the_test_in_use_is():
    """60 labels, a judge that favours one contender, all equal: any difference of six contenders."""
    found = labels.errors_of(replace(labels.WORLDS[4], n_labels=60), 100)
    assert at_most(found.now, 100) and at_most(found.base_then_leader, 100)
    assert found.flipped > found.now and found.flipped >= 0.05


def test_true_differences_of_corrected_values_are_found_more_often_than_with_holm():
    """Never less often; 100 labels."""
    found = labels.found_of(replace(labels.WORLDS[0], n_labels=100), 30)
    assert found.now > found.holm > 0.3


def test_what_is_worth_as_much_as_doing_nothing_is_rarely_called_worth_more():
    """100 facts, one contender; a wrong answer costs one, three or nine right ones."""
    for title in ("50/50, a wrong answer costs one right one", "60/20, three", "45/5, nine"):
        assert at_most(nothing.said(nothing.EVENS[title], 100, 200), 200), title


def test_ten_looks_at_growing_data_give_few_false_differences():
    """At most five of a hundred, where the usual test gives more than ten; a large difference is found."""
    usual, always, _, _ = simulation.looks_of((0.6, 0.6), 300)
    assert at_most(always, 300) and usual > 0.1
    assert simulation.looks_of((0.5, 0.7), 60)[1] > 0.8


def test_every_part_of_the_benchmark_prints_its_table(capsys):
    """With a few pilots for each line."""
    for part in simulation.PARTS.values():
        part(2)
    lines = capsys.readouterr().out.strip().splitlines()
    assert len([line for line in lines if line.startswith("| ---")]) == len(simulation.PARTS)
