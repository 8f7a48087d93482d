"""The settings for asking and measuring in bakeoff.yaml. Knows nothing about contenders."""

from typing import Any

from pydantic import Field, model_validator

from bakeoff.records import Record


class Measuring(Record):
    """How answers are collected: `latency_questions` one at a time, then all questions in batches of `batch_size`."""

    batch_size: int = Field(default=16, ge=1)
    latency_questions: int = Field(default=20, ge=1)

    @model_validator(mode="before")
    @classmethod
    def _the_penalty_has_moved(cls, values: Any) -> Any:
        if isinstance(values, dict) and "wrong_answer_penalty" in values:
            raise ValueError("'wrong_answer_penalty' is now a key of the profile: profile.wrong_answer_penalty")
        return values
