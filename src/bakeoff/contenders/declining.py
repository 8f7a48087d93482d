"""Declining: how contenders say "I don't know". The rule is the same for all of them.

A contender declines if its text says so, or if its confidence is below a threshold. The threshold is fitted on the dev
split by one rule (`measure/threshold.py`), so that all contenders have the same chance to decline. Knows nothing about
engines.
"""

from collections.abc import Collection, Sequence

from bakeoff.grading.label import is_refusal
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


def declines(text: str, confidence: float | None, decline_below: float | None, labels: Collection[str] = ()) -> bool:
    """Whether this answer counts as "I don't know". A label, given as its key, declines by confidence only."""
    return is_refusal(text, labels) or is_below(confidence, decline_below)


def is_below(confidence: float | None, decline_below: float | None) -> bool:
    """Whether the confidence is below the threshold, if there are both."""
    return decline_below is not None and confidence is not None and confidence < decline_below
