"""The races of a run: who takes part, what came of it, and the configuration with the settings that won.

Takes a configuration, gives candidates with their complete settings; and the record of a race. Asks nobody.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from bakeoff.contenders.given import check_used
from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.race.candidates import REMEDY, Candidate, candidates_of, raced, under
from bakeoff.contenders.recipe import Recipe
from bakeoff.contenders.spec import Entry, Spec
from bakeoff.errors import ConfigError
from bakeoff.measure.race import Standing
from bakeoff.records import Record
from bakeoff.runs.config import Config


class Racer(NamedTuple):
    """A candidate with its recipe. How passages are shown is given or tried, not chosen for it on dev."""

    candidate: Candidate
    recipe: Recipe


class Raced(Record):
    """A candidate at the end of its race. Without a standing it could not be built, for this reason.

    `epochs` is after how many epochs of training it was dropped, None if it had all of its own.
    """

    candidate: Candidate
    standing: Standing | None = None
    epochs: int | None = None
    reason: str = ""

    @property
    def fate(self) -> str:
        """What became of it; empty if it could not be built."""
        return self.standing.fate if self.standing else ""


class RaceResult(Record):
    """What came of a race. `n_answers` were asked, of `n_all` that asking every candidate every fact would take.

    `n_facts` are the facts that there were to ask, answerable or not.
    """

    contender: str
    winner: Candidate
    raced: tuple[Raced, ...]
    n_facts: int
    n_answers: int
    n_all: int
    margin: float
    alpha: float

    def with_fate(self, fate: str) -> list[Raced]:
        """The candidates that ended so."""
        return [one for one in self.raced if one.fate == fate]


def racers_of(config: Config) -> dict[str, list[Racer]]:
    """Who starts in each race, without those whose settings are the same as an earlier one's.

    Raises ConfigError for a contender that cannot race, a setting that its recipe does not use or does not allow, and a
    race of one.
    """
    if config.race is None:
        return {}
    races: dict[str, list[Racer]] = {}
    for contender, candidates in candidates_of(config.contenders, config.race, config.seed).items():
        racers = made(config, candidates)
        for racer in racers:
            _check_can_race(contender, racer.recipe, config.race.propose)
        races[contender] = different(racers)
        if len(races[contender]) < 2:
            raise ConfigError(
                f"race.over.{contender} has one candidate only: all combinations are the contender as it is written.",
                "give other values, or leave the race out",
            )
    return races


def made(config: Config, candidates: Sequence[Candidate]) -> list[Racer]:
    """The candidates with their recipes. Raises ConfigError for a setting that its recipe does not use or allow."""
    try:
        return _made(config, candidates)
    except ConfigError:
        for candidate in candidates:  # which of them is it?
            try:
                _made(config, [candidate])
            except ConfigError as error:
                raise _of_candidate(candidate, error) from error
        raise


def _made(config: Config, candidates: Sequence[Candidate]) -> list[Racer]:
    entries = [candidate.entry for candidate in candidates]
    specs = config.resolved([*config.contenders, *entries])[-len(entries) :]
    recipes = [make_recipe(_unchosen(spec), config.imports_from) for spec in specs]
    check_used(entries, recipes)
    return [Racer(candidate, recipe) for candidate, recipe in zip(candidates, recipes, strict=True)]


def _of_candidate(candidate: Candidate, error: ConfigError) -> ConfigError:
    """The error in the words of `race:`: a candidate's own name stands nowhere in the configuration."""
    message = re.sub(rf"^[^:]*'{re.escape(candidate.name)}'\)?: ", "", error.message)
    if not candidate.settings:
        return ConfigError(f"'{candidate.contender}' cannot race: {message}", error.remedy)
    tried = ", ".join(f"{path}: {json.dumps(value, ensure_ascii=False)}" for path, value in candidate.settings.items())
    return ConfigError(f"race.over.{candidate.contender} with {{{tried}}}: {message}", REMEDY)


def different(racers: Sequence[Racer]) -> list[Racer]:
    """Those whose complete settings differ; of equal ones the first."""
    found: dict[str, Racer] = {}
    for racer in racers:
        found.setdefault(racer.recipe.spec.model_dump_json(exclude={"name"}), racer)
    return list(found.values())


def with_winners(config: Config, results: Iterable[RaceResult]) -> Config:
    """The configuration with the settings that won their races, and without the races.

    A contender that is `like` one that raced keeps the settings with which it was written.
    """
    won = {result.contender: result.winner.settings for result in results}
    begun: dict[str, Entry] = {}
    for entry in config.contenders:
        above = begun.get(entry.like)
        begun[entry.called] = under(above, entry) if above and _changes(entry, begun, won) else entry
    entries = tuple(raced(entry, won.get(name, {})) for name, entry in begun.items())
    return config.model_copy(update={"contenders": entries, "race": None})


def _changes(entry: Entry, begun: Mapping[str, Entry], won: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a race has changed the contender that this entry is like, or one that that one is like."""
    above = begun.get(entry.like)
    return above is not None and bool(won.get(entry.like) or _changes(above, begun, won))


def _unchosen(spec: Spec) -> Spec:
    return spec.model_copy(update={"to_choose": ()})


def _check_can_race(contender: str, recipe: Recipe, propose: str) -> None:
    if propose == "optuna" and (recipe.tunes or recipe.tuned_parts):
        raise ConfigError(
            f"race.propose: optuna, but '{contender}' is trained: its candidates all start together.",
            "leave race.propose out, or race it in a run of its own",
        )
    if recipe.roles or recipe.recorded:
        why = "its answers were given before" if recipe.recorded else "it sends questions to other contenders"
        raise ConfigError(
            f"race.over names '{contender}', which cannot race: {why}.",
            "leave it out" if recipe.recorded else "let those race instead",
        )
    if recipe.spec.tuning.host is not None:
        raise ConfigError(
            f"race.over names '{contender}', which is tuned at a host: each candidate would be a paid job.",
            "race a local model, or other contenders",
        )
