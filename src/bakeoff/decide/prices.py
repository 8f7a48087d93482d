"""What things cost: every price with its amount, unit, currency, date and source, and the user's own before any other.

Takes prices by name, gives US dollars by name. Knows nothing about contenders, usage or profiles. All of Bakeoff
reckons in US dollars; a price in another currency needs a stated exchange rate.
"""

import datetime
import difflib
import math
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from bakeoff.errors import ConfigError, MissingExtraError
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
    "training_tokens": "million tokens",
}
"""Every price Bakeoff knows, with what it is counted in."""


class Price(Record):
    """An amount of money for one unit, with where and when it was found."""

    amount: float = Field(ge=0, allow_inf_nan=False)
    unit: str
    currency: str = Field(default=CURRENCY, pattern="^[A-Z]{3}$")
    date: datetime.date | None = None
    source: str = ""
