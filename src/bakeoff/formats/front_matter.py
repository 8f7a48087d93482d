"""Reads the metadata at the top of a Markdown file: YAML between `---` lines, or TOML between `+++` lines.

Takes cleaned text. Gives values as strings, lists and mappings, and the text below. Knows no field but those that
restrict a text: what is not understood of them is an error (`restricting.py`).
"""

import re
import tomllib
from typing import Any

import yaml

from bakeoff.files.strict_yaml import Bounded
from bakeoff.formats.part import UnclearAccessError
from bakeoff.formats.restricting import (
    NAMES,
    PLAINLY,
    check_below,
    check_lines,
    check_no_front_matter,
    check_node,
    check_values,
    name_of,
)

_YAML = re.compile(r"---\n(.{0,20000}?)\n(?:---|\.\.\.)(?:\n|$)", re.DOTALL)
_TOML = re.compile(r"\+\+\+\n(.{0,20000}?)\n\+\+\+(?:\n|$)", re.DOTALL)
_KEY = re.compile(r"([A-Za-z_][\w .-]{0,60}?)[ \t]*:(?:[ \t]+(.*)|$)")


class _Strings(Bounded, yaml.BaseLoader):
    """Makes strings, lists and mappings of them."""


def front_matter(text: str) -> tuple[dict[str, Any], str]:
    """(the values of the block at the top, the text below it). Values are not converted.

    Where YAML refuses the block as a whole (a title with a colon, a tab, an open quote), each key is read for itself.
    Raises UnclearAccessError if it says in a way that is not understood who may see the text.
    """
    match = _YAML.match(text)
    values = _yaml(match[1]) or _by_key(match[1]) if match else None
    if match is None and (match := _TOML.match(text)):
        values = _toml(match[1])
    if match is None:
        check_no_front_matter(text)
        return {}, text
    if not isinstance(values, dict):
        check_lines(match[1])
        return {}, text
    check_below(text, match.end())
    check_values(values)
    return {_key(key): value for key, value in values.items()}, text[match.end() :]


def _key(key: Any) -> str:
    return name if (name := name_of(key)) in NAMES else str(key).lower()


def _yaml(block: str) -> Any:
    """The values, all of them strings, lists and mappings: no object is made and no type is guessed."""
    try:
        loader = _Strings(block)
        node = loader.get_single_node()
        check_node(node)
        return None if node is None else loader.construct_document(node)
    except (yaml.YAMLError, RecursionError):
        return None


def _toml(block: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(block)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _by_key(block: str) -> dict[str, Any] | None:
    """The values key by key. None if a line belongs to no key: then the block is text between two rules."""
    parts: list[list[str]] = []
    for line in block.split("\n"):
        if _KEY.match(line):
            parts.append([line])
        elif parts and (not line or line.startswith((" ", "\t", "- ", "#", "}", "]"))):
            parts[-1].append(line)
        elif line and not line.startswith("#"):
            return None
    values: dict[str, Any] = {}
    for lines in parts:
        key = _KEY.match(lines[0])
        if key:
            loaded = _yaml("\n".join(lines))
            plain = " ".join([key[2] or "", *map(str.strip, lines[1:])]).strip()
            is_loaded = isinstance(loaded, dict) and key[1] in loaded
            if not is_loaded and name_of(key[1]) in NAMES:
                raise UnclearAccessError(f"its {name_of(key[1])} {plain!r:.80} is not understood", PLAINLY)
            values[key[1]] = loaded[key[1]] if is_loaded else plain.strip("\"'")
    if values:
        check_lines(block, values)
    return values or None
