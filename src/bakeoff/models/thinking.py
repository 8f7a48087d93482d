"""Thinking blocks: what a reasoning model writes between <think> and </think> before it answers is not its answer.

Takes text, whole or in pieces. Knows no engine.
"""

import re
from collections.abc import Iterable, Iterator

from bakeoff.models.stops import closing, n_open

OPEN, CLOSE = "<think>", "</think>"
_BLOCK = re.compile(rf"{OPEN}.*?(?:{CLOSE}\s*|\Z)", re.DOTALL)


def without_thinking(text: str) -> str:
    """The text without thinking blocks and the blanks after them. A block without an end goes on to the end.

    >>> without_thinking("<think>A capital?</think> Paris.")
    'Paris.'
    >>> without_thinking("Paris.<think>Or is it")
    'Paris.'
    """
    return _BLOCK.sub("", text)


def pieces_without_thinking(pieces: Iterable[str]) -> Iterator[str]:
    """The same for a text that arrives in pieces. Text that may be the beginning of a block waits for the next piece.

    Closing this iterator closes the one it reads from.
    """
    text, n_given = "", 0
    with closing(pieces):
        for piece in pieces:
            text += piece
            answer = without_thinking(text)
            n_ready = len(answer) - n_open(answer, (OPEN,))
            if n_ready > n_given:
                yield answer[n_given:n_ready]
                n_given = n_ready
        rest = without_thinking(text)[n_given:]
        if rest:
            yield rest


def with_thinking_closed(prompt: str) -> str:
    """The prompt with an end for the thinking block that it opens last, if it does: the model answers at once.

    Source: Ma et al. 2025, "Reasoning Models Can Be Effective Without Thinking".
    """
    opened = prompt.rstrip()
    return f"{opened}\n\n{CLOSE}\n\n" if opened.endswith(OPEN) else prompt
