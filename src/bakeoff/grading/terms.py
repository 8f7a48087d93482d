"""Splits a text into terms: words as stems, numbers with units, dates, times of day, telephone numbers.

Takes an answer, gives terms that can be compared (24 months = two years, 3 March 2024 = 2024-03-03). Knows nothing
about the correct answer.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from bakeoff.grading.normalise import ORDINALS, SCALES, fold, spell_out, word_set
from bakeoff.grading.units import UNIT_PATTERN, unit_of

YearMonthDay = tuple[int | None, int | None, int | None]

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# A number after one of these words is a label (step 3). So is a number after a capitalised word (Hearth 3), unless that
# word is one that sentences often start with.
_LABELS = word_set("step section page chapter article version model phase level firmware release figure table")
_STARTERS = word_set("""
    a about after all approximately around at before between by costs exactly every for from has have in is it its lasts
    maximum minimum nearly no only on over roughly since supports takes than that the there they this to total under
    until up usually we with within yes you or and not some either just almost
""")
ARTICLES = frozenset(("a", "an", "the"))


@dataclass(frozen=True)
class Term:
    """One word, number, date or time of a text. Two terms with the same `text` have the same meaning.

    `unit` is the dimension of a number ('' for a bare number). `stated` is the number as written, and `size` the size
    of the unit it was written in. `value` = `stated` x `size` is the number in the dimension's own unit. `dates` are
    the possible readings of a date as (year, month, day). `before` is the punctuation between this term and the one
    before it.
    """

    text: str
    before: str = ""
    value: Fraction | None = None
    stated: Fraction | None = None
    unit: str = ""
    size: Fraction = Fraction(1)
    dates: tuple[YearMonthDay, ...] = ()
    label: bool = False
    capital: bool = False

    @property
    def is_number(self) -> bool:
        """Whether it is a number that counts or measures something."""
        return self.value is not None and not self.label


@lru_cache(maxsize=50_000)
def terms(text: str) -> tuple[Term, ...]:
    """The terms of the text, in order, without articles."""
    return tuple(_merge_compounds(_share_units(_share_months(_mark_labels(_scan(spell_out(fold(text))))))))


def stem(word: str) -> str:
    """The word in lower case, without its plural ending."""
    word = word.lower().removesuffix("'s").replace("'", "")
    if len(word) <= 3 or word == "does" or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses", "zes")):
        return word[:-2]
    return word.removesuffix("s")


# --- scanning ---------------------------------------------------------------------------------------------------------

_MONTH = (
    r"(?P<month{0}>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|(?-i:May|MAY)|may(?=,? \d{{4}})|june?|july?|"
    r"aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_WEEKDAY = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,? )?"
_DATES = (
    _WEEKDAY + r"(?P<day1>\d{1,2})(?:st|nd|rd|th)?(?: of)? " + _MONTH.format(1) + r"(?:,? (?P<year1>\d{4})(?!\d))?",
    _WEEKDAY + _MONTH.format(2) + r" (?P<day2>\d{1,2})(?:st|nd|rd|th)?(?![\d:]|\.\d)(?:,? (?P<year2>\d{4})(?!\d))?",
    _MONTH.format(3) + r"(?: of)?,? (?P<year3>\d{4})(?!\d)",
    r"(?P<year4>\d{4})[-/](?P<month4>\d{1,2})[-/](?P<day4>\d{1,2})(?!\d)",
    r"(?P<first>\d{1,2})[/.](?P<second>\d{1,2})[/.](?P<year5>\d{4})(?!\d)",
    r"(?P<month6>0?[1-9]|1[0-2])/(?P<year6>\d{4})(?!\d)",
)
_CLOCK = (
    r"(?P<hour>\d{1,2})(?:[:.](?P<minute>\d\d)(?::\d\d)?)? ?(?P<half>[ap]\.?m\b\.?)|"
    r"(?P<hour24>[01]?\d|2[0-4]):(?P<minute24>[0-5]\d)(?![\d:])|(?P<named>\b(?:noon|midnight)\b)"
)
_PREFIX = r"(?:(?P<currency>US\$|[£€$]|(?:GBP|EUR|USD|NOK)(?![a-z])) ?)?"
_FIGURE = r"(?P<sign>(?<![\w)])[-+])?(?P<figure>\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+,\d{1,2}(?![\d,])|\d+(?:\.\d+)?)"
_SCALE = r"(?:(?P<scale>[ -]?(?:thousand|million|billion|bn)\b|k\b))?"


_SCANNER = re.compile(
    "|".join(
        (
            r"(?P<address>[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:https?://|www\.)\S+)",
            *(rf"(?P<date{i}>(?<![\w]){pattern})" for i, pattern in enumerate(_DATES)),
            rf"(?P<clock>(?<![\w.])(?:{_CLOCK}))",
            r"(?P<phone>(?<![\w])(?:\+\d|\(?0\d)[\d ()./-]{6,}\d)",
            r"(?P<opaque>(?<![\w.])\d+(?:\.\d+){2,}(?![\w])|(?<![\w./])\d+/\d+(?![\w/]))",
            rf"(?P<number>(?<![^\W_]){_PREFIX}{_FIGURE}{_SCALE}{UNIT_PATTERN}(?![^\W_]|\.\d))",
            r"(?P<word>[^\W_]+(?:'[^\W_]+)*(?:\.\d[^\W_]*)*|&)",
        )
    ),
    re.I,
)


def _scan(text: str) -> list[Term]:
    scanned: list[Term] = []
    before, end = "", 0
    for match in _SCANNER.finditer(text):
        before += "".join(text[end : match.start()].replace("\n", "¶").split())
        end = match.end()
        kind = (match.lastgroup if match.lastgroup in _READERS else _outer_group(match)) or "word"
        term = _READERS[kind](match)
        if term.text in ARTICLES:
            continue
        scanned.append(replace(term, before=before))
        before = ""
    return scanned


def _outer_group(match: re.Match[str]) -> str:
    return next(name for name in _READERS if match.groupdict().get(name) is not None)


def _read_word(match: re.Match[str]) -> Term:
    word = match[0]
    lower = word.lower()
    if lower == "&":
        return Term("and")
    if lower in ORDINALS:
        return Term(ORDINALS[lower])
    if lower == "one":
        return Term("1")
    return Term(stem(word), capital=word[0].isupper())


def _read_address(match: re.Match[str]) -> Term:
    return Term(re.sub(r"^(?:https?://)?(?:www\.)?", "", match[0].lower()).rstrip("/.,;:!?)"))


def _read_opaque(match: re.Match[str]) -> Term:
    return Term(match[0])


def _read_phone(match: re.Match[str]) -> Term:
    """The last nine digits, so that a number with a country code equals the number with a zero instead."""
    return Term("tel:" + re.sub(r"\D", "", match[0])[-9:])


def _read_date(match: re.Match[str]) -> Term:
    groups = match.groupdict()
    if groups["first"]:
        first, second, year = int(groups["first"]), int(groups["second"]), int(groups["year5"])
        orders = ((first, second), (second, first))
        return _date([(year, month, day) for day, month in orders if month <= 12 and day <= 31])
    written = {
        part: next((groups[f"{part}{i}"] for i in (1, 2, 3, 4, 6) if groups.get(f"{part}{i}")), "")
        for part in ("year", "month", "day")
    }
    month = written["month"]
    number = int(month) if month.isdigit() else MONTHS.index(month.lower()[:3]) + 1
    return _date([(int(written["year"] or 0) or None, number, int(written["day"] or 0) or None)])


def _date(readings: Sequence[YearMonthDay]) -> Term:
    return Term("date:" + "/".join(map(str, readings)), dates=tuple(dict.fromkeys(readings)))


def _read_clock(match: re.Match[str]) -> Term:
    groups = match.groupdict()
    if groups["named"]:
        minutes = 720 if groups["named"].lower() == "noon" else 0
    elif groups["hour24"]:
        minutes = 60 * (int(groups["hour24"]) % 24) + int(groups["minute24"])
    else:
        afternoon = groups["half"].lower().startswith("p")
        minutes = 60 * (int(groups["hour"]) % 12 + 12 * afternoon) + int(groups["minute"] or 0)
    return _number(Fraction(minutes), "time of day", Fraction(1))


def _read_number(match: re.Match[str]) -> Term:
    groups = match.groupdict()
    figure = groups["figure"]
    figure = figure.replace(",", ".") if re.fullmatch(r"\d+,\d{1,2}", figure) else figure.replace(",", "")
    if groups["sign"] is None and len(figure) > 1 and figure.startswith("0") and figure.isdigit():
        return Term(match[0].lower().strip())  # a code, not a number
    scale = (groups["scale"] or "").strip(" -").lower()
    value = Fraction(figure) * {"k": 1000, "bn": 10**9, "": 1, **SCALES}[scale] * (-1 if groups["sign"] == "-" else 1)
    spelling = groups["currency"] or groups["unit"] or groups["short"] or groups["sterling"]
    if not spelling:
        return _number(value, "", Fraction(1))
    dimension, size = unit_of(spelling)
    if dimension == "fahrenheit":
        return replace(_number((value - 32) * 5 / 9, "celsius", size), stated=value)
    return _number(value, dimension, size)


def _number(stated: Fraction, dimension: str, size: Fraction) -> Term:
    value = stated * size
    return Term(f"{value} {dimension}".strip(), value=value, stated=stated, unit=dimension, size=size)


_READERS: dict[str, Callable[[re.Match[str]], Term]] = {
    "address": _read_address,
    **{f"date{i}": _read_date for i in range(len(_DATES))},
    "clock": _read_clock,
    "phone": _read_phone,
    "opaque": _read_opaque,
    "number": _read_number,
    "word": _read_word,
}


# --- terms that depend on their neighbours ----------------------------------------------------------------------------


def _mark_labels(scanned: list[Term]) -> list[Term]:
    """Marks bare numbers that are part of a name (Hearth 3, step 2) as labels."""
    marked = list(scanned)
    for i in range(1, len(scanned)):
        term, previous = scanned[i], scanned[i - 1]
        if term.value is None or term.unit or term.before.strip("-") or previous.value is not None:
            continue
        names = previous.capital and previous.text not in _STARTERS and not is_year(term)
        if names or previous.text in _LABELS:
            marked[i] = replace(term, label=True)
    return marked


def is_year(term: Term) -> bool:
    """Whether this is a bare number that could be a year (1000 to 2100)."""
    return term.value is not None and not term.unit and term.value.denominator == 1 and 1000 <= term.value <= 2100


def _share_months(scanned: list[Term]) -> list[Term]:
    """Gives both days the month in '20 to 30 November' and 'November 20-30'."""
    shared = list(scanned)
    for i in range(len(scanned)):
        for day, date in ((i, i + 1), (i, i + 2), (i + 1, i), (i + 2, i)):
            if max(day, date) >= len(scanned) or not scanned[date].dates or not re.fullmatch(_DAY, scanned[day].text):
                continue
            joined = scanned[i + 1].text if abs(day - date) == 2 else scanned[max(day, date)].before
            if joined in ("to", "and", "or", "until", "-") and scanned[date].dates[0][2] is not None:
                readings = [
                    (year, month, int(re.sub(r"\D", "", scanned[day].text))) for year, month, _ in scanned[date].dates
                ]
                shared[day] = replace(_date(readings), before=scanned[day].before)
    return shared


_DAY = r"(?:[12]?\d|3[01])(?:st|nd|rd|th)?"


def _share_units(scanned: list[Term]) -> list[Term]:
    """Gives both numbers the unit in '12 or 24 months' and '£5-10'."""
    shared = list(scanned)
    for i in reversed(range(len(scanned))):
        nxt = _joined_to(shared, i)
        if nxt is None:
            continue
        left, right = shared[i], shared[nxt]
        if left.is_number and right.is_number and not left.unit and right.unit and right.unit != "time of day":
            shared[i] = replace(_number(left.stated or Fraction(0), right.unit, right.size), before=left.before)
    for i in range(len(scanned)):
        nxt = _joined_to(shared, i)
        if (
            nxt is not None
            and shared[i].unit in ("gbp", "eur", "usd")
            and shared[nxt].is_number
            and not shared[nxt].unit
        ):
            joined = shared[nxt]
            shared[nxt] = replace(
                _number(joined.stated or Fraction(0), shared[i].unit, shared[i].size), before=joined.before
            )
    return shared


def _joined_to(scanned: list[Term], i: int) -> int | None:
    """The position of the number that is joined to the number at i by a range or an 'or'. None if there is none."""
    if not scanned[i].is_number or is_year(scanned[i]):
        return None
    if i + 1 < len(scanned) and scanned[i + 1].is_number and scanned[i + 1].before in ("-", ",", "/"):
        return i + 1
    if i + 2 < len(scanned) and scanned[i + 2].is_number and scanned[i + 1].text in ("to", "or", "and"):
        return i + 2
    return None


def _merge_compounds(scanned: list[Term]) -> list[Term]:
    """Merges '1 hour 30 minutes' and '2 years and 6 months' into one number."""
    merged: list[Term] = []
    for term in scanned:
        whole = merged[-1] if merged else None
        if whole and whole.text == "and" and not whole.before and len(merged) > 1:
            whole = merged[-2]
        if whole and _extends(whole, term):
            if merged[-1] is not whole:
                merged.pop()
            total = (whole.value or Fraction(0)) + (term.value or Fraction(0))
            merged[-1] = replace(_number(total / whole.size, whole.unit, whole.size), before=whole.before)
        else:
            merged.append(term)
    return merged


def _extends(whole: Term, part: Term) -> bool:
    return (
        whole.is_number
        and part.is_number
        and whole.unit == part.unit
        and part.unit in ("second", "month", "metre")
        and part.before in ("", ",")
        and part.size < whole.size
        and (part.value or Fraction(0)) < whole.size
    )


# --- comparing --------------------------------------------------------------------------------------------------------


def says_as_much(term: Term, gold: Term) -> bool:
    """Whether a number or date equals the accepted one. A date may be more precise than the accepted one, not less."""
    if gold.dates:
        return any(_date_fits(reading, wanted) for reading in term.dates for wanted in gold.dates)
    if term.dates:
        return any(year == gold.value for year, _, _ in term.dates)
    if term.unit and gold.unit:
        return term.unit == gold.unit and term.value == gold.value
    return term.stated == gold.stated


def _date_fits(date: YearMonthDay, gold: YearMonthDay) -> bool:
    return all(wanted is None or part == wanted for part, wanted in zip(date, gold, strict=True))
