"""The settings in bakeoff.yaml for splitting questions. Knows nothing about files."""

from typing import Self

from pydantic import Field, model_validator

from bakeoff.records import Record


class Split(Record):
    """The shares of the facts (0 to 1) that are held out for test and dev."""

    test: float = Field(default=0.4, gt=0, lt=1)
    dev: float = Field(default=0.15, gt=0, lt=1)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """Both together are at most all facts; the rest is for training."""
        total = self.test + self.dev
        if total > 1 + 1e-9:
            raise ValueError(
                f"test and dev are {self.test:g} and {self.dev:g} of the facts, together {total:g}; "
                "give shares whose sum is at most 1 (the rest is for training)"
            )
        return self
