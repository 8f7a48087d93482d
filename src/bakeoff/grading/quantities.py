"""Decides whether an answer states certain numbers or dates, and of the correct thing.

Takes the terms of an answer and of the accepted answers. Decides whether the answer asserts the accepted numbers and
does not contradict them. Without the question it cannot know which of two numbers was asked for: the first one counts.
"""

import re
from collections.abc import Sequence

from bakeoff.grading.normalise import word_set
from bakeoff.grading.terms import Term, is_year, says_as_much, terms
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


def is_quantity(gold: Terms) -> bool:
    """Whether the accepted answer is one or two numbers, with at most three words for what is counted."""
    rest = content(gold)
    n_numbers = sum(1 for term in rest if term.is_number)
    return bool(rest) and rest[0].is_number and len(rest) - n_numbers <= 3 and n_numbers <= 2


_COMPARED = (
    (re.compile(r"^(?:greater|larger|bigger) than\b|^exceeding\b|^beyond\b", re.IGNORECASE), "more than"),
    (re.compile(r"^(?:smaller|lighter|cheaper) than\b|^beneath\b", re.IGNORECASE), "less than"),
)


def with_common_bound(gold: str) -> str:
    """The accepted answer with 'more than' or 'less than' for a rarer word of the same bound, if it is a quantity.

    >>> with_common_bound("greater than 5 kg"), with_common_bound("larger than life")
    ('more than 5 kg', 'larger than life')
    """
    for rarer, common in _COMPARED:
        said = rarer.sub(common, gold.strip())
        if said != gold.strip() and is_quantity(terms(said)):
            return said
    return gold


_HELD_APART = re.compile(
    r"(?<![\w.,])(\d[\d.,]*) ((?:[a-z]{3,} ){1,3}?)(hours?|days?|weeks?|months?|years?)\b(?! (?:old|ago)\b)"
)
_OTHER_TIMES = FUNCTION_WORDS | word_set("""
    half quarter light man person staff dog lunar solar credit business working work school academic fiscal financial
    leap calendar weekend non sidereal court trading banking bank extra additional other different last next hundred
    thousand million billion dozen percent out off second third consecutive hour day week month year minute people
    children men women
""")
"""Words with which a time is another one, or that do not belong to what is counted."""


def with_unit_beside(answer: str, gold: Terms) -> str:
    """The answer with the unit of a time behind its number, if words say of what it is, and a time is accepted.

    >>> with_unit_beside("240 annual leave hours", terms("240 hours")), with_unit_beside("5 half days", terms("5 days"))
    ('240 hours annual leave', '5 half days')
    """
    if not is_quantity(gold) or content(gold)[0].unit not in ("second", "month") or len(content(gold)) > 1:
        return answer

    def beside(match: re.Match[str]) -> str:
        words = match[2].split()
        counts_others = any(word.endswith("s") for word in words)  # '5 agents take days off'
        return (
            match[0]
            if counts_others or _OTHER_TIMES.intersection(words)
            else f"{match[1]} {match[3]} {match[2].strip()}"
        )

    return _HELD_APART.sub(beside, answer)


def is_bare(term: Term) -> bool:
    """Whether the term is a number without a unit."""
    return term.is_number and not term.unit


def with_units(golds: Sequence[Terms]) -> list[Terms]:
    """The accepted answers, with bare numbers replaced by the one with a unit.

    If both '179' and '£179' are accepted, '179' means '£179' and does not accept '179 euros'.
    """
    full = {gold[0].stated: gold for gold in reversed(golds) if _names_what_it_counts(gold)}
    return [full.get(gold[0].stated, gold) if len(gold) == 1 and is_bare(gold[0]) else gold for gold in golds]


def _names_what_it_counts(gold: Terms) -> bool:
    return is_quantity(gold) and (bool(gold[0].unit) or len(content(gold)) > 1) and gold[0].is_number


def says_number(answer: Terms, gold: Terms, golds: Sequence[Terms]) -> bool:
    """Whether the answer asserts the numbers of the accepted answer `gold` and does not contradict them."""
    wanted = [term for term in gold if countable(term)]
    allowed = [term for other in golds for term in other if countable(term)]
    return any(_asserts_numbers(answer, places, wanted, allowed) for places in _candidates(answer, gold, wanted[0]))


def _asserts_numbers(answer: Terms, places: Sequence[int], wanted: Terms, allowed: Terms) -> bool:
    """Whether the first numbers at these places are the wanted ones and no other number contradicts them.

    A wanted date or year does not have to come first: answers often mention what happened before it.
    """
    places = [i for i in places if not negated(answer, i) and not denied_after(answer, i + 1)]
    if len(places) > len(wanted):
        places = [i for i in places if not is_past(answer, i)] or places
    last_start = len(places) - len(wanted)
    starts = range(last_start + 1) if wanted[0].dates or is_year(wanted[0]) else range(min(0, last_start) + 1)
    for start in starts:
        right = places[start : start + len(wanted)]
        if all(says_as_much(answer[i], term) for i, term in zip(right, wanted, strict=True)):
            others = [i for i in places if i not in right and not any(says_as_much(answer[i], t) for t in allowed)]
            pairs = [(right[-1], i) if i > right[-1] else (i, right[0]) for i in others]
            return not any(_contradicts(answer, earlier, later) for earlier, later in pairs)
    return False


def _candidates(answer: Terms, gold: Terms, first: Term) -> list[list[int]]:
    """Positions of the numbers in the answer that can be compared with the accepted one, most likely group first."""
    counts = gold[: next((k for k, term in enumerate(gold) if k and term.text == "per"), len(gold))]
    things = [term.text for term in content(counts) if not countable(term) and not is_rate(term)]
    if first.dates or (is_year(first) and not things):
        return [[i for i, term in enumerate(answer) if term.dates or is_year(term)]]
    rate = next((term.text for term in gold if is_rate(term)), "")
    numbers = [i for i, term in enumerate(answer) if term.value is not None and _rate_fits(answer, i, rate)]
    bare = [i for i in numbers if is_bare(answer[i])]
    bare = [i for i in bare if not is_year(answer[i])] or bare
    if first.unit:
        same_unit = [i for i in numbers if answer[i].unit == first.unit]
        return [same_unit or [i for i in bare if not thing(answer, i)]]
    counted = [i for i in bare if _counts(answer, i, things)]
    if things or rate:
        return [counted]
    return [counted, [i for i in numbers if answer[i].unit], [i for i in numbers if answer[i].label]]


def is_rate(term: Term) -> bool:
    return term.text in ("persecond", "perminute", "perhour", "perday", "perweek", "permonth", "peryear")


def _rate_fits(answer: Terms, i: int, rate: str) -> bool:
    """Whether the number at i has the rate of the accepted answer (per day, per month), or no rate."""
    for term in answer[i + 1 : i + 5]:
        if countable(term):
            return True
        if is_rate(term):
            return not rate or term.text == rate
    return True


def thing(answer: Terms, i: int) -> list[str]:
    """The words after the number at i that say what it counts, up to the next number or the end of the clause."""
    words: list[str] = []
    for term in answer[i + 1 : i + 5]:
        if countable(term) or ends_clause(term) or (words and term.text in FUNCTION_WORDS):
            break
        if term.text not in FUNCTION_WORDS and not is_rate(term):
            words.append(term.text)
        elif not words:
            break
    return words


def _counts(answer: Terms, i: int, things: Sequence[str]) -> bool:
    """Whether the number at i counts the same thing as the accepted answer, or the thing is not named."""
    words = thing(answer, i)
    if not things or not words:
        return True
    return set(things) <= set(words) if things[-1] in words else False


def _contradicts(answer: Terms, first: int, second: int) -> bool:
    """Whether the number at `second` replaces the earlier one at `first`, rather than being about something else."""
    if answer[second].before == "(" and answer[second].size != answer[first].size:
        return False  # the same thing in another unit: 115.7 m (379.6 ft)
    if _joined(answer, first, second):
        return True
    between = answer[first + 1 : second]
    if between and between[-1].text in ("for", "between", "above", "below", "at"):
        return False  # a condition: 58 mm for the 15 mm valve
    words, others = thing(answer, first), thing(answer, second)
    if words and others and words[0] != others[0] and not answer[second].unit:
        return False
    return not _tells_more(answer, first, second)


def _joined(answer: Terms, first: int, second: int) -> bool:
    """Whether there is nothing but punctuation, 'or', 'to' or 'and' between the two numbers."""
    between = [term.text for term in answer[first + 1 : second]]
    if not between:
        return answer[second].before in ("", "-", ",", "/", "¶")
    return ("or" in between and len(between) <= 2) or between in (["to"], ["and"])


def _tells_more(answer: Terms, first: int, second: int) -> bool:
    """Whether the clause of the second number is about something new.

    If both numbers are in the same clause, whether the words between them are.
    """
    clause, own = clause_of(answer, second), clause_of(answer, first)
    if any(answer[k].text in ("actually", "sorry", "correction", "rather", "wait") for k in clause):
        return False
    if clause == own:
        known, new = {term.text for term in answer[own.start : first]}, answer[first + 1 : second]
    else:
        known, new = {answer[k].text for k in own}, [answer[k] for k in clause]
    return any(term.text not in known | FUNCTION_WORDS and (term.label or not countable(term)) for term in new)


def is_past(answer: Terms, i: int) -> bool:
    """Whether the value at i is stated as a past value ('was', 'previously')."""
    before = answer[max(0, i - 3) : i]
    return any(term.text in ("was", "were", "previously", "formerly", "originally") for term in before)
