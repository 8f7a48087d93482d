"""Test answers with the thresholds that other dev sets would have given: how far a measure depends on dev.

Takes test questions, answers and redrawn thresholds, gives the shift of a mean for each redrawn dev set. Answers keep
their text and confidence even if declined, so no model is asked again. Knows nothing about how a threshold is
fitted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bakeoff.grading.abstention import is_abstention
from bakeoff.measure.statistics import NO_SHIFT
from bakeoff.records import Answer, Question

Thresholds = Mapping[str, np.ndarray]
"""For each contender with a fitted threshold those of the redrawn dev sets, -inf where it would never decline."""


@dataclass(frozen=True)
class Redecided:
    """Whether each answer would have been declined, (dev set, answer), and what that changes in each score.

    `columns` gives the column of a question id. `actual` says which answers were declined in the test. `changes` holds,
    by score, the value if declined minus the value if answered.
    """

    columns: Mapping[str, int]
    declined: np.ndarray
    actual: np.ndarray
    changes: Mapping[str, np.ndarray]

    def shift(self, score: str, weights: Mapping[str, float]) -> np.ndarray:
        """How much the weighted mean of a score over these questions changes with each dev set."""
        total = sum(weights.values())
        if score not in self.changes or not total:
            return NO_SHIFT
        shares = np.zeros(len(self.columns))
        for key, weight in weights.items():
            if key in self.columns:
                shares[self.columns[key]] = weight / total
        effects = shares * self.changes[score]
        return self.declined @ effects - self.actual @ effects


def redecided(
    questions: Sequence[Question],
    answers: Sequence[Answer],
    knows: Mapping[str, float],
    name: str,
    thresholds: Thresholds,
) -> Redecided | None:
    """The answers of one contender under the redrawn thresholds; None if none of its answers depends on one.

    A routed answer is declined by the threshold of the contender that gave it. `knows` says by question id whether an
    answerable question's text is correct.
    """
    by_id = {answer.question_id: answer for answer in answers if answer.error is None}
    asked = [question for question in questions if question.id in by_id]
    given = [by_id[question.id] for question in asked]
    if not any((answer.route or name) in thresholds for answer in given):
        return None
    n_sets = len(next(iter(thresholds.values())))
    declined = np.zeros((n_sets, len(asked)), dtype=bool)
    for column, answer in enumerate(given):
        declined[:, column] = _declined(answer, thresholds.get(answer.route or name))
    right = np.array([question.answerable and knows.get(question.id, 0.0) for question in asked], dtype=float)
    answerable = np.array([question.answerable for question in asked])
    by_text = np.array([question.slice == "general" for question in asked])
    changes = {
        "correct": np.where(answerable, np.where(by_text, 0.0, -right), 1.0),
        "hallucinated": right - 1.0,
        "abstained": np.ones(len(asked)),
    }
    columns = {question.id: column for column, question in enumerate(asked)}
    return Redecided(columns, declined, np.array([answer.abstained for answer in given]), changes)


def _declined(answer: Answer, below: np.ndarray | None) -> np.ndarray | bool:
    if below is None or answer.confidence is None:
        return answer.abstained
    return (answer.confidence < below) | (answer.abstained and is_abstention(answer.text))
