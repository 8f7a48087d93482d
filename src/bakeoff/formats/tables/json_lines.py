"""Writes a tree of JSON values as lines that say where in the tree each value stands.

Takes loaded JSON, gives strings. Numbers keep the figures they are written with: a version 3.10 is not 3.1.
"""

import json
from collections.abc import Iterator
from typing import Any

from bakeoff.formats import markup
from bakeoff.formats.html import cells as html_cells
from bakeoff.formats.part import UnreadableError
from bakeoff.formats.restricting import check_once

_MAX_DEPTH = 50
TOO_DEEP = f"it is nested more than {_MAX_DEPTH} levels deep"


class Written(float):
    """A number that knows how it was written."""

    written = ""

    def __new__(cls, text: str) -> "Written":
        number = super().__new__(cls, text)
        number.written = text
        return number


def loaded(text: str) -> Any:
    """The JSON value. NaN and infinity become None. Raises ValueError and RecursionError.

    Raises UnreadableError for an object that says twice who may see it: the last one would count.
    """
    return json.loads(text, parse_constant=lambda _: None, parse_float=Written, object_pairs_hook=_object)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        check_once(key for key, _ in pairs)
    return values


def lines_of(value: Any, path: tuple[str, ...] = (), depth: int = 0) -> Iterator[str]:
    """`path: key: value; key: value` for each object, its plain values first; list items without keys on one line.

    Raises UnreadableError for what is nested too deeply.
    """
    if depth > _MAX_DEPTH:
        raise UnreadableError(TOO_DEEP, "flatten it")
    if isinstance(value, dict):
        plain = [(key, words(item)) for key, item in value.items() if not isinstance(item, (dict, list))]
        yield from _line(path, "; ".join(f"{key}: {said}" for key, said in plain if said))
        nested = [(key, item) for key, item in value.items() if isinstance(item, (dict, list))]
        for key, item in nested:
            yield from lines_of(item, (*path, str(key)), depth + 1)
    elif isinstance(value, list):
        plain_items = [said for item in value if not isinstance(item, (dict, list)) if (said := words(item))]
        yield from _line(path, ", ".join(plain_items))
        for item in value:
            if isinstance(item, (dict, list)):
                yield from lines_of(item, path, depth + 1)
    else:
        yield from _line(path, words(value))


def words(value: Any) -> str:
    """A plain value as people write it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return markup.one_line(html_cells.words_of(value.written if isinstance(value, Written) else str(value)))


def _line(path: tuple[str, ...], said: str) -> Iterator[str]:
    if said:
        yield ": ".join([*([" > ".join(path)] if path else []), said])
