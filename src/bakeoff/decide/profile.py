"""What a team says about its situation: limits, volumes, knowledge, needs, people, prices, weights.

Takes a YAML or JSON file (or plain values), gives a frozen `Profile`. Knows nothing about contenders' measures. Every
field has a default, so that a profile names only what the team knows; every amount of money is in US dollars.
"""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ConfigDict, Field, ValidationError, field_validator, model_validator

from bakeoff.decide.prices import CURRENCY, UNITS, Price
from bakeoff.errors import ConfigError
from bakeoff.records import Record

Compute = Literal["machine", "gpu", "api"]

SETUP_DAYS = {
    "base": 1.0, "extract": 3.0, "long-context": 2.0, "rag": 5.0, "tuned": 8.0, "hybrid": 12.0, "router": 14.0,
}
"""Engineering days to a first working deployment. An assumption: give your own."""
DATA_DAYS = {
    "base": 0.0, "extract": 1.0, "long-context": 1.0, "rag": 1.0, "tuned": 5.0, "hybrid": 6.0, "router": 6.0,
}
"""Days of preparing documents and writing or checking training questions. An assumption: give your own."""
UPKEEP_DAYS_PER_MONTH = {
    "base": 0.25, "extract": 0.5, "long-context": 0.5, "rag": 0.75, "tuned": 0.75, "hybrid": 1.25, "router": 1.5,
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

    # Hard limits: a contender that breaks one cannot win.
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
    cached_prompt_share: float = Field(default=0.0, ge=0, le=1)
    prices: dict[str, Price] = Field(default_factory=dict)
    usd_per: dict[str, float] = Field(default_factory=dict)

    # Engineering days by contender; a contender of your own is found by its import path, else as "hybrid".
    setup_days: dict[str, float] = Field(default=SETUP_DAYS, validate_default=True)
    data_days: dict[str, float] = Field(default=DATA_DAYS, validate_default=True)
    upkeep_days_per_month: dict[str, float] = Field(default=UPKEEP_DAYS_PER_MONTH, validate_default=True)

    # What matters. A factor of the matrix that `factor_weights` does not name weighs 1.
    measure_weights: MeasureWeights = MeasureWeights()
    factor_weights: dict[str, float] = Field(default_factory=dict)
