"""How much each test question counts in the verdict.

Takes questions and the profile's choice, gives weights by question id with mean 1. Knows nothing about answers.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

from bakeoff.errors import ConfigError
from bakeoff.records import Question

Counts = Literal["question", "fact", "traffic"]


def question_weights(
    questions: Sequence[Question], counts: Counts = "question", mix: Mapping[str, float] | None = None
) -> dict[str, float]:
    """The weights of the test questions in the domain.

    `counts` says what counts once: a question, a fact, or each time a question was asked. `mix` gives the slices'
    shares; without it they are as in the test. Raises ConfigError if nothing is left to count.
    """
    phrasings = Counter(question.fact for question in questions)
    weights = {
        question.id: {"question": 1.0, "fact": 1 / phrasings[question.fact], "traffic": float(question.asked)}[counts]
        for question in questions
    }
    if mix:
        weights = _mixed(questions, weights, mix)
    total = sum(weights.values())
    if questions and not total:
        raise ConfigError(
            "No test question counts: all their weights are 0.",
            "give slice_weights to slices that the test has, or leave slice_weights and counts out",
        )
    return {key: weight * len(questions) / total for key, weight in weights.items()}


def _mixed(questions: Sequence[Question], weights: Mapping[str, float], mix: Mapping[str, float]) -> dict[str, float]:
    """The weights scaled so that each slice of the test has its share. A slice without a share counts nothing."""
    totals: Counter[str] = Counter()
    for question in questions:
        totals[str(question.slice)] += weights[question.id]  # type: ignore[assignment]
    share = {part: mix.get(part, 0.0) / total for part, total in totals.items() if total}
    return {question.id: weights[question.id] * share.get(str(question.slice), 0.0) for question in questions}
