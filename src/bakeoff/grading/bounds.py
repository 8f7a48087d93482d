"""Bounds: whether a number is meant exactly, or as less than, at most, at least or more than.

Takes the terms of a text and a position. Knows nothing about units.
"""

import re

from bakeoff.grading.terms import Term, is_year
from bakeoff.grading.wording import Terms

# What the words before a number end with. The first that fits counts.
_BEFORE = (
    (">=", r"(?:no|not) (?:less|fewer|lower|earlier|younger|under|below)(?: than)?|at least|minimum(?: of)?|min"),
    ("<=", r"(?:no|not) (?:more|greater|later|longer|higher|over|above|older|exceed(?:ing)?)(?: than)?"),
    ("<=", r"at most|maximum(?: of)?|max|up to|within"),
    ("<", r"(?:less|fewer|lower|younger|shorter|smaller|lighter|cheaper|earlier|sooner) than"),
    (">", r"(?:more|greater|older|higher|longer|larger|bigger|heavier|later) than|exceed(?:ing)?"),
    ("<.", r"under|below"),
    (">.", r"over|above|beyond"),
)
_BEFORE_DATES = (("<", "before|prior to|pre"), (">", "after|since after|later than|post"))
_AFTER = (
    (">=", r"(?:or|and) (?:over|older)|at least|minimum"),
    (
        ">=.",
        r"(?:or|and) (?:more(?! (?:precise|exact|specific)ly)|above|higher|later|newer|longer|greater|larger)",
    ),
    (">=.", r"(?:or|and) (?:upward|up)|onward"),
    ("<=", r"(?:or|and) (?:under|younger)|at most|maximum"),
    ("<=.", r"(?:or|and) (?:less|fewer|below|lower|earlier|shorter|smaller)"),
)
_SIGNS = ("+/-", "<=", ">=", "<", ">")
_NEARLY = ("almost", "nearly", "close to", "just short of")


def same_signs(a: Terms, b: Terms) -> bool:
    """Whether two texts of the same terms have the same comparison signs (<, >=) before them."""
    return [_sign(term) for term in a if _sign(term)] == [_sign(term) for term in b if _sign(term)]


def _sign(term: Term) -> str:
    return next((sign for sign in _SIGNS if sign in term.before), "")


def bound_at(texts: Terms, i: int, is_limit: bool = False) -> str:
    """'<', '<=', '>=', '>', '~' (nearly) for the number or date at position i, or '' if it is meant exactly.

    '<.' and '>.' are for 'below' and 'above': they may name a bound, or a threshold that is the number itself. '<=.'
    and '>=.' are for 'or less' and 'or more' behind the number, which leave the amount open, and for '5 GB+'.

    'After 14 days' is a bound only for dates, and where `is_limit`: where it is compared with another bound.
    """
    for sign in _SIGNS:
        if texts[i].before.endswith(sign):
            return f"{sign}." if sign == ">=" and texts[i].before.endswith("[>=") else sign
    if any(" ".join(term.text for term in texts[max(0, i - 3) : i]).endswith(words) for words in _NEARLY):
        return "~"
    before = " ".join(term.text for term in texts[max(0, i - 4) : i])
    after = " ".join(term.text for term in texts[i + 1 : i + 4])
    dated = _dated_bounds(texts[i], is_limit)
    for patterns, text, form in (
        (_BEFORE + dated, before, r"(?:^|.* )(?:{})$"),
        (_AFTER, after, r"(?:\S+ )?(?:{})\b.*"),
    ):
        bound = next((sign for sign, words in patterns if re.fullmatch(form.format(words), text)), "")
        if bound:
            return bound
    return ""


def _dated_bounds(term: Term, is_limit: bool) -> tuple[tuple[str, str], ...]:
    """'Before' and 'after' for years, months and limits. For a day or a time of day they may name a deadline."""
    if term.unit == "time of day" or any(day for _, _, day in term.dates):
        return tuple((f"{sign}.", words) for sign, words in _BEFORE_DATES)
    return _BEFORE_DATES if term.dates or is_year(term) or is_limit else ()


def bounds_agree(answer: str, gold: str, number: Term) -> str:
    """'right', 'wrong' or 'unsure' for the bounds of an answer and of the accepted answer.

    An exact number is accepted for 'at least' and 'up to' and the other way round, since it names the same limit. For
    'or more' and 'or less' it is unsure.
    """
    if answer == gold or {answer, gold} in ({"", "<="}, {"", ">="}):
        return "right"
    if "~" in (answer, gold) or {answer, gold} == {"", "+/-"}:
        return "unsure"
    if answer and gold and answer.strip(".") == gold.strip("."):
        return "right"
    if answer and gold:
        return "unsure" if answer[0] == gold[0] else "wrong"
    large = number.value is not None and number.value >= 1000 and number.value % 100 == 0
    threshold = answer.endswith(".")
    return "unsure" if gold or threshold or (answer == ">" and large) else "wrong"
