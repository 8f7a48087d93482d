"""Suggests the name or key that was probably meant by an unknown one: one at the same place, or a full path elsewhere.

Takes a pydantic model and the place of an error in it, gives text. Knows nothing about what the keys mean.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from types import NoneType
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel, JsonValue
from pydantic.fields import FieldInfo

NOT_WRITTEN: dict[str, JsonValue] = {"x-written": False}
"""The `json_schema_extra` of a field that no person writes: it is no key that is allowed or meant."""

CLOSE, VERY_CLOSE = 0.65, 0.85
"""The least similarity (0 to 1) of two spellings for a suggestion at the same place, and at another place."""
SHARED, MOSTLY_SHARED = 0.3, 0.6
"""The least share (0 to 1) of words that two keys have in common, at the same place and at another place."""
LIGHT_WORDS = {
    *(
        "max",
        "min",
        "most",
        "least",
        "limit",
        "n",
        "is",
        "has",
        "needs",
        "must",
        "use",
        "per",
        "of",
        "on",
        "in",
        "to",
        "the",
    ),
    *("ms", "s", "seconds", "usd", "month", "year", "day", "days", "hours", "tokens"),
}
"""Words that say little about the meaning of a key: bounds, units, fillers. Each counts as a quarter of a word."""
SAME_WORDS = {
    "maximum": "limit",
    "max": "limit",
    "most": "limit",
    "least": "min",
    "minimum": "min",
    "weights": "weight",
    "months": "month",
    "monthly": "month",
    "questions": "query",
    "question": "query",
    "queries": "query",
}
LONGEST = 200
"""A longer key is like no other: comparing takes a time that grows with the lengths, and a client may send any name."""
ANY_NAME = "NAME"
"""The placeholder in a path for a name that the user chooses."""


class Likeness(NamedTuple):
    """How similar two keys are, by their words and by their letters, each from 0 to 1."""

    words: float
    letters: float

    def close(self, shared: float, letters: float) -> bool:
        return self.words >= shared or self.letters >= letters

    @property
    def score(self) -> float:
        return self.words + self.letters


def closest(key: str, known: Iterable[str], shared: float = SHARED, letters: float = CLOSE) -> str | None:
    """The known key most similar to this one by its words and letters. None if no key is close.

    >>> closest("chunk_size", ["chunk_tokens", "embedder", "k"])
    'chunk_tokens'
    """
    rated = [(likeness, name) for name in known if (likeness := _likeness(key, name)).close(shared, letters)]
    return max(rated, key=lambda pair: pair[0].score)[1] if rated else None


def similar(name: str, known: Iterable[str], n: int = 1, cutoff: float = 0.6) -> list[str]:
    """Up to `n` known names that are spelled like this one, the most similar first. Case does not count.

    >>> similar("A.MD", ["a.md", "b.md"]), similar("budget", ["latency"])
    (['a.md'], [])
    """
    wanted, names = name.lower(), list(dict.fromkeys(known))
    folded = difflib.get_close_matches(wanted, list(dict.fromkeys(map(str.lower, names))), n=n, cutoff=cutoff)
    return [one for like in folded for one in names if one.lower() == like][:n]


def unknown(noun: str, key: str, known: Iterable[str]) -> str:
    """A message about an unknown name, with the most similar known name if one is close.

    >>> unknown("contender", "tunde", ["tuned", "rag"])
    "unknown contender 'tunde' (did you mean 'tuned'?)"
    """
    meant = closest(key, known)
    return f"unknown {noun} '{key}'" + (f" (did you mean '{meant}'?)" if meant else "")


def unknown_of(noun: str, key: str, where: str, known: Sequence[str]) -> str:
    """A message about a key that a place does not have, with those it has.

    >>> unknown_of("option", "epoch", "the recipe 'drqa'", ["epochs", "learning_rate"])
    "unknown option 'epoch' of the recipe 'drqa' (did you mean 'epochs'?); allowed: epochs, learning_rate"
    """
    meant = closest(key, known)
    hint = f" (did you mean '{meant}'?)" if meant else ""
    return f"unknown {noun} '{key}' of {where}{hint}; allowed: {', '.join(known) or 'none'}"


def unknown_key(model: type[BaseModel], place: Sequence[str | int]) -> str:
    """A message about a key that `model` does not have at this place (pydantic's `loc`), with up to two suggestions.

    A suggestion is always a full path that works: a similar key at the same place, and a key of the same name
    elsewhere. If there is neither, a very similar key elsewhere.
    """
    path, key = ".".join(map(str, place)), str(place[-1])
    parents = ".".join(map(str, place[:-1]))
    here = closest(key, keys_at(model, place[:-1]))
    paths = list(key_paths(model))
    elsewhere = [other for other in paths if other.rsplit(".", 1)[-1] == key and other != path]
    if not here and not elsewhere:
        elsewhere = _closest_paths(key, paths)
    meant = [f"{parents}.{here}" if parents else here] if here else []
    shown = ", or ".join(f"'{other}'" for other in [*meant, *(other for other in elsewhere[:1] if other not in meant)])
    return f"unknown key '{path}'" + (f" (did you mean {shown}?)" if shown else "")


def unknown_with_allowed(model: type[BaseModel], place: Sequence[str | int]) -> str:
    """The same, followed by the keys that are allowed at its place."""
    keys = keys_at(model, place[:-1])
    return unknown_key(model, place) + (f"; allowed: {', '.join(keys)}" if keys else "")


def keys_instead(model: type[BaseModel], place: Sequence[str | int], found: Any) -> str:
    """What to write where keys with their values belong and one value was found.

    If only one of the keys must be given, the value is shown as that key's; if none or several must, all are named.
    """
    kinds = [kind for kind in kinds_at(model, place) if _is_model(kind)]
    needed = [key for kind in kinds for key, field in kind.model_fields.items() if field.is_required()]
    if len(needed) == 1 and isinstance(found, str | int | float) and not isinstance(found, bool):
        return f"give keys with their values, as in {{{needed[0]}: {found}}}"
    keys = keys_at(model, place)
    return "give keys with their values" + (f"; its keys are {', '.join(keys)}" if keys else "")


def keys_at(model: type[BaseModel], place: Sequence[str | int]) -> list[str]:
    """The keys that are allowed at a place, for every kind of value that is possible there."""
    kinds = kinds_at(model, place)
    return list(dict.fromkeys(key for kind in kinds if _is_model(kind) for key in written(kind)))


def written(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields that a person writes, by their keys: those marked as `NOT_WRITTEN` are filled in."""
    return {key: field for key, field in model.model_fields.items() if field.json_schema_extra != NOT_WRITTEN}


def kinds_at(model: type[BaseModel], place: Sequence[str | int]) -> list[Any]:
    """The kinds of value that are possible at a place: types, and the members of a fixed choice. Empty if none is."""
    kinds: list[Any] = [model]
    for part in place:
        kinds = [child for kind in kinds for child in _below(kind, part)]
    return kinds


def key_paths(model: type[BaseModel], above: str = "", seen: frozenset[type] = frozenset()) -> Iterator[str]:
    """The full path of every key, top level first. NAME in a path stands for a name that the user chooses."""
    children = [(f"{above}{key}", _kinds(field.annotation)) for key, field in written(model).items()]
    yield from (path for path, _ in children)
    for path, kinds in children:
        for kind in kinds:
            middle = f".{ANY_NAME}." if get_origin(kind) is dict else "."
            for inner in _kinds(get_args(kind)[-1]) if get_origin(kind) in (dict, tuple, list) else [kind]:
                if _is_model(inner) and inner not in seen:
                    yield from key_paths(inner, path + middle, seen | {model, inner})


def _closest_paths(key: str, paths: Sequence[str]) -> list[str]:
    """The path whose last key is most similar to this one, as a list of at most one path."""
    leaf = closest(key, [path.rsplit(".", 1)[-1] for path in paths], MOSTLY_SHARED, VERY_CLOSE)
    return [path for path in paths if path.rsplit(".", 1)[-1] == leaf][:1]


def _below(kind: Any, part: str | int) -> list[Any]:
    """The kinds of value one step further down. A step that only names a member of a union stays at this kind."""
    if _is_model(kind):
        field = kind.model_fields.get(str(part))
        return _kinds(field.annotation) if field else [kind] * (part == kind.__name__)
    if get_origin(kind) in (dict, list, tuple):
        return _kinds(get_args(kind)[-1 if get_origin(kind) is dict else 0])
    return []


def _kinds(annotation: Any) -> list[Any]:
    """The kinds of value that an annotation allows: the members of unions, without None and without `Annotated`."""
    if get_origin(annotation) is Annotated:
        return _kinds(get_args(annotation)[0])
    if get_args(annotation) and get_origin(annotation) not in (dict, list, tuple):
        return [kind for member in get_args(annotation) for kind in _kinds(member)]
    return [] if annotation in (NoneType, None, ...) else [annotation]


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and get_origin(kind) is None and issubclass(kind, BaseModel)


def _likeness(a: str, b: str) -> Likeness:
    if max(len(a), len(b)) > LONGEST:
        return Likeness(0.0, 0.0)
    words_a, words_b = _words(a), _words(b)
    either = sum(map(_weight, words_a | words_b))
    shared = sum(map(_weight, words_a & words_b)) / either if either else 0.0
    return Likeness(shared, difflib.SequenceMatcher(None, a.lower(), b.lower()).ratio())


def _words(key: str) -> set[str]:
    words = re.split(r"[^a-z0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower())
    return {SAME_WORDS.get(word, word) for word in words if word}


def _weight(word: str) -> float:
    return 0.25 if word in LIGHT_WORDS else 1.0
