"""Finds the accepted answer in a document, for questions that name the document but quote no evidence.

Takes the text of a document. Gives the spans of the answer word for word, of an amount or date in another spelling, or
of the passage with most of its words. An answer in too many places is left out; the evidence is then the whole
document.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

from bakeoff.questions.evidence.number_place import number_places
from bakeoff.questions.evidence.quotes import Locator
from bakeoff.questions.facts.labels import LONG_ANSWER, POLAR
from bakeoff.questions.facts.near_copies import words
from bakeoff.questions.facts.same_answer import content_words
from bakeoff.records import Question

Span = tuple[int, int]
SHORTEST = 3
"""The fewest letters and digits of an answer that is searched for. '24' and 'a' occur in documents by chance."""
MOST_PLACES = 3
"""An answer that occurs in more places of one document is a topic of the document, not a passage."""
HELD, WIDEST = 0.75, 2.0
"""A passage holds a long answer if it has at least this share of the answer's content words, and at most this multiple
of the answer's number of words."""


def answer_spans(question: Question, locator: Locator) -> list[Span]:
    """The (start, end) of each place of one of the answers in the text, in order. Empty if there is no usable one."""
    if question.kind == "yesno":
        return []
    spans: list[Span] = []
    for answer in question.answers:
        spans += _places(answer, locator)
    if not spans and not any(map(locator.find, question.answers)):
        spans = [place for answer in question.answers for place in number_places(answer, locator.text)]
        spans = spans if len(set(spans)) <= MOST_PLACES else []
    return sorted(set(spans))


def _places(answer: str, locator: Locator) -> list[Span]:
    in_words = words(answer)
    is_long = len(in_words) >= LONG_ANSWER
    if len("".join(in_words)) < SHORTEST or (in_words[0] in POLAR and not is_long):
        return []
    places = locator.find_all(answer, MOST_PLACES + 1)
    if places:
        return places if len(places) <= MOST_PLACES else []
    return list(_passage(answer, locator.text)) if is_long else []


def _passage(answer: str, text: str) -> Iterator[Span]:
    """The shortest passage with enough of the words of a long answer, the first if there are several. At most one.

    A window grows at its end until it has enough words, and then shrinks at its start. This takes one pass.
    """
    wanted = content_words(answer)
    n_wanted, n_widest = max(HELD * len(wanted), 1), round(WIDEST * len(words(answer)))
    document = _words_with_places(text)
    counts, n_held, first = Counter[str](), 0, 0
    narrowest = (n_widest + 1, 0, 0)
    for last, (word, _, end) in enumerate(document):
        n_held += word in wanted and counts[word] == 0
        counts[word] += 1
        while n_held >= n_wanted:
            left, start, _ = document[first]
            narrowest = min(narrowest, (last - first + 1, start, end))
            counts[left] -= 1
            n_held -= left in wanted and counts[left] == 0
            first += 1
    if narrowest[0] <= n_widest:
        yield narrowest[1:]


@lru_cache(maxsize=64)
def _words_with_places(text: str) -> Sequence[tuple[str, int, int]]:
    """(word without its ending, start, end) of each word of the text. The word is empty for function words."""
    matches = ((match, content_words(match[0])) for match in re.finditer(r"[^\W_]+", text))
    return [(next(iter(word), ""), match.start(), match.end()) for match, word in matches]
