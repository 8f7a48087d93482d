"""Answers that quote documents, without the quoted text.

Takes an answer and the documents by name; gives the answer with each run of 8 or more words that stands in a document
as a reference, '⟦name:start-end⟧', to the document's characters, and the other way round. Words are compared without
case and punctuation. What differs from the document within a run (a capital, a line break) stays as it is.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

MIN_WORDS = 8
_WORD = re.compile(r"\w+")
_REFERENCE = re.compile(r"⟦(.+?):(\d+)-(\d+)⟧")


class _Word(NamedTuple):
    text: str
    start: int
    end: int


class _Run(NamedTuple):
    """`n` words from word `i` of an answer on stand in a document, from word `at` on."""

    i: int
    n: int
    name: str
    at: int


class Quotations:
    """Finds runs of words in documents, and rebuilds them."""

    def __init__(self, documents: Mapping[str, str]) -> None:
        self._documents = documents
        self._words = {name: _words(text) for name, text in documents.items()}
        self._places: dict[tuple[str, ...], list[tuple[str, int]]] = defaultdict(list)
        for name, words in self._words.items():
            for i, key in _keys(words):
                self._places[key].append((name, i))

    def shorten(self, answer: str) -> str:
        """The answer with references. ValueError if it contains their brackets already."""
        if "⟦" in answer:
            raise ValueError(f"an answer with the brackets of a reference: {answer!r}")
        words, parts, end = _words(answer), [], 0
        for run in self._runs(words):
            for start, stop, reference in self._pieces(answer, words, run):
                parts += [answer[end:start], reference]
                end = stop
        return "".join([*parts, answer[end:]])

    def rebuild(self, shortened: str) -> str:
        """The answer. KeyError if a document is missing."""
        return _REFERENCE.sub(lambda match: self._documents[match[1]][int(match[2]) : int(match[3])], shortened)

    def copied(self, shortened: str) -> list[str]:
        """The runs of 8 or more words that still stand in the text, without its references."""
        literal = _REFERENCE.split(shortened)[::4]
        words = [(text, _words(text)) for text in literal]
        return [text[w[run.i].start : w[run.i + run.n - 1].end] for text, w in words for run in self._runs(w)]

    def _runs(self, words: Sequence[_Word]) -> Iterator[_Run]:
        """The longest run at each place, from left to right, without overlaps."""
        i = 0
        while i + MIN_WORDS <= len(words):
            key = tuple(word.text for word in words[i : i + MIN_WORDS])
            runs = [_Run(i, self._length(words, i, *place), *place) for place in self._places.get(key, ())]
            if runs:
                longest = max(runs, key=lambda run: run.n)
                yield longest
                i += longest.n
            else:
                i += 1

    def _length(self, words: Sequence[_Word], i: int, name: str, at: int) -> int:
        """How many words from `i` on are those of the document from `at` on."""
        there = self._words[name]
        n = 0
        while i + n < len(words) and at + n < len(there) and words[i + n].text == there[at + n].text:
            n += 1
        return n

    def _pieces(self, answer: str, words: Sequence[_Word], run: _Run) -> Iterator[tuple[int, int, str]]:
        """(start, end, reference) of the parts of a run whose characters are the document's."""
        text, there = self._documents[run.name], self._words[run.name][run.at : run.at + run.n]
        pairs = list(zip(words[run.i : run.i + run.n], there, strict=True))
        k = 0
        while k < run.n:
            here, first = pairs[k]
            last = k
            while last < run.n and answer[here.start : pairs[last][0].end] == text[first.start : pairs[last][1].end]:
                last += 1
            if last > k:
                yield here.start, pairs[last - 1][0].end, f"⟦{run.name}:{first.start}-{pairs[last - 1][1].end}⟧"
            k = max(last, k + 1)


def _words(text: str) -> list[_Word]:
    return [_Word(match[0].casefold(), *match.span()) for match in _WORD.finditer(text)]


def _keys(words: Sequence[_Word]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Each place with the words from there on that must agree."""
    for i in range(len(words) - MIN_WORDS + 1):
        yield i, tuple(word.text for word in words[i : i + MIN_WORDS])
