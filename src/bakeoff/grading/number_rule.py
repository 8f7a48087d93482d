"""The rule for accepted answers that are numbers or dates.

Takes the terms of an answer and of the accepted answers, gives a `Ruling`. `quantities.py` decides which number of the
answer is meant; this module compares bounds and decides what stays unsure.
"""

import re
from collections.abc import Sequence
from fractions import Fraction

from bakeoff.grading.bounds import bound_at, bounds_agree
from bakeoff.grading.normalise import word_set
from bakeoff.grading.quantities import is_past, is_rate, says_number
from bakeoff.grading.rulings import Ruling, right, unsure, wrong
from bakeoff.grading.terms import Term, is_year, says_as_much
from bakeoff.grading.units import share_a_sign
from bakeoff.grading.wording import FUNCTION_WORDS, Terms, countable, denied_after, negated

_AMOUNTS = word_set("""
    couple both twice once double pair quarterly biweekly fortnightly half several dozen single none annual few triple
    semester century decade indefinitely forever unlimited lifetime
""")


def number_ruling(answer: Terms, gold: Terms, golds: Sequence[Terms], rule: str, kind: str) -> Ruling:
    """Whether the answer states the number or date of the accepted answer `gold`, within the same bounds."""
    wanted = [term for term in gold if countable(term)]
    equal = [i for i, term in enumerate(answer) if countable(term) and says_as_much(term, wanted[0])]
    stands = [i for i in equal if not negated(answer, i) and not denied_after(answer, i + 1)]
    if says_number(answer, gold, golds):
        return _right_unless(answer, stands or equal, gold, wanted[0], rule, kind)
    if wanted[0].dates and not any(term.dates or is_year(term) for term in answer) and _has_figures(answer):
        return unsure(rule, "it may be a date in a form that the rules do not read")
    if not any(countable(term) for term in answer):
        return _without_number(answer, rule)
    if stands and all(_other_rate(answer, i, gold) for i in stands):
        return wrong(rule)
    if stands and not _is_alternative(answer, stands, wanted[0]):
        return unsure(rule, "the accepted number is one of several")
    return _wrong_unless(answer, wanted[0], rule)


def _has_figures(answer: Terms) -> bool:
    return len(re.findall(r"\d+", " ".join(term.text for term in answer))) >= 2


def _right_unless(answer: Terms, places: Sequence[int], gold: Terms, wanted: Term, rule: str, kind: str) -> Ruling:
    if _is_alternative(answer, places, wanted):
        return wrong(rule)
    if _comes_second(answer, places, wanted):
        return unsure(rule, "the accepted number is one of several")
    bound = bound_at(gold, next(i for i, term in enumerate(gold) if countable(term)))
    agreed = [bounds_agree(bound_at(answer, i, bool(bound)), bound, wanted) for i in places]
    if agreed and "right" not in agreed:
        return unsure(rule, "the number is stated with another bound") if "unsure" in agreed else wrong(rule)
    written = [answer[i].written for i in places if answer[i].value is not None]
    if not wanted.unit and "." in wanted.written and kind != "numeric" and wanted.written not in written:
        decimals = [text for text in written if "." in text and not text.endswith(".0")]
        if decimals and not wanted.written.endswith(".0"):
            return unsure(rule, "3.1 and 3.10 are one number but two versions")
    return right(rule)


def _comes_second(answer: Terms, places: Sequence[int], wanted: Term) -> bool:
    """Whether another number with the same unit stands before the accepted one, neither denied nor in the past."""
    if not wanted.unit or not places:
        return False
    earlier = [i for i in range(min(places)) if answer[i].is_number and answer[i].unit == wanted.unit]
    return any(not negated(answer, i) and not is_past(answer, i) and answer[i].value != wanted.value for i in earlier)


def _is_alternative(answer: Terms, places: Sequence[int], wanted: Term) -> bool:
    """Whether the number is one of two joined by 'or', also with another unit ('24 months or 24 weeks')."""
    for i in places:
        for other in (i - 2, i + 2):
            between = (i + other) // 2
            if 0 <= other < len(answer) and answer[between].text == "or" and countable(answer[other]):
                return not says_as_much(answer[other], wanted)
    return False


def _other_rate(answer: Terms, i: int, gold: Terms) -> bool:
    """Whether the number is stated per hour where the accepted one is per minute."""
    rate = next((term.text for term in gold if is_rate(term)), "")
    own = next((term.text for term in answer[i + 1 : i + 5] if is_rate(term) or countable(term)), rate)
    return bool(rate) and own != rate


def _without_number(answer: Terms, rule: str) -> Ruling:
    """Wrong, unless the number could be stated in words that the rules do not know, or be joined to letters."""
    words = {term.text for term in answer}
    if len(answer) <= 8 and any(re.match(r"\d", term.written) for term in answer):
        return unsure(rule, "a figure is joined to letters")
    if len(answer) <= 8 and words & _AMOUNTS:
        return unsure(rule, "an amount is stated in words")
    if (
        len(answer) <= 6
        and not words & FUNCTION_WORDS
        and any(re.search(r"[^\x00-\x7f]", term.text) for term in answer)
    ):
        return unsure(rule, "the number could be written in words of another language")
    return wrong(rule)


def _wrong_unless(answer: Terms, wanted: Term, rule: str) -> Ruling:
    reasons = [_ambiguity(term, wanted) for term in answer if term.value is not None and wanted.value is not None]
    return wrong(rule).but(next(filter(None, reasons), ""))


def _ambiguity(term: Term, wanted: Term) -> str:
    """Why a number that differs from the accepted one could still be meant as the same, '' if it could not."""
    value, accepted = term.value or Fraction(0), wanted.value or Fraction(0)
    if share_a_sign(term.unit, wanted.unit) and term.stated == wanted.stated and (term.loose or wanted.loose):
        return "the currency is not named exactly"
    if term.unit != wanted.unit:
        return ""
    half_day = term.unit == "time of day" and abs(value - accepted) == 720
    if half_day and ((term.loose and value <= 720) or (wanted.loose and accepted <= 720)):
        return "it could be meant in the morning or in the evening"
    grouped = any(re.fullmatch(r"\d{1,3}[.,]\d{3}", number.written) for number in (term, wanted))
    if grouped and value in (accepted * 1000, accepted / 1000):
        return "a point or comma could separate thousands or decimals"
    return ""
