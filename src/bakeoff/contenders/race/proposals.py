"""Candidates that Optuna proposes while a race is on. It sees the values so far; who drops out is not its affair.

Takes the values that may be tried, and how candidates did; gives settings that were not tried yet. The proposals depend
on nothing else, so a race that was killed goes on with the same ones.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bakeoff.contenders.race.settings import Values
from bakeoff.errors import MissingExtraError

TRIES = 50
"""So often is a further proposal asked for where one was tried before."""


def proposed(
    space: Mapping[str, Values], told: Sequence[tuple[Mapping[str, Any], float]], n: int, seed: int
) -> list[dict[str, Any]]:
    """At most `n` combinations of the values that are not among those told, by a tree-structured Parzen estimator
    (Bergstra et al. 2011). Fewer where nothing new is proposed. Raises MissingExtraError if Optuna is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise MissingExtraError("Proposing candidates", "optuna", "optuna") from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    places = {path: _place(values) for path, values in space.items()}
    sampler = optuna.samplers.TPESampler(seed=seed + len(told), n_startup_trials=1)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for settings, value in told:
        at = {path: space[path].index(settings[path]) for path in space}
        study.add_trial(optuna.trial.create_trial(params=at, distributions=places, value=value))
    known, found = [dict(settings) for settings, _ in told], list[dict[str, Any]]()
    for _ in range(TRIES):
        if len(found) == n:
            break
        trial = study.ask(places)
        settings = {path: space[path][trial.params[path]] for path in space}
        if settings not in known:
            known.append(settings)
            found.append(settings)
    return found


def _place(values: Values) -> Any:
    """The place of a value among the others: ordered for numbers in order, else one of several kinds."""
    from optuna.distributions import CategoricalDistribution, IntDistribution

    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) == len(values) and numbers in (sorted(numbers), sorted(numbers, reverse=True)):
        return IntDistribution(0, len(values) - 1)
    return CategoricalDistribution(range(len(values)))
