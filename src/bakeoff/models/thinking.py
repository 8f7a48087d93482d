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

    An end without a beginning, as of a model whose prompt opened the block, ends a block that began with the text.

    >>> without_thinking("<think>A capital?</think> Paris.")
    'Paris.'
    >>> without_thinking("Paris.<think>Or is it")
    'Paris.'
    >>> without_thinking("A capital?</think> Paris.")
    'Paris.'
    """
    _, end, answer = (rest := _BLOCK.sub("", text)).rpartition(CLOSE)
    return answer.lstrip() if end else rest


def pieces_without_thinking(pieces: Iterable[str]) -> Iterator[str]:
    """The same for a text that arrives in pieces. Text that may be the beginning of a mark waits for the next piece.

    What was given before an end without a beginning cannot be taken back; the answer follows it whole.
    Closing this iterator closes the one it reads from.
    """
    text = given = ""
    with closing(pieces):
        for piece in pieces:
            text += piece
            answer = without_thinking(text)
            ready = answer[: len(answer) - n_open(answer, (OPEN, CLOSE))]
            given = given if answer.startswith(given) else ""
            if len(ready) > len(given):
                yield ready[len(given) :]
                given = ready
        rest = without_thinking(text)[len(given) :]
        if rest:
            yield rest


def with_thinking_closed(prompt: str) -> str:
    """The prompt with an end for the thinking block that it opens last, if it does: the model answers at once.

    Source: Ma et al. 2025, "Reasoning Models Can Be Effective Without Thinking".
    """
    opened = prompt.rstrip()
    return f"{opened}\n\n{CLOSE}\n\n" if opened.endswith(OPEN) else prompt
