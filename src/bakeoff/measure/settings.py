"""What bakeoff.yaml says about asking and measuring. Knows nothing about contenders."""

from pydantic import Field

from bakeoff.records import Record


class Measuring(Record):
    """How answers are collected: `latency_questions` one by one, then all, `batch_size` at a time.

    `wrong_answer_penalty` is what a wrong answer costs, against 1 for a right one, when the threshold for declining is
    calibrated.
    """

    batch_size: int = Field(default=16, ge=1)
    latency_questions: int = Field(default=20, ge=1)
    wrong_answer_penalty: float = Field(default=0.0, ge=0)
