"""The sentences of a passage that a reader compares with a question and its answer.

Takes a passage and texts, gives a verbatim piece of the passage with the words it shares. Knows no wire format and no
language: words are compared by their beginnings, and scripts without spaces by pairs of characters.
"""

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from bakeoff.contenders.headings import heading_spans
from bakeoff.records import Chunk, Hit, Record
from bakeoff.serve.citations import Cited, passage_link, title, without_marks
from bakeoff.serve.links import Links

LONGEST = 200
"""Characters of a quote."""
MOST_CLOSEST = 3
"""At most this many passages are shown for a question that was not answered."""
ANSWER_WEIGHT = 2.0
"""A word of the answer counts as much as so many of the question: the reader wants to see where it comes from."""
FEWEST_LETTERS = 4
"""Shorter words in small Latin letters are mostly articles and the like, and do not count."""
STEM = 5
LENGTH_PENALTY = 0.5
"""A quote of full length must share so much more than a short one."""

_UNSPACED = "\u0e00-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u0669\u0670\u0900-\u0963\u0970-\u0dff"
_WORD = re.compile(rf"\d+(?:[.,:]\d+)*|[{_UNSPACED}]+|(?:(?![{_UNSPACED}])[^\W\d_]|[{_MARKS}])+")
_HAS_NO_SPACES = re.compile(f"[{_UNSPACED}]")
_SENTENCE_END = re.compile(r"(?<=[.!?…])(?<!\d\.)[\"'”’»)\]*_]*[ \t]+(?=\S)|(?<=[。！？｡।॥۔؟])|\n+")
_PIECE = 50
"""A sentence that is longer than a quote may be is cut at spaces into pieces of about so many characters."""


class Quote(Record):
    """Characters start..end of a document, verbatim. `words` are the spans in `text` of words it shares."""

    text: str
    start: int
    end: int
    words: tuple[tuple[int, int], ...] = ()


class Quoted(Record):
    """A quote with its passage. `number` is that of the citation, or the place among the closest passages, from 1.

    `span` are the characters of the document that the answer was copied from; None if it was not copied from there.
    """

    number: int
    title: str
    url: str
    quote: Quote
    span: tuple[int, int] | None = None


class _Unit(NamedTuple):
    """A word, or a pair of characters of a script without spaces. Equal keys are taken for the same word."""

    key: str
    start: int
    end: int


def quoted(
    cited: Cited, question: str, answer: str, copied: tuple[Chunk, tuple[int, int]] | None = None
) -> tuple[Quoted, ...]:
    """For each citation, what its passage says about question and answer.

    `copied` is the passage that the answer was copied from, and where it stands in what is shown of it.
    """
    return tuple(
        Quoted(
            number=citation.number,
            title=citation.title,
            url=citation.url,
            quote=quote(hit.chunk, question, without_marks(answer)),
            span=_in_document(*copied) if copied and copied[0] == hit.chunk else None,
        )
        for citation, hit in zip(cited.citations, cited.sources, strict=True)
    )


def _in_document(chunk: Chunk, span: tuple[int, int]) -> tuple[int, int] | None:
    """Characters of what is shown of a passage as those of its document; None if they stand there in other words."""
    start, end = span
    if chunk.readable is not None:
        text = chunk.readable[start:end]
        if not text or chunk.text.count(text) != 1:
            return None
        start = chunk.text.index(text)
        end = start + len(text)
    return chunk.start + start, chunk.start + end


def closest(hits: Sequence[Hit], question: str, versions: Mapping[str, int], links: Links) -> tuple[Quoted, ...]:
    """What the best passages say about a question that was not answered, each passage once. The withheld answer decides
    nothing here.
    """
    once: dict[tuple[str, int, int], Hit] = {}
    for hit in hits:
        once.setdefault((hit.chunk.document_id, hit.chunk.start, hit.chunk.end), hit)
    return tuple(
        Quoted(
            number=number,
            title=title(hit),
            url=passage_link(links, hit, versions),
            quote=quote(hit.chunk, question),
        )
        for number, hit in enumerate(list(once.values())[:MOST_CLOSEST], 1)
    )


def quote(chunk: Chunk, question: str, answer: str = "") -> Quote:
    """The whole sentences, LONGEST characters at most, that share most with question and answer.

    Rare words of the passage count more. Headings are left out. Of a longer sentence it is a part; of a passage that
    shares nothing, the beginning.
    """
    text = chunk.text
    pieces = list(_pieces(text, heading_spans(text, chunk.heading))) or [(0, min(len(text), LONGEST))]
    wanted = {unit.key: 1.0 for unit in _units(question)} | {unit.key: ANSWER_WEIGHT for unit in _units(answer)}
    shared = [unit for unit in _units(text) if unit.key in wanted]
    start, end = _best_window(pieces, shared, wanted)
    words = tuple((unit.start - start, unit.end - start) for unit in shared if start <= unit.start and unit.end <= end)
    return Quote(text=text[start:end], start=chunk.start + start, end=chunk.start + end, words=_joined(words))


def _best_window(
    pieces: Sequence[tuple[int, int]], shared: Sequence[_Unit], wanted: Mapping[str, float]
) -> tuple[int, int]:
    """From where to where the pieces that follow each other share most; the first of equals."""
    starts = [start for start, _ in pieces]
    bags: list[set[str]] = [set() for _ in pieces]
    for unit in shared:
        place = bisect_left(starts, unit.start + 1) - 1
        if place >= 0 and unit.end <= pieces[place][1]:
            bags[place].add(unit.key)
    n_with = Counter(key for bag in bags for key in bag)
    weights = {key: wanted[key] * math.log1p(len(pieces) / n) for key, n in n_with.items()}
    best, best_value = _beginning(pieces), -math.inf
    for first, (start, _) in enumerate(pieces):
        keys = set[str]()
        for (_, end), bag in zip(pieces[first:], bags[first:], strict=True):
            if end - start > LONGEST:
                break
            keys |= bag
            value = sum(weights[key] for key in keys) - LENGTH_PENALTY * (end - start) / LONGEST
            if bag and value > best_value:
                best, best_value = (start, end), value
    return best


def _beginning(pieces: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """As many of the first pieces as a quote holds."""
    start = pieces[0][0]
    return start, max(end for _, end in pieces if end - start <= LONGEST)


def _pieces(text: str, headings: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The sentences and lines, without headings, each at most LONGEST characters."""
    start = 0
    for end, after in [*((match.start(), match.end()) for match in _SENTENCE_END.finditer(text)), (len(text),) * 2]:
        first = start + len(text[start:end]) - len(text[start:end].lstrip())
        last = first + len(text[first:end].rstrip())
        if first < last and not any(begin <= first < finish for begin, finish in headings):
            yield from _cut(text, first, last)
        start = after


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The span, in pieces if it is too long for a quote: cut at spaces, or anywhere if there are none."""
    if end - start > LONGEST:
        while end - start > _PIECE:
            space = text.find(" ", start + _PIECE, min(end, start + 2 * _PIECE))
            cut = start + _PIECE if space < 0 else space
            yield start, cut
            start = cut if space < 0 else cut + 1
    yield start, end


def _units(text: str) -> Iterator[_Unit]:
    for match in _WORD.finditer(text):
        word, start, end = match.group(), match.start(), match.end()
        if _HAS_NO_SPACES.match(word):
            last = max(start + 1, end - 1)
            yield from (_Unit(text[i : min(i + 2, end)], i, min(i + 2, end)) for i in range(start, last))
        elif word[0].isdecimal():
            yield _Unit(word, start, end)
        elif len(word) >= FEWEST_LETTERS or not word.isascii() or (len(word) > 1 and word.isupper()):
            yield _Unit(_stem(word), start, end)


def _stem(word: str) -> str:
    """What a word shares with its other forms, roughly: 'returns' and 'returned' begin alike."""
    folded = word.casefold()
    return (folded[:-1] if len(folded) >= FEWEST_LETTERS and folded.endswith("s") else folded)[:STEM]


def _joined(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Spans that touch or overlap, as one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)
