"""Reads a plus sign behind a number as the bound that it is: '5 GB+' and '12+ months' mean at least that much.

Takes and gives text. Knows nothing about answers.
"""

import re

from bakeoff.grading.normalise import word_set
from bakeoff.grading.units import UNITS

# Not in codes ('B12+', '+49 30'), sums and powers.
_PLUS = re.compile(r"(?<![\w.,/+^-])([£€$¥]? ?\d[\d.,']*)([ -]?(?:[A-Za-z][A-Za-z/]{0,11}|%|°C?))?\+(?![\w+])")
_NAME = re.compile(r"(?:^|\W)(\w*[A-Z]\w*) $")
_SCALES = word_set("k K m M bn B million billion thousand")
_NO_NAMES = word_set("About Over It Yes The Around Costs From With For Ages Age Aged Only Roughly Nearly At Is Has")


def with_bounds_in_front(text: str) -> str:
    """The text with '[>=' before a number instead of a plus sign behind it, and 'or later' behind a version.

    The bracket tells it from a written '>='.

    >>> with_bounds_in_front("It needs 5 GB+ and Python 3.8+")
    'It needs [>= 5 GB and Python 3.8 or later'
    """
    return _PLUS.sub(_bounded, text) if "+" in text else text


def _bounded(match: re.Match[str]) -> str:
    unit = (match[2] or "").strip(" -")
    if unit and unit not in UNITS and unit not in _SCALES:
        return match[0]
    name = _NAME.search(match.string[max(0, match.start() - 20) : match.start()])
    if name and name[1] not in _NO_NAMES:
        return match[0] if unit else f"{match[1]} or later"
    return f"[>= {match[1]}{match[2] or ''}"
