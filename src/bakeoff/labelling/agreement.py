"""How far two labellers agree: raw agreement, Cohen's kappa with the base rates behind it, and a 95 % interval.

Takes labels. Gives records. Knows no run and no page.

Kappa is the agreement beyond what the two would have by chance, given how often each gives each verdict (the base
rates): with verdicts that are nearly always the same, a high raw agreement means little. Its interval is the percentile
interval over redrawn answers. If the two never disagree, that has no width; the lower end is then the one of the raw
agreement, at the agreement expected by chance. Sources: Cohen 1960, doi:10.1177/001316446002000104; Efron and
Tibshirani 1993, chapter 13.
"""

from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
from pydantic import Field

from bakeoff.measure.labels import Label, LabelVerdict, latest
from bakeoff.measure.statistics import share_estimate
from bakeoff.records import Record

VERDICTS: tuple[LabelVerdict, ...] = ("right", "wrong", "declined", "unsure")
REDRAWN = 2000


class Agreement(Record):
    """Two labellers on the `n` answers that both labelled.

    `agreed` is the share with the same verdict. `kappa` and its interval are None where both always gave one and the
    same verdict, or none. `base_rates` is how often each labeller gave each verdict on these answers.
    """

    a: str
    b: str
    n: int
    agreed: float | None = None
    kappa: float | None = None
    low: float | None = None
    high: float | None = None
    base_rates: dict[str, dict[LabelVerdict, float]] = Field(default_factory=dict)


def agreements(labels: Iterable[Label]) -> list[Agreement]:
    """The agreement of every two labellers who labelled the same answers, in the order of their first labels."""
    by_labeller: dict[str, dict[object, LabelVerdict]] = {}
    for (unit, who), label in latest(labels).items():
        by_labeller.setdefault(who, {})[unit] = label.verdict
    found = []
    for a, b in combinations(by_labeller, 2):
        both = [unit for unit in by_labeller[a] if unit in by_labeller[b]]
        if both:
            found.append(agreement(a, b, *([by_labeller[who][unit] for unit in both] for who in (a, b))))
    return found


def agreement(a: str, b: str, of_a: Sequence[LabelVerdict], of_b: Sequence[LabelVerdict]) -> Agreement:
    """The agreement of two labellers, from their verdicts on the same answers in the same order."""
    n = len(of_a)
    if not n:
        return Agreement(a=a, b=b, n=0)
    counts = np.zeros((len(VERDICTS), len(VERDICTS)))
    for one, other in zip(of_a, of_b, strict=True):
        counts[VERDICTS.index(one), VERDICTS.index(other)] += 1
    kappas = _kappas(np.random.default_rng(0).multinomial(n, (counts / n).ravel(), REDRAWN).reshape(-1, *counts.shape))
    kappa = _kappas(counts[None])[0]
    is_known = bool(np.isfinite(kappa))
    low, high = np.nanpercentile(kappas, [2.5, 97.5]) if is_known else (None, None)
    if is_known and np.trace(counts) == n:
        low = _low_of_full_agreement(counts.sum(0))
    return Agreement(
        a=a,
        b=b,
        n=n,
        agreed=float(np.trace(counts) / n),
        kappa=float(kappa) if is_known else None,
        low=None if low is None else float(low),
        high=None if high is None else float(high),
        base_rates={
            who: {verdict: float(share) for verdict, share in zip(VERDICTS, counts.sum(axis) / n, strict=True)}
            for who, axis in ((a, 1), (b, 0))
        },
    )


def _low_of_full_agreement(counts: np.ndarray) -> float:
    """The lower end of kappa's interval if both always gave the same verdicts, of which these are the counts."""
    n = int(counts.sum())
    ids = {str(i): str(i) for i in range(n)}
    agreed = share_estimate(dict.fromkeys(ids, 1.0), ids).low or 0.0
    by_chance = float(counts @ counts) / n**2
    return (agreed - by_chance) / (1 - by_chance)


def _kappas(counts: np.ndarray) -> np.ndarray:
    """Cohen's kappa of each table of counts; nan where both labellers always gave the same verdict."""
    n = counts.sum((1, 2))
    observed = np.trace(counts, axis1=1, axis2=2) / n
    expected = (counts.sum(2) * counts.sum(1)).sum(1) / n**2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(expected < 1, (observed - expected) / (1 - expected), np.nan)
