"""Which answers people label first, and how likely each answer was to be among them.

Takes the units of labelling with their weights and a seed. Gives one order of all units and, for labels taken from the
front of that order, each unit's inclusion probability, by which labels are weighted. Knows nothing about answers,
grades or contenders. The weights must not depend on labels: set them once, before the first label, and keep them.

The first N_RANDOM units are a simple random sample. All others follow by priority: the smallest u / weight first, with
u uniform in 0..1. Each u is a hash of the seed and the unit, so it depends neither on the order in which units come nor
on which other units there are.

Sources: priority sampling, Duffield, Lund and Thorup 2007, doi:10.1145/1314690.1314696; sequential Poisson sampling,
Ohlsson 1998, Journal of Official Statistics 14(2); probabilities given the ranks of the other units, Cohen and Kaplan
2007, doi:10.1145/1281100.1281133.
"""

import hashlib
import math
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from bakeoff.measure.labels import Unit

N_RANDOM = 40
"""How many of the first labels are a simple random sample."""
LEAST_LABELLED = 0.5
"""The least share of the front that has a label. Labels behind such a front are not used."""

SPREADS = {"decided": 0.15, "judged": 0.35, "unsure": 0.5}
"""The expected standard deviation of label minus prediction: 2 % errors of rules, 12 % of a judge, no prediction."""

Weights = Mapping[Unit, float]


def label_weight(n_close_pairs: int, spread: float) -> float:
    """How much the label of an answer matters, as in Neyman's allocation (1934).

    `n_close_pairs` counts the pairs whose difference is still open and in which the answer counts on one side only;
    answers in none are labelled seldom, not never. `spread` is one of SPREADS, or what is known better.
    """
    return math.sqrt(max(n_close_pairs, 0.25)) * spread


class Sample(NamedTuple):
    """The labelled units that can be weighted, and what their weights follow from.

    `front` is how many units from the front of the order the sample was taken from. `labelled` are the units among them
    with a label. `probability` is the inclusion probability of every unit, in 0..1 and above 0 if there is a label.
    """

    front: int
    labelled: frozenset[Unit]
    probability: Mapping[Unit, float]


def labelling_order(weights: Weights, seed: int, n_random: int = N_RANDOM) -> list[Unit]:
    """All units, the first to label first. Raises ValueError if a weight is not a number above 0."""
    _checked(weights)
    by_chance = _by_chance(weights, seed)
    rest = sorted(by_chance[n_random:], key=lambda unit: (_priority(unit, weights, seed), unit))
    return by_chance[:n_random] + rest


def inclusion_probabilities(weights: Weights, seed: int, n: int, n_random: int = N_RANDOM) -> dict[Unit, float]:
    """The probability of each unit to be among the first n of the order, given the uniforms of all other units.

    A unit is in the random part with probability r = n_random / N. If it is not, it is among the next m by priority
    with probability min(1, weight x t), t being the m-th smallest priority of the others outside the random part.
    Together: r + (1 - r) min(1, weight x t). Since t does not depend on the unit's own uniforms, sums weighted by
    1 / probability are unbiased for every n. In the order of `weights`.
    """
    _checked(weights)
    n = min(n, len(weights))
    if n == len(weights) or n <= n_random:
        return dict.fromkeys(weights, n / len(weights) if weights else 0.0)
    by_chance = _by_chance(weights, seed)
    threshold = _thresholds(by_chance, weights, seed, n, n_random)
    share = n_random / len(weights)
    return {unit: share + (1 - share) * min(1.0, weights[unit] * threshold[unit]) for unit in weights}


def sample_of(
    weights: Weights,
    seed: int,
    labelled: Collection[Unit],
    n_random: int = N_RANDOM,
    known: Collection[Unit] = frozenset(),
) -> Sample:
    """The sample that the labelled units make up.

    People may leave units out (in a spreadsheet for example). Whether a unit of the front has a label is then treated
    as random and independent of what the label would be: each probability is multiplied by the labelled share of the
    front. The front is the longest one that ends with a labelled unit and of which at least LEAST_LABELLED have a
    label, so that a few labels far down the order do not take weight from the others; they are not used. Labelled units
    without a weight are not used either. `known` units had a weight when the order was set and need no label any more:
    they are left out, and change nobody else's probability.
    """
    order = labelling_order(weights, seed, n_random)
    waiting = [unit for unit in order if unit not in known]
    n_waiting = _front(waiting, labelled)
    used = frozenset(unit for unit in waiting[:n_waiting] if unit in labelled)
    share = len(used) / n_waiting if n_waiting else 0.0
    front = order.index(waiting[n_waiting - 1]) + 1 if n_waiting else 0
    probabilities = inclusion_probabilities(weights, seed, front, n_random)
    return Sample(front, used, {unit: share * probabilities[unit] for unit in probabilities if unit not in known})


def _front(order: Sequence[Unit], labelled: Collection[Unit]) -> int:
    front, n_labelled = 0, 0
    for position, unit in enumerate(order, 1):
        if unit in labelled:
            n_labelled += 1
            if n_labelled >= LEAST_LABELLED * position:
                front = position
    return front


def _thresholds(by_chance: Sequence[Unit], weights: Weights, seed: int, n: int, n_random: int) -> dict[Unit, float]:
    """For each unit the m-th smallest priority among the others that are, or would be, outside the random part.

    Without a unit of the random part, the next unit by chance would have taken its place, and is left out here.
    """
    m = n - n_random
    rest = by_chance[n_random:]
    priority = {unit: _priority(unit, weights, seed) for unit in rest}
    ascending = sorted(priority.values())
    without_next = sorted(priority[unit] for unit in rest[1:])
    of_random = dict.fromkeys(by_chance[:n_random], without_next[m - 1])
    return of_random | {unit: ascending[m] if priority[unit] < ascending[m] else ascending[m - 1] for unit in rest}


def _by_chance(weights: Weights, seed: int) -> list[Unit]:
    return sorted(weights, key=lambda unit: (_uniform(unit, seed, "random"), unit))


def _priority(unit: Unit, weights: Weights, seed: int) -> float:
    return _uniform(unit, seed, "priority") / weights[unit]


def _uniform(unit: Unit, seed: int, purpose: str) -> float:
    """A number between 0 and 1 that depends on these three only."""
    key = "\0".join((str(seed), purpose, unit.question_id, unit.text)).encode("utf-8", "surrogatepass")
    return (int.from_bytes(hashlib.blake2b(key, digest_size=6).digest()) + 0.5) / 2**48


def _checked(weights: Weights) -> None:
    for unit, weight in weights.items():
        if not (math.isfinite(weight) and weight > 0):
            raise ValueError(f"the weight of an answer to {unit.question_id} is {weight}; it must be above 0")
