"""Compares texts that hold no letter and no figure: operators and emoji.

Takes texts. Knows nothing about words.
"""

import re
import unicodedata

_PUNCTUATION = " .,;:'\"`()[]"


def signs_in(text: str) -> str:
    """The signs of a text, without blanks, skin tones of emoji and the punctuation around them."""
    text = re.sub("[\ufe0f\U0001f3fb-\U0001f3ff]", "", "".join(unicodedata.normalize("NFC", text).split()))
    return text.strip(_PUNCTUATION) or text


def says_signs(answer: str, gold: str) -> bool:
    """Whether the answer consists of these signs, or has them as a word of their own."""
    wanted = signs_in(gold)
    return bool(wanted) and (signs_in(answer) == wanted or wanted in map(signs_in, answer.split()))
