"""The best span of several windows, from the scores of their tokens.

Takes scores, gives places in the texts of the passages. All windows of a question are compared on one scale, and with
the score of "no answer". Knows no weights.
Source: Clark and Gardner 2018, arXiv:1710.10723: scores without a normalisation of their own for each passage.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bakeoff.models.spans.places import blocks, whole_words
from bakeoff.models.spans.windows import Window

MOST_TOKENS = 40
"""Tokens of the longest answer."""


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
    """The best span of all windows, extended to whole words; the first one of equals. None if there is no window.

    A span lies in one paragraph, list item, table row or heading, without its number or sign.
    """
    best: tuple[float, Window, int, int] | None = None
    known = [blocks(text) for text in texts]
    for scored in windows:
        for first, stop in _runs(scored.window.offsets, known[scored.window.passage]):
            score, start, last = best_in(scored.starts[first:stop], scored.ends[first:stop], most_tokens)
            if best is None or score > best[0]:
                best = score, scored.window, first + start, first + last
    if best is None:
        return None
    score, window, first, last = best
    nothing = 2 * float(np.logaddexp.reduce([scored.nothing for scored in windows]))
    start, end = whole_words(texts[window.passage], window.offsets[first][0], window.offsets[last][1])
    return Span(window.passage, start, end, score - nothing)


def _runs(offsets: Sequence[tuple[int, int]], of_text: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The tokens of each block as (first, stop); tokens outside of all blocks are in none."""
    begins = [start for start, _ in offsets]
    for start, end in of_text:
        first, stop = bisect_left(begins, start), bisect_left(begins, end)
        if first < stop:
            yield first, stop


def best_in(starts: np.ndarray, ends: np.ndarray, most_tokens: int) -> tuple[float, int, int]:
    """The highest starts[i] + ends[j] with i <= j < i + most_tokens, and i and j."""
    n = len(starts)
    width = min(most_tokens, n)
    later = np.concatenate([ends, np.full(width - 1, -np.inf)])
    sums = starts[:, None] + np.lib.stride_tricks.sliding_window_view(later, width)
    first, ahead = np.unravel_index(int(np.argmax(sums)), sums.shape)
    return float(sums[first, ahead]), int(first), int(first + ahead)
