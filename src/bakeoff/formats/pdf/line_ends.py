"""Joins the lines of a paragraph: is a hyphen at a line's end part of the word, or was the word only broken there?

Takes and gives strings. Judged by the words of the document first, then by a word list of its language. Languages that
write compounds as one word (German, Dutch, Scandinavian) keep no hyphen there. Knows no format.
"""

import functools
import re
from collections import Counter
from collections.abc import Container, Sequence
from typing import Any

_SMALL_WORDS = {
    "en": "the of and to is that for with are this",
    "fr": "le les des une est dans pour et du au qui sur",
    "es": "el los las una es para del por con y se",
    "pt": "o os um uma é do da não com em ao",
    "it": "il gli una è per di che con della del sono",
    "de": "der die das und ist mit für von den ein eine",
    "nl": "de het een van en voor met niet op zijn",
    "sv": "och är att det som på en av för",
    "da": "og er det til på en af for ikke",
    "fi": "ja on ei se että kuin",
}
_WITH_HYPHENS = ("en", "fr", "es", "pt", "it")  # of which there are word lists, and which write hyphens within words
_BROKEN_WORD = re.compile(r"([^\W\d_][\w'’-]*)[-‐\u00ad]$")
_UNSPACED = re.compile(
    "(?<=[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef])$|(?=[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef])"
)
_FIRST_PIECE = re.compile(r"[^\W\d_][\w'’-]*")
_WORDS = re.compile(r"[^\W\d_][\w'’]*(?:[-‐][^\W\d_][\w'’]*)*")


class Vocabulary:
    """The words within lines, in lower case, hyphenated ones whole. Words cut by a line's end are not among them."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines

    def __contains__(self, word: object) -> bool:
        return word in self._words

    @functools.cached_property
    def language(self) -> str:
        """The language that the most frequent small words are of. English if there are none."""
        counts = Counter(word for line in self.lines for word in line.lower().split())
        found = {language: sum(counts[word] for word in words.split()) for language, words in _SMALL_WORDS.items()}
        return max(found, key=lambda language: found[language]) if any(found.values()) else "en"

    @functools.cached_property
    def _words(self) -> frozenset[str]:
        whole = (re.sub(r"\S+[-‐]$", "", line) for line in self.lines)
        return frozenset(word.lower().replace("‐", "-") for line in whole for word in _WORDS.findall(line))


def joined(above: str, below: str, known: Container[str] = ()) -> str:
    """Two lines of a paragraph as one. `known` are the words of the document, in lower case.

    >>> joined("It takes 3 days for deli-", "very."), joined("a well-", "known name"), joined("one", "two")
    ('It takes 3 days for delivery.', 'a well-known name', 'one two')
    >>> joined("a state-of-the-", "art kettle"), joined("from 9-", "to 5"), joined("the Smith-", "Jones case")
    ('a state-of-the-art kettle', 'from 9- to 5', 'the Smith-Jones case')
    """
    broken, piece = _BROKEN_WORD.search(above), _FIRST_PIECE.match(below)
    if above.endswith("\u00ad"):
        return above[:-1] + below
    if not broken or not piece:
        return above + below if _UNSPACED.search(above) and _UNSPACED.match(below) else f"{above} {below}"
    if below[:1].isupper():
        return above + below if above[:-1].split()[-1][:1].isupper() else f"{above} {below}"
    language = known.language if isinstance(known, Vocabulary) else "en"
    return (above if _keeps_hyphen(broken[1], piece[0], known, language) else above[:-1]) + below


def _keeps_hyphen(first: str, second: str, known: Container[str], language: str) -> bool:
    first, second = first.lower(), second.lower()
    whole, hyphenated = first + second, f"{first}-{second}"
    if whole in known or hyphenated in known:
        return hyphenated in known and whole not in known
    if "-" in first:
        return True
    if language not in _WITH_HYPHENS:
        return False
    words = _word_list(language)
    first = re.split("['’]", first)[-1] if language != "en" else first
    return whole not in words and first in words and second.split("-")[0] in words and len(first) > 1


@functools.cache
def _word_list(language: str) -> Any:
    """The word list. It is loaded when a document first needs it: that takes some tenths of a second."""
    from spellchecker import SpellChecker

    return SpellChecker(language=language)
