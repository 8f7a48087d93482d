"""Declining: how contenders say "I don't know". The rule is the same for all of them.

A contender declines if its text says so, or if its confidence is below a threshold. The threshold is calibrated on the
dev split by one rule, so that all contenders have the same chance to decline. Knows nothing about engines.
"""

from collections.abc import Callable, Sequence

from bakeoff.grading.grade import is_abstention
from bakeoff.records import Answer, Completion, Hit, Question, Usage

NOTHING = Usage()


def answer_from(
    question: Question,
    contender: str,
    completion: Completion,
    decline_below: float | None,
    hits: Sequence[Hit] = (),
    retrieval: Usage = NOTHING,
) -> Answer:
    """The answer made from a completion. `retrieval` is the usage of retrieving its passages."""
    return Answer(
        question_id=question.id,
        contender=contender,
        text=completion.text.strip(),
        citations=tuple(hits),
        usage=retrieval + completion.usage,
        confidence=completion.logprob,
        abstained=completion.error is None and declines(completion.text, completion.logprob, decline_below),
        truncated=completion.truncated,
        looped=completion.looped,
        origin=completion.origin,
        error=completion.error,
    )


def declines(text: str, confidence: float | None, decline_below: float | None) -> bool:
    """Whether this answer counts as "I don't know"."""
    if is_abstention(text):
        return True
    return decline_below is not None and confidence is not None and confidence < decline_below


def calibrate(
    questions: Sequence[Question],
    answers: Sequence[Answer],
    correct: Callable[[Question, str], bool],
    wrong_answer_penalty: float,
) -> float | None:
    """The confidence below which declining pays on these questions, or None if declining never pays.

    A correct answer, or declining if there is no answer, earns 1. A wrong answer costs `wrong_answer_penalty`.
    Declining an answerable question earns 0. If several thresholds are equally good, the lowest is used: it declines
    least.
    """
    by_id = {answer.question_id: answer for answer in answers if answer.error is None}
    gains = []  # (confidence, gain of answering minus gain of declining)
    for question in questions:
        answer = by_id.get(question.id)
        if answer is None or answer.confidence is None or is_abstention(answer.text):
            continue
        right = question.answerable and correct(question, answer.text)
        answering = 1.0 if right else -wrong_answer_penalty
        gains.append((answer.confidence, answering - (0.0 if question.answerable else 1.0)))
    return _best_threshold(sorted(gains))


def _best_threshold(gains: Sequence[tuple[float, float]]) -> float | None:
    """The confidence with the highest sum of gains at or above it."""
    best, best_total, declined = None, 0.0, 0.0
    for i, (confidence, gain) in enumerate(gains):
        declined -= gain
        last_of_its_value = i + 1 == len(gains) or gains[i + 1][0] > confidence
        if last_of_its_value and declined > best_total + 1e-9:
            above = gains[i + 1][0] if i + 1 < len(gains) else confidence + 1e-6
            best, best_total = (confidence + above) / 2, declined
    return best
