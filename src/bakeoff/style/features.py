"""What a classifier of style looks at: how a text is written, its length alone, and its subject alone.

Takes texts, gives arrays with one row for each text. Knows nothing about classifiers.
"""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from bakeoff.grading.wording import FUNCTION_WORDS
from bakeoff.style.counts import count_sentences
from bakeoff.writing.words import count_words

SIGNS = ".,!?:;-()[]'’\"/\n*#"
_WORD = re.compile(r"\w+(?:['’]\w+)?")
_CONTENT = re.compile(r"[^\W\d_]{4,}")
_I = re.compile(r"\b(?:i|we|me|us|my|our)\b", re.IGNORECASE)
_YOU = re.compile(r"\b(?:you|your|yours)\b", re.IGNORECASE)
_POINT = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s", re.MULTILINE)
MOST_CONTENT = 500


def surface(texts: Sequence[str]) -> np.ndarray:
    """(texts, features): length, length of sentences and words, signs, capitals, figures, persons, points, ends."""
    return np.array([_surface(text) for text in texts], np.float64)


def _surface(text: str) -> list[float]:
    words = _WORD.findall(text)
    n_words, n_characters = max(1, len(words)), max(1, len(text))
    return [
        *_lengths(text),
        np.log1p(len(text)),
        np.log1p(n_words / max(1, count_sentences(text))),
        sum(map(len, words)) / n_words,
        sum(word[0].isupper() for word in words) / n_words,
        sum(character.isdigit() for character in text) / n_characters,
        len(_I.findall(text)) / n_words,
        len(_YOU.findall(text)) / n_words,
        float(len(_POINT.findall(text)) > 0),
        float(text[:1].isupper()),
        float(text[-1:] in ".!?"),
        *(np.log1p(text.count(sign)) for sign in SIGNS),
    ]


def lengths(texts: Sequence[str]) -> np.ndarray:
    """(texts, 2): the logarithm of the number of words, and its square, for an optimum in between."""
    return np.array([_lengths(text) for text in texts], np.float64)


def _lengths(text: str) -> list[float]:
    words = float(np.log1p(count_words(text)))
    return [words, words**2]


N_SURFACE = len(_surface(""))
"""The features of `surface`."""


def content_words(texts: Sequence[str]) -> np.ndarray:
    """(texts, words): 1 for each of the words of four letters or more that a text has, without function words.

    The 500 words that most texts have, of those in two texts or more: what the texts are about, not how they say it.
    """
    found = [{word.casefold() for word in _CONTENT.findall(text)} - FUNCTION_WORDS for text in texts]
    counts = Counter(word for words in found for word in words)
    kept = sorted((word for word, n in counts.items() if n > 1), key=lambda word: (-counts[word], word))[:MOST_CONTENT]
    columns = {word: number for number, word in enumerate(kept)}
    rows = np.zeros((len(texts), max(1, len(kept))))
    for row, words in zip(rows, found, strict=True):
        row[[columns[word] for word in words if word in columns]] = 1.0
    return rows
