"""The code in a `pre` element, line by line, however the page marks its lines.

Takes the element. Knows no page.
"""

import re

from bs4 import NavigableString, Tag

_BLOCKS = frozenset(["div", "p", "li", "tr", "ol", "ul", "table", "tbody", "figure"])
_LINE = re.compile(r"(?:^|[-_])(?:line|codeline|code-line|token-line|row|view-line)$", re.IGNORECASE)
_NUMBER = re.compile(r"linenos?|line-?numbers?|lineno|gutter|^ln$|copy", re.IGNORECASE)
_SKIPPED = frozenset(["button", "script", "style", "template"])


def code_of(pre: Tag) -> str:
    """The text of the element. Line breaks, blocks and elements for one line each begin a new line."""
    pieces: list[str] = []
    _write(pre, pieces)
    return "".join(pieces)


def _write(tag: Tag, pieces: list[str]) -> None:
    for child in tag.children:
        if isinstance(child, NavigableString):
            if type(child) is NavigableString:
                pieces.append(str(child))
        elif isinstance(child, Tag):
            if child.name == "br":
                pieces.append("\n")
            elif child.name not in _SKIPPED and not any(map(_NUMBER.search, _classes(child))):
                _write_element(child, pieces)


def _write_element(child: Tag, pieces: list[str]) -> None:
    """An element within the code. If it is a line of its own, it begins on one and the next one begins below it."""
    is_line = child.name in _BLOCKS or any(map(_LINE.search, _classes(child))) or _is_code_beside_code(child)
    if is_line:
        _end_line(pieces)
    n_before = len(pieces)
    _write(child, pieces)
    if is_line and _has_line_beside(child):
        if len(pieces) == n_before:
            pieces.append("\n")
        _end_line(pieces)


def _end_line(pieces: list[str]) -> None:
    if pieces and not pieces[-1].endswith("\n"):
        pieces.append("\n")


def _has_line_beside(tag: Tag) -> bool:
    """Whether the next line follows with nothing between, so that the break between them has to be written."""
    return isinstance(tag.next_sibling, Tag)


def _is_code_beside_code(tag: Tag) -> bool:
    return tag.name == "code" and any(
        isinstance(beside, Tag) and beside.name == "code" for beside in (tag.previous_sibling, tag.next_sibling)
    )


def _classes(tag: Tag) -> list[str]:
    return [str(name) for name in tag.get_attribute_list("class") if name]
