"""The rows of a ledger, and the record of what they add up to: the spending of a run by contender and role.

Plain records, without any logic.
"""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bakeoff.records import Record

Status = Literal["done", "refused", "unknown"]
Given = Annotated[str, Field(default="", exclude_if=lambda text: not text)]
Count = Annotated[int, Field(default=0, exclude_if=lambda n: not n)]


class Row(Record):
    """One line of spending.jsonl: an `intent`, written before a call leaves, its `outcome`, a `batch` of its host, or
    `stored`.

    Rows of the same call have the same `id`. `request` is a sum of the address and the body. `calls` is how many
    requests it holds (a batch has many). `most_usd` and `usd` are None where the price is not known. An outcome is
    `done` (answered), `refused` (the server computed nothing, so nothing is paid) or `unknown` (the connection broke).
    An intent without outcome is unknown too. `batch` is the id at the host. `stored`: the answers
    of a batch are on the disk, so that nobody goes on with it.
    """

    row: Literal["intent", "outcome", "batch", "stored"]
    id: int
    at: datetime
    contender: Given = ""
    stage: Given = ""
    role: Given = ""
    model: Given = ""
    request: Given = ""
    calls: Count = 0
    most_tokens: Count = 0
    most_usd: float | None = Field(default=None, exclude_if=lambda usd: usd is None)
    status: Status | None = Field(default=None, exclude_if=lambda status: status is None)
    http: int | None = Field(default=None, exclude_if=lambda status: status is None)
    prompt_tokens: Count = 0
    cached_tokens: Count = 0
    completion_tokens: Count = 0
    usd: float | None = Field(default=None, exclude_if=lambda usd: usd is None)
    seconds: float | None = Field(default=None, exclude_if=lambda seconds: seconds is None)
    is_estimate: bool = Field(default=False, exclude_if=lambda estimate: not estimate)
    batch: Given = ""


class Reply(Record):
    """The reply to a call whose answer is not on the disk yet: one line of spending.replies.jsonl."""

    outcome: Row
    contender: str
    stage: str
    role: str
    request: str
    text: str


class Spent(Record):
    """What calls came to. Of `unknown` ones nobody knows whether they are billed: they count at their most."""

    calls: int = 0
    unknown: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    usd: float = 0.0
    unknown_usd: float = 0.0

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(**{name: getattr(self, name) + getattr(other, name) for name in Spent.model_fields})

    def less(self, other: "Spent") -> "Spent":
        """Without these. Nothing falls below zero."""
        return Spent(**{name: max(0, getattr(self, name) - getattr(other, name)) for name in Spent.model_fields})


class SpentBy(Spent):
    """The same for one contender (empty: calls for several), role and model."""

    contender: str = ""
    role: str = ""
    model: str = ""


class Budget(Record):
    """The most that a run may spend on paid models: US dollars, calls, or both. None: no limit."""

    usd: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    calls: int | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.usd is None and self.calls is None:
            raise ValueError("give usd, calls or both, or leave budget out")
        return self


class Spending(Record):
    """The content of spending.json: what a run has spent on paid models. `unpriced` are models of unknown price."""

    budget: Budget | None = None
    total: Spent = Spent()
    parts: tuple[SpentBy, ...] = ()
    unpriced: tuple[str, ...] = ()
