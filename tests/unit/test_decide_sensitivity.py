"""Sensitivity: resampled pilots under the verdict's rule and weighted sums, and what would flip the answer."""

import pytest

from bakeoff.decide.cost.model import CostInputs
from bakeoff.decide.situation.profile import MeasureWeights, Profile
from bakeoff.decide.verdict.sensitivity import (
    cost_flips,
    rule_wins,
    sensitivity,
    weighed,
    weight_flips,
    weighted_wins,
    with_intervals,
)
from bakeoff.measure.graded import known
from bakeoff.measure.resample import redraw
from bakeoff.measures import Measure
from tests.unit.comparison_fixture import FACTS, answered, comparison, once

USD = {"base": 50.0, "rag": 100.0, "hybrid": 300.0}
RAG = CostInputs(name="rag", setup_days=1, engineering_usd_per_day=100, prompt_tokens_per_query=2,
                 input_usd_per_million_tokens=1e6, queries_per_month=50, horizon_months=1)  # fmt: skip
HYBRID = RAG.model_copy(update={"name": "hybrid", "setup_days": 4.0, "prompt_tokens_per_query": 1.0})


def redrawn(values):
    return redraw(
        {"accuracy": {name: known(given) for name, given in values.items()}}, FACTS, list(values), "accuracy", 0.02
    )


def wins(**rights):
    return rule_wins(redrawn(answered(**rights)), USD, 0.02, ["base"])


def test_a_clear_winner_wins_nearly_every_draw_and_a_close_one_does_not():
    """A lead of 30 points survives resampling; a lead of 3 points does not always."""
    assert wins(base=10, rag=100, hybrid=160)["hybrid"] > 0.99
    close = wins(base=10, rag=range(154), hybrid=range(40, 200))
    assert 0.1 < close["hybrid"] < 0.9
    assert sum(close.values()) == pytest.approx(1.0)


def test_draws_in_which_nothing_is_significant_have_no_winner():
    """Draws in which base is not beaten have no winner, however cheap base is."""
    shares = wins(base=range(100), rag=range(3, 103))
    assert shares["base"] < 0.05 and sum(shares.values()) < 0.1


def test_a_contender_without_a_cost_is_not_the_cheapest():
    """In resampled pilots, a contender without a cost does not win on cost."""
    assert rule_wins(redrawn(answered(rag=160, hybrid=160)), {"hybrid": 300.0}, 0.02, [])["hybrid"] == 1.0


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


def test_two_models_as_they_come_both_keep_a_draw_from_having_a_winner():
    """rag beats the small one in every draw and the large one in none."""
    rights = answered(base=10, base_large=range(100), rag=range(50, 152))
    one = rule_wins(redrawn(rights), USD, 0.02, ["base"])
    both = rule_wins(redrawn(rights), USD, 0.02, ["base", "base-large"])
    assert sum(one.values()) > 0.9 > 0.2 > sum(both.values())


def test_the_volume_and_the_price_that_flip_a_tie_are_found():
    """rag costs 100 plus 2 a query, hybrid 400 plus 1: level at 300 queries, or with days at a sixth."""
    flips = {one.input: one for one in cost_flips({"rag": RAG, "hybrid": HYBRID}, ["rag", "hybrid"])}
    assert flips["queries_per_month"].winner == "hybrid"
    assert flips["queries_per_month"].becomes == pytest.approx(300, rel=0.07)
    assert flips["engineering_usd_per_day"].becomes == pytest.approx(100 / 6, rel=0.07)
    assert flips["input_usd_per_million_tokens"].factor == pytest.approx(6, rel=0.07)
    assert flips["horizon_months"].becomes == 7


def test_no_price_flips_a_verdict_that_cost_did_not_decide():
    """With one candidate there is nothing to flip."""
    assert cost_flips({"rag": RAG, "hybrid": HYBRID}, ["rag"]) == []
    given = comparison(rag=160, hybrid=160)
    inputs = {"rag": RAG, "hybrid": HYBRID}
    whole = sensitivity(given, Profile(), ["rag", "hybrid"], inputs, redrawn(answered(rag=160, hybrid=160)))
    assert {one.input for one in whole.flips} >= {"queries_per_month", "horizon_months"}
    assert whole.rule_wins == {"rag": 1.0, "hybrid": 0.0}
