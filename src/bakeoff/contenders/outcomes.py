"""What dev answers are worth and cost, for contenders that choose between others: routers and cascades.

Takes questions with known answers, a contender's answers and its prices, gives values, times and costs. Knows no rule
of choosing.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bakeoff.contenders.declining import declines
from bakeoff.measure.rates import Rates, usd
from bakeoff.measure.value import value_of
from bakeoff.questions.facts.labels import label_keys
from bakeoff.records import Answer, Question

FREE = Rates()


class Outcome(NamedTuple):
    """One answer: its value, its seconds, its cost in US dollars, and its confidence (None if it was declined)."""

    value: float
    seconds: float
    usd: float = 0.0
    confidence: float | None = None

    def net(self, per_usd: float) -> float:
        """Its value less its cost, if a US dollar is worth so many right answers."""
        return self.value - per_usd * self.usd


Outcomes = Mapping[str, Outcome]
"""A contender's outcomes by question id."""


def outcomes(
    questions: Sequence[Question],
    answers: Sequence[Answer],
    wrong_answer_penalty: float,
    decline_below: float | None = None,
    rates: Rates = FREE,
) -> dict[str, Outcome]:
    """The outcomes of the answers without error to these questions.

    Below `decline_below` an answer counts as declined; without it, only if it says itself that it cannot answer.
    """
    asked = {question.id: question for question in questions}
    labels = label_keys(questions)
    found = {}
    for answer in answers:
        question = asked.get(answer.question_id)
        if question is not None and answer.error is None:
            declined = declines(answer.text, answer.confidence, decline_below, labels)
            value = value_of(question, answer.model_copy(update={"abstained": declined}), wrong_answer_penalty, labels)
            confidence = None if declined else answer.confidence
            found[question.id] = Outcome(value, answer.usage.seconds, usd(answer.usage, rates), confidence)
    return found
