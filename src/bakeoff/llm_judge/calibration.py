"""How well a judge agrees with people, and whether its verdicts may count.

Takes pairs of the judge's and the people's verdict on the same answers, with their weights; gives the estimates of a
`Calibration`. Knows no model and no file.

The labels are a sample of all answers with known chances of being drawn, so each counts 1 / its chance (Horvitz and
Thompson 1952). Labels of one fact are not independent: intervals are those of `measure.statistics`, or draw whole facts
again (Efron and Tibshirani 1993). Kappa is Cohen's (1960, doi:10.1177/001316446002000104). If nobody ever disagrees,
drawing again shows no spread; its interval is then that of the agreement, at the agreement expected by chance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bakeoff.llm_judge.settings import FEWEST_LABELS
from bakeoff.measure.comparison import Estimate
from bakeoff.measure.labels import LabelVerdict, label_scores
from bakeoff.measure.statistics import CONFIDENCE, mean_estimate, share_estimate
from bakeoff.records import Question
from bakeoff.sentences import percent, points

N_DRAWS = 2000


@dataclass(frozen=True)
class Pair:
    """One answer that people labelled and the judge judged.

    `people` and `judge` say whether it is correct. `length` is the number of characters, `weight` 1 / the chance that
    the answer was drawn to be labelled.
    """

    fact: str
    people: bool
    judge: bool
    length: int
    weight: float = 1.0
    contenders: tuple[str, ...] = ()


def is_correct(question: Question, verdict: LabelVerdict) -> bool | None:
    """Whether a verdict means a correct answer. None where it says neither."""
    value = label_scores(question, verdict)["correct"]
    return None if value == 0.5 else bool(value)


def estimates(pairs: Sequence[Pair], seed: int = 0) -> dict[str, Any]:
    """The estimates of a `Calibration` by their field names."""
    return {
        "agreement": _share(pairs, lambda pair: pair.people == pair.judge),
        "kappa": kappa(pairs, seed),
        "base_rate": _share(pairs, lambda pair: pair.people),
        "judged_rate": _share(pairs, lambda pair: pair.judge),
        "sensitivity": _share([pair for pair in pairs if pair.people], lambda pair: pair.judge),
        "specificity": _share([pair for pair in pairs if not pair.people], lambda pair: not pair.judge),
        "length_slope": length_slope(pairs, seed),
        "errors": errors_by_contender(pairs),
    }


def kappa(pairs: Sequence[Pair], seed: int = 0) -> Estimate:
    """Cohen's kappa, weighted, with a bootstrap interval over facts. Without a value if all agree on one verdict."""
    if not pairs:
        return Estimate(reason="there are no labels")
    rows = [
        (pair.weight * (pair.people == pair.judge), pair.weight * pair.people, pair.weight * pair.judge, pair.weight)
        for pair in pairs
    ]

    def of(sums: np.ndarray) -> np.ndarray:
        agreed, people, judge = (sums[..., i] / sums[..., 3] for i in range(3))
        by_chance = people * judge + (1 - people) * (1 - judge)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(by_chance < 1 - 1e-12, (agreed - by_chance) / (1 - by_chance), np.nan)

    estimate = _bootstrapped(pairs, rows, of, seed)
    if estimate.value is None:
        return Estimate(n=len(pairs), reason="people and the judge gave every answer the same verdict")
    if all(pair.people == pair.judge for pair in pairs):
        of_agreement = _share(pairs, lambda pair: pair.people == pair.judge)
        people = sum(pair.weight * pair.people for pair in pairs) / sum(pair.weight for pair in pairs)
        by_chance = people**2 + (1 - people) ** 2
        return estimate.model_copy(update={"low": ((of_agreement.low or 0.0) - by_chance) / (1 - by_chance)})
    return estimate


def length_slope(pairs: Sequence[Pair], seed: int = 0) -> Estimate:
    """The change of the judge's error (judge minus people, -1 to 1) when an answer is twice as long.

    By weighted least squares on the binary logarithm of the length. Above 0: the judge is kinder to longer answers.
    """
    if not pairs:
        return Estimate(reason="there are no labels")
    rows = []
    for pair in pairs:
        x, y, w = np.log2(max(1, pair.length)), float(pair.judge) - float(pair.people), pair.weight
        rows.append((w, w * x, w * y, w * x * x, w * x * y))

    def of(sums: np.ndarray) -> np.ndarray:
        w, x, y, xx, xy = (sums[..., i] for i in range(5))
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = xx / w - (x / w) ** 2
            return np.where(spread > 1e-9, (xy / w - x * y / w**2) / spread, np.nan)

    estimate = _bootstrapped(pairs, rows, of, seed)
    return estimate if estimate.value is not None else Estimate(n=len(pairs), reason="all answers have one length")


def errors_by_contender(pairs: Sequence[Pair]) -> dict[str, Estimate]:
    """For each contender the mean of judge minus people. Above 0: the judge is too kind to it."""
    names = dict.fromkeys(name for pair in pairs for name in pair.contenders)
    found = {}
    for name in names:
        own = [pair for pair in pairs if name in pair.contenders]
        values = {str(i): float(pair.judge) - float(pair.people) for i, pair in enumerate(own)}
        found[name] = mean_estimate(values, *_facts_and_weights(own))
    return found


def _share(pairs: Sequence[Pair], holds: Any) -> Estimate:
    if not pairs:
        return Estimate(reason="there are no such labels")
    return share_estimate({str(i): float(holds(pair)) for i, pair in enumerate(pairs)}, *_facts_and_weights(pairs))


def _facts_and_weights(pairs: Sequence[Pair]) -> tuple[Mapping[str, str], Mapping[str, float]]:
    return (
        {str(i): pair.fact for i, pair in enumerate(pairs)},
        {str(i): pair.weight for i, pair in enumerate(pairs)},
    )


def _bootstrapped(pairs: Sequence[Pair], rows: Sequence[Sequence[float]], of: Any, seed: int) -> Estimate:
    """A function of sums of these rows, with an interval from facts drawn again. No value if it has none."""
    facts = {fact: i for i, fact in enumerate(dict.fromkeys(pair.fact for pair in pairs))}
    sums = np.zeros((len(facts), len(rows[0])))
    np.add.at(sums, [facts[pair.fact] for pair in pairs], np.asarray(rows, dtype=float))
    value = float(of(sums.sum(axis=0)))
    if not np.isfinite(value):
        return Estimate(n=len(pairs))
    counts = np.random.default_rng(seed).multinomial(len(facts), np.full(len(facts), 1 / len(facts)), N_DRAWS)
    drawn = of(counts @ sums)
    drawn = drawn[np.isfinite(drawn)]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail]) if len(drawn) else (value, value)
    return Estimate(value=value, low=float(low), high=float(high), n=len(pairs))


@dataclass(frozen=True)
class Counts:
    """How many of the answers that a judge is for people could label (`n_units`), it has judged, and have both.

    Labels that cannot tell are in none of them.
    """

    n_units: int
    n_judged: int
    n_labels: int


def labels_needed(counts: Counts, least_labels: int) -> str:
    """What is missing until the judge's agreement with people is known, and what to do; empty if nothing is."""
    if counts.n_labels >= least_labels:
        return ""
    if counts.n_units < least_labels:
        return _out_of_reach(counts.n_units, least_labels)
    if counts.n_judged < least_labels:
        return (
            f"It has judged {counts.n_judged} answers that can be labelled; at least {least_labels} labels of judged "
            "answers are needed to know how well it agrees with people: have more answers judged (bakeoff judge RUN)."
        )
    missing = least_labels - counts.n_labels
    return (
        f"{missing} more {'label' if missing == 1 else 'labels'} of answers that it judged are needed to know how well "
        f"it agrees with people: {counts.n_labels} of {least_labels} are there (bakeoff label RUN)."
    )


def _out_of_reach(n_units: int, least_labels: int) -> str:
    cannot = (
        f"{least_labels} labels of judged answers (grading.least_labels) cannot be reached in this run, which has "
        f"{n_units} answers for it to judge"
    )
    if n_units < FEWEST_LABELS:
        return f"{cannot}. Even the lowest setting, {FEWEST_LABELS}, needs more: ask more questions."
    allowed = f"{FEWEST_LABELS} to {n_units}" if n_units > FEWEST_LABELS else f"{FEWEST_LABELS}"
    return (
        f"{cannot}. Label all of them (bakeoff label RUN) and set grading.least_labels to {allowed} "
        "(bakeoff judge RUN --config bakeoff.yaml); or ask more questions."
    )


def decision(counts: Counts, found: Estimate, least_labels: int, least_kappa: float) -> tuple[bool, str]:
    """Whether the judge's verdicts count, and why. Kappa decides by its value, not by its interval."""
    if missing := labels_needed(counts, least_labels):
        return False, missing
    n_labels = counts.n_labels
    if found.value is None:
        return False, f"Its agreement with people cannot be calculated: {found.reason}."
    value = f"kappa {found.value:.2f} (95 % interval {found.low:.2f} to {found.high:.2f}, {n_labels} labels)"
    if found.value < least_kappa:
        return False, f"It agrees too little with people: {value}; at least {least_kappa:g} is needed."
    return True, f"It agrees with people: {value}; at least {least_kappa:g} is needed."


def cautions(found: Mapping[str, Any]) -> list[str]:
    """What the estimates say against the judge although it may be accepted: length, and single contenders."""
    notes = []
    slope: Estimate = found["length_slope"]
    if _differs_from_zero(slope):
        kinder = "kinder to longer" if (slope.value or 0) > 0 else "harder on longer"
        notes.append(
            f"The judge is {kinder} answers: twice the length changes its error by {points(slope.value or 0)} points."
        )
    errors: Mapping[str, Estimate] = found["errors"]
    notes += [
        f"The judge is too {'kind to' if (error.value or 0) > 0 else 'hard on'} {name}: by "
        f"{points(abs(error.value or 0)).lstrip('+')} points of accuracy."
        for name, error in errors.items()
        if _differs_from_zero(error)
    ]
    sensitivity, specificity = found["sensitivity"].value, found["specificity"].value
    if sensitivity is not None and specificity is not None and min(sensitivity, specificity) < 0.5:
        notes.append(
            f"The judge recognises {percent(sensitivity)} of the correct answers and {percent(specificity)} of the "
            "others."
        )
    return notes


def _differs_from_zero(estimate: Estimate) -> bool:
    if estimate.low is None or estimate.high is None:
        return False
    return estimate.low > 0 or estimate.high < 0
