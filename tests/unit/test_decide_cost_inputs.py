"""Costs follow from each contender's usage and how its model is paid for; measure and cost model share the prices."""

import datetime
import math
import sys

import pytest

from bakeoff.decide.cost import inputs as pricing
from bakeoff.decide.cost.inputs import inputs_from_run
from bakeoff.decide.cost.model import cost_breakdown, marginal_usd_per_query, total_usd
from bakeoff.decide.cost.payment import pricing_warnings, rates_for
from bakeoff.decide.situation.profile import validate_profile
from bakeoff.errors import ConfigError
from bakeoff.measure.comparison import AskedModel, Comparison, Estimate
from bakeoff.measure.rates import usd
from bakeoff.models.settings import TokenPrice
from bakeoff.records import Stage, Usage
from tests.unit.comparison_fixture import INDEX, STANDARD, entrant, entrants_of

A_DAY = datetime.date(2026, 11, 1)
PRICE = TokenPrice(input_tokens=1.0, output_tokens=4.0)
API = AskedModel(name="large", label="big at api.example.com", location="internet", host="api.example.com", price=PRICE)


def entry(seconds, tokens, setup, update=None, **more):
    """One contender's measures: `setup` by stage in seconds, `update` in seconds (None: no update)."""
    detail = {} if update is None else {"update_seconds": update, "update_tokens": 1}
    return {
        "seconds_per_question": Estimate(value=seconds, low=seconds * 0.8, high=seconds * 1.2),
        "tokens_per_question": Estimate(value=tokens, low=tokens - 2.0, high=tokens + 2.0),
        "latency_ms": Estimate(value=900 * seconds),
        "setup_s": Estimate(value=sum(setup.values()), detail={"stages": setup}),
        "freshness": Estimate(value=None if update is None else 0.5, detail=detail),
        **more,
    }


MEASURES = {
    "base": entry(0.1, 50.0, {"load": 2.0}, 0.0),
    "rag": entry(0.3, 450.0, {"load": 2.0, "index": 10.0}, 4.0),
    "tuned": entry(0.1, 50.0, {"train": 500.0, "load": 1.0}, 60.0),
    "extract": entry(0.02, 0.0, {"index": 10.0}, 4.0),
    "router": entry(0.15, 120.0, {"train": 500.0, "load": 1.0, "index": 10.0}, 64.0),
}
STAGES = [
    Stage(stage="index", part=INDEX, seconds=10, tokens=20_000),
    Stage(stage="train", part="adapter:tuned", seconds=500, tokens=240_000),
    Stage(stage="update-index", part=INDEX, seconds=4, tokens=1_000),
    Stage(stage="update-train", part="adapter:tuned", seconds=60, tokens=30_000),
]


def comparison(measures=MEASURES, entrants=None, **models) -> Comparison:
    """These measures; `models` gives single contenders another model."""
    made = entrants or entrants_of(measures)
    return Comparison(
        entrants=tuple(one.model_copy(update={"model": models.get(one.name, one.model)}) for one in made),
        measures=measures,
    )


BY_API = {"base": API, "rag": API}


def inputs(stages=STAGES, given=None, **profile):
    return inputs_from_run(given or comparison(), validate_profile(profile), stages, on=A_DAY)


def by_api(**profile):
    """base and rag are answered by an API at 1 and 4 USD a million tokens."""
    return inputs(given=comparison(**BY_API), **profile)


def assumed_inputs(profile):
    return pricing.assumed_inputs(profile, STANDARD[:4], on=A_DAY)


def test_measured_seconds_are_split_into_retrieval_and_the_rest():
    """Of 0.3 s per question, 0.02 s is retrieval: the time that `extract` takes."""
    rag = inputs()["rag"]
    assert rag.compute_seconds_per_query == pytest.approx(0.28)
    assert rag.retrieval_seconds_per_query == pytest.approx(0.02)
    assert rag.intervals["compute_seconds_per_query"] == pytest.approx((0.24 - 0.02, 0.36 - 0.02))
    assert inputs()["base"].retrieval_seconds_per_query == 0


def test_a_run_without_seconds_leaves_the_latency():
    """Without seconds per question the median latency is used, and the source says so."""
    bare = {"base": MEASURES["base"] | {"seconds_per_question": Estimate()}}
    last = inputs(given=comparison(bare))["base"]
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
    """Without stages nothing is scaled, because the size of the pilot's corpus is unknown."""
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
    """If the pilot measured no update, the cost of updates is assumed."""
    measures = {"tuned": entry(0.1, 50.0, {"train": 500.0}), "rag": entry(0.3, 450.0, {"index": 10.0})}
    found = inputs(given=comparison(measures), changed_share_per_update=0.1)
    assert found["tuned"].retraining_seconds_per_update == pytest.approx(500 * 0.2)
    assert found["rag"].reindexing_seconds_per_update == pytest.approx(1.0)
    assert found["rag"].retraining_seconds_per_update == 0
    assert "assumed" in found["tuned"].sources["retraining_seconds_per_update"]


def test_a_contender_whose_every_answer_failed_has_no_cost():
    """A contender that was not measured is left out; the others are kept."""
    nothing = Estimate()
    failed = entry(
        0.1, 50.0, {"load": 1.0}, seconds_per_question=nothing, latency_ms=nothing, tokens_per_question=nothing
    )
    found = inputs(given=comparison({"base": failed, "rag": MEASURES["rag"]}))
    assert list(found) == ["rag"]
    assert inputs(given=comparison({})) == {}


def test_an_api_is_paid_by_the_token_and_the_machine_only_retrieves():
    """API answers bill no waiting; without an index no machine is needed; without a model machine time is paid."""
    found = by_api()
    assert (found["rag"].compute_seconds_per_query, found["rag"].retrieval_seconds_per_query) == (0, 0)
    assert "compute_seconds_per_query" not in found["rag"].intervals
    assert "kept online" in found["rag"].sources["retrieval_seconds_per_query"]
    assert found["rag"].online_hours_per_month == 730
    assert found["base"].online_hours_per_month == 0
    assert found["extract"].input_usd_per_million_tokens == 0
    assert found["extract"].retrieval_seconds_per_query == pytest.approx(0.02)
    tokens = {item.name: item.usd for item in cost_breakdown(found["rag"]).per_query}
    assert tokens["prompt"] == pytest.approx(450 * 1e-6)


def test_prompt_and_completion_tokens_are_priced_apart_where_the_run_tells_them():
    """If the run does not separate prompt and completion tokens, the source says so."""
    split = Estimate(value=450.0, low=441.0, high=459.0, detail={"prompt": 430.0, "completion": 20.0})
    rag = inputs(given=comparison({"rag": MEASURES["rag"] | {"tokens_per_question": split}}, rag=API))["rag"]
    assert (rag.prompt_tokens_per_query, rag.completion_tokens_per_query) == (430, 20)
    assert rag.intervals["completion_tokens_per_query"] == pytest.approx((19.6, 20.4))
    assert "does not separate prompt and completion" in inputs()["rag"].sources["prompt_tokens_per_query"]


def test_cached_prompts_cost_the_same_where_no_other_price_is_known():
    """A model's price may include one for cached tokens."""
    assert by_api(cached_prompt_share=0.5)["rag"].cached_input_usd_per_million_tokens == 1.0
    cached = API.model_copy(update={"price": PRICE.model_copy(update={"cached_input_tokens": 0.1})})
    found = inputs(given=comparison(rag=cached), cached_prompt_share=0.5)["rag"]
    assert (found.cached_prompt_share, found.cached_input_usd_per_million_tokens) == (0.5, 0.1)


MODELS = {
    "here": AskedModel(name="small", label="small"),
    "priced": API,
    "cached": API.model_copy(update={"price": PRICE.model_copy(update={"cached_input_tokens": 0.1})}),
    "listed": API.model_copy(update={"price": "openai:gpt-4o-mini"}),
    "unpriced": API.model_copy(update={"price": None}),
    "office": API.model_copy(update={"location": "premises", "host": "llm.local", "price": None}),
    "free": API.model_copy(update={"price": TokenPrice(input_tokens=0, output_tokens=0)}),
}
PROFILES = (
    {"prices": {"machine_hour": 0.5}, "answers_on": "api"},
    {"prices": {"machine_hour": 0.5, "input_tokens": 2.0, "output_tokens": 3.0}, "cached_prompt_share": 0.4},
    {"prices": {"gpu_hour": 2.0}, "answers_on": "gpu"},
)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("values", PROFILES)
def test_the_measured_cost_is_the_cost_model_s_for_every_contender(model, values):
    """1,000 answers priced one by one cost 1,000 times the marginal query of the cost model, for every contender."""
    pytest.importorskip("genai_prices")
    profile = validate_profile(values)
    split = {"tokens_per_question": Estimate(value=450.0, detail={"prompt": 430.0, "completion": 20.0})}
    given = comparison(
        {name: own | split for name, own in MEASURES.items()},
        **{name: MODELS[model] for name in ("base", "rag", "tuned")},
    )
    found = inputs(given=given, **values)
    assert set(found) == set(MEASURES)
    for name, cost_inputs in found.items():
        rates = rates_for(given.entrant(name), profile, given.entrants, on=A_DAY)
        used = Usage(
            seconds=given.estimate(name, "seconds_per_question").value, prompt_tokens=430, completion_tokens=20
        )
        assert 1000 * usd(used, rates) == pytest.approx(1000 * marginal_usd_per_query(cost_inputs), abs=1e-12), name


def test_extract_pays_the_machine_s_hour_whatever_the_others_pay():
    """With answers by an API, set-up is priced by the machine at 0.50 USD an hour, not by tokens and not free."""
    found = by_api(answers_on="api", prices={"machine_hour": 0.5})["extract"]
    assert 1000 * marginal_usd_per_query(found) == pytest.approx(1000 * 0.02 / 3600 * 0.5)


def test_a_hosted_model_without_a_price_is_priced_by_the_profile_s_tokens_else_by_time_and_said_so():
    """Both are guesses, so both give a warning; a model on the premises is priced by time without a warning."""
    unpriced, office = MODELS["unpriced"], MODELS["office"]
    tokens = validate_profile({"prices": {"input_tokens": 2.0, "output_tokens": 3.0}})
    rag = entrant("rag", model=unpriced)
    assert rates_for(rag, tokens).input_usd_per_million_tokens == 2.0
    assert rates_for(rag, validate_profile({})).machine_usd_per_hour == 0.10
    assert "the token prices in the profile" in pricing_warnings([rag], tokens)[0]
    assert "the time of your own machine" in pricing_warnings([rag], validate_profile({}))[0]
    assert "'large' has no price" in pricing_warnings([rag], validate_profile({}))[0]
    assert pricing_warnings([entrant("rag", model=office), entrant("base", model=API)], validate_profile({})) == []
    assert rates_for(entrant("rag", model=office), tokens).input_usd_per_million_tokens == 0


def test_a_router_pays_as_those_behind_it_and_says_where_they_differ():
    """The tuned model is here, rag's is hosted: priced by tokens, with a warning."""
    entrants = (entrant("tuned"), entrant("rag", model=API), entrant("router", behind=("tuned", "rag")))
    assert rates_for(entrants[2], validate_profile({}), entrants).output_usd_per_million_tokens == 4.0
    assert "router sends questions to tuned and rag" in pricing_warnings(entrants, validate_profile({}))[0]
    same = (entrant("tuned"), entrant("rag"), entrant("router", behind=("tuned", "rag")))
    assert pricing_warnings(same, validate_profile({})) == []


def test_where_answers_come_from_is_the_model_s_to_say_in_a_run():
    """`answers_on: api` is for advice: a run without a hosted model says so, and prices by time."""
    assert inputs(answers_on="api")["rag"].compute_seconds_per_query > 0
    warning = pricing_warnings([entrant("rag")], validate_profile({"answers_on": "api"}))[0]
    assert "is for `bakeoff advise`" in warning


def test_a_contender_s_index_decides_whose_retrieval_it_shares():
    """With two indexes, each contender is compared with the extracting contender on the same index."""
    entrants = (
        entrant("rag"),
        entrant("rag", "rag-fine", index="index:embedder-64"),
        entrant("extract", index="index:embedder-64"),
        entrant("extract", "extract-coarse"),
    )
    measures = {
        "rag": MEASURES["rag"],
        "rag-fine": entry(0.3, 450.0, {"index": 20.0}, 9.0),
        "extract": entry(0.09, 0.0, {"index": 20.0}, 9.0),
        "extract-coarse": MEASURES["extract"],
    }
    stages = [*STAGES, Stage(stage="index", part="index:embedder-64", seconds=20, tokens=21_000)]
    found = inputs(stages, comparison(measures, entrants), changed_share_per_update=1_000 / 21_000)
    assert found["rag"].retrieval_seconds_per_query == pytest.approx(0.02)
    assert found["rag-fine"].retrieval_seconds_per_query == pytest.approx(0.09)
    assert found["rag"].reindexing_seconds_per_update == pytest.approx(4)
    assert found["rag-fine"].reindexing_seconds_per_update == pytest.approx(9)


def test_a_missing_price_is_named_only_where_it_is_needed():
    """Training by an API has no listed price; contenders that train nothing do not need one."""
    with pytest.raises(ConfigError, match="training 'tuned' by an API"):
        inputs(training_on="api")
    rag_alone = comparison({"rag": MEASURES["rag"]})
    assert inputs(given=rag_alone, training_on="api")["rag"].training_usd_per_hour == 0
    by_token = inputs(training_on="api", prices={"training_tokens": 3.0})["tuned"]
    assert {i.name: i.usd for i in cost_breakdown(by_token).setup}["training"] == pytest.approx(0.24 * 3)


def test_a_gpu_has_its_own_price():
    """For answers, for training, or for both."""
    found = inputs(answers_on="gpu", training_on="gpu", prices={"gpu_hour": 2.0})["tuned"]
    assert (found.serving_usd_per_hour, found.training_usd_per_hour) == (2.0, 2.0)
    assert inputs(training_on="gpu")["tuned"].serving_usd_per_hour == 0.10


def test_every_number_names_its_source_or_is_the_profiles():
    """The sources say what was measured, what a price is based on and which days are assumed."""
    given = {
        "cached_prompt_share",
        "project_days",
        "approval_days_per_update",
        "updates_per_month",
        "online_hours_per_month",
        "queries_per_month",
        "growth_per_month",
        "horizon_months",
        "discount_per_year",
    }
    for found in (*inputs().values(), *assumed_inputs(validate_profile({})).values(), *by_api().values()):
        numbers = {
            field for field, value in found.model_dump(exclude={"name", "sources", "intervals"}).items() if value
        }
        assert numbers - given <= set(found.sources)
    own = inputs(setup_days={"rag": 5})["rag"]  # as many as are assumed, but given
    assert own.sources["setup_days"] == "the profile"
    assert "assumed" in own.sources["data_days"]


def test_advice_without_a_pilot_assumes_the_grid_with_wide_intervals():
    """Retrieval pays for longer prompts; tuning for its examples; seconds may be off by a factor of 3, tokens by 2."""
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


def test_advice_prices_an_api_by_the_profile_and_a_tuned_model_by_its_own_price():
    """Without a run, the profile says where answers come from; the error names a missing price."""
    own = {"input_tokens": 1.0, "output_tokens": 4.0}
    found = assumed_inputs(validate_profile({"answers_on": "api", "prices": own}))
    assert found["rag"].output_usd_per_million_tokens == found["tuned"].output_usd_per_million_tokens == 4.0
    assert "the base model's price" in found["tuned"].sources["output_usd_per_million_tokens"]
    dearer = assumed_inputs(validate_profile({"answers_on": "api", "prices": {**own, "tuned_output_tokens": 9.0}}))
    assert dearer["tuned"].output_usd_per_million_tokens == 9.0
    with pytest.raises(ConfigError, match="'input_tokens'"):
        assumed_inputs(validate_profile({"answers_on": "api"}))


def test_a_local_run_never_looks_up_an_api(monkeypatch):
    """An `api_model` in the profile is ignored if answers come from a machine."""
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    assert inputs(api_model="openai:gpt-4o-mini")["rag"].input_usd_per_million_tokens == 0


def test_costs_of_every_contender_are_finite_and_ordered_by_what_is_done():
    """A comparison gives each contender a total in US dollars."""
    totals = {name: total_usd(one) for name, one in inputs(update_interval_days=1).items()}
    assert totals["base"] < totals["extract"] < totals["rag"] < totals["tuned"] < totals["router"]
    assert all(math.isfinite(total) for total in totals.values())
