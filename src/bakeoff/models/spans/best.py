"""The best span of several windows, from the scores of their tokens.

Takes scores, gives places in the texts of the passages. All windows of a question are compared on one scale, and with
the score of "no answer". Knows no weights.
Source: Clark and Gardner 2018, arXiv:1710.10723: scores without a normalisation of their own for each passage.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bakeoff.models.spans.windows import Window
from bakeoff.writing.scripts import HAS_NO_BLANKS, MARKS

MOST_TOKENS = 40
"""Tokens of the longest answer."""
_LETTER = re.compile(rf"[\w{MARKS}]")


@dataclass(frozen=True)
class Scored:
    """A window with the scores of its text's tokens, shape (n_tokens,), as start and as end, and that of no answer."""

    window: Window
    starts: np.ndarray
    ends: np.ndarray
    nothing: float


@dataclass(frozen=True)
class Span:
    """texts[passage][start:end]. `score` is how much likelier it is than no answer, as a difference of logarithms."""

    passage: int
    start: int
    end: int
    score: float


def best_span(windows: Sequence[Scored], texts: Sequence[str], most_tokens: int = MOST_TOKENS) -> Span | None:
    """The best span of all windows, extended to whole words; the first one of equals. None if there is no window."""
    best: tuple[float, Window, int, int] | None = None
    for scored in windows:
        score, first, last = best_in(scored.starts, scored.ends, most_tokens)
        if best is None or score > best[0]:
            best = score, scored.window, first, last
    if best is None:
        return None
    score, window, first, last = best
    nothing = 2 * float(np.logaddexp.reduce([scored.nothing for scored in windows]))
    start, end = whole_words(texts[window.passage], window.offsets[first][0], window.offsets[last][1])
    return Span(window.passage, start, end, score - nothing)


def best_in(starts: np.ndarray, ends: np.ndarray, most_tokens: int) -> tuple[float, int, int]:
    """The highest starts[i] + ends[j] with i <= j < i + most_tokens, and i and j."""
    n = len(starts)
    width = min(most_tokens, n)
    later = np.concatenate([ends, np.full(width - 1, -np.inf)])
    sums = starts[:, None] + np.lib.stride_tricks.sliding_window_view(later, width)
    first, ahead = np.unravel_index(int(np.argmax(sums)), sums.shape)
    return float(sums[first, ahead]), int(first), int(first + ahead)


def whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """The place, extended to the ends of the words that it cuts. Words of more than 40 letters stay cut."""
    first, last = start, end
    while first > 0 and start - first < 40 and _joined(text, first):
        first -= 1
    while last < len(text) and last - end < 40 and _joined(text, last):
        last += 1
    return (start if start - first >= 40 else first), (end if last - end >= 40 else last)


def _joined(text: str, place: int) -> bool:
    """Whether a word goes on over a place between two letters."""
    before, after = text[place - 1], text[place]
    return bool(_LETTER.match(before) and _LETTER.match(after)) and not HAS_NO_BLANKS.search(before + after)
