"""Simulated rounds of the gate: short forms of benchmarks/gate_simulations.py, whose tables are longer."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from gate_simulations import World, is_tested, one_round, promotes_anything, share_of

N = 40


def at_most(share, n):
    """A share plus three standard errors of n series."""
    return share + 3 * (share * (1 - share) / n) ** 0.5


@pytest.mark.parametrize(
    "world",
    [
        World(),
        World(kept=0.9),
        World(gain=-0.01),
        World(gain=-0.01, discordant=0.02, costs=(2.0, 1.0)),
        World(kept=0.7, climbs=True, standing=166, fresh=0),
        World(dev=40),
    ],
    ids=[
        "as good",
        "as good, answers like the last one's",
        "worse",
        "worse by the margin, cheaper",
        "as good, like the best so far, on 166 facts that are used again",
        "as good, better on dev",
    ],
)
def test_twenty_rounds_of_candidates_that_are_no_better_rarely_promote_anything(world):
    """In at most 5 of 100 series; standing questions are used again and again."""
    assert share_of(promotes_anything(world, seed) for seed in range(N)) <= at_most(0.05, N)


@pytest.mark.parametrize("discordant", [0.15, 0.25])
def test_ten_points_on_300_questions_are_promoted_in_the_first_round(discordant):
    """In at least 80 of 100 cases."""
    promoted = share_of(one_round(World(0.10, discordant), 1, seed).promote for seed in range(100))
    assert promoted >= 0.8


def test_dev_lets_most_better_candidates_and_few_worse_ones_be_tested():
    """On 100 facts of dev: 10 points better, and 10 points worse."""
    of = {gain: [is_tested(World(gain), 100, seed) for seed in range(100)] for gain in (0.1, -0.1)}
    assert share_of(of[0.1]) >= 0.9 and share_of(of[-0.1]) <= 0.1


def test_the_twentieth_round_still_promotes_what_is_clearly_better():
    """After 19 rounds that all kept what was served: 15 % of answers differ, 10 points better."""
    assert share_of(one_round(World(0.10, 0.15), 20, seed).promote for seed in range(50)) >= 0.6


def test_a_large_loss_on_one_slice_stops_a_better_candidate():
    """10 points better on the whole, 20 worse on one slice of about 60 questions."""
    found = [one_round(World(0.10, 0.25, on_slice=-0.20), 1, seed) for seed in range(50)]
    assert share_of(decision.promote for decision in found) <= 0.15
    as_good = [one_round(World(0.10, 0.25, on_slice=0.0), 1, seed) for seed in range(50)]
    assert share_of(decision.promote for decision in as_good) >= 0.75


def test_the_same_answers_at_half_the_cost_are_promoted_with_enough_facts():
    """And nothing is concluded from a few."""
    world = World(discordant=0.0, costs=(2.0, 1.0))
    assert not any(one_round(world, 1, seed, 100).promote for seed in range(10))
    assert share_of(one_round(world, 1, seed, 600).promote for seed in range(20)) >= 0.8
