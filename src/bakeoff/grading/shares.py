"""Writes shares of a whole as percentages ('3 out of 4', 'half'), and times in words as figures ('ten to eight').

Takes and gives text. Used only where the accepted answer is a percentage or a time: elsewhere '1 in 5' is a count and
'10 to 8' a range.
"""

import re
from fractions import Fraction

from bakeoff.grading.normalise import fold, spell_out
from bakeoff.grading.spoken import as_figures, one_part

_OUT_OF = re.compile(r"(?<![\d/.,])(\d+) ?(?:out of(?: every)?|in(?: every)?|of|/) ?(\d+)\b(?![/.,]?\d)")
_NAMED = {"half": 50, "a quarter": 25, "one quarter": 25, "three quarters": 75, "a fifth": 20, "one fifth": 20}
_NAMED |= {"a tenth": 10, "one tenth": 10}
_NAMED_SHARE = re.compile(rf"\b({'|'.join(_NAMED)})\b(?! (?:an? |past|hour|day|year))", re.I)


def as_percentages(text: str) -> str:
    """The text with its shares as percentages.

    >>> as_percentages("3 out of 4 users")
    '75% users'
    """
    text = _NAMED_SHARE.sub(
        lambda match: f"{_NAMED[match[1].lower()]}%", text.replace("-", " ") if "quarter" in text else text
    )
    text = spell_out(re.sub(r"\bone (?=in|out)", "1 ", fold(text), flags=re.I))
    return _OUT_OF.sub(_percentage, as_figures(one_part(text)))


def is_odds(text: str) -> bool:
    """Whether a text is a share such as '1 in 10' or 'three out of four users', and not a count in a year."""
    if not re.search(r" in | of ", text, re.I):
        return False
    match = _ODDS.match(spell_out(re.sub(r"\bone (?=in|out)", "1 ", fold(text), flags=re.I)))
    return match is not None and 0 < int(match[1]) <= int(match[2]) and not 1900 <= int(match[2]) <= 2100


def odds_as_shares(text: str) -> str:
    """The text with its odds as percentages, or as fractions where these are not exact.

    >>> odds_as_shares("one in four"), odds_as_shares("1 in 3")
    ('25%', '1/3')
    """
    return _ODDS_ANYWHERE.sub(r"\1/\2", as_percentages(text))


_ODDS = re.compile(
    r"\W*(?:(?:about|around|roughly|approximately|nearly|almost|only) )?"
    r"(\d+) (?:out of|in)(?: every)? (\d+)(?: [a-z]+){0,3}\W*$",
    re.I,
)
_ODDS_ANYWHERE = re.compile(r"(?<![\d/.,])(\d+) (?:out of|in)(?: every)? (\d+)\b(?![/.,]?\d)")


def as_clock(text: str) -> str:
    """The text with times such as 'ten to eight' in figures. Elsewhere '10 to 8' is a range.

    >>> as_clock("ten to eight")
    '7:50'
    """
    return _MINUTES_TO.sub(lambda match: f"{(int(match[2]) - 2) % 12 + 1}:{60 - int(match[1])}", spell_out(fold(text)))


_MINUTES_TO = re.compile(r"\b(5|10|20|25)(?: minutes?)? to (\d{1,2})\b")


def _percentage(match: re.Match[str]) -> str:
    part, whole = int(match[1]), int(match[2])
    if not 0 < part <= whole:
        return match[0]
    percent = Fraction(100 * part, whole)
    return f"{float(percent):g}%" if 1000 % percent.denominator == 0 else match[0]
