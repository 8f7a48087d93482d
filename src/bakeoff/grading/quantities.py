"""Does the answer state these numbers or dates, and of the right thing?

Takes terms; says whether the numbers of an accepted answer are what the answer asserts, and nothing contradicts them.
Without the question it cannot know which of two numbers is asked for, so the first one counts.
"""

import re
from collections.abc import Sequence

from bakeoff.grading.terms import Term, is_year, says_as_much
from bakeoff.grading.wording import (
    FUNCTION_WORDS,
    Terms,
    clause_of,
    content,
    countable,
    denied_after,
    ends_clause,
    negated,
)

_MORE = ("at least", "minimum", "more than", "or more", "over", "no less than", "not less than", "or later", "from")
_LESS = ("at most", "maximum", "less than", "or less", "under", "up to", "no more than", "not more than", "or fewer")


def is_quantity(gold: Terms) -> bool:
    """Whether the accepted answer is a number, or numbers, with at most a few words naming what is counted."""
    rest = content(gold)
    n_numbers = sum(1 for term in rest if term.is_number)
    return bool(rest) and rest[0].is_number and len(rest) - n_numbers <= 3 and n_numbers <= 2


def is_bare(term: Term) -> bool:
    """Whether the term is a number without a unit."""
    return term.is_number and not term.unit


def with_units(golds: Sequence[Terms]) -> list[Terms]:
    """Where '179' is accepted beside '£179', or '5' beside '5 years', it means the same: not '179 euros'."""
    full = {gold[0].stated: gold for gold in reversed(golds) if _names_what_it_counts(gold)}
    return [full.get(gold[0].stated, gold) if len(gold) == 1 and is_bare(gold[0]) else gold for gold in golds]


def _names_what_it_counts(gold: Terms) -> bool:
    return is_quantity(gold) and (bool(gold[0].unit) or len(content(gold)) > 1) and gold[0].is_number


def says_number(said: Terms, gold: Terms, golds: Sequence[Terms]) -> bool:
    """Whether the numbers the answer asserts are the gold's, and none contradicts them."""
    wanted = [term for term in gold if countable(term)]
    bounds, own = {_bound(other) for other in golds} - {""}, _bound(said)
    if len(bounds) == 1 and own and own not in bounds:
        return False
    allowed = [term for other in golds for term in other if countable(term)]
    return any(_asserts_numbers(said, found, wanted, allowed) for found in _candidates(said, gold, wanted[0]))


def _asserts_numbers(said: Terms, found: Sequence[int], wanted: Terms, allowed: Terms) -> bool:
    """Whether, of the numbers at these places, the first are the wanted ones and no other contradicts them.

    Of dates and years, any may be the wanted one: what happens before and after it is often told with it.
    """
    found = [i for i in found if not negated(said, i) and not denied_after(said, i + 1)]
    if len(found) > len(wanted):
        found = [i for i in found if not _past(said, i)] or found
    last_start = len(found) - len(wanted)
    starts = range(last_start + 1) if wanted[0].dates or is_year(wanted[0]) else range(min(0, last_start) + 1)
    for start in starts:
        right = found[start : start + len(wanted)]
        if all(says_as_much(said[i], term) for i, term in zip(right, wanted, strict=True)):
            others = [i for i in found if i not in right and not any(says_as_much(said[i], term) for term in allowed)]
            pairs = [(right[-1], i) if i > right[-1] else (i, right[0]) for i in others]
            return not any(_contradicts(said, earlier, later) for earlier, later in pairs)
    return False


def _candidates(said: Terms, gold: Terms, first: Term) -> list[list[int]]:
    """Where the answer states numbers that can be held against the gold's, the likeliest reading first."""
    things = [term.text for term in content(gold) if not countable(term) and not _is_rate(term)]
    if first.dates or (is_year(first) and not things):
        return [[i for i, term in enumerate(said) if term.dates or is_year(term)]]
    rate = next((term.text for term in gold if _is_rate(term)), "")
    numbers = [i for i, term in enumerate(said) if term.value is not None and _rate_fits(said, i, rate)]
    bare = [i for i in numbers if is_bare(said[i])]
    bare = [i for i in bare if not is_year(said[i])] or bare
    if first.unit:
        same_unit = [i for i in numbers if said[i].unit == first.unit]
        return [same_unit or [i for i in bare if not _thing(said, i)]]
    counted = [i for i in bare if _counts(said, i, things)]
    if things or rate:
        return [counted]
    return [counted, [i for i in numbers if said[i].unit], [i for i in numbers if said[i].label]]


def _is_rate(term: Term) -> bool:
    return term.text in ("persecond", "perminute", "perhour", "perday", "perweek", "permonth", "peryear")


def _rate_fits(said: Terms, i: int, rate: str) -> bool:
    """Whether the number at i is not stated per some other time than the gold."""
    for term in said[i + 1 : i + 5]:
        if countable(term):
            return True
        if _is_rate(term):
            return not rate or term.text == rate
    return True


def _thing(said: Terms, i: int) -> list[str]:
    """The words that say what the number at i counts: those after it, up to a number or the end of the clause."""
    words: list[str] = []
    for term in said[i + 1 : i + 5]:
        if countable(term) or ends_clause(term) or (words and term.text in FUNCTION_WORDS):
            break
        if term.text not in FUNCTION_WORDS and not _is_rate(term):
            words.append(term.text)
        elif not words:
            break
    return words


def _counts(said: Terms, i: int, things: Sequence[str]) -> bool:
    """Whether the number at i may count what the gold counts: the same thing, or nothing named."""
    words = _thing(said, i)
    if not things or not words:
        return True
    return set(things) <= set(words) if things[-1] in words else False


def _bound(said: Terms) -> str:
    """Whether a number is told as an upper bound ('less'), a lower one ('more') or neither ('')."""
    text = " ".join(term.text for term in said)
    less = any(re.search(rf"\b{words}\b", text) for words in _LESS)
    more = any(re.search(rf"\b{words}\b", text) for words in _MORE)
    return "less" if less else "more" if more else ""


def _contradicts(said: Terms, one: int, other: int) -> bool:
    """Whether the later of two numbers is offered in the earlier one's place, and not said of something else."""
    if said[other].before == "(" and said[other].size != said[one].size:
        return False  # the same thing in another unit: 115.7 m (379.6 ft)
    if _joined(said, one, other):
        return True
    between = said[one + 1 : other]
    if between and between[-1].text in ("for", "between", "above", "below", "at"):
        return False  # a condition: 58 mm for the 15 mm valve
    words, others = _thing(said, one), _thing(said, other)
    if words and others and words[0] != others[0] and not said[other].unit:
        return False
    return not _tells_more(said, one, other)


def _joined(said: Terms, one: int, other: int) -> bool:
    """Whether nothing but punctuation, 'or', 'to' or 'and' stands between the two."""
    between = [term.text for term in said[one + 1 : other]]
    if not between:
        return said[other].before in ("", "-", ",", "/", "¶")
    return ("or" in between and len(between) <= 2) or between in (["to"], ["and"])


def _tells_more(said: Terms, one: int, other: int) -> bool:
    """Whether the later number's clause (in the same clause: the words between the two) is about something new."""
    clause, own = clause_of(said, other), clause_of(said, one)
    if any(said[k].text in ("actually", "sorry", "correction", "rather", "wait") for k in clause):
        return False
    if clause == own:
        known, new = {term.text for term in said[own.start : one]}, said[one + 1 : other]
    else:
        known, new = {said[k].text for k in own}, [said[k] for k in clause]
    return any(term.text not in known | FUNCTION_WORDS and (term.label or not countable(term)) for term in new)


def _past(said: Terms, i: int) -> bool:
    """Whether the value at i is told as what once was."""
    return any(term.text in ("was", "were", "previously", "formerly", "originally") for term in said[max(0, i - 3) : i])
