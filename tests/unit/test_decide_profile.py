import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.decide.advise.risks import risks
from bakeoff.decide.requirements.standing import SETUP, Known, standings
from bakeoff.decide.situation.profile import Profile, check_names, read_profile, validate_profile
from bakeoff.decide.situation.targets import RUNNING, targets
from bakeoff.errors import ConfigError
from tests.unit.comparison_fixture import STANDARD, entrant


def refused(values):
    with pytest.raises(ConfigError) as error:
        validate_profile(values)
    return str(error.value)


def test_every_field_has_a_default():
    """Every field has a default."""
    assert Profile().queries_per_month == 10_000
    assert validate_profile({}) == Profile()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"queries_per_month": -3}, "'queries_per_month': must be greater than 0 (found -3)"),
        ({"queries_per_month": 0}, "greater than 0"),
        ({"growth_per_month": float("nan")}, "'growth_per_month': must be a finite number"),
        ({"budget_usd_per_month": float("inf")}, "finite"),
        ({"horizon_months": 0}, "'horizon_months': must be greater than or equal to 1 (found 0)"),
        ({"horizon_months": 2.5}, "horizon_months"),
        ({"horizon_months": True}, "'horizon_months' is true: give a number"),
        (
            {"budget_usd_per_month": "1.500"},
            "'budget_usd_per_month': must be a number (found '1.500'): that is one and a part to some and thousands to "
            "others; write 1500 or 1.5, without quotes",
        ),
        ({"value": {"currency": "USD", "unanswered": "12.000"}}, "write 12000 or 12, without quotes"),
        (
            {"fixed": {"rag": {"usd_per_month": " -2.500"}}},
            "'fixed.rag.usd_per_month': must be a number (found ' -2.500')",
        ),
        ({"changed_share_per_update": 1.5}, "less than or equal to 1 (found 1.5)"),
        ({"max_hallucination": 2}, "'max_hallucination'"),
        ({"update_interval_days": 0}, "'update_interval_days'"),
        ({"ml_expertise": 6}, "'ml_expertise'"),
        ({"queries_per_month": "many"}, "found 'many'"),
        ({"latency_limit": 5}, "unknown key 'latency_limit' (did you mean 'latency_limit_ms'?)"),
        ({"measure_weights": {"ours": "much"}}, "found 'much'"),
        ({"measure_weights": {"ours": -1}}, "'measure_weights.ours': must be greater than or equal to 0"),
        (
            {"measure_weights": {"accuracy": -1}},
            "'measure_weights.accuracy': must be greater than or equal to 0",
        ),
        ({"factor_weights": {"style": -1}}, "'style' is -1"),
        ({"setup_days": {"rag": -1}}, "'rag' is -1 days: give 0 or more"),
        ({"setup_days": {"rag": [12, 5]}}, "'rag' is from 12 to 5 days: write the lower first, [5, 12]"),
        ({"data_days": {"rag": [-1, 5]}}, "'rag' is from -1 to 5 days: give 0 or more"),
        ({"data_days": {"rag": [1, 2, 3]}}, "'rag' is [1, 2, 3]: a range of days is two numbers, such as [5, 12]"),
        ({"upkeep_days_per_month": {"rag": "some"}}, "'rag' is 'some': give days as a number, or as a range"),
        ({"setup_days": {"rag": float("inf")}}, "'rag' is inf days: give 0 or more, 100,000 at most"),
        ({"data_days": {"rag": [1, float("inf")]}}, "'rag' is from 1 to inf days: give 0 or more, 100,000 at most"),
        ({"data_days": {"rag": float("nan")}}, "'rag' is nan days: give 0 or more"),
        ({"upkeep_days_per_month": {"rag": [float("nan"), 2]}}, "'rag' is from nan to 2 days: give 0 or more"),
        (
            {"value": {"currency": "USD", "unanswered": 1e300}},
            "'value.unanswered': must be less than or equal to",
        ),
        ({"value": {"currency": "USD", "right": 1e-300}}, "right is 1e-300: a right answer is worth at least 0.000001"),
        ({"fixed": {"rag": {"setup_usd": 1e300}}}, "'fixed.rag.setup_usd': must be less than or equal to"),
        ({"prices": {"machine_hour": 1e300}}, "'prices.machine_hour.amount': must be less than or equal to"),
        ({"queries_per_month": 1e300}, "'queries_per_month': must be less than or equal to"),
        ({"wrong_answer_penalty": 1e300}, "'wrong_answer_penalty': must be less than or equal to"),
        ({"usd_per": {"EUR": 1e300}}, "from 1e-09 to 1,000,000, as in EUR: 1.10"),
        ({"setup_days": {"rag": True}}, "'setup_days.rag' is true: give a number"),
        ({"setup_days": 5}, "give days by contender or recipe"),
        ({"usd_per": {"EUR": 0}}, "EUR: 1.10"),
        ({"usd_per": {"USD": 2}}, "foreign currency"),
        ({"answers_on": "cloud"}, "'machine', 'gpu' or 'api'"),
    ],
)
def test_an_impossible_value_is_named(values, said):
    """Each message names the key and the value found."""
    assert said in refused(values)


def test_every_impossible_value_is_named_at_once():
    """One message names all errors."""
    message = refused({"queries_per_month": -1, "horizon_months": 0, "horizn": 3})
    assert all(key in message for key in ("queries_per_month", "horizon_months", "horizn"))


def test_weights_that_sum_to_zero_are_refused():
    """Weights that sum to zero are an error."""
    nothing = dict.fromkeys(Profile().measure_weights.model_dump(), 0)
    assert "sum to zero" in refused({"measure_weights": nothing})
    assert validate_profile({"measure_weights": {**nothing, "accuracy": 1}}).measure_weights.accuracy == 1


@pytest.mark.parametrize("limit", ["must_run_offline", "privacy_on_premises"])
def test_an_api_contradicts_a_limit_that_forbids_it(limit):
    """A profile that uses an API and forbids it is an error."""
    assert "contradict" in refused({limit: True, "answers_on": "api"})
    assert "contradict" in refused({limit: True, "training_on": "api"})


def test_a_price_in_another_currency_needs_an_exchange_rate():
    """A price in another currency needs an exchange rate."""
    prices = {"machine_hour": {"amount": 1, "currency": "EUR"}}
    assert "usd_per: {EUR: 1.10}" in refused({"prices": prices})
    assert validate_profile({"prices": prices, "usd_per": {"EUR": 1.1}}).prices["machine_hour"].currency == "EUR"


def test_days_are_the_profiles_own_by_contender_then_recipe_else_the_recipes():
    """Days that the profile does not name are the recipe's; a contender's name overrides its recipe's."""
    profile = validate_profile({"setup_days": {"rag": 9, "rag-large": 4}})
    assert profile.days("setup_days", entrant("rag", "rag-large")) == 4
    assert profile.days("setup_days", entrant("rag", "rag-small")) == 9
    assert profile.days("data_days", entrant("rag")) == 1
    assert profile.days("setup_days", entrant("tuned")) == 8
    assert profile.own_days("setup_days", entrant("tuned")) is None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"setup_days": {"tunde": 3}}, "'tunde' is not a contender or recipe.\n  -> did you mean 'tuned'?"),
        ({"data_days": {"xyz": 3}}, "choose among base, extract"),
        ({"measure_weights": {"acuracy": 1}}, "'acuracy' is not a measure of this run.\n  -> did you mean 'accuracy'?"),
    ],
)
def test_names_that_a_run_does_not_have_are_refused_with_the_nearest(values, words):
    """Names of contenders and measures are checked against the run."""
    with pytest.raises(ConfigError) as error:
        check_names(validate_profile(values), STANDARD)
    assert words in str(error.value)


def test_a_measure_of_the_teams_own_can_be_weighed():
    """A measure of the team's own may have a weight like the eight."""
    profile = validate_profile({"measure_weights": {"polite": 2}})
    check_names(profile, STANDARD, ["polite"])
    assert profile.measure_weights.by_measure()["polite"] == 2
    assert Profile.model_validate_json(profile.model_dump_json()) == profile


def test_a_profile_survives_being_written_and_read():
    """A profile written as JSON is read back unchanged."""
    profile = validate_profile(
        {
            "prices": {"gpu_hour": 3, "machine_hour": {"amount": 1, "currency": "EUR"}},
            "usd_per": {"EUR": 1.1},
            "setup_days": {"rag": 9},
        }
    )
    assert Profile.model_validate_json(profile.model_dump_json()) == profile


def test_yaml_and_json_say_the_same(tmp_path):
    """Either file gives the same profile; an empty one gives the defaults."""
    values = {"queries_per_month": 500, "prices": {"gpu_hour": 2.5}, "needs_citations": True}
    (tmp_path / "p.json").write_text(json.dumps(values))
    (tmp_path / "p.yaml").write_text("queries_per_month: 500\nprices: {gpu_hour: 2.5}\nneeds_citations: yes\n")
    (tmp_path / "empty.yaml").write_text("")
    assert read_profile(tmp_path / "p.json") == read_profile(tmp_path / "p.yaml") == validate_profile(values)
    assert read_profile(tmp_path / "empty.yaml") == Profile()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("p.yaml", b"a: [1", "not YAML"),
        ("p.json", b"{", "not YAML or JSON"),
        ("p.yaml", b"- 1", "holds a list"),
        ("p.yaml", b"margin: 0.1\nmargin: 0.2\n", "given a second time"),
        ("p.yaml", b"\xff\xfe\x00", "Cannot read"),
        ("none.yaml", None, "Cannot read"),
    ],
)
def test_a_file_that_is_no_profile_is_refused(tmp_path, name, content, said):
    """The error names the file."""
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as error:
        read_profile(path)
    assert said in str(error.value)
    assert name in str(error.value)


@pytest.mark.parametrize(
    "value",
    [
        {"right": 4, "wrong": 1, "declined": 2},
        {"right": 4, "declined": 10},
        {"right": 4, "by_slice": {"seen": {"declined": 10}}},
        {"right": 4, "by_kind": {"numeric": {"wrong": 0}}, "declined": 1},
    ],
)
def test_a_wrong_answer_that_costs_less_than_a_declined_one_is_refused(value):
    """Given or by default, for all questions or for some: guessing would always pay."""
    assert "guessing" in refused({"value": {"currency": "USD", **value}})


def test_a_profile_under_its_key_of_the_configuration_says_where_its_keys_belong(tmp_path: Path) -> None:
    """`profile:` is the key in bakeoff.yaml; a file of its own has the keys at the top."""
    path = tmp_path / "profile.yaml"
    path.write_text("profile: {queries_per_month: 5}")
    with pytest.raises(ConfigError, match="has the key 'profile'"):
        read_profile(path)


def test_a_profile_with_a_value_reads_back_as_it_was_written() -> None:
    """The cost of a wrong answer may differ from the default penalty, also in a profile with all keys written out."""
    profile = validate_profile({"value": {"currency": "USD", "unanswered": 4, "wrong": 8}})
    assert Profile.model_validate_json(profile.model_dump_json()) == profile and profile.penalty == 2


@settings(max_examples=200, deadline=None)
@given(
    growth=st.floats(-0.999999, 1),
    months=st.integers(1, 120),
    queries=st.floats(1e-6, 1e12),
    discount=st.floats(0, 1),
)
def test_an_accepted_growth_gives_figures_that_can_be_meant(growth, months, queries, discount):
    """Or one clear error. Each month is divided by in the search for the volume at which two cost the same."""
    told = {"growth_per_month": growth, "horizon_months": months, "queries_per_month": queries}
    try:
        profile = Profile.model_validate({**told, "discount_per_year": discount})
    except ValueError as error:
        assert "growth_per_month" in str(error) and "shorter horizon" in str(error)
        return
    volumes = [queries * (1 + profile.growth_per_month) ** month for month in range(months)]
    assert all(1e-9 <= volume <= 1e12 for volume in volumes[-1:]) and all(map(math.isfinite, volumes))


@pytest.mark.parametrize("growth", [-0.999, 1.0])
def test_a_volume_that_vanishes_or_explodes_is_refused(growth):
    with pytest.raises(ValueError, match="in the last: allowed are"):
        Profile(growth_per_month=growth, horizon_months=120)


@pytest.mark.parametrize("text", ["0.125", "1.50", "1234.567", "15"])
def test_a_text_that_can_be_only_one_number_is_read(text):
    """In quotes, too."""
    assert validate_profile({"budget_usd_per_month": text}).budget_usd_per_month == float(text)


def test_a_budget_is_printed_as_it_was_given():
    """Whole, or with its cents: 1.50 was printed as 2."""
    texts = [targets(Profile(budget_usd_per_month=usd))[RUNNING].text for usd in (1.5, 0.005, 12_345, 12_345.5)]
    assert [text.partition("at most ")[2] for text in texts] == [
        "1.50 USD a month", "0.005 USD a month", "12,345 USD a month", "12,345.50 USD a month",
    ]  # fmt: skip
    profile = Profile(budget_usd_per_month=1.5, budget_setup_usd=2.25)
    known = Known({}, running_usd=np.array([9.0, 9.0]), setup_usd=np.array([9.0, 9.0]))
    told = {of.name: f"{of.text}; {of.why}" for of in standings(known, profile)}
    assert "at most 1.50 USD a month" in told[RUNNING] and "the budget is 1.50" in told[RUNNING]
    assert "at most 2.25 USD" in told[SETUP] and "the budget is 2.25" in told[SETUP]
    assert any("1.50 USD a month" in risk.sign for risk in risks(profile, ["rag"]))
