"""How often something is: 'twice a year' and 'every 6 months' are the same, and neither names the other's number.

Takes texts. Months and years are never compared with weeks and hours: a month is no fixed number of weeks.
"""

import re
from fractions import Fraction
from functools import lru_cache

from bakeoff.grading.normalise import spell_out

_HOURS = {"second": Fraction(1, 3600), "minute": Fraction(1, 60), "hour": Fraction(1), "day": Fraction(24)}
_HOURS |= {"week": Fraction(168), "fortnight": Fraction(336)}
_MONTHS = {"month": Fraction(1), "quarter": Fraction(3), "year": Fraction(12)}
_UNIT = rf"(?P<unit>{'|'.join([*_HOURS, *_MONTHS])})"
_OFTEN = re.compile(
    rf"(?<![\w-])(?:(?:(?P<count>\d{{1,4}}) times? )?(?:per ?{_UNIT}\b"
    r"|(?:in )?(?:every|each) (?:(?P<span>\d{1,4}|other|second) )?"
    rf"{_UNIT.replace('unit', 'unit_of_span')}s?\b)|(?P<quarterly>quarterly)\b|(?P<fortnightly>fortnightly)\b"
    r"|(?P<half>(?:semi|half)[ -]?peryear)\b)",
    re.IGNORECASE,
)
_DENIED = re.compile(r"\b(?:not|never|no|nor|instead|rather|formerly|was|were)\b", re.IGNORECASE)
_AMOUNT_BEFORE = re.compile(r"\d\S*(?: [^\s,.;]+){0,2} $")

Often = tuple[str, Fraction]
"""The dimension, and how many times in its unit: in an hour, or in a month."""


def says_as_often(answer: str, gold: str) -> bool:
    """Whether the accepted answer is a frequency, and the answer states the same one, no other and no denial.

    >>> says_as_often("It is tested every 6 months.", "twice a year"), says_as_often("every 5 months", "twice a year")
    (True, False)
    """
    wanted = _on_one_line(gold).rstrip(".")
    whole = _OFTEN.fullmatch(wanted)
    if whole is None:
        return False
    answer = _on_one_line(answer)
    if _DENIED.search(answer):
        return False
    found = [_often(match) for match in _OFTEN.finditer(answer) if _is_frequency(match)]
    return bool(found) and all(one == _often(whole) for one in found)


@lru_cache(maxsize=20_000)
def _on_one_line(text: str) -> str:
    return " ".join(spell_out(text).split())


def _is_frequency(match: re.Match[str]) -> bool:
    """Not the end of a rate, as in '5 euros per day'."""
    before = match.string[max(0, match.start() - 60) : match.start()]
    return match["count"] is not None or _AMOUNT_BEFORE.search(before) is None


def _often(match: re.Match[str]) -> Often:
    if match["quarterly"]:
        return "month", Fraction(1, 3)
    if match["fortnightly"]:
        return "hour", Fraction(1, 336)
    if match["half"]:
        return "month", Fraction(1, 6)
    unit = (match["unit"] or match["unit_of_span"]).lower()
    n = {"other": 2, "second": 2}.get((match["span"] or "").lower()) or int(match["span"] or 1)
    span = n * (_HOURS.get(unit) or _MONTHS[unit])
    return "hour" if unit in _HOURS else "month", int(match["count"] or 1) / span if span else Fraction(0)
