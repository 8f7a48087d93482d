"""How each contender's answers are paid for: by the machine's time, or by the tokens of its model's API.

Takes a contender's description and a profile, gives prices with their sources. The measure `cost_per_1k` and the cost
model both use these prices. Knows nothing about how much was used.

In a run, the model's settings say what its tokens cost. If they give no price and the model is on the internet, the
profile's token prices are used; without those, the machine's time. A warning says so. A contender without a model pays
for the machine's time. A contender that sends questions to others pays like the first of them that pays by the token.
"""

import datetime
from collections.abc import Mapping, Sequence
from functools import cache

from pydantic import Field

from bakeoff.decide.situation.prices import UNITS, Price, api_prices, in_usd, known_price, price_list
from bakeoff.decide.situation.profile import Profile
from bakeoff.measure.comparison import AskedModel, Entrant
from bakeoff.measure.rates import Rates
from bakeoff.models.settings import TokenPrice
from bakeoff.records import Record
from bakeoff.sentences import listed

TOKENS = ("input_tokens", "cached_input_tokens", "output_tokens")


class Payment(Record):
    """The price of the machine per hour and, if answers are paid by the token, the token prices by name (`TOKENS`)."""

    machine: Price
    tokens: dict[str, Price] = Field(default_factory=dict)

    def rates(self, cached_prompt_share: float) -> Rates:
        """The prices as numbers. Time spent waiting for an API that is paid by the token costs nothing."""
        hourly = self.machine.amount
        if not self.tokens:
            return Rates(machine_usd_per_hour=hourly)
        input_, cached, output = (self.tokens[name].amount for name in TOKENS)
        return Rates(
            input_usd_per_million_tokens=input_,
            cached_input_usd_per_million_tokens=cached,
            output_usd_per_million_tokens=output,
            cached_prompt_share=cached_prompt_share,
            setup_usd_per_hour=hourly,
        )


def rates_for(
    entrant: Entrant, profile: Profile, entrants: Sequence[Entrant] = (), on: datetime.date | None = None
) -> Rates:
    """The rates for one answer of a contender. Parameters and errors as in `payment_of`."""
    return payment_of(entrant, profile, entrants, on).rates(profile.cached_prompt_share)


def rates_by_name(entrants: Sequence[Entrant], profile: Profile) -> dict[str, Rates]:
    """The prices of each contender's answers, if these are all contenders of a run. Errors as in `payment_of`."""
    return {entrant.name: rates_for(entrant, profile, entrants) for entrant in entrants}


def payment_of(
    entrant: Entrant, profile: Profile, entrants: Sequence[Entrant] = (), on: datetime.date | None = None
) -> Payment:
    """How a contender's answers are paid for in a run.

    `entrants` are all contenders of the run; they are needed if this one sends questions to others. `on` is the day of
    the API prices; None means today. Raises ConfigError if a price is not known, MissingExtraError if `genai-prices` is
    needed but not installed.
    """
    machine = machine_price(profile)
    for model in _models(entrant, entrants):
        if model.hourly_price is not None:
            source = f"the deployment at {model.host}: tuning.host.deployment in the configuration"
            return Payment(machine=Price(amount=model.hourly_price, unit=UNITS["machine_hour"], source=source))
        tokens = _token_prices(model, profile, on or datetime.date.today())
        if tokens:
            return Payment(machine=machine, tokens=tokens)
    return Payment(machine=machine)


def token_price(model: AskedModel, profile: Profile) -> TokenPrice | None:
    """What a model's tokens cost today: by its settings, else by the profile. None if nothing says it.

    Raises ConfigError for a name that is on no price list, MissingExtraError where `genai-prices` is not installed.
    """
    prices = _token_prices(model, profile, datetime.date.today())
    if not prices:
        return None
    input_, cached, output = (prices[name].amount for name in TOKENS)
    searches = model.price.searches if isinstance(model.price, TokenPrice) else None
    return TokenPrice(input_tokens=input_, output_tokens=output, cached_input_tokens=cached, searches=searches)


def payment_without_run(name: str, profile: Profile, is_tuned: bool, on: datetime.date | None = None) -> Payment:
    """How answers would be paid for according to the profile alone: for advice before there is a run.

    Raises ConfigError if a price is missing, MissingExtraError if `genai-prices` is needed but not installed.
    """
    machine = machine_price(profile)
    if profile.answers_on != "api":
        return Payment(machine=machine)
    prices = price_list(profile.prices, profile.usd_per, profile.api_model, profile.api_tuned_model, on)
    purpose = f"the answers of '{name}' by an API"
    known = {price: known_price(prices, price, purpose) for price in ("input_tokens", "output_tokens")}
    known["cached_input_tokens"] = prices.get("cached_input_tokens", known["input_tokens"])
    if is_tuned:
        known = {price: prices.get(f"tuned_{price}", _as_tuned(base)) for price, base in known.items()}
    return Payment(machine=machine, tokens={price: known[price] for price in TOKENS})


def machine_price(profile: Profile) -> Price:
    """The hourly price of the machine that answers and indexes."""
    prices = price_list(profile.prices, profile.usd_per)
    return prices["gpu_hour" if profile.answers_on == "gpu" else "machine_hour"]


def pricing_warnings(entrants: Sequence[Entrant], profile: Profile) -> list[str]:
    """Where costs do not come from a price in the model's settings: one warning each."""
    warnings = []
    unpriced = {
        entrant.model.host: entrant.model for entrant in entrants if entrant.model and _lacks_price(entrant.model)
    }
    for host, model in unpriced.items():
        by_profile = "the token prices in the profile"
        by_time = "the time of your own machine, which may be far from what you really pay"
        warnings.append(
            f"Answers come from {host}, but the model '{model.name}' has no price. They are priced by "
            f"{by_profile if _profile_tokens(profile) else by_time}. Add `price` to the model in `models:`: a name "
            "that genai-prices knows, or the prices per million tokens."
        )
    for entrant in entrants:
        paid = {_token_key(model) for model in _models(entrant, entrants)} if entrant.behind else set()
        if len(paid) > 1:
            warnings.append(
                f"{entrant.name} sends questions to {listed(entrant.behind)}, which are paid for in different ways. "
                "All its answers are priced like those of the first one that is paid by the token."
            )
    if profile.answers_on == "api" and not any(
        entrant.model and entrant.model.location == "internet" for entrant in entrants
    ):
        warnings.append(
            "The profile says `answers_on: api`, but no model of the run is on the internet. Answers are priced by the "
            "settings of the run's models. `answers_on` is for `bakeoff advise`."
        )
    return warnings


def _models(entrant: Entrant, entrants: Sequence[Entrant]) -> list[AskedModel]:
    """The model it asks, or the models of the contenders it sends questions to."""
    if entrant.model:
        return [entrant.model]
    return [other.model for other in entrants if other.name in entrant.behind and other.model]


def _token_prices(model: AskedModel, profile: Profile, on: datetime.date) -> dict[str, Price]:
    """The prices of the model's tokens; {} if its answers are paid by time."""
    if isinstance(model.price, TokenPrice):
        return _given(model.price, f"the price of the model '{model.name}' in the configuration")
    if model.price is not None:
        prices = _listed(model.price, on)
        return {name: prices[name] for name in TOKENS}
    return _profile_tokens(profile) if _lacks_price(model) else {}


@cache
def _listed(model: str, on: datetime.date) -> dict[str, Price]:
    return api_prices(model, on)


def _given(price: TokenPrice, source: str) -> dict[str, Price]:
    cached = price.input_tokens if price.cached_input_tokens is None else price.cached_input_tokens
    amounts = zip(TOKENS, (price.input_tokens, cached, price.output_tokens), strict=True)
    return {name: Price(amount=amount, unit=UNITS[name], source=source) for name, amount in amounts}


def _profile_tokens(profile: Profile) -> dict[str, Price]:
    """The profile's own token prices in US dollars; {} unless it gives both input and output."""
    own: Mapping[str, Price] = {name: in_usd(price, profile.usd_per) for name, price in profile.prices.items()}
    if not {"input_tokens", "output_tokens"} <= own.keys():
        return {}
    return {name: own.get(name, own["input_tokens"]) for name in TOKENS}


def _lacks_price(model: AskedModel) -> bool:
    return model.price is None and model.hourly_price is None and model.location == "internet"


def _token_key(model: AskedModel) -> str:
    """A key that is equal for models whose answers are paid for in the same way."""
    if model.hourly_price is not None:
        return f"{model.hourly_price:g} an hour at {model.host}"
    if isinstance(model.price, TokenPrice):
        return model.price.model_dump_json()
    return model.price or ("profile" if _lacks_price(model) else "time")


def _as_tuned(base: Price) -> Price:
    note = "the base model's price; providers often charge more for a tuned model: give api_tuned_model"
    return base.model_copy(update={"source": f"{base.source} ({note})"})
