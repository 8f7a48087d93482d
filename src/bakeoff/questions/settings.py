"""The settings in bakeoff.yaml for splitting questions. Knows nothing about files."""

from pydantic import Field

from bakeoff.records import Record


class Split(Record):
    """The shares of the facts (0 to 1) that are held out for test and dev."""

    test: float = Field(default=0.4, gt=0, lt=1)
    dev: float = Field(default=0.15, gt=0, lt=1)
