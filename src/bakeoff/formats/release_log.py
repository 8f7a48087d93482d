"""Which lines of a document are items and headings of a release log, where `release_marks` may leave out its marks.

Takes the lines of a whole document, which of them are code, its title and its file. A document is a release log if
its title, its file or a folder is called so. Any other is one only if several headings name releases beyond doubt and
most items below them carry marks: a heading such as `4.1.2` or `2024-03-01` may be a section of a manual or a date.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from bakeoff.formats import markup
from bakeoff.formats.release_marks import goes_on, without_marks

_DATE = r"(?:\d{4}-\d{2}-\d{2}|\d{1,2}\.? \w+ \d{4}|\w+ \d{1,2},? \d{4})"
_PART = r"[\w+-]*(?:\.[\w+-]+)*"
_NAMED = rf"(?:(?:version|release) v?|v|\S+@v?)\d+\.\d{_PART}"
_THREE = rf"\d+\.\d+\.\d{_PART}"
_TWO = r"\d+\.\d+"
_DATED = rf"[ \t,:(–—-]+{_DATE}\)?"
_MARK = r"(?: \(?(?:#\d+|[0-9a-f]{7,40})\)?)?"
_CERTAIN = re.compile(
    rf"(?:{_NAMED}(?:{_DATED})?|(?:{_THREE}|{_TWO}){_DATED}|unreleased|what[’']s changed){_MARK}", re.IGNORECASE
)
_IN_A_LOG = re.compile(rf"(?:{_THREE}|{_TWO}|{_DATE}){_MARK}", re.IGNORECASE)
_LOG = re.compile(r"\bchange ?logs?\b|\brelease (?:notes|history)\b", re.IGNORECASE)
_LOG_FILE = re.compile(
    r"(?:.*[^a-z])?(?:change[-_ ]?log|release[-_ ]?notes)(?:[^a-z].*)?|changes|releases|history", re.IGNORECASE
)
_LOG_FOLDER = re.compile(r"change[-_ ]?logs?|release[-_ ]?notes", re.IGNORECASE)
_A_MARK = re.compile(r"[(\[]`?(?:#\d|[\w./-]+#\d|@\w|[0-9a-f]{7})")
SEVERAL_RELEASES = 2
SEVERAL_ITEMS = 3


class LogLines(NamedTuple):
    """For each line: whether an item of a release log opens in it, and whether one ends in it. Headings only end."""

    opens: Sequence[bool]
    ends: Sequence[bool]


class _Item(NamedTuple):
    """The lines of an item's first paragraph, or of a heading (then one)."""

    first: int
    last: int
    is_heading: bool = False


def log_lines(lines: Sequence[str], code: Sequence[bool], title: str = "", source: str = "") -> LogLines:
    """The lines of a release log, in order; none of a document that is no release log.

    Without a title, the document's first heading is taken. The source counts by the names of the file and its folders.
    """
    opens, ends = [False] * len(lines), [False] * len(lines)
    named = _is_log(title or markup.first_heading("\n".join(lines)), source)
    items = list(_items(lines, code, title, named))
    if named or _looks_like_a_log(lines, items):
        for item in items:
            opens[item.first] = not item.is_heading
            above = lines[item.first : item.last]
            ends[item.last] = not any(map(_A_MARK.search, above)) and not (above and goes_on(above[-1]))
    return LogLines(opens, ends)


def names_release(heading: str, in_log: bool = False) -> bool:
    """Whether a heading is that of one release: `v1.2`, `1.2.0 (2026-01-31)`, `Unreleased`, but not `1.2 Spare parts`.

    In a release log, a number such as `1.2.0` or `1.2` or a date alone is one too.
    """
    words = re.sub(r"[\[\]]", "", markup.plain(heading))
    return bool(_CERTAIN.fullmatch(words) or (in_log and _IN_A_LOG.fullmatch(words)))


def _is_log(title: str, source: str) -> bool:
    path = PurePosixPath(source)
    named = _LOG_FILE.fullmatch(path.stem) or any(map(_LOG_FOLDER.fullmatch, path.parts[:-1]))
    return bool(named or _LOG.search(title))


def _looks_like_a_log(lines: Sequence[str], items: Sequence[_Item]) -> bool:
    """Whether several headings name releases, and at least half of the items below them, and several, carry marks."""
    n_releases = sum(item.is_heading and names_release(lines[item.first].strip().strip("#")) for item in items)
    if n_releases < SEVERAL_RELEASES:
        return False
    listed = [item for item in items if not item.is_heading]
    n_marked = sum(
        without_marks(lines[item.last], ends=True, opens=item.first == item.last) != lines[item.last] for item in listed
    )
    return n_marked >= SEVERAL_ITEMS and 2 * n_marked >= len(listed)


def _items(lines: Sequence[str], code: Sequence[bool], title: str, named: bool) -> Iterator[_Item]:
    """The headings of releases and the list items below them."""
    above = [(0, names_release(title, named))]
    first: int | None = None
    for number, (line, is_code) in enumerate(zip(lines, code, strict=True)):
        heading = None if is_code else markup.heading_of(line)
        opens = not is_code and not heading and markup.is_list_item(line)
        if first is not None and (heading or opens or is_code or not line.strip()):
            yield _Item(first, number - 1)
            first = None
        if heading:
            above = [outer for outer in above if outer[0] < heading[0]]
            is_release = names_release(heading[1], named)
            above.append((heading[0], is_release or any(release for _, release in above)))
            if is_release:
                yield _Item(number, number, is_heading=True)
        elif opens and above[-1][1]:
            first = number
    if first is not None:
        yield _Item(first, len(lines) - 1)
