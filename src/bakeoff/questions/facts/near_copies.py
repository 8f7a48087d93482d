"""Finds near-copies among texts: pairs that share most of their character trigrams, and all of their numbers.

Takes texts, gives pairs of positions with their Jaccard similarity. Knows nothing about the purpose of the texts.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

Grams = frozenset[str]
NEAR_COPY = 0.7
"""From this similarity on, a test question is a near-copy of a training question."""


@lru_cache(maxsize=100_000)
def grams(text: str) -> Grams:
    """The character trigrams of the text's words. Each word is padded with spaces, so word order does not matter."""
    return frozenset(f" {word} "[i : i + 3] for word in words(text) for i in range(len(word)))


def words(text: str) -> list[str]:
    """The words and numbers of the text, in order, in lower case and without accents.

    Accents are the marks of Latin, Greek and Cyrillic letters. Other marks (of kana, Indic vowels) are part of words.

    >>> words("Is the Café's warranty 24 months?")
    ['is', 'the', 'cafes', 'warranty', '24', 'months']
    """
    text = unicodedata.normalize("NFKD", text.casefold().replace("'", ""))
    if text.isascii():
        return re.findall(r"[^\W_]+", text)
    text = unicodedata.normalize("NFC", re.sub(r"[\u0300-\u036f]", "", text))
    return "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in text).split()


def wording(text: str) -> str:
    """What is the same for two texts with the same words in the same order: then neither is another phrasing.

    >>> wording("How long is the warranty?") == wording("how long is the warranty")
    True
    """
    return " ".join(words(text)) or text


@lru_cache(maxsize=100_000)
def numbers(text: str) -> frozenset[str]:
    """The words of the text that have a digit. A question about Hearth 2 is not a copy of one about Hearth 3."""
    return frozenset(word for word in words(text) if any(c.isdigit() for c in word))


def similar_pairs(texts: Sequence[str], others: Sequence[str], threshold: float) -> Iterator[tuple[int, int, float]]:
    """(i, j, similarity) of all pairs texts[i], others[j] with the same numbers that are at least this similar.

    `threshold` must be more than 0. The pairs are ordered by i, then j. Similarity is the Jaccard similarity of the
    trigrams, from 0 to 1.

    >>> list(similar_pairs(["reset the oven"], ["the oven reset", "reset oven 2"], 0.7))
    [(0, 0, 1.0)]
    """
    holders: dict[str, list[int]] = defaultdict(list)
    for j, other in enumerate(others):
        for gram in grams(other):
            holders[gram].append(j)
    postings = {gram: np.array(positions, dtype=np.int32) for gram, positions in holders.items()}
    sizes = np.array([len(grams(other)) for other in others])
    for i, text in enumerate(texts):
        matches = [postings[gram] for gram in grams(text) if gram in postings]
        if not matches:
            continue
        shared = np.bincount(np.concatenate(matches), minlength=len(others))
        jaccard = shared / (len(grams(text)) + sizes - shared)
        for j in np.flatnonzero(jaccard >= threshold).tolist():
            if numbers(text) == numbers(others[j]):
                yield i, j, float(jaccard[j])


def jaccard(a: str, b: str) -> float:
    """The share of two texts' trigrams that both have, from 0 to 1. 0 if they have none."""
    return len(grams(a) & grams(b)) / (len(grams(a) | grams(b)) or 1)
