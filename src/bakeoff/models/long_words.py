"""Puts blanks into words that a tokenizer cannot take whole.

Takes and gives text. Word-piece models read a word of more than 100 letters, or with one letter that they do not know,
as a single unknown token. Knows no model.
"""

import re
from itertools import pairwise

from bakeoff.writing.scripts import SOUTH_EAST
from bakeoff.writing.words import whole_letter, word_ends

PIECE = 40
"""The most letters of a piece. Few words of any language are longer."""
_LONG = re.compile(rf"[^\W_]{{{PIECE + 1},}}")
_SOUTH_EAST = re.compile(f"[{SOUTH_EAST}]{{2,}}")


def with_breaks(text: str) -> str:
    """The text with blanks between the words of Thai, Lao, Burmese and Khmer, and inside words of more than 40 letters.

    >>> with_breaks("id " + "f0" * 30)
    'id f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0 f0f0f0f0f0f0f0f0f0f0'
    """
    text = _SOUTH_EAST.sub(lambda match: " ".join(_words(match[0])), text)
    return _LONG.sub(lambda match: " ".join(_pieces(match[0])), text)


def _words(run: str) -> list[str]:
    ends = [0, *word_ends(run), len(run)]
    return [run[start:end] for start, end in pairwise(ends)]


def _pieces(word: str) -> list[str]:
    pieces = []
    while len(word) > PIECE:
        cut = whole_letter(word, PIECE, 0)
        pieces.append(word[:cut])
        word = word[cut:]
    return [*pieces, word]
