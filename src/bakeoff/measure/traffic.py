"""Questions that count unequally, such as by how often users ask them: how much such a test can say.

Takes weights by question and the fact of each question. Gives the effective number of facts, a warning if a few facts
carry most of the weight, and the variance to expect of a weighted share. Knows nothing about contenders.

With heavy-tailed weights, the residuals of the few facts that matter say little about the variance of a weighted mean:
the mean lies close to these facts. So the variance is not allowed to be below the one that follows from the weights
alone, with the correlation between phrasings of a fact estimated from all facts alike.

Sources: effective sample size, Kish 1965; the analysis of variance estimator of the correlation within clusters,
Donner 1986, doi:10.2307/1403259.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from bakeoff.measure.graded import Values

LEAST_FACTS = 10
"""With fewer effective facts, a result says more about the facts asked most than about the contenders."""


def kish(weights: np.ndarray) -> float:
    """The number of equal observations that determine a mean as well as these weighted ones; 0 if there are none."""
    squares = float(weights @ weights)
    return float(weights.sum()) ** 2 / squares if squares else 0.0


def fact_weights(weights: Values, fact_of: Mapping[str, str]) -> dict[str, float]:
    """The weight of each fact, the largest first."""
    sums: dict[str, float] = {}
    for key, weight in weights.items():
        sums[fact_of[key]] = sums.get(fact_of[key], 0.0) + weight
    return dict(sorted(sums.items(), key=lambda item: -item[1]))


def too_few_facts(weights: Values, fact_of: Mapping[str, str]) -> str:
    """Why these weights leave too few facts for a result; empty if they leave enough."""
    of_facts = np.array(list(fact_weights(weights, fact_of).values()))
    effective = kish(of_facts)
    if effective >= LEAST_FACTS:
        return ""
    if effective == 0:
        return "no question has any weight"
    n_most = max(1, round(effective))
    part = of_facts[:n_most].sum() / of_facts.sum()
    which = "the fact asked most carries" if n_most == 1 else f"the {n_most} facts asked most carry"
    return (
        f"{which} {100 * part:.0f} % of the weight, so these {len(of_facts)} facts say as much as {effective:.1f} "
        f"equal ones; at least {LEAST_FACTS} are needed"
    )


def expected_variance(values: np.ndarray, weights: np.ndarray, rows: Sequence[int] | np.ndarray) -> float:
    """The variance of the weighted mean in units of the variance of one value. `rows` numbers the fact of each value.

    Between two phrasings of a fact the correlation is that of all facts, in 0..1; 1 if no fact has two.
    """
    sizes = np.bincount(rows, weights=weights)
    singles = float(weights @ weights)
    correlation = _correlation(values, np.asarray(rows))
    return ((1 - correlation) * singles + correlation * float(sizes @ sizes)) / float(weights.sum()) ** 2


def _correlation(values: np.ndarray, rows: np.ndarray) -> float:
    residuals = values - values.mean()
    counts = np.bincount(rows)
    sums = np.bincount(rows, weights=residuals)
    squares, pairs = float(residuals @ residuals), float(counts @ (counts - 1))
    if not squares or not pairs:
        return 1.0
    return min(1.0, max(0.0, (float(sums @ sums) - squares) / pairs / (squares / len(values))))
