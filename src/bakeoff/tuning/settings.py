"""The settings for tuning in bakeoff.yaml. Knows nothing about models."""

from typing import Literal

from pydantic import Field

from bakeoff.records import Record

Method = Literal["lora"]


class Tuning(Record):
    """How a model is tuned.

    `epochs` is the maximum (None: the recipe's own); dev results may stop the training earlier.

    `examples` is the maximum number of training questions (None: all). `declining` is the share of the examples whose
    correct completion is to decline. `max_seconds` limits each training.
    """

    method: Method = "lora"
    rank: int = Field(default=16, ge=1, le=512)
    learning_rate: float = Field(default=1e-3, gt=0, lt=1)
    epochs: int | None = Field(default=None, ge=1)
    examples: int | None = Field(default=None, ge=1)
    declining: float = Field(default=0.1, ge=0, lt=1)
    max_seconds: float | None = Field(default=None, gt=0)

    @property
    def label(self) -> str:
        """How reports name a model that was tuned so: what differs from the defaults and changes the method.

        >>> Tuning().label, Tuning(rank=64, epochs=3).label
        ('fine-tuned', 'fine-tuned (rank 64)')
        """
        given = {key: getattr(self, key) for key in ("method", "rank", "learning_rate")}
        differing = [f"{key.replace('_', ' ')} {value}" for key, value in given.items() if value != _DEFAULTS[key]]
        return f"fine-tuned ({', '.join(differing)})" if differing else "fine-tuned"


_DEFAULTS = {name: field.default for name, field in Tuning.model_fields.items()}
