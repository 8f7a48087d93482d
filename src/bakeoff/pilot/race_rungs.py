"""The rungs of a race whose candidates are trained: first with one epoch, then with two, four, and so on.

Takes candidates, gives the recipes that stand for them at a rung. Trains nothing. A candidate that is significantly
behind at a rung is not trained any further, which assumes that it would not overtake with more epochs.
"""

from collections.abc import Sequence
from typing import NamedTuple

from bakeoff.runs.race import Racer


class AtRung(NamedTuple):
    """Candidates that are the same at a rung, and what stands for all of them."""

    racer: Racer
    stands_for: tuple[Racer, ...]


def rungs_of(racers: Sequence[Racer]) -> list[int | None]:
    """The epochs of each rung; None is the last one, where each candidate has its own.

    Where fewer than two trainings differ there is only the last one.
    """
    trained = [racer for racer in racers if racer.recipe.adapter]
    if len({racer.recipe.adapter for racer in trained}) < 2:
        return [None]
    most, rungs = max(map(_epochs, trained)), list[int | None]()
    epochs = 1
    while epochs < most:
        rungs.append(epochs)
        epochs *= 2
    return [*rungs, None]


def at_rung(racers: Sequence[Racer], epochs: int | None) -> list[AtRung]:
    """What is asked at a rung: each candidate with at most these epochs, equal ones once."""
    groups: dict[str, list[Racer]] = {}
    shown: dict[str, Racer] = {}
    for racer in racers:
        here = _shortened(racer, epochs)
        key = here.recipe.spec.model_dump_json(exclude={"name"})
        groups.setdefault(key, []).append(racer)
        shown.setdefault(key, here)
    return [AtRung(shown[key], tuple(same)) for key, same in groups.items()]


def _shortened(racer: Racer, epochs: int | None) -> Racer:
    if epochs is None or not racer.recipe.adapter or _epochs(racer) <= epochs:
        return racer
    spec = racer.recipe.spec
    tuning = spec.tuning.model_copy(update={"epochs": epochs})
    recipe = type(racer.recipe)(spec.model_copy(update={"tuning": tuning, "name": f"{spec.name}-{epochs}"}))
    return Racer(racer.candidate, recipe)


def _epochs(racer: Racer) -> int:
    return racer.recipe.spec.tuning.epochs or racer.recipe.epochs
