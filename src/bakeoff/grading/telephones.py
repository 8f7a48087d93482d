"""Telephone numbers that are written in another way: (877) 472-6716, 877.472.6716 and 8774726716.

Takes texts, gives texts. Knows nothing about countries but that 0 and 1 can stand before a number at home.
"""

import re

from bakeoff.grading.terms import terms

_FIGURES = re.compile(r"(?<![\w.,])[+(]?\d[\d ()./-]{5,40}\d(?!\w|[.,]\d)")
_BARE = re.compile(r"\s*\d{10,15}\s*")


def with_telephone(answer: str, gold: str) -> str:
    """The answer with the accepted number as it is accepted, if it has its figures.

    >>> with_telephone("Call 877.472.6716 today.", "(877) 472-6716")
    'Call (877) 472-6716 today.'
    >>> with_telephone("Call (877) 472-6716.", "8774726716"), with_telephone("877 472 6717", "8774726716")
    ('Call 8774726716.', '877 472 6717')
    """
    (term, *others) = terms(gold) or (None,)
    is_telephone = term is not None and not others and term.text.startswith("tel:")
    if not is_telephone and _BARE.fullmatch(gold) is None:
        return answer
    wanted = _at_home(gold)
    return _FIGURES.sub(lambda found: gold.strip() if _at_home(found[0]) == wanted else found[0], answer)


def _at_home(text: str) -> str:
    """The figures, without what stands before a number of the same country."""
    digits = re.sub(r"\D", "", text.replace("(0)", ""))
    return digits[1:] if re.fullmatch(r"1\d{10}", digits) and "+" not in text else digits.lstrip("0")
