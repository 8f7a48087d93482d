"""How hard an English text is to read, as the school year in which it can be read.

Takes a text, gives a number. Syllables are counted by a rule, without a dictionary, so one word in about ten is off by
one. Knows nothing about rules.
"""

import re

from bakeoff.style.counts import count_sentences

LEAST_WORDS = 10
"""In a shorter text one long word would decide."""
_WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)*")
_VOWELS = re.compile(r"[aeiouy]+")
_SILENT = re.compile(r"(?:[^laeiouy]e|[^aeiouydt]ed|[^aeiouyscxzgh]es)$")


def grade_level(text: str) -> float | None:
    """The Flesch-Kincaid grade level; None for a text of fewer than 10 English words.

    Source: Kincaid et al. 1975, Derivation of new readability formulas for Navy enlisted personnel:
    0.39 words per sentence + 11.8 syllables per word - 15.59.

    >>> round(grade_level("The cat sat on the mat. It was a warm day in May."), 1)
    -1.3
    """
    words = _WORD.findall(text)
    if len(words) < LEAST_WORDS:
        return None
    n_sentences = max(1, count_sentences(text))
    return 0.39 * len(words) / n_sentences + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def syllables(word: str) -> int:
    """About how many syllables an English word has: groups of vowels, without a silent ending.

    >>> [syllables(word) for word in ("warranty", "made", "table", "closed", "wanted", "the")]
    [3, 1, 2, 1, 2, 1]
    """
    lower = word.lower()
    n = len(_VOWELS.findall(lower))
    return max(1, n - (n > 1 and _SILENT.search(lower) is not None))
