"""The settings of contenders in bakeoff.yaml, and the complete settings derived from them.

Takes the entries of `contenders:` and the run's defaults, gives one `Spec` for each. Imports no recipe.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import metadata
from itertools import count
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator

from bakeoff.catalogue import ENTRY_POINTS, RECIPES
from bakeoff.errors import ConfigError
from bakeoff.files.did_you_mean import closest, keys_instead, unknown_with_allowed
from bakeoff.files.names import is_taken_by_windows
from bakeoff.files.plain_types import message_of
from bakeoff.models.found import found
from bakeoff.models.prompts import Prompts, PromptTemplate, plainer
from bakeoff.models.settings import GENERATOR, ModelSettings
from bakeoff.records import GenerationSettings, Record
from bakeoff.retrieval.presentation import Aspect, Presentation
from bakeoff.retrieval.settings import Retrieval
from bakeoff.tuning.settings import Tuning

PHASES = ("dev", "latency", "updated")
"""Endings of a contender's answer files that are not for the test (`answers/<name>.<phase>.jsonl`)."""
LOCAL = "-local"
"""How the contender is named that runs an adapter on this machine which a host has trained for another contender."""
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"


class Entry(Record):
    """One entry of `contenders:`. `like` is a recipe, an import path or an earlier contender; the rest overrides it."""

    like: str
    name: str | None = None
    model: str | None = None
    retrieval: dict[str, Any] = Field(default_factory=dict)
    tuning: dict[str, Any] = Field(default_factory=dict)
    prompts: dict[str, Any] = Field(default_factory=dict)
    generation: dict[str, Any] = Field(default_factory=dict)
    presentation: Literal["fixed"] | dict[str, Any] | None = None
    parts: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)
    options: dict[str, Any] = Field(default_factory=dict)

    @field_validator("name")
    @classmethod
    def _name_is_a_file_name(cls, name: str | None) -> str | None:
        if name is not None and not re.fullmatch(NAME, name):
            raise ValueError(f"{name!r} cannot be used as a file name: use letters, digits, '.', '_' and '-'")
        if name is not None and is_taken_by_windows(name):
            raise ValueError(f"{name!r} cannot be used as a file name on Windows: use another name")
        return name

    @property
    def called(self) -> str:
        return self.name or self.like


class Defaults(Record):
    """The settings of every contender that does not override them.

    `to_choose` are the aspects of the presentation that the pilot may change if another does better on dev.
    """

    model: str = GENERATOR
    retrieval: Retrieval = Retrieval()
    tuning: Tuning = Tuning()
    prompts: Prompts = Prompts()
    generation: GenerationSettings = GenerationSettings()
    presentation: Presentation = Presentation()
    to_choose: tuple[Aspect, ...] = ()


class Spec(Defaults):
    """The complete settings of one contender. `recipe` is a short name or an import path.

    `parts` maps roles to the names of contenders it uses. `options` are those of its recipe. `chosen_on` is the number
    of dev questions that its presentation was chosen on, 0 if it was given. `reranker` names the tuned reranker of its
    retrieval, once there is one; then `retrieval.embedder` may name a tuned embedder. `trained_as` names a model that
    is tuned at its host: this contender runs the adapter from there on its own local model.
    """

    name: str
    recipe: str
    parts: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    options: dict[str, Any] = Field(default_factory=dict)
    chosen_on: int = 0
    reranker: str = Field(default="", exclude_if=lambda name: not name)
    trained_as: str = Field(default="", exclude_if=lambda name: not name)

    @property
    def n_passages(self) -> int:
        """The most passages that its model is shown."""
        return self.presentation.passages or self.retrieval.k

    @property
    def grounded(self) -> PromptTemplate:
        """The prompt with passages: the run's, or the plainer one if its presentation says so."""
        usual = self.prompts.grounded
        return (plainer(usual) or usual) if self.presentation.prompt == "plain" else usual


def entry_of(value: Any) -> Any:
    """An entry from YAML: a plain string is a recipe with its defaults.

    >>> entry_of("rag")
    {'like': 'rag'}
    """
    return {"like": value} if isinstance(value, str) else value


def known_recipes() -> dict[str, str]:
    """The short names of all recipes with their import paths: Bakeoff's own, then those of installed packages."""
    return {**_installed(), **RECIPES}


@cache
def _installed() -> dict[str, str]:
    """Those of installed packages. Looking for them takes 20 ms, and a run asks for them a hundred times."""
    return {point.name: point.value.replace(":", ".") for point in metadata.entry_points(group=ENTRY_POINTS)}


def resolve(entries: Sequence[Entry], defaults: Defaults, models: Mapping[str, ModelSettings]) -> tuple[Spec, ...]:
    """The specs, in order.

    Raises ConfigError for an unknown recipe, a `like` that does not exist, a name given twice, an unknown model or
    part, and a setting that is out of range.

    >>> from bakeoff.models.settings import LocalModel
    >>> models = {"generator": LocalModel(name="scripted"), "embedder": LocalModel(name="hash")}
    >>> entries = [Entry(like="rag"), Entry(name="rag-8", like="rag", retrieval={"k": 8})]
    >>> [(spec.name, spec.recipe, spec.retrieval.k) for spec in resolve(entries, Defaults(), models)]
    [('rag', 'rag', 3), ('rag-8', 'rag', 8)]
    """
    recipes = known_recipes()
    specs: dict[str, Spec] = {}
    for number, entry in enumerate(entries, 1):
        place = f"contenders, entry {number} ('{entry.called}')"
        _check_name(entry.called, specs, place)
        spec = _spec(entry, _parent(entry, specs, recipes, defaults, place), place)
        _check_model(spec.model, "model", models, place)
        _check_model(spec.retrieval.embedder, "retrieval.embedder", models, place)
        if spec.retrieval.reranker:
            _check_model(spec.retrieval.reranker, "retrieval.reranker", models, place)
        specs[spec.name] = spec
        host = spec.tuning.host
        if host is not None and host.local is not None and not spec.trained_as:
            _check_model(host.local, "tuning.host.local", models, place)
            _check_name(spec.name + LOCAL, specs, place)
            copy = {"name": spec.name + LOCAL, "model": host.local, "trained_as": spec.model}
            specs[spec.name + LOCAL] = spec.model_copy(update=copy)
    for spec in specs.values():
        _check_parts(spec, specs)
    return tuple(specs.values())


def _check_name(name: str, specs: Mapping[str, Spec], place: str) -> None:
    """Raises ConfigError if two names differ only in case, or a name ends like a phase: names are file names."""
    same = next((other for other in specs if other.lower() == name.lower()), None)
    if same is not None:
        raise ConfigError(
            f"{place}: there are two contenders with this name ('{same}' and '{name}'; case does not count).",
            f"give one of them another name, for example `name: {_free(name, specs)}`",
        )
    if name.rpartition(".")[2] in PHASES and "." in name:
        raise ConfigError(
            f"{place}: the name ends in '.{name.rpartition('.')[2]}', as files of answers do.", "give it another name"
        )


def _free(name: str, specs: Mapping[str, Spec]) -> str:
    """The name with the first number that makes it a new one."""
    used = {other.lower() for other in specs}
    return next(f"{name}-{number}" for number in count(2) if f"{name}-{number}".lower() not in used)


def _parent(
    entry: Entry, specs: Mapping[str, Spec], recipes: Mapping[str, str], defaults: Defaults, place: str
) -> Spec:
    """What the entry starts from: an earlier contender, or a recipe with the run's defaults."""
    if entry.like in specs:
        return specs[entry.like]
    if entry.like not in recipes and not _is_import_path(entry.like):
        above = f"; earlier contenders: {', '.join(specs)}" if specs else ""
        raise ConfigError(
            f"{place}: there is no recipe '{entry.like}'{_meant(entry.like, [*recipes, *specs])}. "
            f"Recipes: {', '.join(recipes)}{above}.",
            "set `like` to one of these, or to the full import path of your own class",
        )
    return Spec(name=entry.called, recipe=entry.like, **{key: getattr(defaults, key) for key in Defaults.model_fields})


def _meant(name: str, known: Sequence[str]) -> str:
    close = closest(name, known)
    return f" (did you mean '{close}'?)" if close else ""


def _is_import_path(text: str) -> bool:
    return "." in text and all(part.isidentifier() for part in text.split("."))


def _spec(entry: Entry, parent: Spec, place: str) -> Spec:
    """The parent's settings, overridden by those of the entry."""
    values: dict[str, Any] = {**parent.model_dump(), "name": entry.called}
    for key in ("retrieval", "tuning", "prompts", "generation", "options"):
        values[key] = _over(values[key], getattr(entry, key))
    if isinstance(entry.presentation, dict):
        values["presentation"] = _over(values["presentation"], entry.presentation)
    values["to_choose"] = [aspect for aspect in parent.to_choose if not _gives(entry, aspect)]
    values["parts"] |= {role: (names,) if isinstance(names, str) else names for role, names in entry.parts.items()}
    values["model"] = entry.model or parent.model
    try:
        return Spec.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(_explained(item) for item in error.errors())
        raise ConfigError(f"{place}: {problems}.", "see docs/configuration.md for every key") from None


def _gives(entry: Entry, aspect: Aspect) -> bool:
    """Whether an entry decides this aspect of its presentation itself; then the pilot leaves it alone."""
    return entry.presentation is not None or (aspect == "passages" and "k" in entry.retrieval)


def _over(values: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Nested mappings are merged; anything else that is given replaces what was there.

    >>> _over({"grounded": {"system": "a", "user": "b"}, "k": 3}, {"grounded": {"system": "c"}, "k": 5})
    {'grounded': {'system': 'c', 'user': 'b'}, 'k': 5}
    """
    merged = dict(values)
    for key, value in given.items():
        below = merged.get(key)
        merged[key] = _over(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def _explained(item: Any) -> str:
    where = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        return unknown_with_allowed(Spec, item["loc"])
    if item["type"] == "model_type":
        return f"'{where}': {keys_instead(Spec, item['loc'], item['input'])}{found(item)}"
    return f"'{where}': {message_of(item)}{found(item)}"


def _check_model(name: str, key: str, models: Mapping[str, ModelSettings], place: str) -> None:
    if name not in models:
        raise ConfigError(
            f"{place}: '{key}' names the model '{name}', which is not in `models:` (it has {', '.join(models)}).",
            f"add it, for example:  models: {{{name}: HuggingFaceTB/SmolLM2-135M-Instruct}}",
        )


def _check_parts(spec: Spec, specs: Mapping[str, Spec]) -> None:
    for role, names in spec.parts.items():
        missing = [name for name in names if name not in specs]
        if missing:
            raise ConfigError(
                f"The contender '{spec.name}' has the part '{role}: {missing[0]}', but the run has no contender of "
                "this name.",
                f"add it to `contenders:` (which has {', '.join(specs)}), or name another part",
            )
