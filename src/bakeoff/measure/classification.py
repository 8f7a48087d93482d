"""Measures of answers that are labels of a closed set: macro F1, out-of-scope detection, calibration.

Takes test questions whose kind is 'label' (and those out of scope, without an accepted answer) and answers, gives
estimates with intervals over redrawn facts. Does not know how answers are made. Sources: see `measures.CLASSIFICATION`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bakeoff.grading.label import label_key, without_lead_in
from bakeoff.measure.comparison import Estimate
from bakeoff.measure.graded import UNSURE
from bakeoff.measure.statistics import CONFIDENCE
from bakeoff.measures import IN_DOMAIN
from bakeoff.questions.facts.labels import LABEL
from bakeoff.records import Answer, Question

N_DRAWS, CHUNK = 1000, 100
"""How often the facts are drawn again, and draws that are computed at once, which bounds the memory."""
N_BINS, N_CONFUSED = 10, 20
NONE, OTHER = -1, -2
"""In place of the number of a label: there is none (out of scope, or declined), or a text that is no label."""
TAILS = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)


def have_labels(questions: Sequence[Question]) -> bool:
    """Whether all accepted answers of the in-domain questions are labels."""
    kinds = {question.kind for question in questions if question.answerable and question.slice in IN_DOMAIN}
    return kinds == {LABEL}


@dataclass(frozen=True)
class Classified:
    """Answers without error as arrays: the number of the right label and of the given one, and of each one's fact.

    `labels` are those that are right for a question of the test; `right` says whether the text is right, whether or
    not it was declined; out of scope none is. `confidences` is None if an answer has none.
    """

    labels: tuple[str, ...]
    truth: np.ndarray
    given: np.ndarray
    right: np.ndarray
    facts: np.ndarray
    confidences: np.ndarray | None

    @property
    def in_scope(self) -> np.ndarray:
        return self.truth != NONE


def classified(questions: Sequence[Question], answers: Sequence[Answer], knows: Mapping[str, float]) -> Classified:
    """The answers without error to these questions. `knows` is the score of the texts by question id.

    Of several accepted labels, the one that was given counts, else the first.
    """
    asked = {question.id: question for question in questions}
    answered = [answer for answer in answers if answer.error is None and answer.question_id in asked]
    names: dict[str, str] = {}
    for answer in answered:
        for label in asked[answer.question_id].answers:
            names.setdefault(label_key(label), label)
    number = {key: i for i, key in enumerate(sorted(names))}
    facts: dict[str, int] = {}
    rows = []
    for answer in answered:
        question = asked[answer.question_id]
        given = _number_of(answer.text, number)
        accepted = [number[label_key(label)] for label in question.answers]
        truth = NONE if not accepted else given if given in accepted else accepted[0]
        said = NONE if answer.abstained else given
        rows.append((truth, said, knows.get(question.id, 0.0), facts.setdefault(question.fact, len(facts))))
    columns = np.array(rows, dtype=float).reshape(-1, 4)
    sure = [answer.confidence for answer in answered]
    return Classified(
        labels=tuple(names[key] for key in number),
        truth=columns[:, 0].astype(int),
        given=columns[:, 1].astype(int),
        right=columns[:, 2],
        facts=columns[:, 3].astype(int),
        confidences=None if None in sure else np.array(sure, dtype=float),
    )


def _number_of(text: str, number: Mapping[str, int]) -> int:
    return number.get(label_key(text), number.get(label_key(without_lead_in(text)), OTHER))


def macro_f1(of: Classified) -> Estimate:
    """The mean F1 of the labels, with precision, recall and F1 of each label and the most frequent confusions."""
    if not of.in_scope.any():
        return Estimate()
    n = len(of.labels)
    true, said, hit = (_one_hot(numbers, n) for numbers in (of.truth, of.given, _hits(of)))

    def mean(weights: np.ndarray) -> np.ndarray:
        return _mean_f1(weights @ true, weights @ said, weights @ hit)

    once = np.ones(len(of.truth))
    detail = {"labels": _by_label(of, once @ true, once @ said, once @ hit), "confused": _confused(of)}
    return _with_interval(of, mean).model_copy(update={"detail": detail})


def _hits(of: Classified) -> np.ndarray:
    return np.where(of.truth == of.given, of.truth, NONE)


def _one_hot(numbers: np.ndarray, n: int) -> np.ndarray:
    return np.asarray((numbers[:, None] == np.arange(n)).astype(float))


def _f1(true: np.ndarray, said: np.ndarray, hit: np.ndarray) -> np.ndarray:
    return np.divide(2 * hit, true + said, out=np.zeros_like(hit), where=true + said > 0)


def _mean_f1(true: np.ndarray, said: np.ndarray, hit: np.ndarray) -> np.ndarray:
    """The mean over the labels that have a question (in a draw some may have none)."""
    is_there = true > 0
    n = np.maximum(is_there.sum(axis=-1), 1)
    return np.asarray((_f1(true, said, hit) * is_there).sum(axis=-1) / n)


def _by_label(of: Classified, true: np.ndarray, said: np.ndarray, hit: np.ndarray) -> dict[str, dict[str, float]]:
    f1 = _f1(true, said, hit)
    return {
        label: {
            "n": int(true[i]),
            "precision": float(hit[i] / said[i]) if said[i] else 0.0,
            "recall": float(hit[i] / true[i]),
            "f1": float(f1[i]),
        }
        for i, label in enumerate(of.labels)
        if true[i]
    }


def _confused(of: Classified) -> list[dict[str, str | int]]:
    """The most frequent wrong labels: the right one (empty if out of scope), the given one, and how often."""
    wrong = (of.truth != of.given) & (of.given >= 0)
    pairs, counts = np.unique(np.column_stack([of.truth, of.given])[wrong], axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:N_CONFUSED]
    return [
        {"right": of.labels[a] if a >= 0 else "", "given": of.labels[b], "n": int(counts[i])}
        for i in order
        for a, b in [pairs[i]]
    ]


def auroc(of: Classified) -> Estimate:
    """The chance that a question in scope has a higher confidence than one out of scope; equal ones count half."""
    if not of.in_scope.any() or of.in_scope.all():
        return Estimate()
    if of.confidences is None:
        return Estimate(reason="its answers have no confidence")
    order = np.argsort(of.confidences, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(of.confidences[order]) > 0))
    inside = of.in_scope[order].astype(float)

    def area(weights: np.ndarray) -> np.ndarray:
        ordered = weights[:, order]
        known = np.add.reduceat(ordered * inside, starts, axis=1)
        unknown = np.add.reduceat(ordered * (1 - inside), starts, axis=1)
        below = np.cumsum(unknown, axis=1) - unknown
        total = known.sum(axis=1) * unknown.sum(axis=1)
        return np.divide(
            (known * (below + unknown / 2)).sum(axis=1), total, out=np.full(len(total), 0.5), where=total > 0
        )

    return _with_interval(of, area)


def calibration_error(of: Classified) -> Estimate:
    """The mean distance of confidence from accuracy over bins of equal size, with the bins.

    Noise in the bins makes the value too large. Redrawing adds about as much again, so the draws are turned around the
    value (the basic bootstrap). The lower end is 0 if answers that are right exactly as often as their confidences say
    would often have as large an error. Source: consistency resampling, Bröcker and Smith 2007, doi:10.1175/WAF993.1.
    """
    if of.confidences is None or ((of.confidences < 0) | (of.confidences > 1)).any():
        return Estimate()
    sure, right = of.confidences, of.right
    order = np.argsort(sure, kind="stable")
    n_bins = min(N_BINS, len(order))
    bins = np.empty(len(order), int)
    bins[order] = np.arange(len(order)) * n_bins // len(order)
    member = _one_hot(bins, n_bins)
    gaps = member * (sure - right)[:, None]

    def error(weights: np.ndarray) -> np.ndarray:
        return np.asarray(np.abs(weights @ gaps).sum(axis=1) / np.maximum(weights.sum(axis=1), 1))

    estimate = _with_interval(of, error, is_turned=True)
    if estimate.value is not None and estimate.value <= np.quantile(_errors_by_luck(sure, member), TAILS[1]):
        estimate = estimate.model_copy(update={"low": 0.0})
    n = member.sum(axis=0)
    curve = [
        {"confidence": float(a), "accuracy": float(b), "n": int(c)}
        for a, b, c in zip(sure @ member / n, right @ member / n, n, strict=True)
    ]
    doubt = int((right == UNSURE).sum())
    return estimate.model_copy(update={"detail": {"bins": curve}, "unsure": doubt})


def _errors_by_luck(sure: np.ndarray, member: np.ndarray) -> np.ndarray:
    """The calibration errors of `N_DRAWS` sets of answers that are right exactly as often as their confidences say.

    `member` is 1 where an answer (row) is in a bin (column).
    """
    rng = np.random.default_rng(1)
    portions = (rng.random((CHUNK, len(sure))) < sure for _ in range(N_DRAWS // CHUNK))
    return np.concatenate([np.abs((sure - luck) @ member).sum(axis=1) for luck in portions]) / len(sure)


def _with_interval(of: Classified, value_of: Callable[[np.ndarray], np.ndarray], is_turned: bool = False) -> Estimate:
    """The value with each answer once, and its interval over redrawn facts, between 0 and 1."""
    value = float(value_of(np.ones((1, len(of.truth))))[0])
    draws = np.concatenate([value_of(weights) for weights in _redrawn(of.facts)])
    low, high = np.quantile(draws, TAILS)
    if is_turned:
        low, high = 2 * value - high, 2 * value - low
    low, high = min(value, max(0.0, float(low))), max(value, min(1.0, float(high)))
    return Estimate(value=value, low=low, high=high, n=len(of.truth))


def _redrawn(facts: np.ndarray) -> Iterator[np.ndarray]:
    """How often each answer counts in redrawn sets of facts, in portions: (CHUNK, answer)."""
    rng = np.random.default_rng(0)
    n_facts = int(facts.max()) + 1
    even = np.full(n_facts, 1 / n_facts)
    for _ in range(N_DRAWS // CHUNK):
        yield rng.multinomial(n_facts, even, size=CHUNK)[:, facts].astype(float)
