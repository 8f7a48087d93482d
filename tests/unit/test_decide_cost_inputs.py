import datetime
import sys

import pytest

from bakeoff.decide.cost.inputs import assumed_inputs, inputs_from_run
from bakeoff.decide.cost.model import CostInputs, cost_breakdown, total_usd
from bakeoff.decide.situation.profile import validate_profile
from bakeoff.errors import ConfigError
from bakeoff.records import Stage

A_DAY = datetime.date(2026, 11, 1)


def entry(seconds, tokens, setup, update=None, **more):
    """One contender of a comparison.json: `setup` by stage in seconds, `update` in seconds (None: no update)."""
    detail = {"reason": "no updates"} if update is None else {"update_seconds": update, "update_tokens": 1}
    return {
        "seconds_per_question": {"value": seconds, "low": seconds * 0.8, "high": seconds * 1.2},
        "tokens_per_question": {"value": tokens, "low": tokens - 2.0, "high": tokens + 2.0},
        "latency_ms": {"value": 900 * seconds, "low": None, "high": None},
        "setup_s": {"value": sum(setup.values()), "detail": {"stages": setup}},
        "freshness": {"value": None if update is None else 0.5, "detail": detail},
        **more,
    }


COMPARISON = {
    "contenders": {
        "base": entry(0.1, 50.0, {"load": 2.0}, 0.0),
        "rag": entry(0.3, 450.0, {"load": 2.0, "index": 10.0}, 4.0),
        "tuned": entry(0.1, 50.0, {"train": 500.0, "load": 1.0}, 60.0),
        "extract": entry(0.02, 0.0, {"index": 10.0}, 4.0),
        "router": entry(0.15, 120.0, {"train": 500.0, "load": 1.0, "index": 10.0}, 64.0),
    }
}
STAGES = [
    Stage(stage="index", seconds=10, tokens=20_000),
    Stage(stage="train", contender="tuned", seconds=500, tokens=240_000),
    Stage(stage="update-index", seconds=4, tokens=1_000),
    Stage(stage="update-train", contender="tuned", seconds=60, tokens=30_000),
]
LOOKED_UP = {"answers_on": "api", "prices": {"input_tokens": 1.0, "output_tokens": 4.0}}


def inputs(stages=STAGES, comparison=COMPARISON, **profile):
    return inputs_from_run(comparison, validate_profile(profile), stages, on=A_DAY)


def test_measured_seconds_are_split_into_retrieval_and_the_rest():
    """0.3 s a question, of which 0.02 is what `extract` takes: retrieval."""
    rag = inputs()["rag"]
    assert rag.compute_seconds_per_query == pytest.approx(0.28)
    assert rag.retrieval_seconds_per_query == pytest.approx(0.02)
    assert rag.intervals["compute_seconds_per_query"] == pytest.approx((0.24 - 0.02, 0.36 - 0.02))
    assert inputs()["base"].retrieval_seconds_per_query == 0


def test_a_run_without_seconds_leaves_the_latency():
    """The median of a question asked alone stands in, and the source says so."""
    bare = {"base": COMPARISON["contenders"]["base"] | {"seconds_per_question": {"value": None}}}
    last = inputs(comparison={"contenders": bare})["base"]
    assert last.compute_seconds_per_query == pytest.approx(0.09)
    assert "latency" in last.sources["compute_seconds_per_query"]


def test_setup_and_update_are_split_into_training_and_indexing():
    """The router's 64 s of update are 4 s of the shared index and 60 s of training."""
    found = inputs(changed_share_per_update=0.05)  # as much as the pilot's own update changed: no scaling
    assert (found["tuned"].training_seconds, found["tuned"].training_tokens) == (500, 240_000)
    assert found["tuned"].retraining_seconds_per_update == pytest.approx(60)
    assert found["tuned"].retraining_tokens_per_update == pytest.approx(30_000)
    assert found["tuned"].reindexing_seconds_per_update == 0
    assert found["rag"].indexing_seconds == 12
    assert found["rag"].training_seconds == 0
    assert found["rag"].reindexing_seconds_per_update == pytest.approx(4)
    assert found["router"].retraining_seconds_per_update == pytest.approx(60)
    assert found["router"].reindexing_seconds_per_update == pytest.approx(4)
    assert found["router"].retraining_tokens_per_update == pytest.approx(30_000)


def test_a_larger_corpus_and_larger_updates_scale_what_was_measured():
    """Ten times the corpus, a tenth of it changing: 20 times the pilot's update."""
    found = inputs(corpus_tokens=200_000, changed_share_per_update=0.1)
    assert found["rag"].indexing_seconds == pytest.approx(2 + 10 * 10)
    assert found["tuned"].training_seconds == pytest.approx(5000)
    assert found["rag"].reindexing_seconds_per_update == pytest.approx(4 * 20)
    assert found["tuned"].retraining_seconds_per_update == pytest.approx(60 * 20)
    assert "times 10" in found["rag"].sources["indexing_seconds"]


def test_without_the_runs_stages_nothing_is_scaled_and_the_source_says_so():
    """The comparison alone does not tell how large the pilot's corpus was."""
    found = inputs(stages=(), corpus_tokens=200_000, changed_share_per_update=0.1)
    assert found["rag"].reindexing_seconds_per_update == 4
    assert "not scaled" in found["rag"].sources["reindexing_seconds_per_update"]


def test_the_corpus_real_rate_of_change_sets_the_upkeep():
    """Weekly documents mean 4.35 updates a month; documents that never change mean none."""
    weekly = inputs(update_interval_days=7)["tuned"]
    assert weekly.updates_per_month == pytest.approx(365.25 / 12 / 7)
    retraining = {item.name: item.usd for item in cost_breakdown(weekly).upkeep_per_month}["retraining"]
    assert retraining == pytest.approx(365.25 / 12 / 7 * 60 / 3600 * 0.10)
    assert inputs()["tuned"].updates_per_month == 0


def test_an_update_that_was_not_measured_is_assumed_and_said_to_be():
    """A pilot without updates still has documents that change."""
    contenders = {"tuned": entry(0.1, 50.0, {"train": 500.0}), "rag": entry(0.3, 450.0, {"index": 10.0})}
    found = inputs(comparison={"contenders": contenders}, changed_share_per_update=0.1)
    assert found["tuned"].retraining_seconds_per_update == pytest.approx(500 * 0.2)
    assert found["rag"].reindexing_seconds_per_update == pytest.approx(1.0)
    assert found["rag"].retraining_seconds_per_update == 0
    assert "assumed" in found["tuned"].sources["retraining_seconds_per_update"]


def test_a_contender_whose_every_answer_failed_has_no_cost():
    """Nothing was measured of it; the others keep theirs."""
    nothing = {"value": None, "low": None, "high": None}
    failed = entry(
        0.1, 50.0, {"load": 1.0}, seconds_per_question=nothing, latency_ms=nothing, tokens_per_question=nothing
    )
    found = inputs(comparison={"contenders": {"base": failed, "rag": COMPARISON["contenders"]["rag"]}})
    assert list(found) == ["rag"]
    assert inputs(comparison={"contenders": {}}) == {}


def test_an_api_is_paid_by_the_token_and_the_machine_only_retrieves():
    """No waiting is billed; what needs no index needs no machine; what needs no model pays no tokens."""
    found = inputs(**LOOKED_UP)
    assert found["rag"].compute_seconds_per_query == 0
    assert "compute_seconds_per_query" not in found["rag"].intervals
    assert found["rag"].retrieval_seconds_per_query == pytest.approx(0.02)
    assert found["rag"].online_hours_per_month == 730
    assert found["base"].online_hours_per_month == 0
    assert found["extract"].input_usd_per_million_tokens == 0
    tokens = {item.name: item.usd for item in cost_breakdown(found["rag"]).per_query}
    assert tokens["prompt"] == pytest.approx(450 * 1e-6)


def test_prompt_and_completion_tokens_are_priced_apart_where_the_run_tells_them():
    """And the source says so where it does not."""
    told = {
        "tokens_per_question": {
            "value": 450.0,
            "low": 441.0,
            "high": 459.0,
            "detail": {"prompt": 430.0, "completion": 20.0},
        }
    }
    rag = inputs(comparison={"contenders": {"rag": COMPARISON["contenders"]["rag"] | told}}, **LOOKED_UP)["rag"]
    assert (rag.prompt_tokens_per_query, rag.completion_tokens_per_query) == (430, 20)
    assert rag.intervals["completion_tokens_per_query"] == pytest.approx((19.6, 20.4))
    assert "does not tell prompt from completion" in inputs()["rag"].sources["prompt_tokens_per_query"]


def test_cached_prompts_cost_the_same_where_no_other_price_is_known():
    """And the tuned model's tokens what the base model's do, said in the source."""
    found = inputs(**LOOKED_UP, cached_prompt_share=0.5)
    assert found["rag"].cached_input_usd_per_million_tokens == 1.0
    assert found["tuned"].output_usd_per_million_tokens == 4.0
    assert "the base model's price" in found["tuned"].sources["output_usd_per_million_tokens"]
    own = {**LOOKED_UP["prices"], "tuned_output_tokens": 9.0}
    assert inputs(answers_on="api", prices=own)["tuned"].output_usd_per_million_tokens == 9.0


def test_a_missing_price_is_named_only_where_it_is_needed():
    """Training by an API has no listed price; contenders that train nothing do not need one."""
    with pytest.raises(ConfigError, match="training 'tuned' by an API"):
        inputs(training_on="api")
    with pytest.raises(ConfigError, match="'input_tokens'"):
        inputs(answers_on="api")
    rag_alone = {"contenders": {"rag": COMPARISON["contenders"]["rag"]}}
    assert inputs(comparison=rag_alone, training_on="api")["rag"].training_usd_per_hour == 0
    by_token = inputs(training_on="api", prices={"training_tokens": 3.0})["tuned"]
    assert {i.name: i.usd for i in cost_breakdown(by_token).setup}["training"] == pytest.approx(0.24 * 3)


def test_a_gpu_has_its_own_price():
    """For answers, for training, or for both."""
    found = inputs(answers_on="gpu", training_on="gpu", prices={"gpu_hour": 2.0})["tuned"]
    assert (found.serving_usd_per_hour, found.training_usd_per_hour) == (2.0, 2.0)
    assert inputs(training_on="gpu")["tuned"].serving_usd_per_hour == 0.10


def test_every_number_names_its_source_or_is_the_profiles():
    """Nothing is hidden: what was measured, what a price is based on, which days are assumed."""
    given = {
        "cached_prompt_share",
        "updates_per_month",
        "online_hours_per_month",
        "queries_per_month",
        "growth_per_month",
        "horizon_months",
        "discount_per_year",
    }
    for found in (*inputs().values(), *assumed_inputs(validate_profile({})).values(), *inputs(**LOOKED_UP).values()):
        numbers = {
            field for field, value in found.model_dump(exclude={"name", "sources", "intervals"}).items() if value
        }
        assert numbers - given <= set(found.sources)
    own = inputs(setup_days={"rag": 2})["rag"]
    assert own.sources["setup_days"] == "the profile"
    assert "assumed" in own.sources["data_days"]


def test_advice_without_a_pilot_assumes_the_grid_with_wide_intervals():
    """Retrieval pays for longer prompts; tuning for its examples; seconds are in doubt threefold, tokens twofold."""
    found = assumed_inputs(validate_profile({"online_hours_per_month": 0, "update_interval_days": 1}))
    assert set(found) == {"base", "rag", "tuned", "hybrid"}
    assert found["rag"].compute_seconds_per_query > found["tuned"].compute_seconds_per_query
    assert found["tuned"].retraining_seconds_per_update > 0 == found["rag"].retraining_seconds_per_update
    low, high = found["rag"].intervals["compute_seconds_per_query"]
    assert high == pytest.approx(9 * low)
    low, high = found["rag"].intervals["prompt_tokens_per_query"]
    assert high == pytest.approx(4 * low)
    more = assumed_inputs(validate_profile({"labelled_examples": 5000}))
    assert more["tuned"].training_seconds == pytest.approx(10 * found["tuned"].training_seconds)


def test_a_local_run_never_looks_up_an_api(monkeypatch):
    """An `api_model` in the profile does no harm where answers come from a machine."""
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    assert inputs(api_model="openai:gpt-4o-mini")["rag"].input_usd_per_million_tokens == 0


def test_costs_of_every_contender_are_finite_and_ordered_by_what_is_done():
    """The whole way from a comparison to a total."""
    totals = {name: total_usd(one) for name, one in inputs(update_interval_days=1).items()}
    assert totals["base"] < totals["extract"] < totals["rag"] < totals["tuned"] < totals["router"]
    assert all(isinstance(one, CostInputs) for one in inputs().values())
