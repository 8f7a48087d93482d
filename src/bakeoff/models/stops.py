"""Stop texts: a completion ends before the first of them.

Takes text, whole or in pieces. Knows no engine.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache


def before_stop(text: str, stops: Sequence[str]) -> tuple[str, bool]:
    """The text before the first stop text in it, and whether there was one.

    >>> before_stop("Paris. Question: next", ["Question:", "\\n"])
    ('Paris. ', True)
    """
    places = [place for stop in stops if stop and (place := text.find(stop)) >= 0]
    return (text[: min(places)], True) if places else (text, False)


def pieces_before_stop(pieces: Iterable[str], stops: Sequence[str]) -> Iterator[str]:
    """The same for a text that arrives in pieces.

    Text that may be the beginning of a stop text waits for the next piece. Closing this iterator closes the
    one it reads from.
    """
    waiting = ""
    with closing(pieces):
        for piece in pieces:
            waiting += piece
            n_ready = len(waiting) - n_open(waiting, stops)
            before, stopped = before_stop(waiting, stops)
            if stopped and len(before) <= n_ready:  # no stop text that began earlier may still become whole
                break
            if n_ready:
                yield waiting[:n_ready]
                waiting = waiting[n_ready:]
        waiting, _ = before_stop(waiting, stops)
        if waiting:
            yield waiting


@contextmanager
def closing(pieces: Iterable[str]) -> Iterator[None]:
    """A context that closes an iterator at its end, if it can be closed."""
    try:
        yield
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()


def n_open(text: str, stops: Sequence[str]) -> int:
    """How many characters at the end of the text may be the beginning of a stop text."""
    longest, begins = _beginnings(tuple(stops))
    tail = text[max(0, len(text) - longest) :]
    for begin in begins.finditer(tail) if longest else ():
        end = tail[begin.start() :]
        if any(len(end) < len(stop) and stop.startswith(end) for stop in stops):
            return len(end)
    return 0


@lru_cache(maxsize=256)
def _beginnings(stops: tuple[str, ...]) -> tuple[int, re.Pattern[str]]:
    """The most characters that may be open, and a pattern of the characters with which a stop text begins.

    Most pieces hold none of these, so that nothing else is compared.
    """
    first = "".join(sorted({stop[0] for stop in stops if len(stop) > 1}))
    return max((len(stop) - 1 for stop in stops), default=0) if first else 0, re.compile(f"[{re.escape(first or ' ')}]")
