"""`race:` in bakeoff.yaml: which settings of which contenders are tried, and by which rule candidates drop out.

Takes YAML values, gives lists of values. Knows no recipe.
"""

import math
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from bakeoff.measure.race import ALPHA
from bakeoff.records import Record

MOST_VALUES = 1000
RANGE = "a list of values, {from: 1, to: 8}, {from: 64, to: 256, step: 64} or {from: 1e-5, to: 1e-3, times: 10}"


class Range(Record):
    """Numbers from one to another: in equal steps, or each `times` the one before."""

    start: float = Field(alias="from", allow_inf_nan=False)
    to: float = Field(allow_inf_nan=False)
    step: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    times: float | None = Field(default=None, gt=1, allow_inf_nan=False)

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.step and self.times:
            raise ValueError("give step or times, not both")
        if self.to < self.start:
            raise ValueError(f"the range ends at {self.to:g}, before it begins at {self.start:g}")
        if self.times and self.start <= 0:
            raise ValueError(f"with times, the range must begin above 0, not at {self.start:g}")
        if self._number > MOST_VALUES:
            raise ValueError(f"the range has {self._number:,} values; at most {MOST_VALUES:,} are allowed: raise step")
        return self

    @property
    def _number(self) -> int:
        if self.times:
            return 1 + math.floor(math.log(self.to / self.start) / math.log(self.times) + 1e-9)
        return 1 + math.floor((self.to - self.start) / (self.step or 1) + 1e-9)

    @property
    def values(self) -> list[int | float]:
        """The numbers; whole ones as integers.

        >>> Range.model_validate({"from": 1, "to": 3}).values
        [1, 2, 3]
        >>> Range.model_validate({"from": 1, "to": 9, "times": 3}).values
        [1, 3, 9]
        """
        numbers = (
            self.start * self.times**i if self.times else self.start + i * (self.step or 1) for i in range(self._number)
        )
        return [int(number) if float(number).is_integer() else float(f"{number:.12g}") for number in numbers]


def _values(given: Any) -> Any:
    """The values of a list or a range."""
    if isinstance(given, dict) and "from" in given:
        if "to" not in given:
            raise ValueError(f"the range from {given['from']} has no end: add `to` ({RANGE})")
        return Range.model_validate(given).values
    if not isinstance(given, list | tuple):
        raise ValueError(f"give {RANGE}")
    if len(given) > MOST_VALUES:
        raise ValueError(f"there are {len(given):,} values; at most {MOST_VALUES:,} are allowed")
    return list(given)


Values = Annotated[tuple[Any, ...], BeforeValidator(_values), Field(min_length=1)]


class RaceSettings(Record):
    """What races: by contender, the values of its settings, named by dotted paths (`retrieval.k`).

    All combinations are candidates, and the contender as it is written; where there are more than `candidates`, a
    random sample; with `propose: optuna`, half of them at random, and the others as Optuna proposes them when it has
    seen how the first ones do. Each is asked `facts` facts between two looks, and `most_facts` in all. Who is
    significantly behind drops out (the best one in at most `alpha` of all races), and who is within `margin` of the
    leader is not asked any more.
    """

    over: dict[str, dict[str, Values]]
    candidates: int = Field(default=24, ge=2, le=500)
    propose: Literal["random", "optuna"] = "random"
    facts: int = Field(default=10, ge=1)
    most_facts: int = Field(default=400, ge=1)
    margin: float = Field(default=0.03, gt=0, lt=1)
    alpha: float = Field(default=ALPHA, gt=0, le=0.5)

    @field_validator("over")
    @classmethod
    def _is_a_race(cls, over: dict[str, dict[str, Values]]) -> dict[str, dict[str, Values]]:
        if not over:
            raise ValueError("name at least one contender with settings, for example {rag: {retrieval.k: [1, 3, 5]}}")
        for name, settings in over.items():
            if not settings:
                raise ValueError(f"'{name}' has no settings to try: for example {{retrieval.k: [1, 3, 5]}}")
        return over
