"""p-values of a family of pairs by flipping the signs of whole facts."""

from functools import partial
from itertools import product

import numpy as np
import pytest

from bakeoff.measure.base_then_leader import OF_BASE, base_then_leader
from bakeoff.measure.contrasts import contrasts, fact_columns
from bakeoff.measure.graded import Graded
from bakeoff.measure.max_t import as_normal, flipped, gate, scores, step_down

SUMS = np.array([[2.0, 1.0], [-1.0, 0.0], [3.0, 1.0], [1.0, -1.0], [2.0, 1.0], [1.0, 1.0], [-1.0, 1.0]])


def every_flip(sums):
    """The scores under all flips of the signs of the rows."""
    signs = np.array(list(product([-1, 1], repeat=len(sums))))
    return np.abs(signs @ sums) / np.sqrt((sums**2).sum(axis=0))


def test_random_flips_agree_with_all_flips():
    """The p-value of each step, by enumeration of the 128 flips."""
    everything = every_flip(SUMS)
    found = step_down(scores(SUMS), flipped(SUMS))
    first = np.argmax(scores(SUMS))
    largest = (everything.max(axis=1) >= scores(SUMS)[first] - 1e-9).mean()
    alone = (everything[:, 1 - first] >= scores(SUMS)[1 - first] - 1e-9).mean()
    assert found.p[first] == pytest.approx(largest, abs=0.015)
    assert found.p[1 - first] == pytest.approx(max(largest, alone), abs=0.015)


def test_the_same_pair_twice_costs_nothing_and_independent_pairs_cost_no_more_than_bonferroni():
    """Correlation is used. A pair without any difference has p = 1 and costs nothing either."""
    rng = np.random.default_rng(0)
    column = np.repeat([-1.0, 0.0, 1.0], [20, 240, 40])
    others = rng.permuted(np.repeat([-1.0, 0.0, 1.0], [40, 220, 40])[:, None].repeat(9, axis=1), axis=0)
    alone = step_down(scores(column[:, None]), flipped(column[:, None])).p[0]
    same = np.column_stack([column, column, np.zeros(300)])
    assert step_down(scores(same), flipped(same)).p == pytest.approx([alone, alone, 1.0], abs=0.004)
    family = np.column_stack([column, others])
    assert 5 * alone < step_down(scores(family), flipped(family)).p[0] <= 10 * alone


def test_a_smaller_score_never_has_a_smaller_p_value():
    """Nor does a family of one fact, of which nothing can be said."""
    rng = np.random.default_rng(1)
    sums = rng.choice([-1.0, 0.0, 1.0], (80, 12), p=[0.2, 0.5, 0.3])
    found = step_down(scores(sums), flipped(sums))
    assert (np.diff(found.p[np.argsort(-scores(sums))]) >= 0).all()
    assert step_down(scores(sums[:1]), flipped(sums[:1])).p.min() == 1.0
    assert len(step_down(np.zeros(0), np.zeros((10, 0))).p) == 0


def test_weights_scale_nothing_and_the_seed_is_fixed():
    """The same numbers again; sums times a constant have the same scores."""
    once, again = flipped(SUMS), flipped(1000 * SUMS)
    assert np.allclose(once, again, atol=1e-6)
    assert np.array_equal(once, flipped(SUMS))
    assert not np.array_equal(once, flipped(SUMS, seed=1))


def test_normal_scores_keep_the_order_of_the_flips():
    """Their sizes are those of a normal distribution."""
    found = as_normal(flipped(np.random.default_rng(2).normal(size=(50, 2))))
    assert np.quantile(found.scores, 0.95, axis=0) == pytest.approx(1.96, abs=0.02)


@pytest.mark.parametrize("method", [step_down, partial(gate, kept=OF_BASE)])
def test_a_pair_that_differs_on_two_facts_costs_the_others_nothing_and_is_not_shown_itself(method):
    """By half of all flips its two differences have the same sign: that is no large score."""
    clear = np.repeat([-1.0, 0.0, 1.0], [2, 20, 22])
    few = np.repeat([0.0, 1.0], [42, 2])
    by_chance = as_normal(flipped(np.column_stack([clear, few])))
    found = method(np.array([4.0, 2.5]), by_chance.scores, by_chance.own)
    alone = step_down(np.array([4.0]), by_chance.scores[:, :1], by_chance.own[:, :1])
    assert found.p[0] <= 1.3 * alone.p[0] < 0.001
    assert found.p[1] == pytest.approx(0.5 / (OF_BASE if isinstance(method, partial) else 1.0), abs=0.02)
    assert found.critical[1] > 2.5


def test_with_normal_scores_equal_contenders_are_called_different_as_seldom_as_promised():
    """Among pairs of which some differ on few facts: in at most 5 % of samples any p-value is below 5 %."""
    rng, n_wrong = np.random.default_rng(5), 0
    for seed in range(400):
        rates = np.array([0.5, 0.3, 0.05, 0.05])
        sums = rng.choice([-1.0, 1.0], (60, 4)) * (rng.random((60, 4)) < rates)
        t = np.abs(sums.mean(axis=0)) / np.maximum(sums.std(axis=0, ddof=1), 1e-9) * np.sqrt(60)
        by_chance = as_normal(flipped(sums, 1000, seed))
        n_wrong += bool((step_down(t, by_chance.scores, by_chance.own).p < 0.05).any())
    assert n_wrong / 400 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 400)


def test_a_gate_costs_little_and_keeps_a_part_for_the_next_family():
    """The first pair has nearly the whole level, the others the part that is kept, and none less than without."""
    rng = np.random.default_rng(3)
    sums = rng.choice([-1.0, 0.0, 1.0], (100, 5), p=[0.15, 0.6, 0.25])
    plain, gated = (method(scores(sums), flipped(sums)) for method in (step_down, lambda *of: gate(*of, kept=OF_BASE)))
    order = np.argsort(-scores(sums))
    assert gated.p[order[0]] == pytest.approx(plain.p[order[0]], rel=0.2)
    assert (gated.p >= plain.p).all()
    assert gated.p[order[-1]] == pytest.approx(min(1.0, plain.p[order[-1]] / OF_BASE), rel=0.01)


FACTS = {str(i): str(i) for i in range(120)}


def right(*ranges):
    return {key: float(any(int(key) in r for r in ranges)) for key in FACTS}


def test_contrasts_of_chosen_pairs_are_one_family_in_their_unit():
    """As (a, b) was asked for; `span` scales differences, and questions that only one answered are left out."""
    values = {"a": right(range(80)), "b": right(range(50)), "c": right(range(20, 95))}
    one, two = contrasts(values, FACTS, "utility", [("b", "a"), ("a", "c")], span=2.0)
    assert (one.a, one.b, one.measure) == ("b", "a", "utility")
    assert one.difference == pytest.approx(-0.25)
    assert one.finding == "different" and two.finding == "open" and two.more_questions > 0
    fewer = contrasts({"a": values["a"], "b": {"1": 1.0, "2": 0.0}}, FACTS, "accuracy")[0]
    assert (fewer.n, fewer.p, fewer.finding) == (2, 1.0, "open")
    assert contrasts({"a": values["a"], "b": {}}, FACTS, "accuracy") == []
    assert contrasts({"a": {"1": 1.0}, "b": {"1": 0.0}}, FACTS, "accuracy")[0].p == 1.0


def test_weights_change_what_a_difference_is_worth():
    """Where only what nobody asks differs, nothing does."""
    values = {"a": right(range(120)), "b": right(range(90))}
    weights = {key: float(int(key) < 90) for key in FACTS}
    found = contrasts(values, FACTS, "accuracy", weights=weights)[0]
    assert (found.difference, found.n, found.p_adjusted) == (0.0, 90, 1.0)
    assert contrasts(values, FACTS, "accuracy", weights=dict.fromkeys(FACTS, 2.0))[0].difference == 0.25


def test_a_family_with_unsure_answers_has_the_larger_p_of_both_ends():
    """Of all pairs with both contenders; a pair whose sign is not known has p = 1."""
    unsure = right(range(60)) | {str(i): 0.5 for i in range(100, 104)}
    values = {
        "a": Graded(unsure, {str(i): "x" for i in range(100, 104)}),
        "b": Graded(right(range(30))),
        "c": Graded(right(range(61))),
    }
    found = {(one.a, one.b): one for one in contrasts(values, FACTS, "accuracy")}
    known = contrasts({"a": right(range(60)), "b": right(range(30)), "c": right(range(61))}, FACTS, "accuracy")[0]
    assert 0.05 > found["a", "b"].p_adjusted >= known.p
    assert (found["a", "c"].p_adjusted, found["a", "c"].finding, found["a", "c"].more_questions) == (1.0, "open", 0)


def test_facts_of_different_pairs_are_matched_by_name():
    """Whatever order they come in; a fact that a pair does not have counts 0."""
    columns = fact_columns([{"x": 1.0, "y": 2.0}, {"y": 3.0, "z": 4.0}])
    assert columns.tolist() == [[1.0, 0.0], [2.0, 3.0], [0.0, 4.0]]


def most(values):
    return lambda names: max(names, key=lambda name: sum(values[name].values()))


def test_the_leader_is_chosen_among_those_that_beat_every_base():
    """With two base models; the leader is compared with the others that passed only."""
    values = {
        "small": right(range(30)),
        "rag": right(range(100)),
        "large": right(range(45)),
        "tuned": right(range(20, 62)),
        "hybrid": right(range(40, 112)),
    }
    found = base_then_leader(values, FACTS, ["small", "large"], most(values))
    assert found.passed == ("rag", "hybrid") and found.leader == "rag"
    assert [(one.a, one.b) for one in found.against_base] == [
        (a, b) for a in ("rag", "tuned", "hybrid") for b in ("small", "large")
    ]
    (one,) = found.against_leader
    assert (one.a, one.b, one.finding) == ("rag", "hybrid", "different")


def test_nobody_leads_where_nobody_beats_the_base_and_everybody_may_without_a_base():
    """A base that the values do not have is no base."""
    values = {"base": right(range(60)), "rag": right(range(2, 63)), "tuned": right(range(40, 101))}
    nobody = base_then_leader(values, FACTS, ["base"], most(values))
    assert (nobody.passed, nobody.leader, nobody.against_leader) == ((), None, ())
    everybody = base_then_leader(values, FACTS, ["other"], most(values))
    assert everybody.passed == ("base", "rag", "tuned") and everybody.against_base == ()
    assert len(everybody.against_leader) == 2
    assert base_then_leader({"base": right(range(60))}, FACTS, ["base"], most(values)).passed == ()
