"""The inputs of the cost model: what a contender uses, at a profile's prices and volumes.

Takes a `Comparison` and a profile, or only a profile. Gives `CostInputs` by contender. Knows nothing about run folders.
The `sources` of each say where every number comes from that is not copied from the profile.
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from bakeoff.decide.cost.fixed import with_amount, with_fixed
from bakeoff.decide.cost.model import CostInputs
from bakeoff.decide.cost.payment import Payment, payment_of, payment_without_run
from bakeoff.decide.cost.usage import ContenderUsage, assumed_usage, measured_usage, size_of
from bakeoff.decide.plan.tasks import project_days
from bakeoff.decide.situation.prices import Price, known_price, price_list
from bakeoff.decide.situation.profile import DAYS_OF_WORK, Profile
from bakeoff.decide.situation.ranges import assumed_days
from bakeoff.measure.comparison import Comparison, Entrant
from bakeoff.records import Record, Stage

DAYS_PER_MONTH = 365.25 / 12
CALENDAR = 7 / 5
"""Calendar days for a day of work of one person."""
ASSUMED_PROJECT = "assumed: the other days of the 90-day plan; give your own in the profile"
ASSUMED_DAYS = "assumed by default: give your own in the profile"
NOT_BILLED = "not billed: the API is paid by the token"
RECORDED = "the mean of what was recorded with its answers"
PAID_ONLINE = "counted in the hours online: the API is paid by the token, and the retrieving machine is kept online"


class _Terms(Record):
    """Everything needed to price one contender's usage."""

    entrant: Entrant
    profile: Profile
    payment: Payment
    prices: dict[str, Price]


def inputs_from_run(
    comparison: Comparison, profile: Profile, stages: Sequence[Stage] = (), on: datetime.date | None = None
) -> dict[str, CostInputs]:
    """The cost inputs of every contender of a run, in the comparison's order.

    A contender without a successful answer is left out, and so is one whose answers were recorded without their cost.
    `stages` are the run's stages. `on` is the day of the API prices; None means today. Raises
    ConfigError if a price is missing, MissingExtraError if `genai-prices` is needed but not installed.
    """
    prices, entrants = price_list(profile.prices, profile.usd_per), comparison.entrants
    inputs = {}
    for name, usage in measured_usage(comparison, profile, stages).items():
        entrant = comparison.entrant(name)
        payment = payment_of(entrant, profile, entrants, on)
        priced = _priced(usage, _Terms(entrant=entrant, profile=profile, payment=payment, prices=prices))
        if entrant.outside and entrant.model is None:
            recorded = comparison.estimate(name, "cost_per_1k").value
            if recorded is None:
                continue
            priced = with_amount(priced, "usd_per_query", recorded / 1000, RECORDED)
        inputs[name] = with_fixed(priced, profile, entrant)
    return inputs


def assumed_inputs(
    profile: Profile, entrants: Sequence[Entrant], on: datetime.date | None = None
) -> dict[str, CostInputs]:
    """The cost inputs of these contenders before anything is measured, with wide intervals.

    Raises ConfigError if a price is missing, MissingExtraError if `genai-prices` is needed but not installed.
    """
    prices, inputs = price_list(profile.prices, profile.usd_per), {}
    for entrant in entrants:
        payment = payment_without_run(entrant.name, profile, entrant.is_tuned, on)
        terms = _Terms(entrant=entrant, profile=profile, payment=payment, prices=prices)
        of_size = _for_size(_priced(assumed_usage(entrant, profile), terms), terms)
        inputs[entrant.name] = with_fixed(of_size, profile, entrant)
    return inputs


def _for_size(c: CostInputs, terms: _Terms) -> CostInputs:
    """The inputs with the hours of as many machines as hold the model's weights."""
    profile, size = terms.profile, size_of(terms.entrant, terms.profile)
    if size is None:
        return c
    times = {"training_usd_per_hour": size.machines(profile.training_on)}
    if not terms.payment.tokens:
        times["serving_usd_per_hour"] = size.machines(profile.answers_on)
    several = {field: n for field, n in times.items() if n > 1 and getattr(c, field)}
    return c.model_copy(
        update={
            **{field: n * getattr(c, field) for field, n in several.items()},
            "sources": c.sources
            | {field: f"{n} machines, which hold {size.note}: {c.sources[field]}" for field, n in several.items()},
        }
    )


def setup_calendar_days(c: CostInputs) -> tuple[float, float]:
    """The fewest and the most calendar days until a contender is set up, by one person who works five days a week.

    The work of setting it up and of its data counts; that of the test questions does not: the pilot is done.
    """
    ranges = [c.intervals.get(field, (getattr(c, field),) * 2) for field in ("data_days", "setup_days")]
    low, high = (CALENDAR * sum(ends) for ends in zip(*ranges, strict=True))
    return low, high


def without_assumed_days(c: CostInputs) -> CostInputs:
    """The inputs without the days of work that Bakeoff assumed."""
    assumed = (ASSUMED_DAYS, ASSUMED_PROJECT)
    tables = (*DAYS_OF_WORK, "project_days")
    return c.model_copy(update={table: 0.0 for table in tables if c.sources.get(table) in assumed})


def _priced(usage: ContenderUsage, terms: _Terms) -> CostInputs:
    """The usage at the profile's volumes and prices."""
    profile, by_token = terms.profile, bool(terms.payment.tokens)
    if by_token:
        usage = _without_time(usage)
    prices = _prices(usage, terms)
    numbers: dict[str, Any] = {**usage.amounts, **{field: price.amount for field, price in prices.items()}}
    online = profile.machines * profile.online_hours_per_month if usage.retrieves or not by_token else 0.0
    return CostInputs(
        name=terms.entrant.name,
        **numbers,
        **_situation(terms.entrant, profile),
        online_hours_per_month=online,
        approval_days_per_update=_approval_days(terms, numbers),
        batch_saving=profile.batch_share * profile.batch_discount if by_token else 0.0,
        sources=usage.sources | _day_sources(terms) | {field: _cite(price) for field, price in prices.items()},
        intervals=usage.intervals | _day_ranges(terms),
    )


def _approval_days(terms: _Terms, numbers: Mapping[str, float]) -> float:
    """Somebody approves each update that trains: of a contender that learns facts, or sends questions to one."""
    learns = terms.entrant.learns_facts or bool(terms.entrant.behind)
    return terms.profile.approval_days_per_update if learns and numbers["retraining_seconds_per_update"] else 0.0


def _without_time(usage: ContenderUsage) -> ContenderUsage:
    """The usage of a contender whose answers are paid by the token: its seconds per query are not billed."""
    unbilled = {"compute_seconds_per_query": NOT_BILLED}
    if usage.amounts.get("retrieval_seconds_per_query"):
        unbilled["retrieval_seconds_per_query"] = PAID_ONLINE
    return usage.model_copy(
        update={
            "amounts": usage.amounts | dict.fromkeys(unbilled, 0.0),
            "sources": usage.sources | unbilled,
            "intervals": {field: ends for field, ends in usage.intervals.items() if field not in unbilled},
        }
    )


def _prices(usage: ContenderUsage, terms: _Terms) -> dict[str, Price]:
    """Every price that applies, by its field of `CostInputs`."""
    prices = {
        "serving_usd_per_hour": terms.payment.machine,
        "engineering_usd_per_day": terms.prices["engineering_day"],
        **_training_prices(usage.amounts, terms),
    }
    prices |= {
        name.replace("_tokens", "_usd_per_million_tokens"): price for name, price in terms.payment.tokens.items()
    }
    if usage.retrieves:
        prices["index_usd_per_month"] = terms.prices["index_month"]
    return prices


def _situation(entrant: Entrant, profile: Profile) -> dict[str, Any]:
    """The fields of `CostInputs` that come from the profile and the recipe."""
    return {
        **{table: profile.days(table, entrant) for table in DAYS_OF_WORK},
        "project_days": _project_days(entrant, profile),
        "on_call_usd_per_month": profile.on_call_usd_per_month,
        "cached_prompt_share": profile.cached_prompt_share,
        "updates_per_month": DAYS_PER_MONTH / profile.update_interval_days if profile.update_interval_days else 0.0,
        "queries_per_month": profile.queries_per_month,
        "growth_per_month": profile.growth_per_month,
        "horizon_months": profile.horizon_months,
        "discount_per_year": profile.discount_per_year,
    }


def _project_days(entrant: Entrant, profile: Profile) -> float:
    """The days beside set-up and data: the profile's, or those of the plan for this contender."""
    return project_days(profile, entrant) if profile.project_days is None else profile.project_days


def _day_sources(terms: _Terms) -> dict[str, str]:
    """The source of each number of days: assumed, or the profile."""
    own = {table: terms.profile.own_days(table, terms.entrant) for table in DAYS_OF_WORK}
    project = {"project_days": ASSUMED_PROJECT if terms.profile.project_days is None else "the profile"}
    return {table: ASSUMED_DAYS if days is None else "the profile" for table, days in own.items()} | project


def _day_ranges(terms: _Terms) -> dict[str, tuple[float, float]]:
    """The range of each number of days that the team gives as one or that Bakeoff assumed."""
    profile, entrant = terms.profile, terms.entrant
    ranges = {table: ends for table in DAYS_OF_WORK if (ends := profile.day_range(table, entrant))}
    days = _project_days(entrant, profile)
    return ranges | ({"project_days": assumed_days(days)[1]} if days and profile.project_days is None else {})


def _training_prices(amounts: Mapping[str, float], terms: _Terms) -> dict[str, Price]:
    """The price of training by the hour, or by the token if an API trains; {} for a contender that is not trained."""
    if not amounts["training_seconds"] and not amounts["training_tokens"]:
        return {}
    where = terms.profile.training_on
    if where == "api":
        purpose = f"training '{terms.entrant.name}' by an API"
        return {"training_usd_per_million_tokens": known_price(terms.prices, "training_tokens", purpose)}
    return {"training_usd_per_hour": terms.prices["gpu_hour" if where == "gpu" else "machine_hour"]}


def _cite(price: Price) -> str:
    """A price with its source and date, so that a reader can check it."""
    when = f", {price.date.isoformat()}" if price.date else ""
    return f"{price.amount:g} {price.currency} per {price.unit}: {price.source or 'no source given'}{when}"
