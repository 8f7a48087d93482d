"""What answers are worth when something is chosen on dev, and whether one way of answering is worth more than another.

Takes questions, answers and what a wrong answer costs, gives numbers. Does not know what is chosen.
"""

from collections.abc import Collection, Sequence
from statistics import fmean, stdev

from bakeoff.measure.score import rightness
from bakeoff.records import Answer, Question

ROUNDING = 1e-9


def value_of(question: Question, answer: Answer, wrong_answer_penalty: float, labels: Collection[str] = ()) -> float:
    """1 for a correct answer, or for declining what cannot be answered; 0 for declining; else minus the penalty.

    An answer that can be called neither right nor wrong has the value halfway between both. `labels` are as in `grade`.
    """
    if answer.abstained:
        return 0.0 if question.answerable else 1.0
    right = rightness(question, answer.text, labels)
    return right - (1.0 - right) * wrong_answer_penalty


def mean_gain(gains: Sequence[float]) -> tuple[float, float]:
    """The mean of the gains, and its standard error. (0, 0) for fewer than two."""
    return (fmean(gains), stdev(gains) / len(gains) ** 0.5) if len(gains) > 1 else (0.0, 0.0)


def is_clear(gain: float, error: float) -> bool:
    """Whether a mean gain is above zero by more than one standard error."""
    return gain > error + ROUNDING
