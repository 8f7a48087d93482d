"""How much more labels are expected to narrow the intervals of paired contrasts.

Takes corrected answers and the inclusion probabilities with more labels. Gives half widths. All variances are those of
today: the labels to come may show more errors or fewer.
"""

import math
from collections.abc import Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np

from bakeoff.measure.labels import Unit
from bakeoff.measure.ppi import Corrected, Pseudo, Pseudos
from bakeoff.measure.ppi_intervals import degrees_of, differences, moments_of, table_of
from bakeoff.measure.statistics import CONFIDENCE, Facts, adjusted_difference, t_quantile


class Narrowing(NamedTuple):
    """Half the width of one pair's 95 % interval, today and as expected with more labels; without doubts of people.

    `now` is infinite without labels.
    """

    a: str
    b: str
    now: float
    later: float


def narrowing(of: Corrected, fact_of: Facts, later: Mapping[Unit, float], n_labels: int) -> list[Narrowing]:
    """Every pair with questions that both answered, today and with `n_labels` labels in all.

    `later` are the inclusion probabilities with so many labels, from `sampling.inclusion_probabilities`.
    """
    after = {name: _relabelled(pseudos, later) for name, pseudos in of.pseudos.items()}
    return [
        Narrowing(
            a, b,
            _half_width(of.pseudos[a], of.pseudos[b], fact_of, of.n_labels),
            _half_width(after[a], after[b], fact_of, n_labels),
        )
        for a, b in combinations(of.pseudos, 2)
        if not of.pseudos[a].keys().isdisjoint(of.pseudos[b])
    ]  # fmt: skip


def _relabelled(pseudos: Pseudos, later: Mapping[Unit, float]) -> dict[str, Pseudo]:
    """The same answers with other probabilities: their expected noise changes, nothing else."""
    return {
        key: pseudo if pseudo.unit is None else pseudo._replace(probability=later[pseudo.unit])
        for key, pseudo in pseudos.items()
    }


def _half_width(a: Pseudos, b: Pseudos, fact_of: Facts, n_labels: int) -> float:
    table = table_of(differences(a, b), fact_of, n_labels)
    if not math.isfinite(table.label_error):
        return math.inf
    moments = moments_of(table, np.zeros(len(table.sizes)))
    of_questions = float(adjusted_difference(moments)[1])
    quantile = t_quantile(0.5 + CONFIDENCE / 2, degrees_of(of_questions, table))
    return quantile * math.hypot(of_questions, table.label_error)
