"""The threshold for declining: fitted on the dev answers of a contender, by one rule for all of them.

Takes dev questions and answers and what a wrong answer costs, gives a `Declining`. Knows nothing about the test.

The facts of dev are drawn again many times. Each draw has a best threshold, and the facts that it left out say what
that threshold gains on other questions. The threshold that is used declines the mean share of all draws, so that no
single question decides it. It is used only if the draws gain something on the facts that they left out.

Sources: averages over redrawn samples, Breiman 1996, doi:10.1007/BF00058655; why they steady a choice between two
sides of a threshold, Buehlmann and Yu 2002, doi:10.1214/aos/1031689014; the least sizes: benchmarks/declining.py.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bakeoff.grading.label import is_refusal
from bakeoff.measure.comparison import Declining
from bakeoff.questions.facts.labels import label_keys
from bakeoff.questions.splits.splits import UNANSWERABLE_DEV
from bakeoff.records import Answer, Question
from bakeoff.sentences import listed

MIN_FACTS = 20
"""The least number of answerable facts, and of unanswerable ones, in dev (docs/compare.md says why)."""
N_DRAWS = 100
N_REPEATED, N_DRAWS_REPEATED = 100, 25
"""How often dev is drawn again to see how far the threshold depends on it, and the draws of each of those fits."""


class Facts(NamedTuple):
    """How many answerable and unanswerable facts some questions ask for."""

    answerable: int
    unanswerable: int

    @classmethod
    def of(cls, questions: Iterable[Question]) -> "Facts":
        """The facts of these questions, without those about updates and general knowledge."""
        kinds = {
            (question.fact, question.answerable)
            for question in questions
            if question.slice not in ("changed", "general")
        }
        return cls(*(sum(answerable is wanted for _, answerable in kinds) for wanted in (True, False)))


NOT_COUNTED = Facts(0, 0)


@dataclass(frozen=True)
class DevAnswers:
    """Answers in a contender's own words, in ascending order of confidence.

    `gains` are those of answering: what the answer earns minus what declining would have earned. `facts` are the
    numbers of their facts, among the `n_facts` of dev.
    """

    confidences: np.ndarray
    gains: np.ndarray
    facts: np.ndarray
    n_facts: int


@dataclass(frozen=True)
class Cut:
    """The confidence below which a contender declines, -inf if never, and the gain of an answer to a fact left out."""

    below: float
    gain: float


def fit(
    dev: Sequence[Question],
    answers: Sequence[Answer],
    rightness: Callable[[Question, str], float],
    wrong_answer_penalty: float,
    in_files: Facts = NOT_COUNTED,
) -> Declining:
    """When a contender declines besides saying so, from its dev answers; without a threshold, the reason.

    `in_files` are the facts of the question files, from which the reason says how many would be enough.

    A correct answer earns 1, and so does declining an unanswerable question. Declining an answerable one earns 0. A
    wrong answer costs `wrong_answer_penalty`. `rightness` says how right a text is: 1, 0, or a half if it can be called
    neither right nor wrong.
    """
    in_dev = Facts.of(dev)
    declining = Declining(
        n_answerable=in_dev.answerable, n_unanswerable=in_dev.unanswerable, wrong_answer_penalty=wrong_answer_penalty
    )
    reason = too_few(in_dev, in_files)
    of = dev_answers(dev, answers, rightness, wrong_answer_penalty)
    if reason or not len(of.gains):
        return declining.model_copy(update={"reason": reason or "none of its dev answers has a confidence"})
    cut = best_cut(of, np.ones(of.n_facts), N_DRAWS, np.random.default_rng(0))
    if not np.isfinite(cut.below):
        return declining.model_copy(update={"fitted": True, "reason": "declining more often does not pay on dev"})
    return declining.model_copy(update={"fitted": True, "below": cut.below, "gain": cut.gain})


def too_few(in_dev: Facts, in_files: Facts = NOT_COUNTED) -> str:
    """Why dev has too few facts for a threshold, and how many the question files would need; empty if it has enough.

    >>> too_few(Facts(62, 9), Facts(244, 46)).partition("; ")[2]
    'for that the question files need about 100 unanswerable facts (they hold 46)'
    """
    if min(in_dev) >= MIN_FACTS:
        return ""
    reason = (
        f"dev holds {in_dev.answerable} answerable and {in_dev.unanswerable} unanswerable facts, and a threshold needs "
        f"at least {MIN_FACTS} of each"
    )
    needed = [
        f"about {enough} {kind} facts (they hold {total})"
        for kind, n, total in zip(Facts._fields, in_dev, in_files, strict=True)
        if n < MIN_FACTS and (enough := _enough(kind, n, total)) > total
    ]
    return f"{reason}; for that the question files need {listed(needed)}" if needed else reason


def _enough(kind: str, n_dev: int, n_total: int) -> int:
    """How many facts of a kind put `MIN_FACTS` of them into dev at the present share; 0 if the share is not known."""
    share = n_dev / n_total if n_total else 0.0
    if kind == "unanswerable" and n_total and n_dev == round(UNANSWERABLE_DEV * n_total):
        share = UNANSWERABLE_DEV
    return math.ceil(MIN_FACTS / share - 1e-9) if share else 0


def dev_answers(
    dev: Sequence[Question],
    answers: Sequence[Answer],
    rightness: Callable[[Question, str], float],
    wrong_answer_penalty: float,
) -> DevAnswers:
    """The answers that a threshold could decline: those without error, with a confidence, in the contender's words."""
    number = {fact: i for i, fact in enumerate(sorted({question.fact for question in dev}))}
    by_id, labels = {answer.question_id: answer for answer in answers if answer.error is None}, label_keys(dev)
    rows = []
    for question in dev:
        answer = by_id.get(question.id)
        if answer is None or answer.confidence is None or is_refusal(answer.text, labels):
            continue
        right = rightness(question, answer.text) if question.answerable else 0.0
        earned = right - (1.0 - right) * wrong_answer_penalty
        rows.append((answer.confidence, earned - (0.0 if question.answerable else 1.0), number[question.fact]))
    columns = np.array(sorted(rows), dtype=float).reshape(-1, 3)
    return DevAnswers(columns[:, 0], columns[:, 1], columns[:, 2].astype(int), len(number))


def best_cut(of: DevAnswers, weights: np.ndarray, n_draws: int, rng: np.random.Generator) -> Cut:
    """The cut that declines the mean share of `n_draws` redrawn sets of facts, each fact as often as its weight.

    Equal confidences fall on one side. Never declines if the draws' cuts gain nothing on the facts they left out.
    """
    counts = rng.multinomial(of.n_facts, weights / weights.sum(), size=n_draws)
    ends = np.flatnonzero(np.append(np.diff(of.confidences) > 0, True)) + 1
    cuts = np.concatenate([[0], ends])  # how many answers may be declined
    chosen = np.round(_gains(counts, of)[:, cuts], 9).argmax(axis=1)
    left_out = (counts == 0) * weights
    held = _gains(left_out, of)[np.arange(n_draws), cuts[chosen]].sum()
    gain = float(held / max(1.0, left_out[:, of.facts].sum()))
    n_declined = int(cuts[np.abs(cuts - cuts[chosen].mean()).argmin()])
    if gain <= 0 or n_declined == 0:
        return Cut(-np.inf, gain)
    return Cut(_between(of.confidences, n_declined), gain)


def _gains(counts: np.ndarray, of: DevAnswers) -> np.ndarray:
    """What declining the first 0, 1, ... answers gains, where facts count this often: (draw, answers + 1)."""
    sums = np.cumsum(counts[:, of.facts] * -of.gains, axis=1)
    return np.concatenate([np.zeros((len(counts), 1)), sums], axis=1)


def _between(confidences: np.ndarray, n: int) -> float:
    """A confidence above the first n and below the others."""
    above = confidences[n] if n < len(confidences) else confidences[-1] + 1e-6
    return float((confidences[n - 1] + above) / 2)


def repeated(of: DevAnswers) -> np.ndarray:
    """The cuts of `N_REPEATED` redrawn dev sets, -inf where it never declines.

    Contenders with the same dev questions get the same draws, so they stay paired.
    """
    rng = np.random.default_rng(1)
    sets = rng.multinomial(of.n_facts, np.full(of.n_facts, 1 / of.n_facts), size=N_REPEATED)
    return np.array([best_cut(of, weights.astype(float), N_DRAWS_REPEATED, rng).below for weights in sets])
