"""What a team says about its situation: limits, volumes, knowledge, needs, people, prices, weights.

Takes a YAML or JSON file (or plain values), gives a frozen `Profile`. Knows nothing about contenders' measures. Every
field has a default, so that a profile names only what the team knows; every amount of money is in US dollars.
"""

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from bakeoff.decide.situation.prices import CURRENCY, Price, own_price
from bakeoff.errors import ConfigError
from bakeoff.files.strict_yaml import strict_yaml
from bakeoff.measure.statistics import MARGIN
from bakeoff.records import Record

Compute = Literal["machine", "gpu", "api"]
GUIDE = "docs/cost.md"

SETUP_DAYS = {
    "base": 1.0,
    "extract": 3.0,
    "long-context": 2.0,
    "rag": 5.0,
    "tuned": 8.0,
    "hybrid": 12.0,
    "router": 14.0,
}
"""Engineering days to a first working deployment. An assumption: give your own."""
DATA_DAYS = {
    "base": 0.0,
    "extract": 1.0,
    "long-context": 1.0,
    "rag": 1.0,
    "tuned": 5.0,
    "hybrid": 6.0,
    "router": 6.0,
}
"""Days of preparing documents and writing or checking training questions. An assumption: give your own."""
UPKEEP_DAYS_PER_MONTH = {
    "base": 0.25,
    "extract": 0.5,
    "long-context": 0.5,
    "rag": 0.75,
    "tuned": 0.75,
    "hybrid": 1.25,
    "router": 1.5,
}
"""Days a month of watching and mending. An assumption: give your own."""


class MeasureWeights(Record):
    """How much each of the eight measures matters; only their proportions count. Zero leaves a measure out."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    accuracy: float = Field(default=3.0, ge=0)
    hallucination: float = Field(default=3.0, ge=0)
    latency_ms: float = Field(default=1.0, ge=0)
    cost_per_1k: float = Field(default=2.0, ge=0)
    retention: float = Field(default=0.5, ge=0)
    freshness: float = Field(default=1.0, ge=0)
    consistency: float = Field(default=1.0, ge=0)
    setup_s: float = Field(default=0.5, ge=0)

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

    # Where answers are computed and models trained, and at what price (see decide/prices.py for the names).
    answers_on: Compute = "machine"
    training_on: Compute = "machine"
    api_model: str | None = None
    api_tuned_model: str | None = None
    cached_prompt_share: float = Field(default=0.0, ge=0, le=1)
    prices: dict[str, Price] = Field(default_factory=dict)
    usd_per: dict[str, float] = Field(default_factory=dict)

    # Engineering days by contender; a contender of your own is found by its import path, else as "hybrid".
    setup_days: dict[str, float] = Field(default=SETUP_DAYS, validate_default=True)
    data_days: dict[str, float] = Field(default=DATA_DAYS, validate_default=True)
    upkeep_days_per_month: dict[str, float] = Field(default=UPKEEP_DAYS_PER_MONTH, validate_default=True)

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

    @field_validator("setup_days", "data_days", "upkeep_days_per_month")
    @classmethod
    def _days_fill_the_defaults(cls, days: dict[str, float], about: ValidationInfo) -> dict[str, float]:
        """The given days over the default ones: a profile names only what differs."""
        defaults = cls.model_fields[str(about.field_name)].default
        for name, value in days.items():
            if name not in defaults and "." not in name:
                raise ValueError(
                    f"{_did_you_mean('contender', name, list(defaults))}; allowed: {', '.join(defaults)}, "
                    "or the import path of your own"
                )
            if value < 0:
                raise ValueError(f"'{name}' is {value:g} days: give 0 or more")
        return {**defaults, **days}

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

    def days(self, table: str, contender: str) -> float:
        """A contender's entry of `setup_days`, `data_days` or `upkeep_days_per_month`: 'hybrid' if not named."""
        days: dict[str, float] = getattr(self, table)
        return days.get(contender, days["hybrid"])


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
        raise ConfigError(f"{path} is not YAML or JSON: {' '.join(str(error).split())}.", "mend the line") from error
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
        return _did_you_mean("key", where, [*Profile.model_fields, *MeasureWeights.model_fields, *Price.model_fields])
    message = item["msg"].removeprefix("Value error, ")
    if item["type"] in ("value_error", "missing"):
        return f"'{where}': {message}" if where else message
    return f"'{where}': {message} (found {item['input']!r})"


def _did_you_mean(noun: str, found: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(found.rsplit(".", 1)[-1], known, n=1)
    return f"unknown {noun} '{found}'" + (f" (did you mean '{close[0]}'?)" if close else "")
