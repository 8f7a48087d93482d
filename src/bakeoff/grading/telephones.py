"""Telephone numbers that are written in another way: (877) 472-6716, 877.472.6716 and 8774726716.

Takes texts, gives texts. A bare row of figures may be the number of an order or a customer, where a zero in front and
the place of a slash count: it is a telephone number only after a word that says so, or with the code of a country.
"""

import re

from bakeoff.grading.normalise import figures_at_home
from bakeoff.grading.terms import terms

_FIGURES = re.compile(r"(?<![\w.,/-])[+(]?\d[\d ()./-]{5,40}\d(?!\w|[.,/-]\w)")
_BARE = re.compile(r"\d{10,15}")
_IN_GROUPS = re.compile(r"[\d ()+.-]+|0[\d ()-]*/[\d -]+")
_FROM_AFAR = re.compile(r"\+.*|1[ .-]\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}")
"""With the code of a country, or the 1 of a long-distance call."""
_LONGEST_CODE = 3
_SAYS_SO = re.compile(
    r"\b(?:tel|(?:cell|tele)?phones?|t[eé]l[eé](?:phone|fono)|telef[oô]no?|mobile|mobil|fax|hotline|call|dial|ring)\b"
    r"(?:\W+(?:us|me|them|him|her|it|on|at|is|the|toll|free|number|no))*\W*$",
    re.I,
)
"""What stands before a telephone number: 'Call us at', 'Tel.:'."""
_LOOKED_BACK = 60
"""So many letters before a number may say that it is one of a telephone."""


def with_telephone(answer: str, gold: str) -> str:
    """The answer with the telephone numbers of the accepted answer as they are written there, if it has their figures.

    Others that begin with a zero are written so that they are read as telephone numbers, too.

    >>> with_telephone("Call 877.472.6716 today.", "(877) 472-6716"), with_telephone("0301234567", "+49 30 1234567")
    ('Call (877) 472-6716 today.', '0 301234567')
    >>> with_telephone("Call (877) 472-6716.", "8774726716"), with_telephone("12345/67890", "1234567890")
    ('Call 8774726716.', '12345/67890')
    >>> with_telephone("Use +49 30 1234567.", "0301234567"), with_telephone("1-877-472-6716", "8774726716")
    ('Use 0301234567.', '8774726716')
    """
    wanted = {figures_at_home(number): number for number in _telephones(gold)}
    row = gold.strip() if not wanted and _BARE.fullmatch(gold.strip()) else ""

    def as_wanted(found: re.Match[str]) -> str:
        home = figures_at_home(found[0])
        if row and (_is_reached_by(found[0], row) or (home == figures_at_home(row) and _is_announced(found))):
            return row
        return wanted.get(home) or (re.sub(r"^0(?=\d+$)", "0 ", found[0]) if wanted else found[0])

    return _FIGURES.sub(as_wanted, answer) if wanted or row else answer


def is_in_groups(answer: str, gold: str) -> bool:
    """Whether the answer has the figures of a bare row in groups, as a telephone number: it may be the same number.

    >>> is_in_groups("877 472-6716", "8774726716"), is_in_groups("12345/67890", "1234567890")
    (True, False)
    >>> is_in_groups("030/1234567", "0301234567")
    True
    """
    row, found = gold.strip(), [each[0] for each in _FIGURES.finditer(answer)]
    is_same = [re.sub(r"\D", "", number) == row and _IN_GROUPS.fullmatch(number) is not None for number in found]
    return _BARE.fullmatch(row) is not None and any(is_same)


def _telephones(text: str) -> list[str]:
    """The telephone numbers of a text: those in the form of one, and those after a word that says so."""
    return [found[0] for found in _FIGURES.finditer(text) if _has_form(found[0]) or _is_announced(found)]


def _is_reached_by(number: str, row: str) -> bool:
    """Whether the number, as it is dialled from another country or another area, is that of the row of figures."""
    if not _FROM_AFAR.fullmatch(number):
        return False
    dialled, at_home = figures_at_home(number), figures_at_home(row)
    return dialled.endswith(at_home) and len(dialled) - len(at_home) <= (_LONGEST_CODE if number[0] == "+" else 0)


def _has_form(number: str) -> bool:
    """Whether the figures have a plus or are parted as those of a telephone number."""
    return [term.text.startswith("tel:") for term in terms(number)] == [True]


def _is_announced(found: re.Match[str]) -> bool:
    return _SAYS_SO.search(found.string[max(0, found.start() - _LOOKED_BACK) : found.start()]) is not None
