"""A decision's page as lines for a terminal, and as Markdown.

Takes a `Page`, gives text. Markdown escapes every text. Knows nothing about decisions.
"""

import textwrap
import unicodedata
from collections.abc import Iterator, Sequence

from bakeoff.learn.accounts.page import Page, Shown
from bakeoff.report.markdown_text import bullets, grid, plain

WIDTH = 80
LABEL = 16
MOST_SHOWN = 400
"""Longer answers are cut here on a terminal and on pages."""


def terminal_lines(page: Page, width: int = WIDTH) -> list[str]:
    """The page in lines of at most `width` columns."""
    lines = _wrapped(page.title, width)
    for sentence in page.sentences:
        lines += _wrapped(sentence, width)
    lines.append("")
    for label, words in page.rows:
        lines += _labelled(label, words, width, LABEL)
    for group in page.groups:
        lines += ["", f"{group.title}: {group.about}"]
        for number, shown in enumerate(group.shown, start=1):
            lines += _wrapped(f"{number}. {shorter(shown.title)} ({shown.gain})", width, after="   ")
            for label, words in shown.lines:
                lines += [f"   {line}" for line in _labelled(label, shorter(words), width - 3, 11)]
    if page.evidence:
        lines += ["", "All grades:", f"  {page.evidence}"]
    return lines


def markdown_text(page: Page) -> str:
    """The page as Markdown, ending in a newline."""
    parts = [f"# {plain(page.title)}", *(plain(sentence) for sentence in page.sentences)]
    parts.append(grid(("", "Measured"), page.rows, n_left=2))
    for group in page.groups:
        parts += [f"## {group.title}: {group.about}", *_listed(group.shown)]
    if page.evidence:
        parts.append(f"All grades: `{page.evidence}`")
    return "\n\n".join(parts) + "\n"


def _listed(shown: Sequence[Shown]) -> Iterator[str]:
    for one in shown:
        yield f"**{plain(shorter(one.title))}** ({plain(one.gain)})"
        yield bullets(f"{label}: {shorter(words)}" for label, words in one.lines)


def shorter(text: str) -> str:
    """A text on one line, without its middle if it is long: its end may hold the grade."""
    line = " ".join(text.split())
    return line if len(line) <= MOST_SHOWN else f"{line[: MOST_SHOWN - 120]} … {line[-115:]}"


def _labelled(label: str, words: str, width: int, at: int) -> list[str]:
    """A label, and text in a column beside it."""
    first, *others = _wrapped(words, width - at)
    start = f"{label}:".ljust(at) if columns(label) < at - 1 else f"{label}: "
    if columns(start) > at:
        return [start.rstrip(), *(" " * at + line for line in (first, *others))]
    return [start + first, *(" " * at + line for line in others)]


def _wrapped(text: str, width: int, after: str = "") -> list[str]:
    """Lines of at most `width` columns, at least one. Wide characters take two columns."""
    if columns(text) == len(text):
        return textwrap.wrap(text, width, subsequent_indent=after) or [""]
    lines = textwrap.wrap(text, width // 2, subsequent_indent=after)
    return lines or [""]


def columns(text: str) -> int:
    """The columns that a text takes on a terminal."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
