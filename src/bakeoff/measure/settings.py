"""The settings for asking and measuring in bakeoff.yaml. Knows nothing about contenders."""

from pydantic import Field

from bakeoff.records import Record


class Measuring(Record):
    """How answers are collected: `latency_questions` one at a time, then all questions in batches of `batch_size`.

    `wrong_answer_penalty` is the cost of a wrong answer, relative to a gain of 1 for a correct one. It is used to
    calibrate the threshold for declining.
    """

    batch_size: int = Field(default=16, ge=1)
    latency_questions: int = Field(default=20, ge=1)
    wrong_answer_penalty: float = Field(default=0.0, ge=0)
