"""Near-copies among texts: pairs that share most of their character trigrams, and all of their numbers.

Takes texts, gives pairs of positions with their Jaccard similarity. Knows nothing about what the texts are for.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

Grams = frozenset[str]
NEAR_COPY = 0.7
"""The similarity from which on a test question nearly copies a training question."""


@lru_cache(maxsize=100_000)
def grams(text: str) -> Grams:
    """The character trigrams of the text's words, each word with a blank at both ends: word order does not matter."""
    return frozenset(f" {word} "[i : i + 3] for word in words(text) for i in range(len(word)))


def words(text: str) -> list[str]:
    """The words and numbers of the text, in lower case and without accents."""
    text = unicodedata.normalize("NFKD", text.casefold())
    return re.findall(r"[^\W_]+", "".join(c for c in text if not unicodedata.combining(c)).replace("'", ""))


@lru_cache(maxsize=100_000)
def numbers(text: str) -> frozenset[str]:
    """Its words that hold a digit: a question about Hearth 2 is no copy of one about Hearth 3."""
    return frozenset(word for word in words(text) if any(c.isdigit() for c in word))


def similar_pairs(texts: Sequence[str], others: Sequence[str], threshold: float) -> Iterator[tuple[int, int, float]]:
    """All (i, j, similarity) with texts[i] and others[j] at least so similar (more than 0), by i, then j."""
    holders: dict[str, list[int]] = defaultdict(list)
    for j, other in enumerate(others):
        for gram in grams(other):
            holders[gram].append(j)
    postings = {gram: np.array(found, dtype=np.int32) for gram, found in holders.items()}
    sizes = np.array([len(grams(other)) for other in others])
    for i, text in enumerate(texts):
        found = [postings[gram] for gram in grams(text) if gram in postings]
        if not found:
            continue
        shared = np.bincount(np.concatenate(found), minlength=len(others))
        jaccard = shared / (len(grams(text)) + sizes - shared)
        for j in np.flatnonzero(jaccard >= threshold).tolist():
            if numbers(text) == numbers(others[j]):
                yield i, j, float(jaccard[j])


def jaccard(a: str, b: str) -> float:
    """The share of two texts' trigrams that both have; 0 where they have none."""
    return len(grams(a) & grams(b)) / (len(grams(a) | grams(b)) or 1)
