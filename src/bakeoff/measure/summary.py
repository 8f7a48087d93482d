"""Scores, latencies and stage times to the eight measures of each contender, with intervals.

Takes what a run folder holds, gives the content of `comparison.json`. Knows nothing about how contenders work; a
measure that could not be taken has value None and says why in `detail.reason`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bakeoff.measure.rates import Rates
from bakeoff.measure.score import Values
from bakeoff.measure.statistics import (
    MARGIN,
    Estimate,
    contrasts,
    mean_estimate,
    quantile_estimate,
    ratio_estimate,
    share_estimate,
)
from bakeoff.records import Answer, Question, Stage

IN_DOMAIN = ("seen", "unseen", "unanswerable")
CONTRASTED = {"accuracy": "correct", "hallucination": "hallucinated"}


@dataclass(frozen=True)
class Measured:
    """What was collected of one contender.

    `values` are those of the test answers by measure, `updated` those after the update (none where it was not asked
    again). `update` is None where it was not brought up to date.
    """

    name: str
    values: Mapping[str, Values]
    updated: Mapping[str, Values] = field(default_factory=dict)
    answers: Sequence[Answer] = ()
    latencies_ms: Sequence[float] = ()
    setup: Sequence[Stage] = ()
    update: Sequence[Stage] | None = ()


Entry = dict[str, Any]


def summarise(
    questions: Sequence[Question],
    measured: Sequence[Measured],
    skipped: Mapping[str, str],
    rates: Rates,
    margin: float = MARGIN,
) -> Entry:
    """The content of comparison.json: every contender's measures, every pair's contrasts, who was skipped and why.

    Pairs that differ by less than `margin` (a fraction) are called tied.
    """
    facts = {question.id: question.fact for question in questions}
    base = next(
        (_values(one.values, "knows", questions, ("general",)) for one in measured if one.name == "base"),
        {},
    )
    contenders = {one.name: _measures(one, questions, facts, base, rates) for one in measured}
    pairs = []
    for measure, score in CONTRASTED.items():
        values = {one.name: _values(one.values, score, questions, IN_DOMAIN) for one in measured}
        pairs += [contrast.model_dump() for contrast in contrasts(values, facts, measure, margin)]
    return {"contenders": contenders, "contrasts": pairs, "skipped": dict(skipped)}


def _measures(
    one: Measured, questions: Sequence[Question], facts: Mapping[str, str], base: Mapping[str, float], rates: Rates
) -> Entry:
    asked = {question.id: float(question.asked) for question in questions}
    correct = _values(one.values, "correct", questions, IN_DOMAIN)
    return {
        "accuracy": _with_slices(one, "correct", questions, facts),
        "hallucination": _with_slices(one, "hallucinated", questions, facts),
        "latency_ms": _latency(one),
        "cost_per_1k": _per_answer(one, facts, lambda answer: 1000 * cost_usd(answer, rates)),
        "retention": _retention(one, questions, facts, base),
        "freshness": _freshness(one, questions, facts),
        "consistency": _share(
            _values(one.values, "consistent", questions, IN_DOMAIN),
            facts,
            "no fact was asked in two ways in the test",
        ),
        "setup_s": _setup(one, rates),
        "accuracy_by_traffic": _by_traffic(correct, facts, asked),
        "abstention": _with_slices(one, "abstained", questions, facts),
        "knowledge": _with_slices(one, "knows", questions, facts),
        "retrieval_recall": _share(
            _values(one.values, "evidence_hit", questions, IN_DOMAIN),
            facts,
            "it shows no passages, or the questions name no sources",
        ),
        "exact_match": _share(
            _values(one.values, "exact_match", questions, IN_DOMAIN),
            facts,
            "no answerable question",
        ),
        "f1": _mean_of(_values(one.values, "f1", questions, IN_DOMAIN), facts, "no answerable question"),
        "errors": _share(
            _values(one.values, "error", questions, (*IN_DOMAIN, "general", "changed")),
            facts,
            "no answer",
        ),
        "tokens_per_question": _tokens(one, facts),
        "seconds_per_question": _per_answer(one, facts, lambda answer: answer.usage.seconds),
    }


def _values(
    values: Mapping[str, Values], measure: str, questions: Sequence[Question], slices: Sequence[str]
) -> dict[str, float]:
    """The values of one measure on these slices."""
    wanted = {question.id for question in questions if question.slice in slices}
    return {key: value for key, value in values.get(measure, {}).items() if key in wanted}


def _entry(estimate: Estimate, **more: Any) -> Entry:
    return {**estimate.model_dump(), **more}


def _missing(reason: str) -> Entry:
    return _entry(Estimate(value=None), detail={"reason": reason})


def _share(values: Mapping[str, float], facts: Mapping[str, str], reason: str) -> Entry:
    return _entry(share_estimate(values, facts)) if values else _missing(reason)


def _mean_of(values: Mapping[str, float], facts: Mapping[str, str], reason: str) -> Entry:
    """Of values in 0..1 that are no shares of right and wrong: the score interval would be far too wide."""
    if not values:
        return _missing(reason)
    found = mean_estimate(values, facts)
    return _entry(found.model_copy(update={"low": max(0.0, found.low or 0.0), "high": min(1.0, found.high or 0.0)}))


def _by_traffic(correct: Mapping[str, float], facts: Mapping[str, str], asked: Mapping[str, float]) -> Entry:
    if not sum(asked[key] for key in correct):
        return _missing("no test question was ever asked, by its count")
    return _entry(share_estimate(correct, facts, weights=asked))


def _with_slices(one: Measured, score: str, questions: Sequence[Question], facts: Mapping[str, str]) -> Entry:
    """The mean over the in-domain slices, and over each slice alone."""
    slices = {}
    for name in (*IN_DOMAIN, "changed", "general"):
        values = _values(one.values, score, questions, (name,))
        if values:
            slices[name] = _entry(share_estimate(values, facts))
    overall = _share(_values(one.values, score, questions, IN_DOMAIN), facts, "every answer failed")
    return {**overall, "slices": slices}


def _latency(one: Measured) -> Entry:
    if not one.latencies_ms:
        return _missing("no question was answered alone without error")
    p95 = quantile_estimate(one.latencies_ms, 0.95)
    return _entry(quantile_estimate(one.latencies_ms, 0.5), detail={"p95": p95.value})


def cost_usd(answer: Answer, rates: Rates) -> float:
    """What one answer cost: its compute time at the machine's price, plus its tokens where tokens are paid."""
    return (
        answer.usage.seconds * rates.machine_usd_per_hour / 3600
        + answer.usage.prompt_tokens * rates.input_usd_per_million_tokens / 1e6
        + answer.usage.completion_tokens * rates.output_usd_per_million_tokens / 1e6
    )


def _per_answer(one: Measured, facts: Mapping[str, str], amount: Callable[[Answer], float]) -> Entry:
    """The mean of an amount over the answers that did not fail."""
    amounts = {answer.question_id: amount(answer) for answer in one.answers if answer.error is None}
    return _entry(mean_estimate(amounts, facts)) if amounts else _missing("every answer failed")


def _tokens(one: Measured, facts: Mapping[str, str]) -> Entry:
    """Prompt and completion tokens together, and the mean of each."""
    entry = _per_answer(one, facts, lambda answer: float(answer.usage.prompt_tokens + answer.usage.completion_tokens))
    if entry["value"] is None:
        return entry
    used = [answer.usage for answer in one.answers if answer.error is None]
    prompt = sum(usage.prompt_tokens for usage in used) / len(used)
    return {**entry, "detail": {"prompt": prompt, "completion": entry["value"] - prompt}}


def _retention(
    one: Measured, questions: Sequence[Question], facts: Mapping[str, str], base: Mapping[str, float]
) -> Entry:
    if not base:
        return _missing(
            "it is held against the contender 'base' on general questions, and one of the two is not in the run"
        )
    own = _values(one.values, "knows", questions, ("general",))
    if not own or not sum(base.values()):
        return _missing("the base model answered no general question rightly" if own else "every answer failed")
    return _entry(ratio_estimate(own, base, facts), detail={"accuracy": sum(own.values()) / len(own)})


def _freshness(one: Measured, questions: Sequence[Question], facts: Mapping[str, str]) -> Entry:
    after = _values(one.updated, "correct", questions, ("changed",))
    if not after:
        return _missing("every answer failed" if one.updated else "the configuration names no updates")
    before = _values(one.values, "correct", questions, ("changed",))
    detail: Entry = {"before": sum(before.values()) / len(before) if before else None}
    if one.update is not None:
        detail["update_seconds"] = sum(stage.seconds for stage in one.update)
        detail["update_tokens"] = sum(stage.tokens for stage in one.update)
    return _entry(share_estimate(after, facts), detail=detail)


def _setup(one: Measured, rates: Rates) -> Entry:
    if not one.setup:
        return _missing("Bakeoff does not set it up")
    seconds = sum(stage.seconds for stage in one.setup)
    parts: dict[str, float] = {}
    for stage in one.setup:
        parts[stage.stage] = round(parts.get(stage.stage, 0.0) + stage.seconds, 3)
    cost = seconds * rates.machine_usd_per_hour / 3600
    return _entry(Estimate(value=seconds, n=1), detail={"stages": parts, "cost_usd": cost})
