"""Reads a JSON file: a list of texts as rows, and anything else as lines that say where in the tree each value stands.

Takes decoded text, gives parts. Knows no schema.
"""

from collections.abc import Mapping
from typing import Any

from bakeoff.formats import markup
from bakeoff.formats.part import Parsed, Part, UnreadableError
from bakeoff.formats.tables.find import TEXT_FIELDS
from bakeoff.formats.tables.json_lines import TOO_DEEP, lines_of, loaded
from bakeoff.formats.tables.rows import parse_objects

_TITLES = ("title", "name")


def parse(name: str, text: str, meta: Mapping[str, Any]) -> Parsed:
    """One part per object of a list of texts, at the top or under a single key; otherwise one part for the file.

    Raises UnreadableError for what is not JSON, or is nested too deeply.
    """
    try:
        tree = loaded(text)
    except RecursionError as error:
        raise UnreadableError(TOO_DEEP, "flatten it") from error
    except ValueError as error:
        raise UnreadableError(f"it is not JSON ({error})"[:200], "export it again, or name it *.jsonl") from error
    texts = _texts(tree)
    if texts:
        return parse_objects(name, texts, meta)
    body = markup.clean(markup.paragraph("\n".join(lines_of(tree))))
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
