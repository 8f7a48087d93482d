"""The factors of the decision matrix: a table with thresholds in real units, applied to a profile.

Takes `factors.yaml` (or another table in that format) and a `Profile`. Gives for each factor the band that the profile
falls into, with its scores and its sentence. Knows nothing about weights, totals or measurements.
"""

import math
from functools import cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from bakeoff.decide.situation.approaches import APPROACHES, NAMES
from bakeoff.decide.situation.profile import Profile
from bakeoff.errors import ConfigError
from bakeoff.files.plain_types import message_of
from bakeoff.files.small import small_text
from bakeoff.files.strict_yaml import strict_yaml
from bakeoff.records import Approach, Record

Estimate = Literal["setup", "running", "total", "days"]
"""What a factor without bands is scored by: decide/advise/estimates.py."""
Score = Literal[1, 2, 3, 4, 5]


def every(days: float) -> str:
    """An interval in words: 'every hour', 'every 3 hours', 'every day', 'every 7 days'."""
    if days < 1:
        hours = f"{24 * days:.3g}"
        return "every hour" if hours == "1" else f"every {hours} hours"
    return "every day" if days == 1 else f"every {days:g} days"


class Band(Record):
    """A range of a factor's values with the same scores. `why` may contain {value}, {percent} and {every}.

    `label` says what the absent value is called. `scores` are those of RAG, fine-tuning and a hybrid, in this order,
    1 (poor) to 5 (good).
    """

    below: float | None = None
    when: bool | None = None
    absent: bool = False
    label: str = "none"
    scores: tuple[Score, Score, Score]
    why: str
    rules_out: tuple[Approach, ...] = ()

    def sentence(self, value: float | None) -> str:
        """The reason for this band's scores, with the profile's own number in it."""
        return self.why if value is None else self.why.format(value=value, percent=100 * value, every=every(value))


class Factor(Record):
    """One criterion. Without a `field`, only a pilot can score it. One with an `estimate` is scored by the cost model.

    `swing` is its swing weight: how much going from the worst to the best of its bands matters, where 100 is the most
    that one factor matters. `more` (`less`) is the approach that a higher (lower) value favours, as its sentences say;
    'yes' is more than 'no', and no limit is the highest value.
    """

    name: str = Field(pattern="^[a-z_]+$")
    title: str
    field: str = ""
    per: str = ""
    unit: str = ""
    measure: str = ""
    slice: str = ""
    swing: float = Field(default=100.0, gt=0, le=100)
    more: Approach | None = None
    less: Approach | None = None
    articles: dict[str, str]
    estimate: Estimate | None = None
    bands: tuple[Band, ...] = ()

    @model_validator(mode="after")
    def _bands_cover_every_value(self) -> "Factor":
        unknown = [name for name in (self.field, self.per) if name and name not in Profile.model_fields]
        if unknown:
            raise ValueError(f"factor {self.name}: the profile has no field {unknown[0]!r}")
        ways = bool(self.bands) + bool(self.estimate)
        if ways != bool(self.field) or not (self.field or self.measure):
            raise ValueError(f"factor {self.name}: give it a field with bands or an estimate, or a measure, or both")
        stretches = [band for band in self.bands if not band.absent]
        if {band.when for band in stretches} == {True, False}:
            return self
        bounds = [math.inf if band.below is None else band.below for band in stretches]
        if bounds and (bounds[-1] < math.inf or any(a >= b for a, b in pairwise(bounds))):
            raise ValueError(f"factor {self.name}: `below` must rise from band to band, and the last must have none")
        return self

    @model_validator(mode="after")
    def _bands_keep_their_direction(self) -> "Factor":
        """An approach that `more` names must not lose to another one from a band to the next; `less` the reverse."""
        bands = sorted((band for band in self.bands if not band.absent), key=lambda band: bool(band.when))
        for name, sign in ((self.more, 1), (self.less, -1)):
            for before, after in pairwise(bands) if name else ():
                i = APPROACHES.index(name)  # type: ignore[arg-type]
                change = [sign * (b - a) for a, b in zip(before.scores, after.scores, strict=True)]
                if any(change[i] < other for other in change):
                    key = "more" if sign > 0 else "less"
                    raise ValueError(
                        f"factor {self.name}: `{key}: {name}` contradicts its bands, from {self.label(before)} to "
                        f"{self.label(after)} {NAMES[name]} falls behind"  # type: ignore[index]
                    )
        return self

    def value(self, profile: Profile) -> float | None:
        """The profile's value in the bands' unit; None if the profile says there is none or does not say."""
        value = getattr(profile, self.field) if self.field else None
        if value is None or not self.per:
            return None if value is None else float(value)
        divisor = getattr(profile, self.per)
        return float(value) / divisor if divisor else None

    def band(self, profile: Profile) -> Band | None:
        """The band that the profile falls into; None if the profile does not name the fields this needs."""
        if not self.bands or self.field not in profile.model_fields_set:
            return None
        if getattr(profile, self.field) is None:
            return next((band for band in self.bands if band.absent), None)
        value = self.value(profile)
        if value is None or (self.per and self.per not in profile.model_fields_set):
            return None
        return next(band for band in self.bands if not band.absent and _holds(band, value))

    def label(self, band: Band) -> str:
        """The band in words: 'below 30 days', '30 to 90 days', 'from 90 days', 'yes', 'no', 'none'."""
        if band.absent:
            return band.label
        if band.when is not None:
            return "yes" if band.when else "no"
        stretches = [other for other in self.bands if not other.absent]
        before = stretches[stretches.index(band) - 1].below if band is not stretches[0] else None
        if before is None and band.below == 1 and self.unit == "examples":
            return f"no {self.unit}"
        if before is None:
            return f"below {band.below:,.10g} {self.unit}"
        ends = f"from {before:,.10g}" if band.below is None else f"{before:,.10g} to below {band.below:,.10g}"
        return f"{ends} {self.unit}"

    def shown(self, profile: Profile) -> str:
        """The profile's value in words, such as '7 days'; empty if it is not known."""
        band, value = self.band(profile), self.value(profile)
        if band is None and not (self.estimate and self.field in profile.model_fields_set):
            return ""
        if band is not None and (value is None or band.when is not None):
            return self.label(band)
        if value is None:
            return "none"
        if self.unit == "days" and value < 1:
            return every(value).removeprefix("every ")
        unit = (
            self.unit.removesuffix("s") if value == 1 and self.unit in ("days", "examples", "versions") else self.unit
        )
        return f"{_plain(value)} {unit}".strip()


def _plain(value: float) -> str:
    """A number without an exponent: whole if at least 100, otherwise with three significant digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _holds(band: Band, value: float) -> bool:
    if band.when is not None:
        return band.when == bool(value)
    return band.below is None or value < band.below


def read_factors(path: Path | None = None) -> tuple[Factor, ...]:
    """The factors of a table, by default Bakeoff's own. Raises ConfigError if the file is unreadable or invalid."""
    if path is None:
        return _own_factors()
    try:
        return _factors(strict_yaml(small_text(path)))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValueError, TypeError, KeyError) as error:
        problem = message_of(error.errors()[0]) if isinstance(error, ValidationError) else error
        raise ConfigError(
            f"{path} is not a valid table of factors: {problem}.",
            "write it in the format of src/bakeoff/decide/advise/factors.yaml",
        ) from error


@cache
def _own_factors() -> tuple[Factor, ...]:
    text = resources.files("bakeoff.decide.advise").joinpath("factors.yaml").read_text(encoding="utf-8")
    return _factors(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def _factors(content: Any) -> tuple[Factor, ...]:
    factors = tuple(Factor.model_validate(item) for item in content["factors"])
    if len({factor.name for factor in factors}) < len(factors):
        raise ValueError("two factors have the same name")
    return factors
