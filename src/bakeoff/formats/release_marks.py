"""Leaves out what a line of a release log says only to its maintainers: numbers of tickets, commits, thanks to authors.

Takes one line, gives it without them. Such marks stand at the end of an item (`Faster start (#12)`) or before its first
word (`[#12] Faster start`). Within a sentence the same characters may be an order number or an account: if one stands
there, all marks of the line stay. Does not know whether the line belongs to a release log.
"""

import re
from collections.abc import Set

from bakeoff.formats import inline

COMMIT = r"`?(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,40}`?"
_LINKED, _LINK_END = "\ue004", "\ue005"  # around the words of a link that are a mark
_ACCOUNT = r"(?<![\w.])@[A-Za-z0-9][A-Za-z0-9-]*(?![\w/-]|\.\w)"
_ACCOUNTS = rf"{_ACCOUNT}(?:(?:,? and|,| &)? {_ACCOUNT})*"
_REFERENCE = rf"(?:{_LINKED}(?:[\w./-]*#\d+|{COMMIT}){_LINK_END}|#\d+)"
_ONE = rf"(?:{_REFERENCE}|{COMMIT}|{_ACCOUNT})"
_THANKS = rf"(?:thanks|thank you|thx)(?: to)?:? {_ACCOUNTS}[!.]*"
_MARK = re.compile(
    rf"\((?:{_ONE}(?:(?:,| and| &| by|)[ ]{_ONE}|,{_ONE})*|{_THANKS})\)"
    rf"|\[{_REFERENCE}(?:, *{_REFERENCE})*\]|{_LINKED}[^{_LINK_END}]*{_LINK_END}",
    re.IGNORECASE,
)
_THANKS_AT_END = re.compile(rf"(?:[,;][ \t]*|[—–-]+[ \t]*|(?<=[.!?)\]{_LINK_END}]) ){_THANKS}$", re.IGNORECASE)
_BY_AT_END = re.compile(rf" by {_ACCOUNTS} in https?://\S+$", re.IGNORECASE)
_AT_START = re.compile(
    rf"(?:(?:\[{_REFERENCE}\]|{_LINKED}[^{_LINK_END}]*{_LINK_END})[ \t]*)+(?:{_THANKS})?(?:[ \t]*[-–—:]+)?[ \t]+(?=\S)",
    re.IGNORECASE,
)
_OPENING = re.compile(r"[ \t>]*(?:#{1,6}|[-*+•]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?|[ \t>]*")
_NAMES_WORK = re.compile(rf"#\d|{_LINKED}|\b{COMMIT}|\b(?:thanks|thank you|thx)\b|https?://", re.IGNORECASE)
_LONGEST = 500  # of a mark at the end of a line
_GOES_ON = re.compile(
    "a|an|and|are|as|at|by|call|called|contact|for|from|in|into|is|number|of|on|or|order|ordered|part|see|serial|than|"
    "the|to|type|use|via|was|were|with",
    re.IGNORECASE,
)
"""Words before a mark, or after one, that make it a part of the sentence: `Replace fuse (#4410) with (#4411)`."""


def without_marks(line: str, labels: Set[str] = frozenset(), opens: bool = True, ends: bool = True) -> str:
    """The line without marks at its end, if an item `ends` in it, and before its words, if one `opens` in it.

    Empty if the last line of an item has nothing but marks.

    >>> without_marks("- [#3377] Faster start — thanks @ann")
    '- Faster start'
    >>> without_marks("- Replace fuse (#4410) with (#4411).")
    '- Replace fuse (#4410) with (#4411).'
    """
    prepared = _with_linked_marks(line, labels)
    opening = _OPENING.match(prepared)
    start = opening.end() if opening else 0
    words, at_end = _split_end(prepared[start:]) if ends else (prepared[start:], "")
    at_start = _AT_START.match(words) if opens else None
    words = words[at_start.end() :] if at_start else words
    marks = (at_start[0] if at_start else "") + at_end
    if not _NAMES_WORK.search(marks) or _MARK.search(words):
        return line
    if not re.search(r"\w", words):
        return line if opens else ""
    if (at_end and goes_on(words)) or (at_start and goes_on(words, backwards=True)):
        return line
    return prepared[:start] + words


def goes_on(words: str, backwards: bool = False) -> bool:
    """Whether a mark after the words (with `backwards`, before them) would be a part of their sentence."""
    each = re.findall(r"\w+", words[:_LONGEST] if backwards else words[-_LONGEST:])
    return bool(each) and _GOES_ON.fullmatch(each[0 if backwards else -1]) is not None


def _with_linked_marks(line: str, labels: Set[str]) -> str:
    """The line without the targets of its links to tickets, commits and accounts. The first two keep signs around."""
    cuts: list[tuple[int, int]] = []
    signs: dict[int, str] = {}
    for link in inline.links(line, labels):
        words = line[link.words_start : link.words_end]
        is_mark = re.fullmatch(rf"[\w./-]*#\d+|{COMMIT}", words, re.IGNORECASE)
        if not link.is_picture and (is_mark or re.fullmatch(_ACCOUNT, words)):
            cuts += link.around
            if is_mark:
                signs.update({link.start: _LINKED, link.words_end: _LINK_END})
    for start, end in sorted(cuts, reverse=True):
        line = line[:start] + signs.get(start, "") + line[end:]
    return line


def _split_end(text: str) -> tuple[str, str]:
    """(the text before its marks at the end, the marks)."""
    words = text
    while (start := _last_mark(words)) is not None:
        words = words[:start].rstrip(" \t,;—–-")
    return words, text[len(words) :]


def _last_mark(words: str) -> int | None:
    """Where the mark begins with which the words end, if they end with one."""
    words = words.rstrip()
    opening = {")": "(", "]": "[", _LINK_END: _LINKED}.get(words[-1:])
    if opening:
        start = words.rfind(opening)
        if start >= 0 and _MARK.fullmatch(words, start):
            return start
    tail = max(0, len(words) - _LONGEST)
    match = _THANKS_AT_END.search(words, tail) or _BY_AT_END.search(words, tail)
    return match.start() if match else None
