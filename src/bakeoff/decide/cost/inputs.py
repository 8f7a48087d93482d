"""The inputs of the cost model: what a contender uses, at a profile's prices and volumes.

Takes the content of `comparison.json`, or nothing but a profile; gives `CostInputs` by contender. Knows nothing about
run folders. `sources` of each says where every number that is not the profile's own comes from.
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from bakeoff.decide.cost.model import CostInputs
from bakeoff.decide.cost.usage import ContenderUsage, assumed_usage, measured_usage
from bakeoff.decide.situation.prices import Price, known_price, price_list
from bakeoff.decide.situation.profile import Profile
from bakeoff.measure.rates import Rates
from bakeoff.records import Stage

DAYS_PER_MONTH = 365.25 / 12
DAYS_OF_WORK = ("data_days", "setup_days", "upkeep_days_per_month")
ASSUMED_DAYS = "assumed by default: give your own in the profile"


def inputs_from_run(
    comparison: Mapping[str, Any],
    profile: Profile,
    stages: Sequence[Stage] = (),
    on: datetime.date | None = None,
) -> dict[str, CostInputs]:
    """The cost inputs of every contender of a run, in the comparison's order; one whose every answer failed has none.

    `stages` are the run's own,
    `on` the day of the API prices (today where None). Raises ConfigError for a price that is missing.
    """
    prices = _prices(profile, on)
    usages = measured_usage(comparison, profile, stages)
    return {name: _priced(name, usage, profile, prices) for name, usage in usages.items()}


def rates(profile: Profile, on: datetime.date | None = None) -> Rates:
    """What an answer of a pilot is priced by under a profile: tokens where an API answers, else the machine's time."""
    prices = _prices(profile, on)
    if profile.answers_on == "api":
        purpose = "the answers by an API"
        return Rates(
            input_usd_per_million_tokens=known_price(prices, "input_tokens", purpose).amount,
            output_usd_per_million_tokens=known_price(prices, "output_tokens", purpose).amount,
        )
    return Rates(machine_usd_per_hour=prices["gpu_hour" if profile.answers_on == "gpu" else "machine_hour"].amount)


def assumed_inputs(profile: Profile, on: datetime.date | None = None) -> dict[str, CostInputs]:
    """The cost inputs of the four contenders of the grid before anything was measured, with wide intervals."""
    prices = _prices(profile, on)
    return {name: _priced(name, usage, profile, prices) for name, usage in assumed_usage(profile).items()}


def without_assumed_days(c: CostInputs) -> CostInputs:
    """The same without the days of work that the profile does not give."""
    return c.model_copy(update={table: 0.0 for table in DAYS_OF_WORK if c.sources.get(table) == ASSUMED_DAYS})


def _prices(profile: Profile, on: datetime.date | None) -> dict[str, Price]:
    """Every price under a profile; API models are looked up only where an API answers."""
    models = (profile.api_model, profile.api_tuned_model) if profile.answers_on == "api" else (None, None)
    return price_list(profile.prices, profile.usd_per, *models, on=on)


def _priced(name: str, usage: ContenderUsage, profile: Profile, prices: Mapping[str, Price]) -> CostInputs:
    """The usage under the profile's volumes and at its prices."""
    amounts, intervals, sources = dict(usage.amounts), dict(usage.intervals), dict(usage.sources)
    by_api = profile.answers_on == "api" and amounts["prompt_tokens_per_query"] > 0
    if by_api:
        amounts["compute_seconds_per_query"] = 0.0
        intervals.pop("compute_seconds_per_query", None)
        sources["compute_seconds_per_query"] = "not billed: the API is paid by the token"
    rates = _machine_rates(prices, profile) | _training_rates(name, amounts, prices, profile)
    if by_api:
        rates |= _token_rates(name, prices, tuned=amounts["training_seconds"] > 0)
    if usage.retrieves:
        rates["index_usd_per_month"] = prices["index_month"]
    numbers: dict[str, Any] = {**amounts, **{field: price.amount for field, price in rates.items()}}
    online = profile.online_hours_per_month if usage.retrieves or not by_api else 0.0
    return CostInputs(
        name=name,
        **numbers,
        **_situation(name, profile),
        online_hours_per_month=online,
        sources=sources | _day_sources(name, profile) | {field: _cite(price) for field, price in rates.items()},
        intervals=intervals,
    )


def _situation(name: str, profile: Profile) -> dict[str, Any]:
    """What the profile alone decides."""
    return {
        "cached_prompt_share": profile.cached_prompt_share,
        "data_days": profile.days("data_days", name),
        "setup_days": profile.days("setup_days", name),
        "upkeep_days_per_month": profile.days("upkeep_days_per_month", name),
        "updates_per_month": DAYS_PER_MONTH / profile.update_interval_days if profile.update_interval_days else 0.0,
        "queries_per_month": profile.queries_per_month,
        "growth_per_month": profile.growth_per_month,
        "horizon_months": profile.horizon_months,
        "discount_per_year": profile.discount_per_year,
    }


def _day_sources(name: str, profile: Profile) -> dict[str, str]:
    """Which of the engineering days are Bakeoff's assumption, and which the profile's own."""
    sources = {}
    for table in DAYS_OF_WORK:
        assumed = Profile.model_fields[table].default
        own = profile.days(table, name) != assumed.get(name, assumed["hybrid"])
        sources[table] = "the profile" if own else ASSUMED_DAYS
    return sources


def _machine_rates(prices: Mapping[str, Price], profile: Profile) -> dict[str, Price]:
    """Prices of the serving machine and of people. Where an API writes the answers, that machine only retrieves."""
    serving = "gpu_hour" if profile.answers_on == "gpu" else "machine_hour"
    return {"serving_usd_per_hour": prices[serving], "engineering_usd_per_day": prices["engineering_day"]}


def _token_rates(name: str, prices: Mapping[str, Price], tuned: bool) -> dict[str, Price]:
    """Prices of an API's tokens. A tuned model without prices of its own has the base model's, and says so."""
    purpose = f"the answers of '{name}' by an API"
    known = {price: known_price(prices, price, purpose) for price in ("input_tokens", "output_tokens")}
    known["cached_input_tokens"] = prices.get("cached_input_tokens", known["input_tokens"])
    if tuned:
        known = {price: prices.get(f"tuned_{price}", _as_tuned(base)) for price, base in known.items()}
    return {price.replace("_tokens", "_usd_per_million_tokens"): one for price, one in known.items()}


def _as_tuned(base: Price) -> Price:
    note = "the base model's price: providers often ask more for a tuned one, give api_tuned_model"
    return base.model_copy(update={"source": f"{base.source} ({note})"})


def _training_rates(
    name: str, amounts: Mapping[str, float], prices: Mapping[str, Price], profile: Profile
) -> dict[str, Price]:
    """The price of training, by the hour or, where an API trains, by the token; nothing for what is not trained."""
    if not amounts["training_seconds"] and not amounts["training_tokens"]:
        return {}
    if profile.training_on == "api":
        return {
            "training_usd_per_million_tokens": known_price(prices, "training_tokens", f"training '{name}' by an API")
        }
    return {"training_usd_per_hour": prices["gpu_hour" if profile.training_on == "gpu" else "machine_hour"]}


def _cite(price: Price) -> str:
    """A price as a reader can check it."""
    when = f", {price.date.isoformat()}" if price.date else ""
    return f"{price.amount:g} {price.currency} per {price.unit}: {price.source or 'no source given'}{when}"
