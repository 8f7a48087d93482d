"""Text to terms: words as stems, numbers with their units, dates, times of day, telephone numbers.

Takes an answer, gives what it says in a form that can be compared (24 months = two years, 3 March 2024 = 2024-03-03).
Knows nothing about what is right.
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
# A number after one of these is a label (step 3), as is one after a capitalised word (Hearth 3) unless it is one of the
# words that sentences start with.
_LABELS = word_set("step section page chapter article version model phase level firmware release figure table")
_STARTERS = word_set("""
    a about after all approximately around at before between by costs exactly every for from has have in is it its lasts
    maximum minimum nearly no only on over roughly since supports takes than that the there they this to total under
    until up usually we with within yes you or and not some either just almost
""")
ARTICLES = frozenset(("a", "an", "the"))


@dataclass(frozen=True)
class Term:
    """One word, number, date or time of a text. Two terms with the same `text` say the same.

    A number has a `value` in its dimension's own unit and the `stated` one, and is in the dimension `unit` ('' for a
    bare number). `size` is that of the unit it was stated in. `dates` are the possible readings of a date. `before` is
    the punctuation between it and the term before.
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
        """Whether it counts or measures something."""
        return self.value is not None and not self.label


@lru_cache(maxsize=50_000)
def terms(text: str) -> tuple[Term, ...]:
    """What the text says, in order, articles left out."""
    return tuple(_merge_compounds(_share_units(_share_months(_mark_labels(_scan(spell_out(fold(text))))))))


def stem(word: str) -> str:
    """The word in lower case without its plural ending."""
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
    found: list[Term] = []
    before, end = "", 0
    for match in _SCANNER.finditer(text):
        before += "".join(text[end : match.start()].replace("\n", "¶").split())
        end = match.end()
        kind = (match.lastgroup if match.lastgroup in _READERS else _outer_group(match)) or "word"
        term = _READERS[kind](match)
        if term.text in ARTICLES:
            continue
        found.append(replace(term, before=before))
        before = ""
    return found


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
    """The last nine digits: a country code and the zero it replaces make no difference."""
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


# --- what neighbours tell ---------------------------------------------------------------------------------------------


def _mark_labels(found: list[Term]) -> list[Term]:
    """Bare numbers that name something (Hearth 3, step 2) become words."""
    marked = list(found)
    for i in range(1, len(found)):
        term, previous = found[i], found[i - 1]
        if term.value is None or term.unit or term.before.strip("-") or previous.value is not None:
            continue
        names = previous.capital and previous.text not in _STARTERS and not is_year(term)
        if names or previous.text in _LABELS:
            marked[i] = replace(term, label=True)
    return marked


def is_year(term: Term) -> bool:
    """Whether a bare number may be a year."""
    return term.value is not None and not term.unit and term.value.denominator == 1 and 1000 <= term.value <= 2100


def _share_months(found: list[Term]) -> list[Term]:
    """In '20 to 30 November' and 'November 20-30' both days get the month."""
    shared = list(found)
    for i in range(len(found)):
        for day, date in ((i, i + 1), (i, i + 2), (i + 1, i), (i + 2, i)):
            if max(day, date) >= len(found) or not found[date].dates or not re.fullmatch(_DAY, found[day].text):
                continue
            joined = found[i + 1].text if abs(day - date) == 2 else found[max(day, date)].before
            if joined in ("to", "and", "or", "until", "-") and found[date].dates[0][2] is not None:
                readings = [
                    (year, month, int(re.sub(r"\D", "", found[day].text))) for year, month, _ in found[date].dates
                ]
                shared[day] = replace(_date(readings), before=found[day].before)
    return shared


_DAY = r"(?:[12]?\d|3[01])(?:st|nd|rd|th)?"


def _share_units(found: list[Term]) -> list[Term]:
    """In '12 or 24 months' and '£5-10' both numbers get the unit."""
    shared = list(found)
    for i in reversed(range(len(found))):
        nxt = _joined_to(shared, i)
        if nxt is None:
            continue
        left, right = shared[i], shared[nxt]
        if left.is_number and right.is_number and not left.unit and right.unit and right.unit != "time of day":
            shared[i] = replace(_number(left.stated or Fraction(0), right.unit, right.size), before=left.before)
    for i in range(len(found)):
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


def _joined_to(found: list[Term], i: int) -> int | None:
    """The position of the number that a range or an alternative joins to the number at i."""
    if not found[i].is_number or is_year(found[i]):
        return None
    if i + 1 < len(found) and found[i + 1].is_number and found[i + 1].before in ("-", ",", "/"):
        return i + 1
    if i + 2 < len(found) and found[i + 2].is_number and found[i + 1].text in ("to", "or", "and"):
        return i + 2
    return None


def _merge_compounds(found: list[Term]) -> list[Term]:
    """'1 hour 30 minutes' and '2 years and 6 months' become one number."""
    merged: list[Term] = []
    for term in found:
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


def says_as_much(said: Term, gold: Term) -> bool:
    """Whether a stated number or date says what the gold does; it may be more precise, not less."""
    if gold.dates:
        return any(_date_fits(reading, wanted) for reading in said.dates for wanted in gold.dates)
    if said.dates:
        return any(year == gold.value for year, _, _ in said.dates)
    if said.unit and gold.unit:
        return said.unit == gold.unit and said.value == gold.value
    return said.stated == gold.stated


def _date_fits(said: YearMonthDay, gold: YearMonthDay) -> bool:
    return all(wanted is None or part == wanted for part, wanted in zip(said, gold, strict=True))
