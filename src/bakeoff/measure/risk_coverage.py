"""Risk and coverage: how wrong a contender's answers are if it answers only the share that it is surest of.

Takes test questions and answers, gives the curve, its area and the hallucination at a given coverage, with intervals
over redrawn facts. No threshold is used, so that nobody looks better by silence. Does not know how answers are made.

Risk is the share of wrong answers among those given. Any answer to an unanswerable question is wrong. Answers that the
contender declined in its own words come last, as wrong ones. Equal confidences are taken in random order, in
expectation. The area (AURC) is the mean risk over all coverages. Unsure answers count half, and intervals reach from
all of them right to all of them wrong.

The order of the answers does not depend on labels, so both numbers are weighted sums of whether each answer is wrong,
with weights that are known. So they can be corrected by labels like any mean (`ppi.py`): pseudo-values take the place
of grades, and the error that comes from the choice of labels is added. The curve cannot: it shows the grades.

Source: Geifman and El-Yaniv 2017, arXiv:1705.08500; the area, Geifman, Uziel and El-Yaniv 2019, arXiv:1805.08206.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bakeoff.grading.abstention import is_abstention
from bakeoff.measure.comparison import Estimate
from bakeoff.measure.graded import UNSURE
from bakeoff.measure.ppi import Pseudo
from bakeoff.measure.statistics import CONFIDENCE, Z, t_quantile
from bakeoff.records import Answer, Question

N_DRAWS = 400
CHUNK = 50
"""Draws that are computed at once, which bounds the memory."""
N_POINTS = 40
LEAST_COVERAGE = 0.2
"""Contenders that answer a smaller share are not compared at equal coverage: there is too little to compare."""


TAILS = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
NONE: Mapping[str, float] = {}


class Corrected(NamedTuple):
    """Whether each answer is wrong, corrected by `n_labels` labels; the columns are those of `ppi.Pseudo`."""

    wrong: np.ndarray
    predicted: np.ndarray
    doubt: np.ndarray
    noise: np.ndarray
    expected_noise: np.ndarray
    n_labels: int


class Corrections(NamedTuple):
    """By question id: `knows` of answerable questions and `hallucinated` of unanswerable ones, corrected by labels."""

    knows: Mapping[str, Pseudo]
    hallucinated: Mapping[str, Pseudo]
    n_labels: int


@dataclass(frozen=True)
class Ranked:
    """Answers from the surest to the least sure: `wrong` (1, 0 or UNSURE), the number of each one's fact, its group.

    Answers of one group are equally sure. `n_own` answers are in the contender's own words, the others come after
    them. `n_answered` were given, not declined. `corrected` is None with too few labels.
    """

    wrong: np.ndarray
    facts: np.ndarray
    groups: np.ndarray
    n_own: int
    n_answered: int
    corrected: Corrected | None = None

    @property
    def coverage(self) -> float:
        """The share of the questions that it answered in the test."""
        return self.n_answered / len(self.wrong)

    @property
    def doubt(self) -> np.ndarray:
        """How far each answer may be from `wrong`."""
        return np.where(self.wrong == UNSURE, UNSURE, 0.0)


def ranked(
    questions: Sequence[Question],
    answers: Sequence[Answer],
    knows: Mapping[str, float],
    correct: Mapping[str, float] = NONE,
    corrections: Corrections | None = None,
) -> Ranked | None:
    """The answers without error to these questions, in order. None if an answer in its own words has no confidence.

    `knows` says by question id whether an answerable question's text is correct, `correct` whether the answer as it
    was given is: an unanswerable question's answer that is correct was declined. If several contenders gave the answers
    (a router), each one's are ranked by themselves, because confidences compare only within a contender.
    """
    asked = {question.id: question for question in questions}
    given = [answer for answer in answers if answer.error is None and answer.question_id in asked]
    silent = [_is_silent(asked[answer.question_id], answer, correct) for answer in given]
    own = [answer for answer, is_silent in zip(given, silent, strict=True) if not is_silent]
    if not given or any(answer.confidence is None for answer in own):
        return None
    sureness = _sureness(own)
    keys = np.array([-sureness[id(answer)] if id(answer) in sureness else np.inf for answer in given])
    order = np.argsort(keys, kind="stable")
    wrong = [
        1.0 if is_silent else _wrong(asked[answer.question_id], answer, knows, correct)
        for answer, is_silent in zip(given, silent, strict=True)
    ]
    number: dict[str, int] = {}
    facts = [number.setdefault(asked[answer.question_id].fact, len(number)) for answer in given]
    groups = np.unique(keys[order], return_inverse=True)[1]
    n_answered = sum(not answer.abstained for answer in given)
    in_order = [(asked[given[place].question_id], given[place], silent[place], wrong[place]) for place in order]
    corrected = None if corrections is None else _corrected(in_order, corrections)
    return Ranked(np.array(wrong)[order], np.array(facts)[order], groups, len(own), n_answered, corrected)


def _is_silent(question: Question, answer: Answer, correct: Mapping[str, float]) -> bool:
    """Whether it declined in its own words, by its text or because a person or the grade says so."""
    if answer.abstained:
        return answer.confidence is None or is_abstention(answer.text)
    return not question.answerable and correct.get(question.id) == 1.0


def _wrong(question: Question, answer: Answer, knows: Mapping[str, float], correct: Mapping[str, float]) -> float:
    if question.answerable:
        return 1.0 - knows.get(question.id, 0.0)
    return UNSURE if not answer.abstained and correct.get(question.id) == UNSURE else 1.0


def _corrected(answers: Sequence[tuple[Question, Answer, bool, float]], of: Corrections) -> Corrected:
    """Whether each of these answers is wrong, by labels; what no label can change keeps its value."""
    rows = []
    for question, answer, is_silent, wrong in answers:
        pseudo = Pseudo(wrong, wrong, doubt=UNSURE if wrong == UNSURE else 0.0)
        if not is_silent and question.answerable and question.id in of.knows:
            known = of.knows[question.id]
            pseudo = known._replace(value=1.0 - known.value, predicted=1.0 - known.predicted)
        elif not is_silent and not answer.abstained and question.id in of.hallucinated:
            pseudo = of.hallucinated[question.id]
        rows.append((pseudo.value, pseudo.predicted, pseudo.doubt, pseudo.noise, pseudo.expected_noise))
    wrong, predicted, doubt, noise, expected_noise = np.array(rows).T
    return Corrected(wrong, predicted, doubt, noise, expected_noise, of.n_labels)


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


Taken = Callable[[np.ndarray], np.ndarray]
"""From how often each answer counts, (draw, answer), to how much the share of wrong answers at each place adds."""


def _for_area(weights: np.ndarray) -> np.ndarray:
    n = np.cumsum(weights, axis=1)
    later = np.divide(weights, n, out=np.zeros_like(weights), where=n > 0)[:, ::-1].cumsum(axis=1)[:, ::-1]
    return np.asarray(weights * later / n[:, -1:])


def _for_coverage(coverage: float) -> Taken:
    """All of the first answers up to this share of the questions, none of the others."""

    def taken(weights: np.ndarray) -> np.ndarray:
        n = np.cumsum(weights, axis=1)
        return np.asarray(np.clip(coverage * n[:, -1:] - (n - weights), 0.0, weights) / n[:, -1:])

    return taken


def _parts(of: Ranked, taken: Taken, weights: np.ndarray) -> np.ndarray:
    """What a wrong answer adds to the measure: (draw, answer). Equally sure answers add the same."""
    starts = np.flatnonzero(np.append(True, np.diff(of.groups) > 0))
    n = np.add.reduceat(weights, starts, axis=1)
    together = np.add.reduceat(taken(weights), starts, axis=1)
    share = np.divide(together, n, out=np.zeros_like(n), where=n > 0)
    return np.asarray(weights * share[:, of.groups])


def curve(of: Ranked) -> tuple[list[float], list[float]]:
    """Coverages and risks at up to `N_POINTS` places, as far as the contender answers in its own words.

    Unsure answers count half, and labels correct nothing.
    """
    if not of.n_own:
        return [], []
    n = np.arange(1, len(of.wrong) + 1)
    wrong = np.cumsum((np.bincount(of.groups, of.wrong) / np.bincount(of.groups))[of.groups])
    first = max(1, len(n) // 20)  # the risk of the first few answers says nothing
    places = np.unique(np.linspace(min(first, of.n_own), of.n_own, N_POINTS).round().astype(int)) - 1
    return (n[places] / len(n)).round(4).tolist(), (wrong[places] / n[places]).round(4).tolist()


def area(of: Ranked) -> Estimate:
    """The area under the curve, with the curve and the share answered as its details."""
    coverages, risks = curve(of)
    detail = {"coverage": coverages, "risk": risks, "answered": of.coverage}
    return _estimate(of, _for_area).model_copy(update={"detail": detail})


def hallucination_at(of: Ranked, coverage: float) -> Estimate:
    """Wrong answers as a share of all questions if it answers only this share of them, the surest ones."""
    return _estimate(of, _for_coverage(coverage)).model_copy(update={"detail": {"coverage": coverage}})


def _estimate(of: Ranked, taken: Taken) -> Estimate:
    """A measure with its interval: from the lower end with every unsure answer right to the upper with each one wrong.

    With labels the distances for the choice of questions and of labels are added in quadrature, as in
    `ppi_intervals.share`.
    """
    by = of.corrected
    wrong, doubt = (of.wrong, of.doubt) if by is None else (by.wrong, by.doubt)
    once = _parts(of, taken, np.ones((1, len(wrong))))[0]
    value, half = float(once @ wrong), float(once @ doubt)
    down, up = _distances(of, taken, once, wrong, doubt)
    if by is not None:
        noise = Z.inv_cdf(TAILS[1]) ** 2 * float(once**2 @ by.noise)
        least = _distances(of, taken, once, by.predicted, doubt)
        counts = once > 0  # what adds nothing may have no finite noise
        error = math.sqrt(float(once[counts] ** 2 @ by.expected_noise[counts]))
        reach = t_quantile(TAILS[1], by.n_labels - 1) * error
        down, up = (
            math.hypot(math.sqrt(max(distance**2 - noise, bound**2)), reach)
            for distance, bound in zip((down, up), least, strict=True)
        )
    low, high = max(0.0, value - half - down), min(1.0, value + half + up)
    value = min(1.0, max(0.0, value))
    return Estimate(
        value=value, low=min(value, low), high=max(value, high), n=len(wrong),
        unsure=int(np.count_nonzero(doubt)), doubt=half, labels=by.n_labels if by else 0,
    )  # fmt: skip


def _distances(of: Ranked, taken: Taken, once: np.ndarray, wrong: np.ndarray, doubt: np.ndarray) -> tuple[float, float]:
    """From the measure down to its lower end over redrawn facts, all in doubt right, and up with all of it wrong."""
    sides = np.column_stack([wrong - doubt, wrong + doubt])
    low, high = np.concatenate([_parts(of, taken, weights) @ sides for weights in _redrawn(of)]).T
    ends = np.quantile(low, TAILS[0]), np.quantile(high, TAILS[1])
    return max(0.0, float(once @ sides[:, 0] - ends[0])), max(0.0, float(ends[1] - once @ sides[:, 1]))


def _redrawn(of: Ranked) -> Iterator[np.ndarray]:
    """How often each answer counts in redrawn sets of facts, in portions: (CHUNK, answer)."""
    rng, n_facts = np.random.default_rng(0), int(of.facts.max()) + 1
    even = np.full(n_facts, 1 / n_facts)
    for _ in range(N_DRAWS // CHUNK):
        yield rng.multinomial(n_facts, even, size=CHUNK)[:, of.facts].astype(float)


def equal_coverage(coverages: Sequence[float]) -> float | None:
    """The lowest share answered, among contenders that answer at least `LEAST_COVERAGE`; None if there is none."""
    return min((share for share in coverages if share >= LEAST_COVERAGE), default=None)
