"""What a team says about its situation: limits, volumes, knowledge, needs, people, prices, weights.

Takes a YAML or JSON file (or plain values), gives a frozen `Profile`. Knows nothing about contenders' measures. Every
field has a default, so that a profile names only what the team knows; every amount of money is in US dollars.
"""

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import ConfigDict, Field, ValidationError, field_validator, model_validator

from bakeoff.decide.situation.prices import CURRENCY, Price, own_price
from bakeoff.errors import ConfigError
from bakeoff.files.strict_yaml import strict_yaml
from bakeoff.measure.comparison import Entrant
from bakeoff.measure.statistics import MARGIN
from bakeoff.records import Record

Compute = Literal["machine", "gpu", "api"]
GUIDE = "docs/cost.md"

DAYS_OF_WORK = {"setup_days": "setup", "data_days": "data", "upkeep_days_per_month": "upkeep_per_month"}
"""The tables of days in a profile, with the field of `Entrant.days` that holds for what they do not name."""


class MeasureWeights(Record):
    """How much each measure matters; only their proportions count. Zero leaves a measure out.

    Beside the eight, a measure of the team's own may be named: a run that has no such measure refuses it.
    """

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)
    __pydantic_extra__: dict[str, Annotated[float, Field(ge=0)]] = Field(init=False)

    accuracy: float = Field(default=3.0, ge=0)
    hallucination: float = Field(default=3.0, ge=0)
    latency_ms: float = Field(default=1.0, ge=0)
    cost_per_1k: float = Field(default=2.0, ge=0)
    retention: float = Field(default=0.5, ge=0)
    freshness: float = Field(default=1.0, ge=0)
    consistency: float = Field(default=1.0, ge=0)
    setup_s: float = Field(default=0.5, ge=0)

    def by_measure(self) -> dict[str, float]:
        """The weight of each measure that has one: the eight first, then the team's own."""
        return self.model_dump()

    @model_validator(mode="after")
    def _something_matters(self) -> "MeasureWeights":
        if not sum(self.model_dump().values()):
            raise ValueError("the weights sum to zero: give at least one measure a weight above 0")
        return self


class Profile(Record):
    """A team's situation. None means: no limit, or not known."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    # Limits. A contender that breaks one in a pilot cannot win; only the deadline weighs in the decision matrix alone.
    # The monthly budget is held against the mean month after the set-up (hosting, queries, upkeep work), the set-up
    # budget against the set-up, its work included.
    must_run_offline: bool = False
    privacy_on_premises: bool = False
    latency_limit_ms: float | None = Field(default=None, gt=0)
    budget_usd_per_month: float | None = Field(default=None, gt=0)
    budget_setup_usd: float | None = Field(default=None, gt=0)
    max_hallucination: float | None = Field(default=None, ge=0, le=1)
    deadline_days: float | None = Field(default=None, gt=0)

    # Volumes over the horizon. Growth and discount are fractions: 0.05 is 5 %.
    queries_per_month: float = Field(default=10_000, gt=0)
    growth_per_month: float = Field(default=0.0, gt=-1, le=1)
    horizon_months: int = Field(default=12, ge=1, le=120)
    discount_per_year: float = Field(default=0.0, ge=0, le=1)
    online_hours_per_month: float = Field(default=730.0, ge=0, le=744)

    # Knowledge. `update_interval_days` None means the documents never change.
    corpus_tokens: int | None = Field(default=None, gt=0)
    context_window_tokens: int | None = Field(default=None, gt=0)
    update_interval_days: float | None = Field(default=None, gt=0)
    changed_share_per_update: float = Field(default=0.05, gt=0, le=1)
    labelled_examples: int | None = Field(default=None, ge=0)

    # Needs.
    needs_citations: bool = False
    needs_style: bool = False
    consistency_needed: bool = False
    needs_live_sources: bool = False
    needs_independent_updates: bool = False
    n_model_versions: int = Field(default=1, ge=1)
    use_case_complexity: int = Field(default=3, ge=1, le=5)
    accuracy_requirement: int = Field(default=3, ge=1, le=5)
    domain_specificity: int = Field(default=3, ge=1, le=5)

    # People and machines: expertise from 0 (none) to 5 (a team that does little else).
    ml_expertise: int = Field(default=2, ge=0, le=5)
    app_expertise: int = Field(default=3, ge=0, le=5)
    has_training_gpu: bool = False
    model_billion_parameters: float | None = Field(default=None, gt=0)

    # Where answers are computed and models trained, and at what price (see decide/situation/prices.py for the names).
    # In a run each model says itself where it answers and what its tokens cost: `answers_on: api`, `api_model` and
    # `api_tuned_model` are for `bakeoff advise`, which has no run. `answers_on: gpu` prices the machine in both.
    answers_on: Compute = "machine"
    training_on: Compute = "machine"
    api_model: str | None = None
    api_tuned_model: str | None = None
    cached_prompt_share: float = Field(default=0.0, ge=0, le=1)
    prices: dict[str, Price] = Field(default_factory=dict)
    usd_per: dict[str, float] = Field(default_factory=dict)

    # Days of work by the name of a contender, or of the recipe that it follows; what is not named takes the recipe's.
    setup_days: dict[str, float] = Field(default_factory=dict)
    data_days: dict[str, float] = Field(default_factory=dict)
    upkeep_days_per_month: dict[str, float] = Field(default_factory=dict)

    # What matters. Contenders whose accuracy differs by less than `margin` (0.02: 2 points) are as good as equal.
    # A factor of the matrix that `factor_weights` does not name weighs 1.
    margin: float = Field(default=MARGIN, gt=0, lt=1)
    measure_weights: MeasureWeights = MeasureWeights()
    factor_weights: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _no_truth_value_for_a_number(cls, values: Any) -> Any:
        """YAML reads 'yes' and 'on' as true, which would pass for the number 1."""
        for key, value in values.items() if isinstance(values, Mapping) else ():
            if isinstance(value, bool) and key in cls.model_fields and cls.model_fields[key].annotation is not bool:
                raise ValueError(f"'{key}' is {str(value).lower()}: give a number")
        return values

    @field_validator("prices", mode="before")
    @classmethod
    def _prices_are_known(cls, prices: Any) -> Any:
        if not isinstance(prices, Mapping):
            raise ValueError(f"give prices by name, for instance {{machine_hour: 0.25}}, not {prices!r}")
        return {str(name): own_price(str(name), value) for name, value in prices.items()}

    @field_validator(*DAYS_OF_WORK)
    @classmethod
    def _days_are_not_negative(cls, days: dict[str, float]) -> dict[str, float]:
        for name, value in days.items():
            if value < 0:
                raise ValueError(f"'{name}' is {value:g} days: give 0 or more")
        return days

    @field_validator("factor_weights")
    @classmethod
    def _factor_weights_are_not_negative(cls, weights: dict[str, float]) -> dict[str, float]:
        for name, weight in weights.items():
            if weight < 0:
                raise ValueError(f"'{name}' is {weight:g}: a weight is 0 (leave out) or more")
        return weights

    @field_validator("usd_per")
    @classmethod
    def _rates_are_positive(cls, rates: dict[str, float]) -> dict[str, float]:
        for currency, rate in rates.items():
            if not re.fullmatch("[A-Z]{3}", currency) or currency == CURRENCY or rate <= 0:
                raise ValueError(
                    f"'{currency}: {rate:g}': give what one unit of a foreign currency is worth in "
                    f"{CURRENCY}, as in EUR: 1.10"
                )
        return rates

    @model_validator(mode="after")
    def _nothing_contradicts(self) -> "Profile":
        for name, price in self.prices.items():
            if price.currency != CURRENCY and price.currency not in self.usd_per:
                raise ValueError(
                    f"the price '{name}' is in {price.currency}: state the exchange rate, "
                    f"usd_per: {{{price.currency}: 1.10}}"
                )
        if "api" in (self.answers_on, self.training_on) and (self.must_run_offline or self.privacy_on_premises):
            limit = "must_run_offline" if self.must_run_offline else "privacy_on_premises"
            key = "answers_on" if self.answers_on == "api" else "training_on"
            raise ValueError(f"'{limit}: true' and '{key}: api' contradict each other: change one of them")
        return self

    def own_days(self, table: str, entrant: Entrant) -> float | None:
        """What the profile itself says of a contender in `setup_days`, `data_days` or `upkeep_days_per_month`."""
        days: dict[str, float] = getattr(self, table)
        return days.get(entrant.name, days.get(entrant.recipe))

    def days(self, table: str, entrant: Entrant) -> float:
        """A contender's days of work: the profile's own, else what its recipe assumes."""
        own = self.own_days(table, entrant)
        return float(getattr(entrant.days, DAYS_OF_WORK[table])) if own is None else own

    def unknown_days(self, entrants: Iterable[Entrant]) -> list[str]:
        """The names in the tables of days that are neither a contender nor a recipe of these."""
        known = {name for entrant in entrants for name in (entrant.name, entrant.recipe)}
        named = dict.fromkeys(name for table in DAYS_OF_WORK for name in getattr(self, table))
        return [name for name in named if name not in known]


def read_profile(path: Path) -> Profile:
    """The profile in a YAML or JSON file.

    Raises ConfigError where the file cannot be read, is no mapping, or holds an unknown key or an impossible value;
    the message names every one of them.
    """
    try:
        text = path.read_text(encoding="utf-8")
        loaded = json.loads(text) if path.suffix.lower() == ".json" else strict_yaml(text)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"Cannot read the profile {path}: {error}.", f"see {GUIDE}") from error
    except (yaml.YAMLError, json.JSONDecodeError) as error:
        problem = " ".join(str(error).split())
        raise ConfigError(f"{path} is not YAML or JSON: {problem}.", "fix the line it names") from error
    if loaded is None:
        return Profile()
    if not isinstance(loaded, dict):
        raise ConfigError(f"{path} holds {type(loaded).__name__}, not a mapping of keys to values.", f"see {GUIDE}")
    return validate_profile(loaded, str(path))


def validate_profile(values: Mapping[str, Any], origin: str = "the profile") -> Profile:
    """A Profile from plain values; ConfigError names each bad key, what was found and what is allowed."""
    try:
        return Profile.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(explain(item) for item in error.errors())
        raise ConfigError(f"{origin}: {problems}.", f"see {GUIDE} for every key") from error


def explain(item: Any) -> str:
    """One pydantic error of a profile in a sentence: the key, what is wrong, what was found."""
    where = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        return f"unknown key '{where}'{_suggestion(item['loc'])}"
    message = item["msg"].removeprefix("Value error, ")
    if item["type"] in ("value_error", "missing"):
        return f"'{where}': {message}" if where else message
    return f"'{where}': {message} (found {item['input']!r})"


def _suggestion(place: Sequence[str | int]) -> str:
    """The nearest key that can be written in this place, or the place of the key where it belongs elsewhere."""
    *above, key = map(str, place)
    allowed = list(Price.model_fields if above[:1] == ["prices"] else Profile.model_fields)
    elsewhere = {} if above else {name: f"measure_weights.{name}" for name in MeasureWeights.model_fields}
    close = [elsewhere[key]] if key in elsewhere else difflib.get_close_matches(key, allowed, n=1)
    return f" (did you mean '{close[0]}'?)" if close else ""


def check_names(profile: Profile, entrants: Sequence[Entrant], measures: Iterable[str] = ()) -> None:
    """Raise ConfigError where the profile names a contender, a recipe or a measure that a run does not have.

    `entrants` are those of the run and of Bakeoff's own recipes; `measures` are the run's beside the eight.
    """
    known = sorted({name for entrant in entrants for name in (entrant.name, entrant.recipe)})
    for name in profile.unknown_days(entrants):
        raise _unknown("days of work", "contender or recipe", name, known)
    weighted = [*MeasureWeights.model_fields, *measures]
    for name in profile.measure_weights.by_measure():
        if name not in weighted:
            raise _unknown("measure_weights", "measure of this run", name, weighted)


def _unknown(where: str, noun: str, name: str, known: Sequence[str]) -> ConfigError:
    close = difflib.get_close_matches(name, known, n=1)
    remedy = f"did you mean '{close[0]}'?" if close else f"choose among {', '.join(known)}"
    return ConfigError(f"The profile, {where}: '{name}' is no {noun}.", remedy)
