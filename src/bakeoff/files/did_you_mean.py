"""An unknown key to the key that was probably meant: one that works where it was written, or its full path elsewhere.

Takes a pydantic model and the place of an error in it, gives text. Knows nothing about what the keys mean.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from types import NoneType
from typing import Annotated, Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel

CLOSE, VERY_CLOSE = 0.65, 0.85
"""How similar (0 to 1) two spellings are at least to be taken for one another: in one place, in two places."""
SHARED, MOSTLY_SHARED = 0.3, 0.6
"""How much of their words two keys share at least, likewise."""
LIGHT_WORDS = {
    *("max", "min", "limit", "n", "is", "has", "needs", "must", "use", "per", "of", "on", "in", "to", "the"),
    *("ms", "s", "seconds", "usd", "month", "year", "day", "days", "hours", "tokens"),
}
"""Words that say little about what a key is for: bounds, units, fillers. They count for a quarter."""
SAME_WORDS = {
    "maximum": "limit",
    "max": "limit",
    "minimum": "min",
    "weights": "weight",
    "months": "month",
    "monthly": "month",
    "questions": "query",
    "question": "query",
    "queries": "query",
}
ANY_NAME = "NAME"
"""Stands in a path for a name that the user chooses."""


class Likeness(NamedTuple):
    """How alike two keys are: by their words, and by their letters."""

    words: float
    letters: float

    def close(self, shared: float, letters: float) -> bool:
        return self.words >= shared or self.letters >= letters

    @property
    def score(self) -> float:
        return self.words + self.letters


def closest(key: str, known: Iterable[str], shared: float = SHARED, letters: float = CLOSE) -> str | None:
    """The known key most like this one by its words and letters; None where none is close."""
    rated = [(likeness, name) for name in known if (likeness := _likeness(key, name)).close(shared, letters)]
    return max(rated, key=lambda pair: pair[0].score)[1] if rated else None


def unknown(noun: str, key: str, known: Iterable[str]) -> str:
    """'unknown contender 'tunde' (did you mean 'tuned'?)': the known key most like it, if one is."""
    meant = closest(key, known)
    return f"unknown {noun} '{key}'" + (f" (did you mean '{meant}'?)" if meant else "")


def unknown_key(model: type[BaseModel], place: Sequence[str | int]) -> str:
    """What to say of a key that `model` does not have at this place (pydantic's `loc`): the keys that may be meant.

    A key is only proposed by the path at which it works: one at the same place, and one of just this name elsewhere.
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


def keys_at(model: type[BaseModel], place: Sequence[str | int]) -> list[str]:
    """The keys that may stand at a place, of each kind of value that is possible there."""
    kinds: list[Any] = [model]
    for part in place:
        kinds = [child for kind in kinds for child in _below(kind, part)]
    return list(dict.fromkeys(key for kind in kinds if _is_model(kind) for key in kind.model_fields))


def key_paths(model: type[BaseModel], above: str = "", seen: frozenset[type] = frozenset()) -> Iterator[str]:
    """Every key with the path that leads to it, those of the top level first; NAME stands for a name of one's own."""
    children = [(f"{above}{key}", _kinds(field.annotation)) for key, field in model.model_fields.items()]
    yield from (path for path, _ in children)
    for path, kinds in children:
        for kind in kinds:
            middle = f".{ANY_NAME}." if get_origin(kind) is dict else "."
            for inner in _kinds(get_args(kind)[-1]) if get_origin(kind) in (dict, tuple, list) else [kind]:
                if _is_model(inner) and inner not in seen:
                    yield from key_paths(inner, path + middle, seen | {model, inner})


def _closest_paths(key: str, paths: Sequence[str]) -> list[str]:
    """The path whose last key is most like this one, as a list of at most one."""
    leaf = closest(key, [path.rsplit(".", 1)[-1] for path in paths], MOSTLY_SHARED, VERY_CLOSE)
    return [path for path in paths if path.rsplit(".", 1)[-1] == leaf][:1]


def _below(kind: Any, part: str | int) -> list[Any]:
    """The kinds of value under one step of a place; a step that only names a kind (a member of a union) stays there."""
    if _is_model(kind):
        field = kind.model_fields.get(str(part))
        return _kinds(field.annotation) if field else [kind] * (part == kind.__name__)
    if get_origin(kind) in (dict, list, tuple):
        return _kinds(get_args(kind)[-1 if get_origin(kind) is dict else 0])
    return []


def _kinds(annotation: Any) -> list[Any]:
    """The kinds of value that an annotation allows: members of unions, None left out, annotations taken off."""
    if get_origin(annotation) is Annotated:
        return _kinds(get_args(annotation)[0])
    if get_args(annotation) and get_origin(annotation) not in (dict, list, tuple):
        return [kind for member in get_args(annotation) for kind in _kinds(member)]
    return [] if annotation in (NoneType, None, ...) else [annotation]


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and get_origin(kind) is None and issubclass(kind, BaseModel)


def _likeness(a: str, b: str) -> Likeness:
    words_a, words_b = _words(a), _words(b)
    either = sum(map(_weight, words_a | words_b))
    shared = sum(map(_weight, words_a & words_b)) / either if either else 0.0
    return Likeness(shared, difflib.SequenceMatcher(None, a.lower(), b.lower()).ratio())


def _words(key: str) -> set[str]:
    words = re.split(r"[^a-z0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower())
    return {SAME_WORDS.get(word, word) for word in words if word}


def _weight(word: str) -> float:
    return 0.25 if word in LIGHT_WORDS else 1.0
