"""Writes dates and times as a spreadsheet displays them, unless that can be read in two ways.

3/4/2024 is April in some countries and March in others, so it is written as 2024-03-04. So are dates whose display
depends on the settings of the reader's machine. Takes a value and a format code of Excel. Knows no file.
"""

import re
from datetime import date, datetime, time, timedelta

from bakeoff.formats.sheets.sheet import clock, duration, words

_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_.|\*.|\[[^\]]*\]|(?P<half>AM/PM|A/P)|(?P<field>y+|m+|d+|h+|s+)'
    r"|(?P<part>\.0+)|(?P<plain>.)",
    re.IGNORECASE | re.DOTALL,
)
_DURATION = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)
_EPOCH = datetime(1899, 12, 30)
_UNAMBIGUOUS = re.compile(r"\d{4}[-/.年]\s?\d{1,2}[-/.月]\s?\d{1,2}日?|\d{1,2}\.\s?\d{1,2}\.\s?\d{4}")


def is_date_format(code: str) -> bool:
    """Whether numbers with this format are dates, times or durations.

    >>> [is_date_format(code) for code in ("yyyy-mm-dd", "[h]:mm", "0.00", '0 "days"', "General", "[Red]0")]
    [True, True, False, False, False, False]
    """
    first = re.sub(r"s\.0+", "s", _LITERAL.sub("", code.split(";")[0]).lower())
    return re.search(r"[ymdhs]", first) is not None and re.search(r"general|[#?0]", first) is None


def from_serial(number: float, code: str, from_1904: bool = False) -> datetime | time | timedelta:
    """The date, time or duration that a number of days stands for."""
    if _DURATION.search(code):
        return timedelta(days=number)
    moment = _EPOCH + timedelta(seconds=round((number + (1462 if from_1904 else 0)) * 86400))
    return (
        moment.time() if 0 <= number < 1 and not re.search(r"[yd]", _LITERAL.sub("", code), re.IGNORECASE) else moment
    )


def shown(value: date | time | timedelta, code: str) -> str:
    """The date or time as displayed if it has a name of a month or only one reading; otherwise as in ISO 8601.

    >>> shown(datetime(2023, 3, 4), "dd.mm.yyyy"), shown(datetime(2023, 3, 4), "m/d/yyyy")
    ('04.03.2023', '2023-03-04')
    >>> shown(datetime(2023, 3, 4), "mmm yyyy"), shown(time(18, 0), "h:mm AM/PM"), shown(timedelta(days=1.5), "[h]:mm")
    ('Mar 2023', '6:00 PM', '36:00')
    """
    if isinstance(value, timedelta):
        return duration(value.total_seconds())
    plain = _LITERAL.sub("", code.split(";")[0]).lower()
    if not re.search(r"[ymdhs]", plain):
        return words(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    text = _displayed(value, code.split(";")[0])
    if isinstance(value, time):
        return text if "AM" in text or "PM" in text else clock(value)
    if "mmm" in plain or not ("d" in plain and "y" in plain and "m" in plain) or _UNAMBIGUOUS.match(text):
        return text
    return value.date().isoformat() if "h" not in plain else words(value)


def _displayed(value: datetime | time, code: str) -> str:
    tokens = list(_TOKEN.finditer(code))
    has_half = any(token["half"] for token in tokens)
    fields = [(token["field"] or "").lower() for token in tokens]
    written = []
    for number, token in enumerate(tokens):
        field = fields[number]
        if token["half"]:
            written.append("AM" if value.hour < 12 else "PM")
        elif field:
            before = next((one for one in reversed(fields[:number]) if one), "")
            after = next((one for one in fields[number + 1 :] if one), "")
            is_minute = field[0] == "m" and (before[:1] == "h" or after[:1] == "s")
            written.append(_field(value, field, is_minute, has_half))
        else:
            written.append(token["quoted"] or token["escaped"] or token["plain"] or "")
    return " ".join("".join(written).split())


def _field(value: datetime | time, field: str, is_minute: bool, has_half: bool) -> str:
    """One field of a date or time: `yy`, `mmmm`, `d` and so on, in English."""
    width = len(field)
    match field[0]:
        case "h":
            hour = (value.hour % 12 or 12) if has_half else value.hour
            return f"{hour:0{min(width, 2)}d}"
        case "s":
            return f"{value.second:0{min(width, 2)}d}"
        case "m" if is_minute:
            return f"{value.minute:0{min(width, 2)}d}"
    if isinstance(value, time):
        return ""
    match field[0]:
        case "y":
            return f"{value:%Y}" if width > 2 else f"{value:%y}"
        case "m":
            return f"{value:%B}" if width > 3 else f"{value:%b}" if width == 3 else f"{value.month:0{width}d}"
        case _:
            return f"{value:%A}" if width > 3 else f"{value:%a}" if width == 3 else f"{value.day:0{width}d}"
