"""Writes amounts and times that are spelled in words as figures ('two thirds', 'the third of March', 'the nineties').

Takes and gives text. Knows nothing about units or answers.
"""

import re

from bakeoff.grading.normalise import ORDINALS

_PARTS = "half|halves|thirds?|quarters?|fourths?|fifths?|sixths?|seventh?s?|eighths?|ninths?|tenths?"
_DENOMINATORS = {
    "hal": 2, "thi": 3, "qua": 4, "fou": 4, "fif": 5, "six": 6, "sev": 7, "eig": 8, "nin": 9, "ten": 10,
}  # fmt: skip
# Several parts are a fraction ('two thirds'). One may be an ordinal ('one third party'), so only shares read it.
_FRACTION = re.compile(rf"\b([2-9])[- ]({_PARTS.replace('?', '')})\b", re.I)
_ONE_PART = re.compile(rf"\b(?:one|an?|1)[- ]({_PARTS})\b(?! (?:an? |past|hour|day|year|to |century))", re.I)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b"
_DAY_OF_MONTH = re.compile(rf"\b({'|'.join(ORDINALS)})(?= of {_MONTH})", re.I)
_DECADES = dict(
    zip(
        ["twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties"],
        range(20, 100, 10),
        strict=True,
    )
)
_DECADE = re.compile(rf"\b(?:(1[0-9]|20)?(\d)0'?s|'(\d)0s|(?:the )({'|'.join(_DECADES)}))(?![\w'])", re.I)
_BELOW_ZERO = re.compile(
    r"(?<![\d.])(\d+(?:\.\d+)?) ?(°C?|degrees?(?: C(?:elsius)?)?) below (?:zero|0|freezing)\b", re.I
)
_PART_OF_DAY = re.compile(
    r"\b(\d{1,2})(?::(\d\d))?(?: o'clock)? (?:in the (morning|afternoon|evening)|at (night))\b", re.I
)
_PART_OF_UNIT = re.compile(
    r"\b(\d/\d{1,2}) of +(?:an? |per)(?=hour|day|week|month|year|mile|kilo|lit|met|pound|cup)", re.I
)
_BARE_DECIMAL = re.compile(r"(?<![\w.])\.(?=\d)")
_UHR = re.compile(r"\b([01]?\d|2[0-4])(?:[.:]([0-5]\d))? ?(?:uhr|hrs\b(?=\W*$))", re.I)
_SCIENTIFIC = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)e([-+]?\d{1,2})(?!\w)", re.I)
_TIMES = re.compile(r"(?<=\d) ?[x×] ?(?=\d)(?!10\^)|(?<=\d) times (?=\d)", re.I)


def as_figures(text: str) -> str:
    """The text with amounts and times in words as figures. Number words are figures already.

    >>> as_figures("2 thirds by 10 in the evening")
    '2/3 by 10:00 pm'
    """
    text = _FRACTION.sub(lambda match: f"{match[1]}/{_denominator(match[2])}", text)
    text = _PART_OF_UNIT.sub(r"\1 ", text)
    text = _BELOW_ZERO.sub(lambda match: f"-{match[1]} {'°C' if match[2] == '°' else match[2]}", text)
    text = _PART_OF_DAY.sub(_with_half, text)
    text = _UHR.sub(lambda match: f"{match[1]}:{match[2] or '00'}", text)
    return _SCIENTIFIC.sub(r"\1 x 10^\2", text)


def as_dates(text: str) -> str:
    """The text with days and decades in words as figures, and '3 x 4' as '3 by 4', before number words are figures.

    >>> as_dates("the third of March, in the nineties"), as_dates("the 1980's")
    ('the 3rd of March, in decade1990', 'the decade1980')
    """
    text = _BARE_DECIMAL.sub("0.", text)
    text = _DAY_OF_MONTH.sub(lambda match: ORDINALS[match[1].lower()], text)
    return _TIMES.sub(" by ", _DECADE.sub(_decade, text))


def one_part(text: str) -> str:
    """The text with 'a quarter' and 'one eighth' as fractions, for accepted answers that are shares."""
    return _ONE_PART.sub(lambda match: f"1/{_denominator(match[1])}", text)


def _denominator(part: str) -> int:
    return _DENOMINATORS[part[:3].lower()]


def _with_half(match: re.Match[str]) -> str:
    hour, minute, part = int(match[1]), match[2] or "00", (match[3] or match[4]).lower()
    if not 1 <= hour <= 12:
        return match[0]
    return f"{hour}:{minute} {'am' if part == 'morning' or (part == 'night' and hour in (1, 2, 3, 4, 12)) else 'pm'}"


def _decade(match: re.Match[str]) -> str:
    if match[1] is None and match[2]:  # 'the 90s'; '20s' alone may be seconds
        return f"decade19{match[2]}0" if int(match[2]) >= 5 else match[0]
    if match[4]:
        return f"decade19{_DECADES[match[4].lower()]}"
    return f"decade{match[1] or 19}{match[2] or match[3]}0"
