"""The rule for accepted answers that are numbers or dates.

Takes the terms of an answer and of the accepted answers, gives a `Ruling`. `quantities.py` decides which number of the
answer is meant; this module compares bounds and decides what stays unsure.
"""

import re
from collections.abc import Sequence
from fractions import Fraction
from itertools import product

from bakeoff.grading.bounds import bound_at, bounds_agree
from bakeoff.grading.conditions import EMPTY, MISSING, UNSET
from bakeoff.grading.doubts import contradiction
from bakeoff.grading.normalise import word_set
from bakeoff.grading.quantities import is_past, is_rate, says_number
from bakeoff.grading.rates import bases, other_basis
from bakeoff.grading.rulings import Ruling, right, unsure, wrong
from bakeoff.grading.terms import Term, is_year, says_as_much, says_surely
from bakeoff.grading.time_order import other_side
from bakeoff.grading.units import about_equal, share_a_sign
from bakeoff.grading.wording import (
    FUNCTION_WORDS,
    NEGATORS,
    Terms,
    countable,
    denied_after,
    ends_clause,
    in_denied_condition,
    negated,
)

AMOUNTS = word_set("""
    couple both twice once double pair quarterly biweekly fortnightly half several dozen single none annual few triple
    semester century decade indefinitely forever unlimited lifetime nil fortnight
    third quarter fifth sixth eighth tenth majority minority most all whole entire hourly daily weekly monthly
""")
_PARTS_OF_A_PERIOD = word_set("end beginning start mid middle early late last")
_NOTHING = word_set("free nothing gratis complimentary no not none")
_NAMED_DAYS = word_set("eve christmas easter halloween pentecost thanksgiving today tomorrow yesterday epiphany day")


def number_ruling(answer: Terms, gold: Terms, golds: Sequence[Terms], rule: str, kind: str) -> Ruling:
    """Whether the answer states the number or date of the accepted answer `gold`, within the same bounds."""
    wanted = [term for term in gold if countable(term)]
    equal = [i for i, term in enumerate(answer) if countable(term) and says_as_much(term, wanted[0])]
    stands = [i for i in equal if not negated(answer, i) and not denied_after(answer, i + 1)]
    if says_number(answer, gold, golds):
        return _right_unless(answer, stands or equal, gold, wanted[0], rule, kind)
    if wanted[0].dates and {term.text for term in answer} & _NAMED_DAYS:
        return unsure(rule, "it names a day")
    if wanted[0].dates and _names_part_of_period(answer) and not stands:
        return unsure(rule, "it names a part of a period")
    if wanted[0].dates and not any(term.dates or is_year(term) for term in answer) and _has_figures(answer):
        return unsure(rule, "it may be a date in a form that the rules do not read")
    if not any(countable(term) for term in answer):
        return _without_number(answer, wanted[0], rule)
    if stands and all(_other_rate(answer, i, gold) for i in stands):
        return wrong(rule)
    if stands and not _is_alternative(answer, stands, wanted[0]):
        return unsure(rule, "the accepted number is one of several")
    if _names_upper_end(answer, gold, wanted):
        return unsure(rule, "it names the upper end of a range")
    return _wrong_unless(answer, gold, wanted[0], rule)


def _names_upper_end(answer: Terms, gold: Terms, wanted: Terms) -> bool:
    """Whether a range is accepted, and the answer has no number but its upper end as a bound: 'up to 42 hours'."""
    numbers = [i for i, term in enumerate(answer) if countable(term)]
    is_range = len(wanted) == 2 and (wanted[1].before == "-" or any(term.text == "to" for term in gold))
    if not is_range or len(numbers) != 1 or negated(answer, numbers[0]):
        return False
    return says_as_much(answer[numbers[0]], wanted[1]) and bound_at(answer, numbers[0]).startswith("<=")


def _names_part_of_period(answer: Terms) -> bool:
    """Whether it says when, without a day: 'end of May', 'mid-year'. A 'mid-year review' in a sentence does not."""
    says_part = bool({term.text for term in answer} & _PARTS_OF_A_PERIOD)
    return says_part and (len(answer) <= 6 or any(term.dates or is_year(term) for term in answer))


def _has_figures(answer: Terms) -> bool:
    return len(re.findall(r"\d+", " ".join(term.text for term in answer))) >= 2


def _right_unless(answer: Terms, places: Sequence[int], gold: Terms, wanted: Term, rule: str, kind: str) -> Ruling:
    if _is_alternative(answer, places, wanted):
        return wrong(rule)
    place = next(i for i, term in enumerate(gold) if countable(term))
    side = other_side(answer, places, gold, place)
    basis = other_basis(answer, places, gold, place)
    if "wrong" in (side, basis):
        return wrong(rule)
    if side or basis:
        return unsure(rule, "it is counted from another side" if side else "it may be per something else")
    if wanted.dates and places and not any(says_surely(answer[i], wanted) for i in places):
        return unsure(rule, "the figures of a date can be read in two ways")
    if _comes_second(answer, places, wanted):
        return unsure(rule, "the accepted number is one of several")
    if _is_former(answer, places):
        return unsure(rule, "it may say what was true before")
    if _qualifiers(gold) - {term.text for term in answer}:
        return unsure(rule, "a word that tells it apart is missing")
    is_day = bool(wanted.dates) or is_year(wanted)
    if places and all(in_denied_condition(answer, i) for i in places):
        return unsure(rule, "it stands in a condition that is denied")
    if places and not is_day and all(_is_conditional(answer, i, gold) for i in places):
        return unsure(rule, "it is stated under a condition")
    if places and contradiction(answer, max(places) + 1):
        return unsure(rule, "it may correct itself")
    bound = bound_at(gold, place)
    agreed = [bounds_agree(bound_at(answer, i, bool(bound)), bound, wanted) for i in places]
    if agreed and "right" not in agreed:
        return unsure(rule, "the number is stated with another bound") if "unsure" in agreed else wrong(rule)
    if direction(answer) * direction(gold) < 0:
        return unsure(rule, "one rises and the other falls")
    if places and all(_opposite(answer, i, gold, wanted) for i in places):
        return unsure(rule, "one is a beginning and the other an end")
    written = [answer[i].written for i in places if answer[i].value is not None]
    if not wanted.unit and "." in wanted.written and kind != "numeric" and wanted.written not in written:
        decimals = [text for text in written if "." in text and not text.endswith(".0")]
        if decimals and not wanted.written.endswith(".0"):
            return unsure(rule, "3.1 and 3.10 are one number but two versions")
    return right(rule)


_QUALIFIERS = word_set("alpha beta rc preview pro plus max mini lite draft final net gross")


def _qualifiers(gold: Terms) -> set[str]:
    words = {term.text for term in gold} & _QUALIFIERS
    return words - {"pro"} if any(bases(gold, i) for i, term in enumerate(gold) if countable(term)) else words


def _is_former(answer: Terms, places: Sequence[int]) -> bool:
    """Whether the number is only stated as it was: 'used to be 24 months', or a past one beside another number."""
    others = [term for i, term in enumerate(answer) if i not in places and term.is_number]
    return bool(places) and all(_used_to(answer, i) or bool(others and is_past(answer, i)) for i in places)


def _used_to(answer: Terms, i: int) -> bool:
    return " used to " in f" {' '.join(term.text for term in answer[max(0, i - 5) : i])} "


_CONDITIONS = word_set("during if unless while when whenever provided")


def _is_conditional(answer: Terms, i: int, gold: Terms) -> bool:
    """Whether a condition that the accepted answer does not have opens the sentence: 'During probation, two weeks'.

    Not if the number is a part of the condition ('If nobody replies within 30 days, the case is closed'), nor if the
    condition only says that nothing else is set, so that it names a default ('If no port is given, 8000').
    """
    start = i
    while start > 0 and not any(mark in answer[start].before for mark in ".;!?¶"):
        start -= 1
    if answer[start].text not in _CONDITIONS - {term.text for term in gold} or start >= i:
        return False
    end = next((k for k in range(start + 1, len(answer)) if ends_clause(answer[k])), len(answer))
    if i < end:
        is_part = answer[start].text != "during" and end < len(answer) - 1
        return not is_part and not _says_default(answer[start:i], MISSING)
    return not _says_default(answer[start:end], UNSET)


def _says_default(condition: Terms, unset: frozenset[str]) -> bool:
    """Whether a condition says that something is not set: 'when not specified', 'if it is missing'."""
    words = [term.text for term in condition[:40]]
    denied = [k for k, word in enumerate(words) if word in NEGATORS or word in ("unless", "nothing", "nobody")]
    return bool(EMPTY.intersection(words)) or any(unset.intersection(words[k:]) for k in denied)


_ENDS, _BEGINS = frozenset(("until", "till", "to", "by", "before")), frozenset(("from", "since", "after", "starting"))


_RISES = word_set("rose rise risen increased increase grew growth up gained gain profit higher surplus plus")
_FALLS = word_set(
    "fell fall fallen decreased decrease shrank down lost loss losses lower dropped drop decline declined deficit minus"
)


def direction(text: Terms) -> int:
    """1 if a text speaks of a rise or has a number with a plus, -1 for a fall, 0 for neither or both."""
    words = {term.text for term in text}
    rises = bool(words & _RISES) or any(term.before.endswith("+") for term in text if term.value is not None)
    return rises - bool(words & _FALLS)


def _opposite(answer: Terms, i: int, gold: Terms, wanted: Term) -> bool:
    """Whether one of the two is a beginning and the other an end: 'until 2030' and 'from 2030'."""
    place = next(k for k, term in enumerate(gold) if term is wanted)
    before = {text[k - 1].text for text, k in ((answer, i), (gold, place)) if k > 0}
    return bool(before & _ENDS) and bool(before & _BEGINS)


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


def _without_number(answer: Terms, wanted: Term, rule: str) -> Ruling:
    """Wrong, unless the number could be stated in words that the rules do not know, or be joined to letters."""
    words = {term.text for term in answer}
    if (wanted.value == 0 and words & _NOTHING) or (len(answer) <= 8 and any(map(is_rate, answer))):
        return unsure(rule, "an amount is stated in words")
    if len(answer) <= 8 and any(re.match(r"\d", term.written) for term in answer):
        return unsure(rule, "a figure is joined to letters")
    if len(answer) <= 8 and words & AMOUNTS:
        return unsure(rule, "an amount is stated in words")
    if (
        len(answer) <= 6
        and not words & FUNCTION_WORDS
        and any(re.search(r"[^\x00-\x7f]", term.text) for term in answer)
    ):
        return unsure(rule, "the number could be written in words of another language")
    return wrong(rule)


def _wrong_unless(answer: Terms, gold: Terms, wanted: Term, rule: str) -> Ruling:
    several_shares = sum(term.unit == "percent" for term in answer) > 1
    if wanted.unit == "percentage point" and several_shares:
        return unsure(rule, "it may name both ends of a change")
    reasons = [_turned(term, wanted, answer, gold) for term in answer]
    reasons += [_ambiguity(term, wanted) for term in answer if term.value is not None and wanted.value is not None]
    places = [i for i, term in enumerate(answer) if countable(term)]
    reasons += [_other_limit(answer, i, gold, wanted) or _other_period(answer, i, gold, wanted) for i in places]
    return wrong(rule).but(next(filter(None, reasons), ""))


def _turned(term: Term, wanted: Term, answer: Terms, gold: Terms) -> str:
    """A doubt if the number has the other sign and words say why: 'It fell by 3 %' for -3 %."""
    turned = term.value is not None and wanted.value is not None and term.value == -wanted.value != 0
    return "it may rise or fall by the number" if turned and (direction(answer) or direction(gold)) else ""


def _other_limit(answer: Terms, i: int, gold: Terms, wanted: Term) -> str:
    """A doubt if two bounds may mean the same limit: 'fewer than 100' and 'at most 99'."""
    place = next(k for k, term in enumerate(gold) if term is wanted)
    bound, given = bound_at(gold, place, True), bound_at(answer, i, True)
    given = given or ("from" if i and answer[i - 1].text in ("from", "since", "by", "until", "till") else "")
    if not bound or not given:
        return ""
    if wanted.dates or answer[i].dates:
        near = bool(wanted.dates and answer[i].dates)
    else:
        near = answer[i].unit == wanted.unit and abs((answer[i].value or 0) - (wanted.value or 0)) == 1
    return "two bounds may name the same limit" if near else ""


def _other_period(answer: Terms, i: int, gold: Terms, wanted: Term) -> str:
    """A doubt if the number is the same per another period: £15 per month and £180 per year."""
    place = next(k for k, term in enumerate(gold) if term is wanted)
    periods = [[b for b in found if b.kind == "period"] for found in (bases(gold, place), bases(answer, i))]
    value, accepted = answer[i].value, wanted.value
    if not all(periods) or not value or not accepted or answer[i].unit != wanted.unit:
        return ""
    pairs = product(periods[0][0].seconds, periods[1][0].seconds)
    ratios = [float(value) / length / (float(accepted) / accepted_length) for accepted_length, length in pairs]
    return "it may be the same for another period" if any(0.95 < ratio < 1.05 for ratio in ratios) else ""


def _is_converted(term: Term, wanted: Term) -> bool:
    """Whether two amounts are in units between which one rounds: miles and km, °F and °C, months and days."""
    if term.unit != wanted.unit:
        return bool(term.unit)
    if term.unit == "celsius":
        return term.value != term.stated or wanted.value != wanted.stated
    ratio = max(term.size, wanted.size) / min(term.size, wanted.size)
    return term.unit == "metre" and str(ratio).strip("0") != "1"


def _is_clock_or_length(clock: Term, other: Term) -> bool:
    """Whether the time 1:30 may be 90 minutes, or the hour 9 the time 9:00."""
    if clock.unit != "time of day" or clock.value is None or other.value is None:
        return False
    return (other.unit == "second" and other.value == 60 * clock.value) or (
        not other.unit and (60 * other.value - clock.value) % 720 == 0
    )


def _ambiguity(term: Term, wanted: Term) -> str:
    """Why a number that differs from the accepted one could still be meant as the same, '' if it could not."""
    value, accepted = term.value or Fraction(0), wanted.value or Fraction(0)
    if share_a_sign(term.unit, wanted.unit) and term.stated == wanted.stated and (term.loose or wanted.loose):
        return "the currency is not named exactly"
    if is_year(wanted) and not term.unit and value == accepted % 100:
        return "it may be a year in two figures"
    if _is_clock_or_length(term, wanted) or _is_clock_or_length(wanted, term):
        return "it may be a time of day or a duration"
    shares = {term.unit, wanted.unit} == {"percent", ""} and 0 < value < 1 and 0 < accepted < 1
    if shares and about_equal(value, "", accepted, ""):
        return "it may be the same share, rounded"
    if _is_converted(term, wanted) and about_equal(value, term.unit, accepted, wanted.unit):
        return "it may be the same in another unit, rounded"
    if term.unit != wanted.unit:
        return ""
    half_day = term.unit == "time of day" and abs(value - accepted) == 720
    if half_day and ((term.loose and value <= 720) or (wanted.loose and accepted <= 720)):
        return "it could be meant in the morning or in the evening"
    grouped = any(re.fullmatch(r"\d{1,3}[.,]\d{3}", number.written) for number in (term, wanted))
    if grouped and value in (accepted * 1000, accepted / 1000):
        return "a point or comma could separate thousands or decimals"
    return ""
