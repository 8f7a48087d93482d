"""Scores to intervals and paired contrasts, both clustered by fact.

Takes one value per question (and the fact each question asks for), gives estimates with 95 % intervals. Knows nothing
about prices, models or files. Phrasings of one fact succeed and fail together, so facts, not questions, are resampled.
Source: cluster bootstrap, Cameron, Gelbach and Miller 2008, doi:10.1162/rest.90.3.414; for language models the
argument is Miller 2024, arXiv:2411.00640. Multiple contrasts: Holm 1979, "A simple sequentially rejective multiple
test procedure".
"""

from collections.abc import Mapping, Sequence

import numpy as np

from bakeoff.records import Contrast, Record

N_RESAMPLES = 2000


class Estimate(Record):
    """A measure's value with its 95 % interval; None where it could not be measured. n counts questions."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0


def mean_estimate(values: Mapping[str, float], fact_of: Mapping[str, str], seed: int = 0,
                  weights: Mapping[str, float] | None = None) -> Estimate:
    """The (weighted) mean of the values by question id, resampling facts."""
    if not values:
        return Estimate(value=None)
    ids = list(values)
    weight = np.array([weights[key] if weights else 1.0 for key in ids])
    sums = _by_fact(ids, fact_of, np.array([values[key] for key in ids]) * weight, weight)
    draws = _resample(len(sums), seed)
    totals = draws @ sums
    return _estimate(sums[:, 0].sum() / sums[:, 1].sum(), totals[:, 0] / totals[:, 1], len(ids))


def ratio_estimate(numerator: Mapping[str, float], denominator: Mapping[str, float], fact_of: Mapping[str, str],
                   seed: int = 0) -> Estimate:
    """The ratio of two means over the same questions; None where the denominator's mean is zero."""
    ids = [key for key in numerator if key in denominator]
    if not ids or sum(denominator[key] for key in ids) == 0:
        return Estimate(value=None, n=len(ids))
    top, bottom = np.array([numerator[key] for key in ids]), np.array([denominator[key] for key in ids])
    sums = _by_fact(ids, fact_of, top, bottom)
    totals = _resample(len(sums), seed) @ sums
    usable = totals[:, 1] > 0
    return _estimate(top.sum() / bottom.sum(), totals[usable, 0] / totals[usable, 1], len(ids))


def quantile_estimate(values: Sequence[float], quantile: float, seed: int = 0) -> Estimate:
    """A quantile of independent values (latencies), by the plain bootstrap."""
    if not values:
        return Estimate(value=None)
    array = np.asarray(values)
    picks = np.random.default_rng(seed).integers(0, len(array), (N_RESAMPLES, len(array)))
    return _estimate(float(np.quantile(array, quantile)), np.quantile(array[picks], quantile, axis=1), len(array))


def contrasts(values: Mapping[str, Mapping[str, float]], fact_of: Mapping[str, str], measure: str,
              seed: int = 0) -> list[Contrast]:
    """Every pair of contenders on the questions both answered, with Holm-adjusted p-values over the pairs."""
    names = list(values)
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    found = [contrast for a, b in pairs if (contrast := _contrast(a, b, values, fact_of, measure, seed))]
    adjusted = holm([contrast.p for contrast in found])
    return [contrast.model_copy(update={"p_adjusted": p}) for contrast, p in zip(found, adjusted, strict=True)]


def _contrast(a: str, b: str, values: Mapping[str, Mapping[str, float]], fact_of: Mapping[str, str], measure: str,
              seed: int) -> Contrast | None:
    ids = [key for key in values[a] if key in values[b]]
    if not ids:
        return None
    differences = np.array([values[a][key] - values[b][key] for key in ids])
    sums = _by_fact(ids, fact_of, differences, np.ones(len(ids)))
    totals = _resample(len(sums), seed) @ sums
    means = totals[:, 0] / totals[:, 1]
    low, high = np.quantile(means, [0.025, 0.975])
    # Two-sided bootstrap p-value; the +1 keeps it above zero (Davison and Hinkley 1997, section 4.2).
    p = 2 * min((means <= 0).sum() + 1, (means >= 0).sum() + 1) / (N_RESAMPLES + 1)
    p = min(1.0, float(p))
    return Contrast(a=a, b=b, measure=measure, difference=float(differences.mean()), low=float(low), high=float(high),
                    p=p, p_adjusted=p, n=len(ids))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjusted p-values, in the order given."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, running = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = running
    return adjusted


def _by_fact(ids: Sequence[str], fact_of: Mapping[str, str], *columns: np.ndarray) -> np.ndarray:
    """Sums of each column over the questions of a fact: shape (n_facts, n_columns)."""
    row_of: dict[str, int] = {}
    rows = [row_of.setdefault(fact_of[key], len(row_of)) for key in ids]
    sums = np.zeros((len(row_of), len(columns)))
    for j, column in enumerate(columns):
        np.add.at(sums[:, j], rows, column)
    return sums


def _resample(n: int, seed: int) -> np.ndarray:
    """How often each of n facts is drawn in each resample: shape (N_RESAMPLES, n)."""
    return np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), N_RESAMPLES).astype(float)


def _estimate(value: float, resampled: np.ndarray, n: int) -> Estimate:
    low, high = np.quantile(resampled, [0.025, 0.975])
    return Estimate(value=float(value), low=float(low), high=float(high), n=n)


