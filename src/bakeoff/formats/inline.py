r"""Finds code and links inside the paragraphs of a text, by the rules of CommonMark 0.31.

Takes a text and the labels that its document defines. Gives offsets. Everything that leaves out the targets of links
uses this. Blocks of code have to be left out before: this does not know them.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import NamedTuple

CODE_LINE = "\ue006"  # at the start of a line: stands for a line of code, which no paragraph crosses
_BLOCK_END = re.compile(rf"\n(?=[ \t>]*(?:\n|[-*+•][ \t]|\d{{1,9}}[.)][ \t]|#{{1,6}}[ \t]|\||{CODE_LINE}))")
_BACKTICKS = re.compile("`+")
_OPENING_BACKTICKS = re.compile(r"\\.|`+", re.DOTALL)
_SPECIAL = re.compile(r"\\.|`+|<|!?\[|\]", re.DOTALL)
_AUTOLINK = re.compile(r"<(?:[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*|[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)*)>")
_TAG = re.compile(
    r"""</?[A-Za-z][A-Za-z0-9-]*(?:\s+[A-Za-z_:][\w:.-]*(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?)*\s*/?>"""
    r"|<![A-Za-z][^>]*>|<!--.*?-->|<\?.*?\?>",
    re.DOTALL,
)
_GAP = r"[ \t]*(?:\n[ \t]*)?"
_OPENS = re.compile(rf"\({_GAP}")
_CLOSES = re.compile(rf"{_GAP}\)")
_ANGLED = re.compile(r"<(?:[^<>\n\\]|\\.)*>")
_PIECE = re.compile(r"(?:[^\x00-\x20\x7f()\\]|\\[^\x00-\x20\x7f]|\\)+|[()]")
_TITLE = re.compile(
    r"(?:[ \t]+(?:\n[ \t]*)?|\n[ \t]*)"
    r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\((?:[^()\\]|\\.)*\))""",
    re.DOTALL,
)
_LABEL = re.compile(r"\[((?:[^\[\]\\]|\\.){0,999})\]", re.DOTALL)
NOTHING: Mapping[tuple[int, int], str] = {}
_DEEPEST = 32  # parentheses within parentheses in a target, as the specification's reference implementations allow


class Link(NamedTuple):
    """A link or picture `[start, end)` of a text, and the place of its words."""

    start: int
    words_start: int
    words_end: int
    end: int
    is_picture: bool = False

    @property
    def around(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """The spans before and after its words."""
        return (self.start, self.words_start), (self.words_end, self.end)


def label_of(words: str) -> str:
    """The words by which a definition is found: case and kinds of spaces do not count."""
    return " ".join(words.split()).casefold()


def without_targets(text: str, labels: Set[str] = frozenset()) -> str:
    """The text with the words of its links and pictures in their place.

    >>> without_targets("Read [the guide](<docs/my guide.md>) or <https://example.org>")
    'Read the guide or https://example.org'
    """
    return without(text, [cut for link in links(text, labels) for cut in link.around])


def without(text: str, cuts: Iterable[tuple[int, int]], instead: Mapping[tuple[int, int], str] = NOTHING) -> str:
    """The text without the spans, with what is `instead` of one. A span within an earlier one does not count."""
    kept, position = [], 0
    for start, end in sorted(cuts, key=lambda cut: (cut[0], -cut[1])):
        if start >= position:
            kept += [text[position:start], instead.get((start, end), "")]
            position = end
    return "".join([*kept, text[position:]])


def links(text: str, labels: Set[str] = frozenset()) -> list[Link]:
    """Links, pictures and addresses in angle brackets. What is inside another one comes before it.

    A link by reference (`[words][label]`, `[label][]`, `[label]`) is one only if its label is among `labels`.
    """
    return [link for start, end in _blocks(text) for link in _links_of(text, start, end, labels)]


def code_spans(text: str) -> list[tuple[int, int]]:
    """(start, end) of the code between backticks, with them, in order."""
    return [span for start, end in _blocks(text) for span in _code_of(text, start, end)]


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """The parts of the text that no link crosses."""
    start = 0
    for match in _BLOCK_END.finditer(text):
        yield start, match.start()
        start = match.start()
    yield start, len(text)


def _code_of(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    if text.find("`", start, end) < 0:
        return
    runs = [match.span() for match in _OPENING_BACKTICKS.finditer(text, start, end) if match[0][0] == "`"]
    waiting: dict[int, deque[int]] = {}  # of each length of a run, the places where one begins
    for run_start, run_end in (match.span() for match in _BACKTICKS.finditer(text, start, end)):
        waiting.setdefault(run_end - run_start, deque()).append(run_start)
    position = start
    for run_start, run_end in runs:
        length = run_end - run_start
        closers = waiting.get(length, deque())
        while closers and closers[0] < max(run_end, position):
            closers.popleft()
        if run_start >= position and closers:
            position = closers[0] + length
            yield run_start, position


def _links_of(text: str, start: int, end: int, labels: Set[str]) -> Iterator[Link]:
    code = dict(_code_of(text, start, end))
    openers: list[tuple[int, int]] = []  # (start, start of the words) of brackets that are still open
    n_inactive = 0  # so many of them, from the first, hold a link already and can only become pictures
    position = start
    while special := _SPECIAL.search(text, position, end):
        at, position = special.span()
        if special[0][0] == "`":
            position = code.get(at, position)
        elif special[0] == "<":
            address = _AUTOLINK.match(text, at, end)
            if address:
                yield Link(at, at + 1, address.end() - 1, address.end())
            other = address or _TAG.match(text, at, end)
            position = other.end() if other else position
        elif special[0] in ("[", "!["):
            openers.append((at, position))
        elif special[0] == "]" and openers:
            opened, words_start = openers.pop()
            is_picture = words_start - opened == 2
            active = is_picture or len(openers) >= n_inactive
            n_inactive = min(n_inactive, len(openers))
            link_end = _end(text, words_start, at, end, labels) if active else 0
            if link_end:
                yield Link(opened, words_start, at, link_end, is_picture)
                position = link_end
                n_inactive = n_inactive if is_picture else len(openers)


def _end(text: str, words_start: int, words_end: int, limit: int, labels: Set[str]) -> int:
    """Where the link ends whose words are in brackets, or 0 if they are no link."""
    after = words_end + 1
    inline_end = _target_end(text, after, limit) if text[after : min(after + 1, limit)] == "(" else 0
    if inline_end or not labels:
        return inline_end
    label = _LABEL.match(text, after, limit)
    if label and label[1].strip():
        return label.end() if label_of(label[1]) in labels else 0
    if words_end - words_start > 999 or label_of(text[words_start:words_end]) not in labels:
        return 0
    return label.end() if label else after


def _target_end(text: str, start: int, limit: int) -> int:
    """Where `(target "title")` ends, or 0 if this is none."""
    opening = _OPENS.match(text, start, limit)
    if not opening:
        return 0
    position = opening.end()
    angled = _ANGLED.match(text, position, limit)
    if angled:
        position = angled.end()
    elif text[position : position + 1] != "<":
        position = _plain_end(text, position, limit)
    title = _TITLE.match(text, position, limit) if position > opening.end() else None
    closing = _CLOSES.match(text, title.end() if title else position, limit)
    return closing.end() if closing else 0


def _plain_end(text: str, position: int, limit: int) -> int:
    """Where a target without angle brackets ends: at a space, or at a parenthesis that closes none of its own."""
    depth, start = 0, position
    while piece := _PIECE.match(text, position, limit):
        depth += {"(": 1, ")": -1}.get(piece[0], 0)
        if depth < 0:
            return position
        if depth > _DEEPEST:
            return start
        position = piece.end()
    return position if depth == 0 else start
