"""Text to terms: words as stems, numbers with their units, dates, times of day, telephone numbers.

Takes an answer, gives what it says in a form that can be compared (24 months = two years, 3 March 2024 = 2024-03-03).
Knows nothing about what is right.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

YearMonthDay = tuple[int | None, int | None, int | None]

# unit spellings -> (dimension, size in the dimension's own unit). Only conversions that are exact: months are no
# multiple of days, and working days are not days. Spellings in SHORT_UNITS count only in this case.
UNITS: dict[str, tuple[str, Fraction]] = {}
SHORT_UNITS = {"A", "V", "W", "C", "F", "K", "m", "s", "h", "d", "g", "l", "L", "B", "b", "mA", "mW", "MW"}


def _units(dimension: str, **sizes: str) -> None:
    for size, spellings in sizes.items():
        number = Fraction(size.lstrip("_").replace("_", "/").replace("p", "."))
        for spelling in spellings.split("|"):
            UNITS[spelling] = (dimension, number)


_units("second", _1_1000="ms|millisecond|milliseconds", _1="s|sec|secs|second|seconds", _60="min|mins|minute|minutes",
       _3600="h|hr|hrs|hour|hours", _86400="d|day|days|calendar day|calendar days", _604800="week|weeks|wk|wks",
       _1209600="fortnight|fortnights")
_units("month", _1="month|months|mo|mos", _12="year|years|yr|yrs|annum", _120="decade|decades")
_units("working day", _1="working day|working days|business day|business days|workday|workdays|weekday|weekdays")
_units("metre", _1_1000="mm|millimetre|millimetres|millimeter|millimeters",
       _1_100="cm|centimetre|centimetres|centimeter|centimeters", _1="m|metre|metres|meter|meters",
       _1000="km|kilometre|kilometres|kilometer|kilometers", _201168_125="mi|mile|miles", _127_5000='inch|inches|"', _381_1250="ft|foot|feet")
_units("square metre", _1="m2|sqm|square metre|square metres|square meter|square meters")
_units("gram", _1_1000="mg|milligram|milligrams", _1="g|gram|grams|gramme|grammes",
       _1000="kg|kilo|kilos|kilogram|kilograms|kilogramme|kilogrammes", _1000000="tonne|tonnes")
_units("ounce", _1="oz|ounce|ounces", _16="lb|lbs")
_units("litre", _1_1000="ml|millilitre|millilitres|milliliter|milliliters", _1_100="cl",
       _1="l|L|litre|litres|liter|liters")
_units("byte", _1="byte|bytes", _1000="KB|kB|kilobyte|kilobytes", _1000000="MB|megabyte|megabytes",
       _1000000000="GB|gigabyte|gigabytes", _1000000000000="TB|terabyte|terabytes")
_units("bit per second", _1000="kbps|kbit/s", _1000000="Mbps|Mbit/s", _1000000000="Gbps|Gbit/s")
_units("celsius", _1="C|°C|° C|degrees C|degree C|degrees Celsius|degree Celsius|Celsius|deg C")
_units("fahrenheit", _1="F|°F|° F|degrees F|degrees Fahrenheit|Fahrenheit")
_units("watt", _1_1000="mW|milliwatt|milliwatts", _1="W|watt|watts", _1000="kW|kilowatt|kilowatts", _1000000="MW")
_units("watt hour", _1="Wh", _1000="kWh|kilowatt hour|kilowatt hours")
_units("volt", _1_1000="mV|millivolt|millivolts", _1="V|volt|volts", _1000="kV|kilovolt|kilovolts")
_units("ampere", _1_1000="mA|milliamp|milliamps", _1="A|amp|amps|ampere|amperes")
_units("ampere hour", _1_1000="mAh", _1="Ah")
_units("hertz", _1="Hz|hertz", _1000="kHz|kilohertz", _1000000="MHz|megahertz", _1000000000="GHz|gigahertz")
_units("bar", _1_1000="mbar", _1="bar|bars")
_units("pascal", _1="Pa", _100="hPa", _1000="kPa")
_units("psi", _1="psi")
_units("decibel", _1="dB|decibel|decibels")
_units("km/h", _1="km/h|kph")
_units("litre per minute", _1="l/min|L/min")
_units("percent", _1="%|percent|per cent|pct|percentage points")
_units("gbp", _1="£|GBP|pound|pounds|pound sterling|pounds sterling|quid", _1_100="p|pence|penny")
_units("eur", _1="€|EUR|euro|euros", _1_100="cent|cents")
_units("usd", _1="$|US$|USD|dollar|dollars")
_units("nok", _1="NOK|kr|krone|kroner")

MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
          "december")
RATES = {"s": "second", "sec": "second", "min": "minute", "h": "hour", "hr": "hour", "mo": "month", "yr": "year",
         "annum": "year"}
ADVERB_RATES = {"hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month", "yearly": "year",
                "annually": "year"}
_SMALL = {word: number for number, word in enumerate(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen".split())}
_TENS = {word: 10 * number for number, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_ORDINALS = {word: str(number) for number, word in enumerate(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split(), 1)}
# A number after one of these is a label (step 3), as is one after a capitalised word (Hearth 3) that starts no sentence
# or is none of the words that sentences start with.
_LABELS = frozenset("step section page chapter article version model phase level firmware release figure table".split())
_STARTERS = frozenset(
    "a about after all approximately around at before between by costs exactly every for from has have in is it its lasts "
    "maximum minimum nearly no only on over roughly since supports takes than that the there they this to total under "
    "until up usually we with within yes you or and not about some either just almost within".split())
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
        return self.value is not None and not self.label


@lru_cache(maxsize=50_000)
def terms(text: str) -> tuple[Term, ...]:
    """What the text says, in order, articles left out."""
    return tuple(_merge_compounds(_share_units(_share_months(_mark_labels(_scan(_spell_out(fold(text))))))))


def fold(text: str) -> str:
    """Without accents, typographic quotes and dashes, and markup; case is kept."""
    text = unicodedata.normalize("NFKC", text)
    text = text.translate(str.maketrans({"ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "ł": "l", "ß": "ss", "’": "'", "‘": "'",
                                         "“": '"', "”": '"', "–": "-", "—": "-", "−": "-", "*": " ", "`": " ", "_": " "}))
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def stem(word: str) -> str:
    """The word in lower case without its plural ending."""
    word = word.lower().removesuffix("'s").replace("'", "")
    if len(word) <= 3 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses", "zes")):
        return word[:-2]
    return word.removesuffix("s")


# --- spoken forms to figures ------------------------------------------------------------------------------------------

_NUMBER_WORD = "|".join([*_SMALL, *_TENS, *_SCALES])
_NUMBER_WORDS = re.compile(rf"\b(?:{_NUMBER_WORD})(?:(?:[\s-]+|\s+and\s+)(?:{_NUMBER_WORD}))*\b", re.I)
_TIME_UNIT = r"(second|sec|minute|min|hour|hr|h|day|week|month|mo|year|yr|annum)"
_SPOKEN: tuple[tuple[str, str], ...] = (
    (r"\b(can)not\b", r"\1 not"),
    (r"\b(ca|wo|sha)n't\b", r"can not"),
    (r"n't\b", " not"),
    (r"\be\.g\.|\bi\.e\.", " "),
    (r"\b(?:minus|negative) (?=\d)", "-"),
    (r"\ba dozen\b", "12"),
    (r"\bhalf an? (hour|day|year|minute)\b", r"0.5 \1"),
    (r"\b(?:a )?quarter of an hour\b", "15 minutes"),
    (r"\ban? (hour|day|week|month|year|minute) and a half\b", r"1.5 \1s"),
    (r"\b(\d+) (hour|day|week|month|year|minute)s? and a half\b", r"\1.5 \2s"),
    (r"\b(\d+) and a half\b", r"\1.5"),
    (r"\b(\d+) (pounds|euros|dollars) (?:and )?(\d\d)\b(?! \w)", r"\1.\3 \2"),
    (r"\b(\d+) (pounds|euros|dollars) (?:and )?(\d\d)(?= (?:a|an|per|each|every)\b)", r"\1.\3 \2"),
    (r"((?:^|\b(?:within|after|in|for|about|takes?|lasts?|around|approximately|to|roughly)) ?)\ban? "
     r"(second|minute|hour|day|week|month|year)\b", r"\g<1>1 \2"),
    (r"(?<=\d )x (?=\w)", ""),
    (r"(?<=\d)\s?(?:x|×) (?=[a-z])", " "),
    (r"\b[vV](?=\d+\.\d)", ""),
)


def _spell_out(text: str) -> str:
    text = _NUMBER_WORDS.sub(_figures, text)
    for pattern, replacement in _SPOKEN:
        text = re.sub(pattern, replacement, text, flags=re.I)
    text = re.sub(rf"(?:(?<!km)(?<!\bl)(?<!\bm)/ ?|\b(?:per|each|every|an?) ){_TIME_UNIT}\b", _rate, text, flags=re.I)
    return re.sub(r"\b(" + "|".join(ADVERB_RATES) + r")\b", lambda m: f"per{ADVERB_RATES[m[1].lower()]}", text, flags=re.I)


def _rate(match: re.Match[str]) -> str:
    unit = match[1].lower()
    return f" per{RATES.get(unit, unit)}"


def _figures(match: re.Match[str]) -> str:
    """'one hundred and fifty' to '150'; a lone 'one' stays a word, being a pronoun as often as a number."""
    words = [word for word in re.split(r"[\s-]+", match[0].lower()) if word != "and"]
    if words in (["one"], ["hundred"], ["thousand"], ["million"], ["billion"]):
        after = match.string[match.end():]
        names_a_unit = re.match(r"[\s-]+(?:working day|second|minute|hour|day|week|month|year|pound|euro|metre)", after, re.I)
        return "1" if words == ["one"] and names_a_unit else match[0]
    if len(words) > 1 and all(word in _SMALL for word in words):  # read out digit by digit, or a list: left alone
        return " ".join(str(_SMALL[word]) for word in words)
    total = current = 0
    for word in words:
        if word in _SCALES:
            current = max(current, 1) * _SCALES[word]
            if word != "hundred":
                total, current = total + current, 0
        else:
            current += _SMALL.get(word, 0) + _TENS.get(word, 0)
    return str(total + current)


# --- scanning ---------------------------------------------------------------------------------------------------------

_MONTH = (r"(?P<month{0}>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|(?-i:May|MAY)|may(?=,? \d{{4}})|june?|july?|"
          r"aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?")
_WEEKDAY = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,? )?"
_DATES = (
    _WEEKDAY + r"(?P<day1>\d{1,2})(?:st|nd|rd|th)?(?: of)? " + _MONTH.format(1) + r"(?:,? (?P<year1>\d{4})(?!\d))?",
    _WEEKDAY + _MONTH.format(2) + r" (?P<day2>\d{1,2})(?:st|nd|rd|th)?(?![\d:]|\.\d)(?:,? (?P<year2>\d{4})(?!\d))?",
    _MONTH.format(3) + r"(?: of)?,? (?P<year3>\d{4})(?!\d)",
    r"(?P<year4>\d{4})[-/](?P<month4>\d{1,2})[-/](?P<day4>\d{1,2})(?!\d)",
    r"(?P<first>\d{1,2})[/.](?P<second>\d{1,2})[/.](?P<year5>\d{4})(?!\d)",
)
_CLOCK = (r"(?P<hour>\d{1,2})(?:[:.](?P<minute>\d\d)(?::\d\d)?)? ?(?P<half>[ap]\.?m\b\.?)|"
          r"(?P<hour24>[01]?\d|2[0-4]):(?P<minute24>[0-5]\d)(?![\d:])|(?P<named>\b(?:noon|midnight)\b)")
_PREFIX = r"(?:(?P<currency>US\$|[£€$]|(?:GBP|EUR|USD|NOK)(?![a-z])) ?)?"
_FIGURE = r"(?P<sign>(?<![\w)])[-+])?(?P<figure>\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+,\d{1,2}(?![\d,])|\d+(?:\.\d+)?)"
_SCALE = r"(?:(?P<scale>[ -]?(?:thousand|million|billion|bn)\b|k\b))?"


def _unit_pattern() -> str:
    words = sorted((u for u in UNITS if u not in SHORT_UNITS and u not in ("£", "€", "$", "US$")), key=len, reverse=True)
    short = "|".join(sorted((re.escape(u) for u in SHORT_UNITS if u in UNITS), key=len, reverse=True))
    long = "|".join(re.escape(u).replace(r"\ ", r"[ -]") for u in words)
    return (rf"(?:[ -]?(?:(?:full|whole|consecutive)[ -])?(?:(?P<unit>{long})|(?-i:(?P<short>{short})))(?![^\W_])|"
            rf" ?(?P<bare_degrees>°|degrees?\b)| ?(?P<sterling>[£€$]))?")


_SCANNER = re.compile("|".join((
    r"(?P<address>[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:https?://|www\.)\S+)",
    *(rf"(?P<date{i}>(?<![\w]){pattern})" for i, pattern in enumerate(_DATES)),
    rf"(?P<clock>(?<![\w.])(?:{_CLOCK}))",
    r"(?P<phone>(?<![\w])(?:\+\d|\(?0\d)[\d ()./-]{6,}\d)",
    r"(?P<opaque>(?<![\w.])\d+(?:\.\d+){2,}(?![\w])|(?<![\w./])\d+/\d+(?![\w/]))",
    rf"(?P<number>(?<![^\W_]){_PREFIX}{_FIGURE}{_SCALE}{_unit_pattern()}(?![^\W_]|\.\d))",
    r"(?P<word>[^\W_]+(?:'[^\W_]+)*(?:\.\d[^\W_]*)*|&)",
)), re.I)


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
    if lower in _ORDINALS:
        return Term(_ordinal(_ORDINALS[lower]))
    if lower == "one":
        return Term("1")
    return Term(stem(word), capital=word[0].isupper())


def _ordinal(number: str) -> str:
    return number + {"1": "st", "2": "nd", "3": "rd"}.get(number, "th")


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
        readings = [(year, month, day) for day, month in ((first, second), (second, first)) if month <= 12 and day <= 31]
    else:
        year, month, day = (next((groups[f"{part}{i}"] for i in range(1, 5) if groups.get(f"{part}{i}")), None)
                            for part in ("year", "month", "day"))
        number = int(month) if str(month).isdigit() else _month_number(str(month))
        readings = [(int(year) if year else None, number, int(day) if day else None)]
    return _date(readings)


def _date(readings: Sequence[YearMonthDay]) -> Term:
    return Term("date:" + "/".join(map(str, readings)), dates=tuple(dict.fromkeys(readings)))


def _month_number(name: str) -> int:
    return next(i for i, month in enumerate(MONTHS, 1) if month.startswith(name.lower()[:3]))


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
    value = Fraction(figure) * {"k": 1000, "bn": 10**9, "": 1, **_SCALES}[scale] * (-1 if groups["sign"] == "-" else 1)
    spelling = groups["currency"] or groups["unit"] or groups["short"] or groups["sterling"]
    if not spelling:
        return _number(value, "", Fraction(1))
    dimension, size = _unit(spelling)
    if dimension == "fahrenheit":
        return replace(_number((value - 32) * 5 / 9, "celsius", size), stated=value)
    return _number(value, dimension, size)


def _unit(spelling: str) -> tuple[str, Fraction]:
    spelling = re.sub(r"[ -]+", " ", spelling)
    return UNITS.get(spelling) or _UNITS_LOWER[spelling.lower()]


_UNITS_LOWER = {spelling.lower(): unit for spelling, unit in UNITS.items()}


def _number(stated: Fraction, dimension: str, size: Fraction) -> Term:
    value = stated * size
    return Term(f"{value} {dimension}".strip(), value=value, stated=stated, unit=dimension, size=size)


_READERS: dict[str, Callable[[re.Match[str]], Term]] = {
    "address": _read_address, **{f"date{i}": _read_date for i in range(len(_DATES))}, "clock": _read_clock,
    "phone": _read_phone, "opaque": _read_opaque, "number": _read_number, "word": _read_word,
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
                readings = [(year, month, int(re.sub(r"\D", "", found[day].text))) for year, month, _ in found[date].dates]
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
        if nxt is not None and shared[i].unit in ("gbp", "eur", "usd") and shared[nxt].is_number and not shared[nxt].unit:
            joined = shared[nxt]
            shared[nxt] = replace(_number(joined.stated or Fraction(0), shared[i].unit, shared[i].size), before=joined.before)
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
        whole.is_number and part.is_number and whole.unit == part.unit and part.unit in ("second", "month", "metre")
        and part.before in ("", ",") and part.size < whole.size and (part.value or Fraction(0)) < whole.size
    )
