"""The ways to write a date, and what each can mean as (year, month, day).

Gives the patterns of dates with numbers or names of months, and reads a match. Knows no other terms of a text.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from bakeoff.grading.languages import any_of, languages
from bakeoff.grading.normalise import word_set

YearMonthDay = tuple[int | None, int | None, int | None]

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ENGLISH = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|{may}|june?|july?|"
    r"aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_MONTH = r"(?P<month{0}>" + _ENGLISH.replace("{may}", r"(?-i:May|MAY)|may(?=,? \d{{4}})") + r")\b\.?"
_JOINED = r"(?P<month{0}>(?:" + _ENGLISH.replace("{may}", "may") + r")(?!\w)|{{joined_months}})\.?"
_WEEKDAY = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,? )?"
_YEAR = (
    r"(?:,? (?P<year{0}>\d{{4}})(?!\d)|,? '(?P<short{0}>\d\d)(?!\d)| (?P<last{0}>\d\d)(?= ?(?:[.,;)!?¶\n](?!\d)|$)))?"
)
"""With four figures; with an apostrophe and two; or with two at the end of a clause: 'on 3 May 24 people' has none."""
_PATTERNS = (
    _WEEKDAY + r"(?P<day1>\d{1,2})(?:st|nd|rd|th)?(?: of)? " + _MONTH.format(1) + _YEAR.format(1),
    _WEEKDAY + _MONTH.format(2) + r" (?P<day2>\d{1,2})(?:st|nd|rd|th)?(?![\d:]|\.\d)" + _YEAR.format(2),
    _MONTH.format(3) + r"(?: of)?,? (?:(?P<year3>\d{4})|'(?P<short3>\d\d))(?!\d)",
    r"(?P<year4>\d{4})[-/.](?P<month4>\d{1,2})[-/.](?P<day4>\d{1,2})(?!\d)",
    r"(?P<first>\d{1,2})[/.](?P<second>\d{1,2})[/.](?P<year5>\d{4}|(?<=/)\d\d)(?![\d/])",
    r"(?P<month6>0?[1-9]|1[0-2])/(?P<year6>\d{4})(?!\d)",
    # As spreadsheets display them: '1-May', '31-Dec-26', '31.Dez.2026'.
    r"(?P<day7>\d{1,2})(?:st|nd|rd|th)?(?:[-/]|\. ?)"
    + _JOINED.format(7)
    + r"(?:(?:[-/.]|,? )(?P<year7>\d{4})(?!\d)|[-/.]? ?'(?P<short7>\d\d)(?!\d)|"
    r"(?:[-/.](?=\d\d(?![\d-]))| (?=\d\d ?(?:[.,;)!?¶\n](?!\d)|$)))(?P<last7>\d\d))?(?!\w)",
    r"(?P<year8>(?:19|20)\d\d)(?P<month8>0[1-9]|1[0-2])(?P<day8>0[1-9]|[12]\d|3[01])(?!\w)",
    r"(?P<year9>(?:19|20)\d\d)-(?P<month9>0[1-9]|1[0-2])(?![-\w]| ?\d)",
    # Months in other languages: '3. März 2024', '7 de abril de 2021', 'mars 2024'.
    r"(?P<day10>\d{1,2})(?:\.|er|º)? ?(?:de )?(?P<month10>{months})\.?,? (?:de )?"
    r"(?:(?P<year10>\d{4})(?!\d)|'(?P<short10>\d\d)(?!\d)|(?P<last10>\d\d)(?= ?(?:[.,;)!?¶\n](?!\d)|$)))",
    r"(?P<day11>\d{1,2})(?:\.|er|º)? ?(?:de )?(?P<month11>{long_months})(?!\w)",
    r"(?=\w{3,14}\.?,? (?:de )?\d{4})(?P<month12>{months})\.?,? (?:de )?(?P<year12>\d{4})(?!\d)",
    # 'Dec-31-2026', 'May-2026', 'May-26', which may be a day or a year.
    r"(?!(?-i:[A-Z]{3}))"
    + _JOINED.format(13)
    + r"[-/](?:(?P<day13>\d{1,2})[-/](?P<year13>\d{4}|\d\d)|(?P<alone13>\d{4}|\d\d?))(?![\w/-]|[.:]\d)",
)
N_PATTERNS = len(_PATTERNS)
_PARTS = tuple(i for i in range(1, N_PATTERNS + 1) if i != 5)
_WORDS_TOO = word_set("set out pro led lip ago mag gen lis des mart may lut sty ara kas tem")
"""Short names of months in other languages that are words: 'a 5-set match' is no day in September."""


def date_patterns() -> list[str]:
    """The patterns of dates, with the names of months in all languages."""
    months = languages().months
    long_months = [name for name in months if len(name) > 3]
    joined = [name for name in months if name not in _WORDS_TOO]
    named = {"{months}": months, "{long_months}": long_months, "{joined_months}": joined}
    filled = []
    for pattern in _PATTERNS:
        for key, names in named.items():
            pattern = pattern.replace(key, any_of(names))
        filled.append(pattern)
    return filled


def readings_of(groups: Mapping[str, str | None]) -> tuple[list[YearMonthDay], list[YearMonthDay]]:
    """(all readings of a matched date, those of them that are not sure)."""
    if groups["first"]:
        first, second, year = int(groups["first"]), int(groups["second"] or 0), _full_year(groups["year5"] or "")
        orders = ((first, second), (second, first))
        return [(year, month, day) for day, month in orders if month <= 12 and day <= 31], []
    month = _month_number(_given(groups, "month"))
    day, year_written = _given(groups, "day"), _given(groups, "year", "short", "last")
    alone = groups["alone13"] or ""
    if len(alone) in (1, 2) and 1 <= int(alone) <= 31:
        as_day: YearMonthDay = (None, month, int(alone))
        if len(alone) == 1:
            return [as_day], []
        both: list[YearMonthDay] = [as_day, (_full_year(alone), month, None)]
        return both, both
    if day and int(day) > 31 and not year_written:  # 'March 45'
        day, year_written = "", day
    number = int(day) if day else None
    written = alone or year_written
    if len(written) != 2:
        return [(int(written) if written else None, month, number)], []
    usual = _full_year(written)
    other: YearMonthDay = (usual - 100 if usual >= 2000 else usual + 100, month, number)
    return [(usual, month, number), other], [other]


def _given(groups: Mapping[str, str | None], *parts: str) -> str:
    return next((groups[f"{part}{i}"] or "" for part in parts for i in _PARTS if groups.get(f"{part}{i}")), "")


def _full_year(year: str) -> int:
    """Years of two digits are those from 1970 to 2069."""
    return int(year) if len(year) == 4 else int(year) + (1900 if int(year) >= 70 else 2000)


def _month_number(month: str) -> int:
    if month.isdigit():
        return int(month)
    name = month.lower()
    return languages().months.get(name) or MONTHS.index(name[:3]) + 1


_NUMBERED = re.compile(
    r"(?<![\w.-])(?P<day>\d{1,2})(?:(?P<sign>[.-])(?P<month>\d{1,2})(?P=sign)(?P<year>\d{4}|\d\d)|"
    r"\. ?(?P<month_after>\d{1,2})\. ?(?P<year_after>\d{4}))(?![\w-]|\.\d)"
)


def beside_dates(text: str, others: Sequence[YearMonthDay]) -> str:
    """The text with dates in forms that are read as such only where the other side states one of that month.

    '31.12.26' may be a version, and '5-set' in a match of tennis is no day in September. After '4.12.' a sentence may
    begin with a year.

    >>> beside_dates("31.12.26", [(2026, 12, 31)]), beside_dates("1-set", [(None, 9, 1)])
    ('31/12/26', '1-Sep')
    >>> beside_dates("31.12. 2026", [(2026, 12, 31)])
    '31/12/2026'
    """
    months = {month for _, month, _ in others}
    if not months:
        return text

    def in_english(match: re.Match[str]) -> str:
        month = _month_number(match["month"])
        written = [match.groupdict().get("day"), MONTHS[month - 1].title(), match["year"]]
        return "-".join(filter(None, written)) if month in months else match[0]

    text = _NUMBERED.sub(_with_slashes, text) if any(day for _, _, day in others) else text
    return _short_year().sub(in_english, _short_day().sub(in_english, text))


def _with_slashes(match: re.Match[str]) -> str:
    month, year = match["month"] or match["month_after"], match["year"] or match["year_after"]
    return f"{match['day']}/{month}/{year}"


def with_date_joined(text: str) -> str:
    """The text without blanks after the dots of a date that is all it says: of '14. 12. 2018'."""
    found = _NUMBERED.fullmatch(text.strip())
    return _with_slashes(found) if found and found["year_after"] else text


def is_date_beside(text: str) -> bool:
    """Whether the whole text has one of these forms."""
    return any(pattern.fullmatch(text.strip()) for pattern in (_NUMBERED, _short_day(), _short_year()))


_END = r" ?(?:[.,;:)!?](?!\d)|$)"


@lru_cache(maxsize=1)
def _short_day() -> re.Pattern[str]:
    """A day with the name of a month, and perhaps a year."""
    plain = any_of(name for name in languages().months if name not in _WORDS_TOO)
    words = any_of(name for name in languages().months if name in _WORDS_TOO)
    year = rf"(?:(?:[-/]|[., ]+(?:de )?'?)(?P<year>\d{{4}}(?!\d)|\d\d(?={_END})))?"
    named = rf"(?P<month>{plain}|(?:{words})(?=[-/.]?{_END}|[-/. ]+'?\d))"
    return re.compile(rf"(?<!\w)(?P<day>\d{{1,2}})(?:[-/]| (?:de )?|\. ?){named}\.?{year}", re.IGNORECASE)


@lru_cache(maxsize=1)
def _short_year() -> re.Pattern[str]:
    """The name of a month in another language than English, with two figures: 'Okt. 26'."""
    names = any_of(name for name in languages().months if not re.fullmatch(_ENGLISH.replace("{may}", "may"), name))
    return re.compile(rf"(?<![\w-])(?P<month>{names})\.? '?(?P<year>\d\d)(?={_END})", re.IGNORECASE)
