import datetime
import subprocess
import sys

import pytest
from pydantic import ValidationError

from bakeoff.decide.situation.prices import (
    ARTICLE_GPU_HOUR,
    DEFAULTS,
    UNITS,
    Price,
    api_prices,
    known_price,
    own_price,
    price_list,
)
from bakeoff.decide.situation.profile import Profile, validate_profile
from bakeoff.errors import ConfigError, MissingExtraError

A_DAY = datetime.date(2026, 11, 1)


def prices_of(**values):
    profile = validate_profile(values)
    return price_list(profile.prices, profile.usd_per, profile.api_model, profile.api_tuned_model, A_DAY)


def test_every_default_names_its_source_and_its_own_unit():
    """Every default price has a unit and a source."""
    for name, price in DEFAULTS.items():
        assert price.source
        assert price.unit == UNITS[name]
        assert price.currency == "USD"


def test_a_bare_number_is_dollars_for_the_unit_of_the_price():
    """A bare number is a price in USD per its unit."""
    price = prices_of(prices={"engineering_day": 600})["engineering_day"]
    assert (price.amount, price.unit, price.currency, price.source) == (600, "day", "USD", "the profile")


def test_a_price_in_euros_is_converted_and_says_so():
    """The source of a converted price states the exchange rate."""
    stated = {"amount": 2.0, "currency": "EUR", "date": "2026-10-01", "source": "our contract"}
    price = prices_of(prices={"gpu_hour": stated}, usd_per={"EUR": 1.25})["gpu_hour"]
    assert (price.amount, price.currency, price.date) == (2.5, "USD", datetime.date(2026, 10, 1))
    assert "our contract" in price.source
    assert "1.25 USD per EUR" in price.source


def test_without_an_exchange_rate_a_foreign_price_is_refused():
    """Converting without an exchange rate is an error, also without a profile."""
    with pytest.raises(ConfigError, match="EUR"):
        price_list({"gpu_hour": Price(amount=1, unit="hour", currency="EUR")}, {})


@pytest.mark.parametrize("amount", [-1, float("nan"), float("inf")])
def test_an_impossible_amount_is_refused(amount):
    """Negative, NaN and infinite prices are errors."""
    with pytest.raises(ValidationError):
        Price(amount=amount, unit="hour")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("gpu_huor", 3, "did you mean 'gpu_hour'"),
        ("gpu_hour", {"amount": 3, "unit": "day"}, "per hour, not per 'day'"),
        ("gpu_hour", "free", "holds 'free'"),
        ("gpu_hour", True, "holds True"),
    ],
)
def test_a_price_that_cannot_be_meant_is_refused(name, value, said):
    """An unknown name, a wrong unit or a value that is not a number is an error."""
    with pytest.raises(ValueError, match=said):
        own_price(name, value)


def test_a_missing_price_is_named_with_the_way_to_give_it():
    """API prices have no default; a missing one is an error."""
    with pytest.raises(ConfigError) as error:
        known_price(DEFAULTS, "input_tokens", "answering")
    assert "'input_tokens' (USD per million tokens) is missing" in str(error.value)
    assert "api_model" in str(error.value)


def test_the_prices_of_an_api_model_are_looked_up_per_million_tokens():
    """The price equals what `genai-prices` calculates for a large number of tokens."""
    import genai_prices

    usage = genai_prices.Usage(input_tokens=7_000, cache_read_tokens=2_000, output_tokens=900)
    when = datetime.datetime.combine(A_DAY, datetime.time(), tzinfo=datetime.UTC)
    expected = float(
        genai_prices.calc_price(usage, "gpt-4o-mini", provider_id="openai", genai_request_timestamp=when).total_price
    )
    price = {name: one.amount / 1e6 for name, one in api_prices("openai:gpt-4o-mini", A_DAY).items()}
    mine = 5_000 * price["input_tokens"] + 2_000 * price["cached_input_tokens"] + 900 * price["output_tokens"]
    assert mine == pytest.approx(expected, rel=1e-12)
    assert api_prices("gpt-4o-mini", A_DAY) == api_prices("openai:gpt-4o-mini", A_DAY)


def test_an_api_price_carries_its_day_and_source():
    """An API price names the package version, the provider and the model."""
    price = api_prices("openai:gpt-4o-mini", A_DAY)["input_tokens"]
    assert price.date == A_DAY
    assert "genai-prices" in price.source
    assert "gpt-4o-mini" in price.source


def test_a_tuned_api_model_has_its_own_prices():
    """A tuned API model has prices of its own."""
    prices = prices_of(
        answers_on="api", api_model="openai:gpt-4o-mini", api_tuned_model="ft:gpt-4o-mini-2024-07-18:us::x"
    )
    assert prices["tuned_output_tokens"].amount > prices["output_tokens"].amount


@pytest.mark.parametrize("model", ["gpt-nonsense", "nobody:gpt-4o-mini", "nothing-at-all"])
def test_an_unknown_api_model_is_refused_with_the_way_out(model):
    """The error for an unlisted model says how to give the prices in the profile."""
    with pytest.raises(ConfigError) as error:
        api_prices(model, A_DAY)
    assert model in str(error.value)
    assert "input_tokens" in str(error.value)


def test_own_prices_come_before_the_api_models():
    """One price in the profile keeps the other listed ones; with both, nothing is looked up."""
    prices = prices_of(prices={"input_tokens": 9}, api_model="openai:gpt-4o-mini")
    assert prices["input_tokens"].amount == 9
    assert prices["output_tokens"].amount == pytest.approx(0.6)
    own = prices_of(prices={"input_tokens": 9, "output_tokens": 10}, api_model="a-model-nobody-lists")
    assert own["output_tokens"].amount == 10


def test_the_missing_package_is_named_with_its_extra(monkeypatch):
    """Only the look-up needs `genai-prices`."""
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    with pytest.raises(MissingExtraError, match=r"bakeoff\[prices\]"):
        api_prices("openai:gpt-4o-mini", A_DAY)
    assert price_list({}, {}) == DEFAULTS


def test_importing_the_decision_loads_neither_models_nor_price_lists():
    """Importing the prices does not import `genai-prices`, so `bakeoff advise` starts quickly."""
    code = (
        "import sys, bakeoff.decide.cost.inputs, bakeoff.decide.cost.break_even; "
        "print([m for m in ('torch', 'genai_prices', 'lancedb', 'transformers') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_old_price_of_an_article_is_not_a_default():
    """The article's GPU price is not a default; it is only used to check the article's arithmetic."""
    assert ARTICLE_GPU_HOUR not in DEFAULTS.values()
    assert price_list(Profile().prices, {})["gpu_hour"].amount < ARTICLE_GPU_HOUR.amount
