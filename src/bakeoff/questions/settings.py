"""What bakeoff.yaml says about splitting questions. Knows nothing about files."""

from pydantic import Field

from bakeoff.records import Record


class Split(Record):
    """Which share of the facts is held out."""

    test: float = Field(default=0.4, gt=0, lt=1)
    dev: float = Field(default=0.15, gt=0, lt=1)
