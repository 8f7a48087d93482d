"""Contrasts of grades corrected by labels: equal contenders that are called different, and true differences found.

Takes the number of pilots, prints a table. Pilots and labels are those of `label_coverage.py`; the tests are the
product's, beside two that it does not use: signs flipped as if the corrected values were known, and Holm's method.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from label_coverage import EQUAL, NAMES, WORLDS, World, corrected_by_labels
from printed_tables import header, line

from bakeoff.measure import contrasts, ppi_intervals
from bakeoff.measure.base_then_leader import base_then_leader
from bakeoff.measure.max_t import LEVEL
from bakeoff.measure.ppi import Corrected
from bakeoff.measure.statistics import holm

BASE = NAMES[-1]
"""The contender that stands for the base model: the worst one, unless all are equal."""


class Errors(NamedTuple):
    """Of one pilot with equal contenders: whether any two are called different."""

    flipped: bool
    holm: bool
    now: bool
    base_then_leader: bool


class Found(NamedTuple):
    """Of one pilot whose contenders all differ: the share of pairs that are called different."""

    holm: float
    now: float


def errors(world: World, seed: int) -> Errors:
    of, facts = corrected_by_labels(replace(world, accuracies=EQUAL), seed)
    known = contrasts.contrasts({name: of.values(name) for name in NAMES}, facts, "accuracy")
    pairs = ppi_intervals.contrasts(of, facts, "accuracy")
    steps = base_then_leader(of, facts, [BASE], lambda passed: max(passed, key=lambda name: mean(of, name)), "accuracy")
    return Errors(
        any(pair.p_adjusted < LEVEL for pair in known),
        any(p < LEVEL for p in holm([pair.p for pair in pairs])),
        any(pair.p_adjusted < LEVEL for pair in pairs),
        any(pair.p_adjusted < LEVEL for pair in (*steps.against_base, *steps.against_leader)),
    )


def mean(of: Corrected, name: str) -> float:
    return float(np.mean(list(of.values(name).values())))


def found(world: World, seed: int) -> Found:
    pairs = ppi_intervals.contrasts(*corrected_by_labels(world, seed), "accuracy")
    by_holm = holm([pair.p for pair in pairs])
    return Found(
        float(np.mean([p < LEVEL for p in by_holm])), float(np.mean([pair.p_adjusted < LEVEL for pair in pairs]))
    )


def errors_of(world: World, n_pilots: int) -> Errors:
    """The shares of pilots with each of the `Errors`."""
    return Errors(*np.mean([errors(world, seed) for seed in range(n_pilots)], axis=0))


def found_of(world: World, n_pilots: int) -> Found:
    """The mean shares of the pairs of all pilots."""
    return Found(*np.mean([found(world, seed) for seed in range(n_pilots)], axis=0))


SIMULATED = tuple(WORLDS[i] for i in (0, 1, 4))


def labels(n_pilots: int) -> None:
    """200 questions, six contenders; Student's t, but for the first column of errors."""
    header(
        "simulated", "labels", "equal, any two different: signs flipped, max-T", "Holm", "now, max-T",
        "now, base and leader", "true differences found: Holm", "now, max-T",
    )  # fmt: skip
    for world in SIMULATED:
        for n in (60, 100, 200):
            of = replace(world, n_labels=n)
            line(world.name, n, *map(float, errors_of(of, n_pilots)), *map(float, found_of(of, n_pilots)))
