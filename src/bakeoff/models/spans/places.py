"""Where an answer can lie in a text, and where its words begin and end.

Takes texts and places, gives places. A technical word is one word with the signs in it: `pinentry-gnome3`,
`--no-sandbox`, `/etc/ssh/sshd_config`. Knows no tokens and no scores.
"""

import re
from collections.abc import Iterator, Mapping

from bakeoff.writing.scripts import HAS_NO_BLANKS, MARKS

MOST_JOINED = 40
"""Letters and signs by which a word is completed on either side. Longer ones stay cut."""
_LETTER = re.compile(rf"[\w{MARKS}]")
_INNER = re.compile(r"[-_./\\:@=+~&]")
"""Signs that join two parts of a word."""
_BEFORE = re.compile(r"(?<![^\s\"'`“(\[])[-./~$€£#@\\]+$")
"""Signs that begin a word: `--flag`, `/etc`, `~/.ssh`, `$5`."""
_NUMBER_BEFORE, _NUMBER_AFTER = re.compile(r"(?<!\w)\d+$"), re.compile(r"\d+(?!\w)")
_BREAK = re.compile(
    r"\n[ \t]*\n"  # a blank line
    r"|^[ \t]*(?:\d{1,3}[.)]|[-*+•]|#{1,6}|>)[ \t]+"  # the number or sign of a list item, a heading or a quotation
    r"|\n(?=[ \t]*\|)|(?<=\|)[ \t]*\n",  # between two rows of a table
    re.MULTILINE,
)
_CLOSED_BY = {"(": ")", "[": "]", "{": "}", "“": "”", "„": "“", "«": "»", '"': '"', "`": "`"}
_OPENED_BY = {closing: opening for opening, closing in _CLOSED_BY.items()}
_PAIRED = {*_CLOSED_BY, *_OPENED_BY}
_LOOSE = " \t\n,;:"
"""What no answer ends or begins with."""


def blocks(text: str) -> list[tuple[int, int]]:
    """The paragraphs, list items, rows and headings as (start, end), in order, without the numbers and signs of items.

    >>> text = "Ranges:\\n\\n1. 1 to 999\\n2. 1000 and more"
    >>> [text[start:end] for start, end in blocks(text)]
    ['Ranges:', '1 to 999\\n', '1000 and more']
    """
    return list(_between(text))


def _between(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for found in _BREAK.finditer(text):
        if text[start : found.start()].strip():
            yield start, found.start()
        start = found.end()
    if text[start:].strip():
        yield start, len(text)


def whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """The place, extended to the ends of the words that it cuts, without a bracket or quote that has no partner in it.

    >>> text = "use pinentry-gnome3, or (for now) curses"
    >>> [text[slice(*whole_words(text, *text_place))] for text_place in [(13, 19), (24, 28)]]
    ['pinentry-gnome3', 'for']
    """
    start, end = _without_loose(text, start, end)
    first, last = start, end
    while first > 0 and start - first < MOST_JOINED and _joined(text, first):
        first -= 1
    while last < len(text) and last - end < MOST_JOINED and _joined(text, last):
        last += 1
    first, last = (start if start - first >= MOST_JOINED else first), (end if last - end >= MOST_JOINED else last)
    signs = _BEFORE.search(text, max(0, first - MOST_JOINED), first)
    return _without_loose(text, signs.start() if signs else first, last)


def _joined(text: str, place: int) -> bool:
    """Whether a word goes on over a place: between two letters, or beside a sign that joins two parts."""
    before, after = text[place - 1], text[place]
    if HAS_NO_BLANKS.search(before + after):
        return False
    if _LETTER.match(before) and _LETTER.match(after):
        return True
    if _INNER.match(after):
        return _is_between(text, place)
    return bool(_INNER.match(before)) and _is_between(text, place - 1)


def _is_between(text: str, sign: int) -> bool:
    """Whether the sign stands between two letters, and they are not the two ends of a range of numbers."""
    if not 0 < sign < len(text) - 1 or not (_LETTER.match(text[sign - 1]) and _LETTER.match(text[sign + 1])):
        return False
    low, high = max(0, sign - MOST_JOINED), sign + 1 + MOST_JOINED
    is_range = (
        text[sign] == "-" and _NUMBER_BEFORE.search(text[low:sign]) and _NUMBER_AFTER.match(text[sign + 1 : high])
    )
    return not is_range


def _without_loose(text: str, start: int, end: int) -> tuple[int, int]:
    """The place without blanks, commas and single brackets or quotes at its ends; unchanged if nothing is left."""
    first, last = start, end
    while first < last and _is_loose(text[first], _CLOSED_BY, text[first + 1 : last]):
        first += 1
    while first < last and _is_loose(text[last - 1], _OPENED_BY, text[first : last - 1]):
        last -= 1
    return (first, last) if first < last else (start, end)


def _is_loose(sign: str, partners: Mapping[str, str], rest: str) -> bool:
    """Whether this sign at an end of a span is no part of it: its partner is not in the rest, or it needs none."""
    if sign in _PAIRED:
        return sign not in partners or partners[sign] not in rest
    return sign in _LOOSE
