"""Sensitivity: weighted sums in redrawn pilots, and what would turn the choice."""

from dataclasses import replace

import pytest

from bakeoff.decide.cost.model import CostInputs
from bakeoff.decide.situation.profile import MeasureWeights, Profile
from bakeoff.decide.value.worth import NOTHING
from bakeoff.decide.verdict.sensitivity import (
    RIGHT_USD,
    Choice,
    Sensitivity,
    sensitivity,
    value_flips,
    weighed,
    weight_flips,
    weighted_wins,
    with_intervals,
)
from bakeoff.measure.graded import known
from bakeoff.measure.resample import redraw
from bakeoff.measures import Measure
from tests.unit.comparison_fixture import FACTS, answered, comparison, once

RAG = CostInputs(name="rag", setup_days=1, engineering_usd_per_day=100, prompt_tokens_per_query=2,
                 input_usd_per_million_tokens=1e6, queries_per_month=50, horizon_months=1)  # fmt: skip
HYBRID = RAG.model_copy(update={"name": "hybrid", "setup_days": 4.0, "prompt_tokens_per_query": 1.0})


def redrawn(values):
    return redraw({"accuracy": {name: known(given) for name, given in values.items()}}, FACTS, list(values))


def test_weighted_wins_follow_the_weights():
    """With all weight on latency, the fastest contender wins."""
    given = comparison(options={"rag": {"latency": 50.0}, "hybrid": {"latency": 500.0}}, rag=100, hybrid=160)
    weights = Profile().measure_weights
    only_latency = weights.model_copy(update=dict.fromkeys(weights.model_dump(), 0.0) | {"latency_ms": 1.0})
    measures, names = weighed(weights, given), ["rag", "hybrid"]
    drawn = with_intervals(redrawn(answered(rag=100, hybrid=160)), given, names, measures)
    assert weighted_wins(drawn, only_latency, names, measures)["rag"] == 1.0
    assert weight_flips(given, weights, names, measures)


def test_a_measure_of_the_teams_own_counts_by_its_unit_and_its_better_end():
    """More points are better, fewer words are better: each alone names another leader."""
    points = Measure(name="points", title="Points", unit="count", better="higher", estimator="mean")
    words = Measure(name="words", title="Words", unit="count", better="lower", estimator="mean")
    own = {"rag": {"points": once(3.0), "words": once(9.0)}, "hybrid": {"points": once(9.0), "words": once(30.0)}}
    given = comparison(options=own, rag=100, hybrid=100).model_copy(update={"own_measures": (points, words)})
    names = ["rag", "hybrid"]
    for only, leader in (("points", "hybrid"), ("words", "rag")):
        weights = MeasureWeights.model_validate(dict.fromkeys(MeasureWeights.model_fields, 0.0) | {only: 1.0})
        measures = weighed(weights, given)
        drawn = with_intervals(redrawn(answered(rag=100, hybrid=100)), given, names, measures)
        assert weighted_wins(drawn, weights, names, measures)[leader] == 1.0


def flips_of(**more):
    choice = Choice(leader="rag", candidates=("rag", "hybrid"), utility={}, inputs={"rag": RAG, "hybrid": HYBRID})
    return {flip.input: flip for flip in value_flips(replace(choice, **more))}


def test_the_volume_and_the_price_that_turn_a_choice_among_equals_are_found():
    """rag costs 100 plus 2 a query, hybrid 400 plus 1: level at 300 queries, or with days at a sixth."""
    flips = flips_of()
    assert flips["queries_per_month"].winner == "hybrid"
    assert flips["queries_per_month"].becomes == pytest.approx(300, rel=0.07)
    assert flips["engineering_usd_per_day"].becomes == pytest.approx(100 / 6, rel=0.07)
    assert flips["input_usd_per_million_tokens"].factor == pytest.approx(6, rel=0.07)
    assert flips["horizon_months"].becomes == 7


def test_the_value_of_a_right_answer_that_turns_the_choice_is_found():
    """hybrid costs 250 more for 50 queries and is better by .5 right answers each: it pays from 10 USD."""
    flips = flips_of(utility={"rag": 0.3, "hybrid": 0.8}, right_usd=5.0)
    assert (flips[RIGHT_USD].winner, flips[RIGHT_USD].becomes) == ("hybrid", pytest.approx(10, rel=0.07))


def test_doing_nothing_may_be_what_turns_the_choice():
    """rag gains 5 x 50 x .8 = 200 and costs 200; today's process costs 20: doing nothing wins below 4.5 USD."""
    flips = flips_of(
        candidates=("rag", NOTHING), utility={"rag": 0.8, NOTHING: 0.0}, right_usd=5.0, today_usd=(0.4, 0.0)
    )
    assert (flips[RIGHT_USD].winner, flips[RIGHT_USD].becomes) == (NOTHING, pytest.approx(4.5, rel=0.07))
    assert flips["engineering_usd_per_day"].winner == NOTHING


def test_where_doing_nothing_is_the_choice_what_turns_it_is_found():
    """rag gains 3 x 50 x .8 = 120 and costs 200: it pays from 5 USD, and with days at a fifth of their price."""
    nothing = {"candidates": (NOTHING, "rag"), "utility": {"rag": 0.8, NOTHING: 0.0}, "right_usd": 3.0}
    flips = flips_of(leader=NOTHING, **nothing)
    assert (flips[RIGHT_USD].winner, flips[RIGHT_USD].becomes) == ("rag", pytest.approx(5, rel=0.07))
    assert flips["engineering_usd_per_day"].becomes == pytest.approx(20, rel=0.07)
    assert flips_of(leader=NOTHING, **nothing | {"inputs": {}}) == {}


def test_costs_that_were_drawn_higher_do_not_turn_the_choice_by_themselves():
    """On average over the draws hybrid costs 1.5 times its inputs: it pays from 16 USD, not from 10."""
    flips = flips_of(utility={"rag": 0.3, "hybrid": 0.8}, right_usd=5.0, cost_times={"hybrid": 4 / 3})
    assert flips[RIGHT_USD].becomes == pytest.approx(16, rel=0.07)


def test_a_choice_without_rivals_has_nothing_to_turn():
    """With one candidate there is no other."""
    assert flips_of(candidates=("rag",)) == {}


def test_sensitivity_holds_weighted_sums_and_flips():
    """Without a winner there are only weighted sums; without contenders nothing."""
    given, rights = comparison(rag=160, hybrid=160), answered(rag=160, hybrid=160)
    names = ["rag", "hybrid"]
    choice = Choice("rag", names, {}, {"rag": RAG, "hybrid": HYBRID})
    whole = sensitivity(given, Profile(), names, redrawn(rights), choice)
    assert {flip.input for flip in whole.flips} >= {"queries_per_month", "horizon_months"}
    assert sum(whole.weighted_wins.values()) == pytest.approx(1)
    assert not {"queries_per_month"} & {
        flip.input for flip in sensitivity(given, Profile(), names, redrawn(rights), None).flips
    }
    assert sensitivity(given, Profile(), [], {}, None) == Sensitivity(weighted_wins={}, flips=())
