"""Prices: each with its amount, unit, currency, date and source. The user's own prices override all others.

Takes prices by name, gives US dollars by name. Knows nothing about contenders, usage or profiles. Bakeoff calculates in
US dollars only. A price in another currency needs an exchange rate from the user.
"""

import datetime
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from bakeoff.decide.situation.stakes import MOST_MONEY
from bakeoff.errors import ConfigError, MissingExtraError
from bakeoff.files.did_you_mean import similar
from bakeoff.records import Record

CURRENCY = "USD"
UNITS: dict[str, str] = {
    "machine_hour": "hour",
    "gpu_hour": "hour",
    "engineering_day": "day",
    "index_month": "month",
    "input_tokens": "million tokens",
    "cached_input_tokens": "million tokens",
    "output_tokens": "million tokens",
    "tuned_input_tokens": "million tokens",
    "tuned_cached_input_tokens": "million tokens",
    "tuned_output_tokens": "million tokens",
    "training_tokens": "million tokens",
}
"""Every price Bakeoff knows, with the unit it is given per."""


class Price(Record):
    """An amount of money for one unit, with its source and date."""

    amount: float = Field(ge=0, le=MOST_MONEY, allow_inf_nan=False)
    unit: str
    currency: str = Field(default=CURRENCY, pattern="^[A-Z]{3}$")
    date: datetime.date | None = None
    source: str = ""


DEFAULTS: dict[str, Price] = {
    "machine_hour": Price(
        amount=0.10,
        unit="hour",
        date=datetime.date(2026, 6, 17),
        source="a machine with 2 cores and 8 GiB: Amazon EC2 m7g.large on demand in us-east-1, 0.0816, rounded up",
    ),
    "gpu_hour": Price(
        amount=1.006,
        unit="hour",
        date=datetime.date(2026, 6, 17),
        source="a machine with one 24 GB GPU: Amazon EC2 g5.xlarge on demand in us-east-1",
    ),
    "engineering_day": Price(
        amount=800.0,
        unit="day",
        date=datetime.date(2026, 9, 25),
        source="US Bureau of Labor Statistics, median wage of software developers in May 2025: 135,980 a year, taken "
        "as 70 % of what an employer pays, over 230 working days: 845, rounded to hundreds",
    ),
    "index_month": Price(
        amount=0.0,
        unit="month",
        source="the index is embedded: it runs on the machine that serves the answers",
    ),
}
"""The prices used if the user gives none. Source: docs/cost.md says how each was chosen."""

ARTICLE_GPU_HOUR = Price(
    amount=4.0,
    unit="hour",
    source="'RAG vs. Fine-Tuning: Cost-Benefit Analysis for AI Models', an old figure",
)
"""The price behind an article's training costs (24,000 GPU hours, 96,000 USD). Used to check them, not a default."""


API_USAGE = {
    "input_tokens": {"input_tokens": 1000},
    "cached_input_tokens": {"input_tokens": 1000, "cache_read_tokens": 1000},
    "output_tokens": {"output_tokens": 1000},
}
"""The usage that `genai-prices` is asked about: 1,000 tokens, so that no surcharge for long prompts applies."""


def price_list(
    own: Mapping[str, Price],
    usd_per: Mapping[str, float],
    api_model: str | None = None,
    api_tuned_model: str | None = None,
    on: datetime.date | None = None,
) -> dict[str, Price]:
    """All known prices in US dollars. The user's own override the API models' prices, which override the defaults.

    `on` is the day of the API prices; None means today. Raises ConfigError if one of the user's prices is in a currency
    without an exchange rate, or if the API model is unknown. Raises MissingExtraError if `genai-prices` is needed but
    not installed.
    """
    prices = dict(DEFAULTS)
    day = on or datetime.date.today()
    for model, prefix in ((api_model, ""), (api_tuned_model, "tuned_")):
        if model is not None and not {f"{prefix}input_tokens", f"{prefix}output_tokens"} <= own.keys():
            prices |= {prefix + name: price for name, price in api_prices(model, day).items()}
    return prices | {name: in_usd(price, usd_per) for name, price in own.items()}


def known_price(prices: Mapping[str, Price], name: str, needed_for: str) -> Price:
    """One price. Raises ConfigError if it is missing; the message names the price and how to give it."""
    if name not in prices:
        raise ConfigError(
            f"The price '{name}' (USD per {UNITS[name]}) is missing; it is needed for {needed_for}.",
            f"give it in the profile, for instance:  prices: {{{name}: 1.50}}"
            + ("  or name the model:  api_model: openai:gpt-4o-mini" if name in API_USAGE else ""),
        )
    return prices[name]


def in_usd(price: Price, usd_per: Mapping[str, float]) -> Price:
    """The price in US dollars; its source states the conversion. Raises ConfigError if there is no exchange rate."""
    if price.currency == CURRENCY:
        return price
    if price.currency not in usd_per:
        raise ConfigError(
            f"A price of {price.amount:g} {price.currency} has no exchange rate to {CURRENCY}.",
            f"state it in the profile:  usd_per: {{{price.currency}: 1.10}}",
        )
    rate = usd_per[price.currency]
    note = f"{price.amount:g} {price.currency} at {rate:g} {CURRENCY} per {price.currency}"
    source = f"{price.source} ({note})" if price.source else note
    return price.model_copy(update={"amount": price.amount * rate, "currency": CURRENCY, "source": source})


def api_prices(model: str, on: datetime.date) -> dict[str, Price]:
    """A hosted model's prices in USD per million tokens on a given day, from the package `genai-prices`.

    `model` is a model's name, or `provider:name` if several providers serve it. The prices are those of short prompts;
    some providers charge more for long ones. Where a provider has no discount for cached prompts, their price equals
    the input price. Raises ConfigError if the package does not list the model, MissingExtraError if the package is not
    installed.
    """
    try:
        import genai_prices
    except ImportError as error:
        raise MissingExtraError("Looking up the price of an API model", "genai-prices", "prices") from error

    when = datetime.datetime.combine(on, datetime.time(), tzinfo=datetime.UTC)
    provider, _, name = (FINE_TUNED_BY, "", model) if model.startswith("ft:") else _split(model)
    prices = {}
    for price, usage in API_USAGE.items():
        try:
            calculated = genai_prices.calc_price(
                genai_prices.Usage(**usage), name, provider_id=provider or None, genai_request_timestamp=when
            )
        except LookupError as error:
            raise ConfigError(
                f"No price is listed for the API model '{model}' ({error}).",
                "write it as provider:name, or give the prices in the profile:  "
                "prices: {input_tokens: 0.15, output_tokens: 0.60}",
            ) from error
        prices[price] = Price(
            amount=float(calculated.output_price if price == "output_tokens" else calculated.input_price) * 1000,
            unit=UNITS[price],
            date=on,
            source=f"genai-prices {genai_prices.__version__}: {calculated.provider.name} {calculated.model.id}",
        )
    return prices


FINE_TUNED_BY = "openai"
"""The provider whose tuned models are called `ft:...`."""


def _split(model: str) -> tuple[str, str, str]:
    """Provider (empty if the model names none), ':' and name."""
    return model.partition(":") if ":" in model else ("", "", model)


def own_price(name: str, value: Any) -> Any:
    """One entry of a profile's `prices`, ready to validate as a Price. A bare number means USD per the price's unit.

    Raises ValueError if the name is not a price, the value is neither a number nor a mapping, or the unit is not the
    one this price is given per.
    """
    if name not in UNITS:
        close = similar(name, UNITS)
        raise ValueError(
            f"'{name}' is not a price"
            + (f" (did you mean '{close[0]}'?)" if close else "")
            + f"; allowed: {', '.join(UNITS)}"
        )
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"amount": value, "unit": UNITS[name], "source": "the profile"}
    entry = value.model_dump() if isinstance(value, Price) else value
    if not isinstance(entry, Mapping):
        raise ValueError(
            f"'{name}' holds {entry!r}: give a number (USD per {UNITS[name]}) or amount, currency, date, source"
        )
    unit = entry.get("unit", UNITS[name])
    if unit != UNITS[name]:
        raise ValueError(f"'{name}' is given per {UNITS[name]}, not per {unit!r}: convert the amount")
    return {**entry, "unit": unit}
