"""What the entries of `contenders:` say, against what their recipes use: no setting is ignored without a word.

Takes entries and recipes, gives nothing, or raises ConfigError. Reads no data and loads no model.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from bakeoff.catalogue import RECIPES
from bakeoff.contenders.spec import Entry, Spec
from bakeoff.errors import ConfigError
from bakeoff.files.did_you_mean import unknown_of
from bakeoff.files.plain_types import message_of
from bakeoff.imports import imported
from bakeoff.models.found import found
from bakeoff.records import Record

if TYPE_CHECKING:
    from bakeoff.contenders.recipe import Recipe

SECTIONS = ("retrieval", "tuning", "prompts", "generation", "presentation")
"""The keys of an entry below which there are further ones."""


def options_of(kind: type[Record], spec: Spec) -> Record:
    """The options that a spec gives its recipe. Raises ConfigError for an unknown one or a bad value."""
    try:
        return kind.model_validate(spec.options)
    except ValidationError as error:
        problems = "; ".join(_problem(item, list(kind.model_fields), spec.recipe) for item in error.errors())
        raise ConfigError(
            f"The contender '{spec.name}': {problems}.", f"correct `options` of '{spec.name}' (docs/configuration.md)"
        ) from None


def _problem(item: Any, known: Sequence[str], recipe: str) -> str:
    if item["type"] == "extra_forbidden" and len(item["loc"]) == 1:
        return unknown_of("option", item["loc"][0], f"the recipe '{recipe}'", known)
    place = "".join(f".{part}" for part in item["loc"])
    return f"options{place}: {message_of(item)}{found(item) if place else ''}"


def check_used(entries: Sequence[Entry], recipes: Sequence["Recipe"], tuning: Iterable[str] = ()) -> None:
    """Raises ConfigError for a setting of an entry that its recipe ignores.

    `recipes` are those of the entries, in the same order. `tuning` are the keys that the run's own `tuning:` gives: as
    defaults they may be for none, but not where no contender uses one and one has an option of the same name. Of a
    recipe that does not say what it uses, nothing is known.
    """
    for entry, recipe in zip(entries, recipes, strict=True):
        for path, value in _given(entry):
            if not uses(recipe.uses, path):
                what = f"The contender '{entry.called}': {_unused(path, recipe)}."
                raise ConfigError(what, _instead(path, value, recipe))
    for path in (f"tuning.{key}" for key in tuning):
        owners = [recipe.spec.name for recipe in recipes if _is_option(path, recipe)]
        if owners and not any(uses(recipe.uses, path) for recipe in recipes):
            key = path.rpartition(".")[2]
            raise ConfigError(
                f"'{path}' is used by no contender of the run; '{owners[0]}' has an option of this name.",
                f"write it there: {{like: {owners[0]}, options: {{{key}: ...}}}}",
            )


def uses(used: Sequence[str] | None, path: str) -> bool:
    """Whether a setting is among those that a recipe uses: itself, or the section it is in. None: not known.

    >>> uses(("model", "tuning.examples"), "tuning.examples"), uses(("tuning",), "tuning.rank"), uses((), "model")
    (True, True, False)
    """
    return used is None or path in used or path.partition(".")[0] in used or any(_is_in(one, path) for one in used)


def _is_in(used: str, path: str) -> bool:
    """Whether something below a section is used, where the section is given as one value (`presentation: fixed`)."""
    return used.startswith(f"{path}.")


def _given(entry: Entry) -> Iterator[tuple[str, Any]]:
    """The settings that an entry gives, as dotted paths with their values. Null gives nothing."""
    if entry.model is not None:
        yield "model", entry.model
    for section in SECTIONS:
        given = getattr(entry, section)
        if isinstance(given, Mapping):
            yield from ((f"{section}.{key}", value) for key, value in given.items() if value is not None)
        elif given is not None:
            yield section, given


def _unused(path: str, recipe: "Recipe") -> str:
    section, name = path.partition(".")[0], recipe.spec.recipe
    used = [one for one in recipe.uses or () if one.partition(".")[0] == section]
    return f"the recipe '{name}' does not use '{path}'" + (f"; of {section} it uses {', '.join(used)}" if used else "")


def _is_option(path: str, recipe: "Recipe") -> bool:
    return path.startswith("tuning.") and path.rpartition(".")[2] in recipe.Options.model_fields


def _instead(path: str, value: Any, recipe: "Recipe") -> str:
    """Where the setting belongs: among the recipe's own options, or to a contender of one of Bakeoff's recipes."""
    if _is_option(path, recipe):
        return f"it is one of its own options: write options: {{{path.rpartition('.')[2]}: {value}}}"
    kinds = {name: imported(where, None, f"The recipe '{name}'") for name, where in RECIPES.items()}
    using = [name for name, kind in kinds.items() if kind.uses is not None and uses(kind.uses, path)]
    return f"leave it out, or give it to a contender whose recipe uses it ({', '.join(using)})"
