"""Finds what says how the items of a list are meant: the sentence before it, and the items above nested ones.

Takes text of light Markdown. Knows no chunk.
"""

import re
from collections.abc import Sequence

from bakeoff.formats import inline, markup
from bakeoff.writing.sentence_ends import sentence_ends

MOST_CHARS = 200  # longer ones would fill the passages that repeat them
_MARKER = re.compile(r"([ \t]*)(?:[-*+•]|\d{1,3}[.)])[ \t]+")
_ENDS_OPEN = re.compile(r"[:：]\W{0,4}$")


def lead_in_of(text: str) -> str:
    """The last sentence of the text, if it ends with a colon and is short enough to be repeated; otherwise nothing.

    >>> lead_in_of("Read this first. **We do not repair:**")
    'We do not repair:'
    """
    last = markup.one_line(text.rstrip().rsplit("\n\n", 1)[-1])
    if not _ENDS_OPEN.search(last):
        return ""
    sentence = _plain(last[max(sentence_ends(last), default=0) :])
    return sentence if len(sentence) <= MOST_CHARS else ""


def items_above(items: Sequence[str]) -> list[tuple[str, ...]]:
    """For each item of a list, the first lines of the items that it is nested in, outermost first.

    >>> items_above(["- Not covered:\\n", "  - rust\\n", "- Covered:\\n"])
    [(), ('Not covered:',), ()]
    """
    above: list[tuple[str, ...]] = []
    opened: list[tuple[int, str]] = []
    for item in items:
        marker = _MARKER.match(item)
        depth = len(marker[1].expandtabs(4)) if marker else 0
        while opened and opened[-1][0] >= depth:
            opened.pop()
        above.append(tuple(words for _, words in opened))
        words = _plain(item[marker.end() if marker else 0 :].split("\n", 1)[0])
        if words and len(words) <= MOST_CHARS:
            opened.append((depth, words))
    return above


def _plain(words: str) -> str:
    return markup.one_line(re.sub(r"\*\*|__|`", "", inline.without_targets(words)))
