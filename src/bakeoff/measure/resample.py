"""Simulated repetitions of the pilot: the means of every measure if other facts had been asked.

Takes values per question, gives means by measure: (draw, contender). Knows nothing about prices, models or files. Facts
are drawn with replacement, the same ones for all contenders, so contenders stay paired.

Source: the cluster bootstrap, Davison and Hinkley 1997, section 3.8.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from bakeoff.measure.graded import NONE, Graded
from bakeoff.measure.statistics import Facts

N_DRAWS = 2000

PerQuestion = Mapping[str, Mapping[str, Graded]]
"""Graded values by measure and contender."""


def redraw(per_question: PerQuestion, fact_of: Facts, names: Sequence[str], seed: int = 0) -> dict[str, np.ndarray]:
    """The means of N_DRAWS redrawn pilots by measure: (draw, contender). Unsure answers count half.

    A contender without a value for a measure has nan there. Empty without contenders.
    """
    if not names:
        return {}
    facts = sorted({fact_of[key] for values in per_question.values() for name in names
                    for key in values.get(name, NONE).values})  # fmt: skip
    drawn = _drawn(len(facts), np.random.default_rng(seed))
    row_of = {fact: i for i, fact in enumerate(facts)}
    return {
        measure: np.stack([_means(values.get(name, NONE), fact_of, row_of, drawn) for name in names], axis=1)
        for measure, values in per_question.items()
    }


def _drawn(n_facts: int, rng: np.random.Generator) -> np.ndarray:
    """How often each fact was drawn: (draw, fact)."""
    picks = rng.integers(0, max(1, n_facts), (N_DRAWS, n_facts)) + n_facts * np.arange(N_DRAWS)[:, None]
    return np.bincount(picks.ravel(), minlength=N_DRAWS * n_facts).reshape(N_DRAWS, n_facts).astype(np.float32)


def _means(of: Graded, fact_of: Facts, row_of: Mapping[str, int], drawn: np.ndarray) -> np.ndarray:
    """The mean in each draw. If a draw holds none of its facts, the mean over all facts; nan without any value."""
    sums, sizes = np.zeros(len(row_of), dtype=np.float32), np.zeros(len(row_of), dtype=np.float32)
    rows = [row_of[fact_of[key]] for key in of.values]
    np.add.at(sums, rows, list(of.values.values()))
    np.add.at(sizes, rows, 1.0)
    total, n = drawn @ sums, drawn @ sizes
    whole = sums.sum() / sizes.sum() if len(rows) else np.nan
    return np.asarray(np.divide(total, n, out=np.full(len(total), whole, dtype=float), where=n > 0))
