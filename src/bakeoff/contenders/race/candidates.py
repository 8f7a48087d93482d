"""The candidates of a race: one contender with every combination of the values that are tried.

Takes entries of `contenders:` and the settings of the race, gives entries with their own names. Loads
nothing.
"""

import itertools
import json
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import Field

from bakeoff.contenders.race.settings import RaceSettings, Values
from bakeoff.contenders.spec import Entry
from bakeoff.errors import ConfigError
from bakeoff.files.did_you_mean import closest
from bakeoff.records import Record

SECTIONS = ("retrieval", "tuning", "prompts", "generation", "presentation", "options", "parts")
AS_WRITTEN = "as written"
REMEDY = "see docs/racing.md"


class Candidate(Record):
    """A contender with some other settings, by dotted paths. Without any, it is the contender as it is written."""

    name: str
    contender: str
    settings: dict[str, Any] = Field(default_factory=dict)

    @property
    def entry(self) -> Entry:
        """An entry for it, after that of the contender."""
        return Entry.model_validate({"like": self.contender, "name": self.name, **nested(self.settings)})

    @property
    def label(self) -> str:
        """Its settings in words.

        >>> Candidate(name="rag-2", contender="rag", settings={"retrieval.k": 5, "model": "large"}).label
        'k 5, model large'
        """
        words = [f"{path.rpartition('.')[2]} {_shown(value)}" for path, value in self.settings.items()]
        return ", ".join(words) or AS_WRITTEN


def _shown(value: Any) -> str:
    text = " ".join((value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).split())
    return text if len(text) <= 40 else f"{text[:37]}..."


def candidates_of(entries: Sequence[Entry], race: RaceSettings, seed: int) -> dict[str, list[Candidate]]:
    """The candidates of each contender that races, the contender as it is written first.

    Raises ConfigError for a contender or a setting that there is not, and for a contender with one candidate only.
    """
    named = {entry.called: entry for entry in entries}
    found: dict[str, list[Candidate]] = {}
    for contender, settings in race.over.items():
        if contender not in named:
            close = closest(contender, named)
            meant = f" (did you mean '{close}'?)" if close else ""
            raise ConfigError(
                f"race.over names '{contender}'{meant}, but `contenders:` has {', '.join(named)}.",
                "name one of them, or add it to `contenders:`",
            )
        for path in settings:
            _check_path(path, contender)
        drawn = _drawn(settings, first_of(settings, race) - 1, seed)
        found[contender] = [numbered(contender, number, chosen) for number, chosen in enumerate([{}, *drawn])]
    return found


def numbered(contender: str, number: int, settings: Mapping[str, Any]) -> Candidate:
    """A candidate with the name of its number."""
    return Candidate(name=f"{contender}-race-{number}", contender=contender, settings=dict(settings))


def first_of(settings: Mapping[str, Values], race: RaceSettings) -> int:
    """How many candidates start: half of them, if Optuna is to propose the others of a grid that is too large."""
    are_proposed = race.propose == "optuna" and _size(settings) >= race.candidates
    return max(2, race.candidates // 2) if are_proposed else race.candidates


def _size(settings: Mapping[str, Values]) -> int:
    return math.prod(len(values) for values in settings.values())


def sample_line(contender: str, race: RaceSettings) -> str:
    """That not all combinations of the values race, and how many do; empty if all of them do.

    >>> sample_line("rag", RaceSettings(over={"rag": {"retrieval.k": [1, 2, 3, 4]}}, candidates=4))
    "note: 3 of 4 combinations race, beside 'rag' as it is written: race.candidates is 4."
    """
    settings = race.over[contender]
    size, most = _size(settings), first_of(settings, race) - 1
    if size <= most:
        return ""
    more = "; Optuna proposes others" if most < race.candidates - 1 else ""
    return (
        f"note: {most:,} of {size:,} combinations race, beside '{contender}' as it is written: "
        f"race.candidates is {race.candidates}{more}."
    )


def nested(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted paths as nested mappings.

    >>> nested({"retrieval.k": 5, "prompts.grounded.system": "Be short.", "model": "large"})
    {'retrieval': {'k': 5}, 'prompts': {'grounded': {'system': 'Be short.'}}, 'model': 'large'}
    """
    tree: dict[str, Any] = {}
    for path, value in settings.items():
        *above, last = path.split(".")
        place = tree
        for key in above:
            place = place.setdefault(key, {})
        place[last] = value
    return tree


def raced(entry: Entry, settings: Mapping[str, Any]) -> Entry:
    """The entry with these settings in place of its own."""
    return Entry.model_validate(_over(entry.model_dump(exclude_unset=True), nested(settings)))


def under(above: Entry, entry: Entry) -> Entry:
    """The entry with the settings of the one that it is `like` written out, so that it does not depend on it."""
    own = entry.model_dump(exclude_unset=True, exclude={"like"})
    if own.get("presentation") == "fixed" and isinstance(above.presentation, dict):
        del own["presentation"]  # it is fixed there, too
    return Entry.model_validate(_over(above.model_dump(exclude_unset=True), {"name": entry.called, **own}))


def _over(values: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in given.items():
        below = values.get(key)
        values[key] = _over(dict(below), value) if isinstance(below, dict) and isinstance(value, dict) else value
    return values


def _check_path(path: str, contender: str) -> None:
    first, _, rest = path.partition(".")
    if path != "model" and (first not in SECTIONS or not rest):
        raise ConfigError(
            f"race.over.{contender} names the setting '{path}'.",
            f"write model, or a setting below {', '.join(SECTIONS)} with a dot, for example retrieval.k",
        )


def _drawn(settings: Mapping[str, Values], most: int, seed: int) -> Iterator[dict[str, Any]]:
    """All combinations of the values, in order; a random sample where there are more than `most`."""
    size = _size(settings)
    if size <= most:
        for values in itertools.product(*settings.values()):
            yield dict(zip(settings, values, strict=True))
        return
    draw, numbers = random.Random(seed), set[int]()
    while len(numbers) < most:
        numbers.add(draw.randrange(size))
    for number in sorted(numbers):
        yield _combination(settings, number)


def _combination(settings: Mapping[str, Values], number: int) -> dict[str, Any]:
    """The combination of this number, in the order of `itertools.product`."""
    chosen = {}
    for path, values in reversed(list(settings.items())):
        number, at = divmod(number, len(values))
        chosen[path] = values[at]
    return {path: chosen[path] for path in settings}
