"""Which lines of a document are code, and which belong to a release log: both decide what `readable` may leave out.

Takes a whole document in light Markdown, because a part of one does not say what began above it. Gives a mark for each
line. Knows nothing about chunks.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from bakeoff.formats import markup

_DATE = r"(?:\d{4}-\d{2}-\d{2}|\d{1,2}\.? \w+ \d{4}|\w+ \d{1,2},? \d{4})"
_PART = r"[\w+-]*(?:\.[\w+-]+)*"
_NAMED = rf"(?:(?:version|release) v?|v|\S+@v?)\d+\.\d{_PART}"
_THREE = rf"\d+\.\d+\.\d{_PART}"
_TWO = r"\d+\.\d+"
_DATED = rf"[ \t,:(–—-]+{_DATE}\)?"
_MARK = r"(?: \(?(?:#\d+|[0-9a-f]{7,40})\)?)?"
_RELEASE = re.compile(
    rf"(?:(?:{_NAMED}|{_THREE})(?:{_DATED})?|{_TWO}{_DATED}|unreleased|what[’']s changed){_MARK}", re.IGNORECASE
)
_IN_A_LOG = re.compile(rf"(?:{_TWO}|{_DATE}){_MARK}", re.IGNORECASE)
_LOG = re.compile(r"\b(?:change ?log|release (?:notes|history)|version history)\b", re.IGNORECASE)
_CONTAINER = re.compile(r"(?:!!!|\?\?\?\+?|===!?) |\[\^[^\[\]]+\]:|: ")
"""Openings of blocks whose indented lines are no code: notes, tabs, footnotes and definitions."""


class LineKinds(NamedTuple):
    """For each line: whether it is code, and whether it is a release log's (its list items and their headings)."""

    code: Sequence[bool]
    log: Sequence[bool]

    def part(self, start: int, n_lines: int) -> "LineKinds":
        """The kinds of `n_lines` lines from line number `start` on, which counts from 0."""
        return LineKinds(self.code[start : start + n_lines], self.log[start : start + n_lines])


def line_kinds(text: str, title: str = "") -> LineKinds:
    """The kinds of a document's lines, in order. Its title counts as a heading above all others."""
    lines = [line.rstrip() for line in text.split("\n")]
    code = _code(lines)
    return LineKinds(code, _log(lines, code, title))


def names_release(heading: str, in_log: bool = False) -> bool:
    """Whether a heading is that of one release: `1.2.0`, `v1.2 (2026-01-31)`, `Unreleased`, but not `1.2 Spare parts`.

    In a release log, a number such as `1.2` or a date alone is one too.
    """
    words = re.sub(r"[\[\]]", "", markup.plain(heading))
    return bool(_RELEASE.fullmatch(words) or (in_log and _IN_A_LOG.fullmatch(words)))


def _code(lines: Sequence[str]) -> list[bool]:
    """Fenced lines, and lines indented by four spaces or a tab after a blank line, outside lists and other blocks."""
    code = markup.fenced(lines)
    may_begin, in_block = True, False
    for number, line in enumerate(lines):
        if code[number] or not line:
            may_begin = True
        elif not line.startswith(("    ", "\t")):
            opens = markup.is_list_item(line) or _CONTAINER.match(line) is not None
            in_block = opens or (in_block and (line[0] == " " or not may_begin))
            may_begin = markup.heading_of(line) is not None
        elif may_begin and not in_block:
            code[number] = True
        else:
            may_begin = False
    return code


def _log(lines: Sequence[str], code: Sequence[bool], title: str) -> list[bool]:
    """Headings of releases, and list items with the indented lines below them under such a heading."""
    in_log, marks, in_item = _LOG.search(title) is not None, [], False
    above = [(0, names_release(title, in_log))]
    for line, is_code in zip(lines, code, strict=True):
        heading = None if is_code else markup.heading_of(line)
        if heading:
            level, words = heading
            in_log = in_log or _LOG.search(words) is not None
            above = [outer for outer in above if outer[0] < level]
            is_release = names_release(words, in_log)
            above.append((level, is_release or any(release for _, release in above)))
        in_item = not heading and (markup.is_list_item(line) or (in_item and line[:1] in (" ", "\t")))
        marks.append(is_release if heading else in_item and above[-1][1])
    return marks
