"""The words of a question that say what it asks for, and how much each tells.

Takes texts. Greetings, thanks and other words around a question tell nothing; a word that many questions have tells
less than one that few have.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable
from functools import lru_cache

from bakeoff.grading.normalise import word_set
from bakeoff.questions.facts.near_copies import words
from bakeoff.questions.facts.same_answer import content_words

_FILLERS = word_set("""
    about above after all also am any anyway as at be because been but by could dear exactly from get give got had has
    hello help here hey hi his her him how if into just kindly know let like many may maybe me mine much need no not now
    ok okay or our over perhaps please possible precisely question quick quickly really regards best right say so some
    sorry tell thank thanks that then they think too up us want was we well were what with wonder would yes you
    bitte hallo danke guten tag bonjour merci hola gracias favor
""")


def is_filler(word: str) -> bool:
    """Whether a word in small letters tells nothing: a greeting, thanks, or a word that every question may have."""
    return word in _FILLERS or not content_words(word)


@lru_cache(maxsize=100_000)
def telling_words(text: str) -> frozenset[str]:
    """The content words of a question without greetings, thanks and the like; all content words if nothing is left."""
    kept = " ".join(word for word in words(text) if word not in _FILLERS)
    return content_words(kept) or content_words(text)


class Weights:
    """How much words tell, by how few of some texts have them."""

    def __init__(self, texts: Iterable[str]) -> None:
        given = list(texts)
        self._n = len(given)
        self._with = Counter(word for text in given for word in telling_words(text))

    def of(self, of_words: Collection[str]) -> float:
        return sum(math.log(1 + self._n / (1 + self._with[word])) + 0.01 for word in of_words)
