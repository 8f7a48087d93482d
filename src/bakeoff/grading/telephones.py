"""Telephone numbers that are written in another way: (877) 472-6716, 877.472.6716 and 8774726716.

Takes texts, gives texts.
"""

import re

from bakeoff.grading.normalise import figures_at_home
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
    wanted = figures_at_home(gold.strip())
    return _FIGURES.sub(lambda found: gold.strip() if figures_at_home(found[0]) == wanted else found[0], answer)
