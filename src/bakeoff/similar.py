"""Near-copies among texts: pairs that share most of their character trigrams.

Takes texts, gives pairs of positions. Knows nothing about what the texts are for.
"""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

Grams = frozenset[str]


@lru_cache(maxsize=100_000)
def grams(text: str) -> Grams:
    """The character trigrams of the text's words, each word with a blank at both ends: word order does not matter."""
    return frozenset(f" {word} "[i : i + 3] for word in words(text) for i in range(len(word)))


def words(text: str) -> list[str]:
    """The words and numbers of the text, in lower case and without accents."""
    text = unicodedata.normalize("NFKD", text.casefold())
    return re.findall(r"[^\W_]+", "".join(c for c in text if not unicodedata.combining(c)).replace("'", ""))


def similarity(a: str, b: str) -> float:
    """Jaccard similarity of the two texts' trigrams; 0 where their numbers differ (Hearth 2 is not Hearth 3)."""
    shared = len(grams(a) & grams(b))
    if not shared or numbers(a) != numbers(b):
        return 0.0
    return shared / (len(grams(a)) + len(grams(b)) - shared)


def numbers(text: str) -> frozenset[str]:
    """The words of the text that hold a digit."""
    return frozenset(word for word in words(text) if any(c.isdigit() for c in word))


def similar_pairs(texts: Sequence[str], others: Sequence[str], threshold: float) -> Iterator[tuple[int, int, float]]:
    """All (i, j, similarity) with texts[i] and others[j] at least so similar, by i, then j.

    Two sets as similar as this share one of their rarest grams, so that only those need an index.
    Source: prefix filtering, Bayardo, Ma and Srikant 2007, Scaling Up All Pairs Similarity Search, WWW 2007.
    """
    count = Counter(gram for text in (*texts, *others) for gram in grams(text))
    index: dict[str, list[int]] = defaultdict(list)
    for j, text in enumerate(others):
        for gram in _rarest(text, count, threshold):
            index[gram].append(j)
    for i, text in enumerate(texts):
        for j in sorted({j for gram in _rarest(text, count, threshold) for j in index.get(gram, ())}):
            found = similarity(text, others[j])
            if found >= threshold:
                yield i, j, found


def _rarest(text: str, count: Counter[str], threshold: float) -> list[str]:
    own = grams(text)
    n = len(own) - math.ceil(threshold * len(own) - 1e-9) + 1
    return sorted(own, key=lambda gram: (count[gram], gram))[:n]
