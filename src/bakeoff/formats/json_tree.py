"""Reads a JSON file: a list of texts as rows, and anything else as lines that say where in the tree each value stands.

Takes decoded text, gives parts. Knows no schema.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bakeoff.formats import html_cells, markup
from bakeoff.formats.part import Parsed, Part, UnreadableError
from bakeoff.formats.rows import parse_objects
from bakeoff.formats.tables import TEXT_FIELDS

_MAX_DEPTH = 50
_TOO_DEEP = f"it is nested more than {_MAX_DEPTH} levels deep"
_TITLES = ("title", "name")


def parse(name: str, text: str, meta: Mapping[str, Any]) -> Parsed:
    """One part per object of a list of texts, at the top or under a single key; otherwise one part for the file.

    Raises UnreadableError for what is not JSON, or is nested too deeply.
    """
    try:
        tree = json.loads(text, parse_constant=lambda _: None)
    except RecursionError as error:
        raise UnreadableError(_TOO_DEEP, "flatten it") from error
    except ValueError as error:
        raise UnreadableError(f"it is not JSON ({error})"[:200], "export it again, or name it *.jsonl") from error
    texts = _texts(tree)
    if texts:
        return parse_objects(name, texts, meta)
    body = markup.clean(markup.paragraph("\n".join(_lines(tree, ()))))
    title = (
        next((str(tree[key]) for key in _TITLES if isinstance(tree.get(key), str)), "")
        if isinstance(tree, dict)
        else ""
    )
    return Parsed(parts=(Part(text=body, title=markup.one_line(title), meta=dict(meta)),) if body.strip() else ())


def _texts(tree: Any) -> list[dict[str, Any]]:
    """The objects of the list, if each has a text."""
    if isinstance(tree, dict):
        lists = [value for value in tree.values() if isinstance(value, list)]
        tree = lists[0] if len(lists) == 1 and not any(isinstance(value, dict) for value in tree.values()) else []
    if not isinstance(tree, list) or not all(isinstance(item, dict) for item in tree):
        return []
    return tree if all(any(field in map(str.casefold, item) for field in TEXT_FIELDS) for item in tree) else []


def _lines(value: Any, path: tuple[str, ...], depth: int = 0) -> Iterator[str]:
    """`path: key: value; key: value` for each object, its plain values first; list items without keys on one line."""
    if depth > _MAX_DEPTH:
        raise UnreadableError(_TOO_DEEP, "flatten it")
    if isinstance(value, dict):
        plain = [(key, _words(item)) for key, item in value.items() if not isinstance(item, (dict, list))]
        yield from _line(path, "; ".join(f"{key}: {words}" for key, words in plain if words))
        nested = [(key, item) for key, item in value.items() if isinstance(item, (dict, list))]
        for key, item in nested:
            yield from _lines(item, (*path, str(key)), depth + 1)
    elif isinstance(value, list):
        plain_items = [words for item in value if not isinstance(item, (dict, list)) if (words := _words(item))]
        yield from _line(path, ", ".join(plain_items))
        for item in value:
            if isinstance(item, (dict, list)):
                yield from _lines(item, path, depth + 1)
    else:
        yield from _line(path, _words(value))


def _line(path: tuple[str, ...], words: str) -> Iterator[str]:
    if words:
        yield ": ".join([*([" > ".join(path)] if path else []), words])


def _words(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return markup.one_line(html_cells.words_of(str(value)))
