"""The form of a text: plain, a list of points, or JSON. Takes a text, gives yes or no. Knows nothing about rules."""

import re
from collections.abc import Iterable

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bakeoff.files.plain_json import plain_json

_PLAIN = frozenset({"paragraph_open", "paragraph_close", "inline", "text", "text_special", "softbreak", "hardbreak"})
_POINT = re.compile(r"\s*(?:[-*+•–]|\d{1,3}[.)])\s+\S")
_MARKDOWN = MarkdownIt("commonmark").enable("table")


def is_plain(text: str) -> bool:
    """Whether no part of the text is Markdown: no heading, list, table, link, code or emphasis.

    >>> is_plain("Set 2 * 3 to 7 °C."), is_plain("Set **7 °C**."), is_plain("- one")
    (True, False, False)
    """
    return all(token.type in _PLAIN for token in _tokens(_MARKDOWN.parse(text)))


def _tokens(tokens: Iterable[Token]) -> Iterable[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


def is_list(text: str) -> bool:
    """Whether every line is a point of a list (`-`, `*`, `+`, `•`, `1.`); a first line that ends with a colon may lead.

    >>> is_list("Do this:\\n- open it\\n- close it"), is_list("- one\\nand more")
    (True, False)
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].rstrip().endswith(":"):
        lines = lines[1:]
    return bool(lines) and all(map(_POINT.match, lines))


def is_json(text: str, keys: Iterable[str] = ()) -> bool:
    """Whether the whole text is a JSON object that has these keys; without keys, an object or a list.

    >>> is_json('{"answer": 1}', ["answer"]), is_json("[1]"), is_json('"yes"')
    (True, True, False)
    """
    wanted = set(keys)
    try:
        value = plain_json(text)
    except ValueError:
        return False
    return (isinstance(value, dict) and wanted <= set(value)) or (isinstance(value, list) and not wanted)
