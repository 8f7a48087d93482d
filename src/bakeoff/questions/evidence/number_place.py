"""Finds an accepted amount or date in a document that writes it in another way: 'two years' where it says '24 months'.

Takes an answer and the text of a document, gives places. Bare numbers of one or two digits are not searched: they occur
by chance.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from bakeoff.grading.quantities import is_quantity
from bakeoff.grading.terms import Term, says_as_much, terms
from bakeoff.grading.wording import content

Place = tuple[int, int]
WIDEST, REACH = 5, 60
"""The most words, and the most characters, of an amount or date in a text ('the third of March 2024')."""
SHORTEST_FIGURE = 3
_START = re.compile(
    r"(?<![\w.,])(?:[-+]?[£$€¥₹]? ?\d|[½¼¾]|(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|"
    r"(?:twen|thir|for|fif|six|seven|eigh|nine)ty|half|hundred|first|second|third|\w{3,8}th|"
    r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)(?=[^\W_]*[ -]))",
    re.I,
)


def amount_of(answer: str) -> Term | None:
    """The amount with a unit, or the date, that is the whole answer. None if it is neither."""
    in_terms = terms(answer)
    words = content(in_terms)
    if len(words) != 1 or not (words[0].dates or (is_quantity(in_terms) and words[0].unit)):
        return None
    return words[0]


def number_places(answer: str, text: str) -> list[Place]:
    """The (start, end) of each place of the text that states the amount or date of the answer, in order."""
    wanted = amount_of(answer)
    return [place for place, amount in _amounts(text) if _same(amount, wanted)] if wanted else []


def figure_places(answer: str, text: str) -> list[Place]:
    """The (start, end) of each place of the only figure of a short answer, without its unit, in order.

    For tables whose heading names the unit: '2.50 EUR (without VAT)' stands there as '2.50'. Figures of fewer than
    three digits occur by chance.
    """
    figures = re.findall(r"(?<![\w.,])\d[\d.,]*\d(?![^\W\d])", answer)
    if len(figures) != 1 or sum(c.isdigit() for c in figures[0]) < SHORTEST_FIGURE or len(answer.split()) > WIDEST:
        return []
    if re.search(r"\d", answer.replace(figures[0], "", 1)):
        return []
    pattern = rf"(?<![\w.,])(?<!\d[ -]){re.escape(figures[0])}(?![\w%-]|[.,]\d)"
    return [match.span() for match in re.finditer(pattern, text)]


@lru_cache(maxsize=256)
def _amounts(text: str) -> list[tuple[Place, Term]]:
    """The amounts and dates of a text with their places. Every question about a document asks for them."""
    found: list[tuple[Place, Term]] = []
    for match in _START.finditer(text):
        if not found or match.start() >= found[-1][0][1]:
            found += _amount_at(text, match.start())
    return found


def _amount_at(text: str, start: int) -> Iterator[tuple[Place, Term]]:
    """The amount or date that begins here, with the fewest words that state it. At most one."""
    line = text[start : start + REACH].split("\n")[0]
    first = next(iter(terms(line)), None)
    if first is None or not (first.dates or (first.value is not None and first.unit)):
        return
    for word in list(re.finditer(r"[^\s*_|]+", line))[:WIDEST]:
        words = line[: word.end()].rstrip(".,;:!?)\"'")
        stated = terms(words)
        if len(stated) == 1 and stated[0].text == first.text:
            yield (start + len(words) - len(words.lstrip()), start + len(words)), first
            return


def _same(term: Term, wanted: Term) -> bool:
    return says_as_much(term, wanted) and (bool(term.dates) or term.unit == wanted.unit)
