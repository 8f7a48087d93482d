"""Risk and coverage: how wrong a contender's answers are if it answers only the share that it is surest of.

Takes test questions and answers, gives the curve, its area and the hallucination at a given coverage, with intervals
over redrawn facts. No threshold is used, so that nobody looks better by silence. Does not know how answers are made.

Risk is the share of wrong answers among those given. Any answer to an unanswerable question is wrong. Answers that the
contender declined in its own words come last, as wrong ones. Equal confidences are taken in random order, in
expectation. The area (AURC) is the mean risk over all coverages.

Source: Geifman and El-Yaniv 2017, arXiv:1705.08500; the area, Geifman, Uziel and El-Yaniv 2019, arXiv:1805.08206.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bakeoff.grading.abstention import is_abstention
from bakeoff.measure.comparison import Estimate
from bakeoff.records import Answer, Question

N_DRAWS = 400
CHUNK = 50
"""Draws that are computed at once, which bounds the memory."""
N_POINTS = 40
LEAST_COVERAGE = 0.2
"""Contenders that answer a smaller share are not compared at equal coverage: there is too little to compare."""


@dataclass(frozen=True)
class Ranked:
    """Answers from the surest to the least sure: `wrong` (1 or 0), the number of each one's fact, and its group.

    Answers of one group are equally sure. `n_own` answers are in the contender's own words, the others come after
    them. `n_answered` were given, not declined.
    """

    wrong: np.ndarray
    facts: np.ndarray
    groups: np.ndarray
    n_own: int
    n_answered: int

    @property
    def coverage(self) -> float:
        """The share of the questions that it answered in the test."""
        return self.n_answered / len(self.wrong)


def ranked(questions: Sequence[Question], answers: Sequence[Answer], knows: Mapping[str, float]) -> Ranked | None:
    """The answers without error to these questions, in order. None if an answer in its own words has no confidence.

    `knows` says by question id whether an answerable question's text is correct. If several contenders gave the
    answers (a router), each one's are ranked by themselves, because confidences compare only within a contender.
    """
    asked = {question.id: question for question in questions}
    given = [answer for answer in answers if answer.error is None and answer.question_id in asked]
    silent = [answer.abstained and (answer.confidence is None or is_abstention(answer.text)) for answer in given]
    own = [answer for answer, is_silent in zip(given, silent, strict=True) if not is_silent]
    if not given or any(answer.confidence is None for answer in own):
        return None
    sureness = _sureness(own)
    keys = np.array([-sureness[id(answer)] if id(answer) in sureness else np.inf for answer in given])
    order = np.argsort(keys, kind="stable")
    wrong = [
        1.0 if is_silent or not asked[answer.question_id].answerable else 1.0 - knows.get(answer.question_id, 0.0)
        for answer, is_silent in zip(given, silent, strict=True)
    ]
    number: dict[str, int] = {}
    facts = [number.setdefault(asked[answer.question_id].fact, len(number)) for answer in given]
    groups = np.unique(keys[order], return_inverse=True)[1]
    n_answered = sum(not answer.abstained for answer in given)
    return Ranked(np.array(wrong)[order], np.array(facts)[order], groups, len(own), n_answered)


def _sureness(own: Sequence[Answer]) -> dict[int, float]:
    """The confidence of each answer by its identity; with several routes, its rank (0 to 1) within the route."""
    by_route: dict[str, list[Answer]] = {}
    for answer in own:
        by_route.setdefault(answer.route, []).append(answer)
    sureness: dict[int, float] = {}
    for group in by_route.values():
        values = np.array([answer.confidence for answer in group], dtype=float)
        if len(by_route) > 1:
            ordered = np.sort(values)
            below, upto = np.searchsorted(ordered, values), np.searchsorted(ordered, values, "right")
            values = (below + upto) / (2 * len(values))
        sureness |= {id(answer): float(value) for answer, value in zip(group, values, strict=True)}
    return sureness


def _accumulated(of: Ranked, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The weighted numbers of answers and of wrong ones up to each answer: (draw, answer)."""
    starts = np.flatnonzero(np.append(True, np.diff(of.groups) > 0))
    n = np.add.reduceat(weights, starts, axis=1)
    wrong = np.add.reduceat(weights * of.wrong, starts, axis=1)
    share = np.divide(wrong, n, out=np.zeros_like(wrong), where=n > 0)[:, of.groups]
    return np.cumsum(weights, axis=1), np.cumsum(weights * share, axis=1)


def _areas(of: Ranked, weights: np.ndarray) -> np.ndarray:
    n, wrong = _accumulated(of, weights)
    risk = np.divide(wrong, n, out=np.zeros_like(wrong), where=n > 0)
    return (weights * risk).sum(axis=1) / weights.sum(axis=1)


def _wrong_at(of: Ranked, weights: np.ndarray, coverage: float) -> np.ndarray:
    """The wrong answers as a share of all questions, if this share of them is answered."""
    n, wrong = _accumulated(of, weights)
    total = n[:, -1]
    return np.array(
        [
            np.interp(coverage * whole, np.append(0.0, counts), np.append(0.0, errors)) / whole
            for counts, errors, whole in zip(n, wrong, total, strict=True)
        ]
    )


def curve(of: Ranked) -> tuple[list[float], list[float]]:
    """Coverages and risks at up to `N_POINTS` places, as far as the contender answers in its own words."""
    if not of.n_own:
        return [], []
    n, wrong = (row[0] for row in _accumulated(of, np.ones((1, len(of.wrong)))))
    first = max(1, len(n) // 20)  # the risk of the first few answers says nothing
    places = np.unique(np.linspace(min(first, of.n_own), of.n_own, N_POINTS).round().astype(int)) - 1
    return (n[places] / len(n)).round(4).tolist(), (wrong[places] / n[places]).round(4).tolist()


def area(of: Ranked) -> Estimate:
    """The area under the curve, with the curve and the share answered as its details."""
    one = np.ones((1, len(of.wrong)))
    low, high = np.quantile(np.concatenate([_areas(of, weights) for weights in _redrawn(of)]), [0.025, 0.975])
    coverages, risks = curve(of)
    detail = {"coverage": coverages, "risk": risks, "answered": of.coverage}
    value = float(_areas(of, one)[0])
    return Estimate(value=value, low=min(value, low), high=max(value, high), n=len(of.wrong), detail=detail)


def hallucination_at(of: Ranked, coverage: float) -> Estimate:
    """Wrong answers as a share of all questions if it answers only this share of them, the surest ones."""
    value = float(_wrong_at(of, np.ones((1, len(of.wrong))), coverage)[0])
    drawn = np.concatenate([_wrong_at(of, weights, coverage) for weights in _redrawn(of)])
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Estimate(
        value=value, low=min(value, low), high=max(value, high), n=len(of.wrong), detail={"coverage": coverage}
    )


def _redrawn(of: Ranked) -> Iterator[np.ndarray]:
    """How often each answer counts in redrawn sets of facts, in portions: (CHUNK, answer)."""
    rng, n_facts = np.random.default_rng(0), int(of.facts.max()) + 1
    even = np.full(n_facts, 1 / n_facts)
    for _ in range(N_DRAWS // CHUNK):
        yield rng.multinomial(n_facts, even, size=CHUNK)[:, of.facts].astype(float)


def equal_coverage(coverages: Sequence[float]) -> float | None:
    """The lowest share answered, among contenders that answer at least `LEAST_COVERAGE`; None if there is none."""
    return min((share for share in coverages if share >= LEAST_COVERAGE), default=None)
