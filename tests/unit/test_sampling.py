"""The order in which answers are labelled, and each answer's probability to be among the first."""

import random

import numpy as np
import pytest

from bakeoff.measure.labels import Unit
from bakeoff.measure.sampling import SPREADS, inclusion_probabilities, label_weight, labelling_order, sample_of


def units(n: int, seed: int = 0) -> dict[Unit, float]:
    """n units with weights from 0.1 to 5."""
    draw = random.Random(seed)
    return {Unit(f"q{i}", f"answer {i}"): draw.choice([0.1, 0.5, 1.0, 5.0]) for i in range(n)}


def test_the_order_holds_each_unit_once_whatever_order_they_come_in():
    """It depends on the seed alone."""
    weights = units(100)
    shuffled = dict(random.Random(3).sample(list(weights.items()), len(weights)))
    order = labelling_order(weights, seed=7)
    assert sorted(order) == sorted(weights)
    assert labelling_order(shuffled, seed=7) == order
    assert labelling_order(weights, seed=8) != order


def test_a_new_unit_does_not_shuffle_the_others():
    """Without the new unit, and the one that it pushed out of the random part, the order is the same."""
    weights = units(100)
    before = labelling_order(weights, seed=1, n_random=10)
    for i in range(20):
        new = Unit(f"new{i}", "x")
        after = labelling_order(weights | {new: 1.0}, seed=1, n_random=10)
        pushed = set(before[:10]) - set(after[:10])
        assert len(pushed) <= 1
        kept = [unit for unit in before if unit not in pushed]
        assert [unit for unit in after if unit != new and unit not in pushed] == kept


def test_heavy_units_come_first_after_the_random_part():
    """The random part ignores weights."""
    weights = {Unit(f"q{i}", "a"): 100.0 if i < 50 else 1.0 for i in range(500)}
    order = labelling_order(weights, seed=2, n_random=100)
    n_heavy = sum(weights[unit] > 1 for unit in order[:100])
    assert n_heavy < 25
    assert sum(weights[unit] > 1 for unit in order[100:160]) >= min(40, 50 - n_heavy)


def test_probabilities_of_the_random_part_are_equal():
    """n of N, until the random part is used up."""
    weights = units(80)
    assert set(inclusion_probabilities(weights, 0, 20).values()) == {20 / 80}
    assert set(inclusion_probabilities(weights, 0, 40).values()) == {0.5}


def test_with_all_units_each_probability_is_one():
    """Also if more labels are asked for than there are units, or there are fewer than the random part."""
    for n in (5, 60):
        assert set(inclusion_probabilities(units(n), 0, n).values()) == {1.0}
        assert set(inclusion_probabilities(units(n), 0, n + 7).values()) == {1.0}
    assert inclusion_probabilities({}, 0, 3) == {}


def test_a_small_example_by_hand():
    """With equal weights, 1 random unit of 3 and 1 by priority: 1/3 + 2/3 min(1, t), t the others' priorities."""
    weights = {Unit("a", ""): 1.0, Unit("b", ""): 1.0, Unit("c", ""): 1.0}
    first, second, third = labelling_order(weights, seed=5, n_random=1)
    probability = inclusion_probabilities(weights, 5, 2, n_random=1)
    # For the second, t is the third's priority; for the third, the second's. Priorities are below 1 and ordered.
    assert 1 / 3 < probability[third] < probability[second] < 1
    # Without the first, one of the other two would have been the random unit, and t the priority of the remaining one.
    assert probability[first] in (pytest.approx(probability[second]), pytest.approx(probability[third]))


def test_one_unit_left_out():
    """All but one unit: the thresholds exist, and probabilities are above 0 and at most 1."""
    weights = units(60)
    probability = inclusion_probabilities(weights, 3, 59, n_random=40)
    assert all(0 < value <= 1 for value in probability.values())


@pytest.mark.parametrize("n", [3, 6, 7, 15, 29])
def test_sums_weighted_by_the_inverse_probability_are_unbiased(n):
    """Over 4,000 seeds the mean of the weighted sums is within four standard errors of the true sum, for any n."""
    weights = units(30)
    value = {unit: weight * (1 + i % 3) for i, (unit, weight) in enumerate(weights.items())}
    sums = []
    for seed in range(4000):
        probability = inclusion_probabilities(weights, seed, n, n_random=6)
        sums.append(sum(value[unit] / probability[unit] for unit in labelling_order(weights, seed, 6)[:n]))
    error = np.std(sums) / np.sqrt(len(sums))
    assert abs(np.mean(sums) - sum(value.values())) < 4 * error


def test_units_that_were_skipped_lower_the_probability_of_the_others():
    """Half of the front labelled: half the probability."""
    weights = units(100)
    order = labelling_order(weights, seed=4)
    sample = sample_of(weights, 4, set(order[1:60:2]))
    assert sample.front == 60
    assert len(sample.labelled) == 30
    whole = inclusion_probabilities(weights, 4, 60)
    assert all(sample.probability[unit] == pytest.approx(0.5 * whole[unit]) for unit in weights)


def test_units_that_need_no_label_any_more_change_no_probability_of_the_others():
    """They stand in the order as it was drawn, and count neither as labelled nor as left out."""
    weights = units(100)
    order = labelling_order(weights, seed=4)
    known = {*order[5:60:7], order[90]}
    sample = sample_of(weights, 4, set(order[:60]) - known, known=known)
    assert (sample.front, sample.labelled) == (60, set(order[:60]) - known)
    whole = inclusion_probabilities(weights, 4, 60)
    assert sample.probability == {unit: whole[unit] for unit in weights if unit not in known}


def test_a_label_far_behind_the_front_is_not_used():
    """It would take weight from all labels before it."""
    weights = units(200)
    order = labelling_order(weights, seed=4)
    sample = sample_of(weights, 4, {*order[:50], order[199], Unit("of another run", "")})
    assert sample.front == 50
    assert sample.labelled == set(order[:50])
    assert sample.probability == inclusion_probabilities(weights, 4, 50)


def test_without_labels_there_is_no_front():
    """Nor with units without a weight."""
    assert sample_of(units(10), 0, set()) == (0, frozenset(), dict.fromkeys(units(10), 0.0))
    assert sample_of({}, 0, {Unit("q", "a")}) == (0, frozenset(), {})


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_weights_must_be_above_zero(weight):
    """A unit without weight could never be labelled after the random part."""
    with pytest.raises(ValueError, match="must be above 0"):
        labelling_order({Unit("q", "a"): weight}, seed=0)


def test_unsure_answers_in_many_close_pairs_weigh_most():
    """Four pairs weigh twice one pair; an answer in no close pair still has a weight."""
    assert label_weight(4, SPREADS["unsure"]) == 2 * label_weight(1, SPREADS["unsure"]) == 1.0
    assert 0 < label_weight(0, SPREADS["decided"]) < label_weight(1, SPREADS["decided"]) < SPREADS["judged"]
