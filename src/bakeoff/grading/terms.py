"""Splits a text into terms: words as stems, numbers with units, dates, times of day, telephone numbers.

Takes an answer, gives terms that can be compared (24 months = two years, 3 March 2024 = 2024-03-03). Knows nothing
about the correct answer.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from bakeoff.grading.currency_codes import with_one_currency
from bakeoff.grading.dates import N_PATTERNS, YearMonthDay, date_patterns, readings_of
from bakeoff.grading.languages import any_of, languages
from bakeoff.grading.long_figures import MOST_DIGITS
from bakeoff.grading.normalise import ORDINALS, SCALES, figures_at_home, fold, spell_out, word_set
from bakeoff.grading.open_ended import with_bounds_in_front
from bakeoff.grading.spoken import as_dates, as_figures
from bakeoff.grading.units import CURRENCIES, CURRENCY_PATTERN, UNIT_PATTERN, currency_of, have_cents, is_loose, unit_of
from bakeoff.grading.zones import ZONE_PATTERN, same_time
from bakeoff.writing.scripts import MARKS

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
    the possible readings of a date as (year, month, day), and `doubtful` those of them that are not sure. `before` is
    the punctuation between this term and the one before it. `written` is the word or figure as it was written, `zone`
    the time zone of a time of day. `loose` means that several currencies are written like this one.
    """

    text: str
    before: str = ""
    value: Fraction | None = None
    stated: Fraction | None = None
    unit: str = ""
    size: Fraction = Fraction(1)
    dates: tuple[YearMonthDay, ...] = ()
    doubtful: tuple[YearMonthDay, ...] = ()
    label: bool = False
    capital: bool = False
    written: str = ""
    zone: str = ""
    loose: bool = False

    @property
    def is_number(self) -> bool:
        """Whether it is a number that counts or measures something."""
        return self.value is not None and not self.label


@lru_cache(maxsize=50_000)
def terms(text: str) -> tuple[Term, ...]:
    """The terms of the text, in order, without articles."""
    return tuple(_merge_compounds(_share_units(_share_months(_mark_labels(_scan(_spelled_out(text)))))))


def _spelled_out(text: str) -> str:
    plain = with_one_currency(fold(text))
    spelled_out = with_bounds_in_front(as_figures(spell_out(as_dates(_denials().sub(" not ", plain)))))
    return _NUMBER_SIGN.sub(" ", _SIGN_AFTER_FIGURE.sub(", ", spelled_out))


_NUMBER_SIGN = re.compile(r"(?<![\w&#])#(?=\d+(?!\w))")
"""As in 'rule #3', not in 'C#' or '#help'."""
_SIGN_AFTER_FIGURE = re.compile(r"(?<=\d) #(?=\d+(?!\w))")
"""A comma stands in its place, which parts the figures: 'Suite 3 #12' is not 'Suite 312', nor '12 #180' 12,180."""


@lru_cache(maxsize=1)
def _denials() -> re.Pattern[str]:
    """Denials of several words in other languages than English, such as 'alles andere als'."""
    return re.compile(any_of(words for words in languages().denies_what_follows if " " in words), re.I)


_NO_PLURALS = word_set("""
    does news species series means physics mathematics economics headquarters lens goods glasses clothes customs arms
    thanks proceeds savings contents premises scissors trousers politics ethics statistics athletics
""")


def stem(word: str) -> str:
    """The word in lower case, without its plural ending."""
    word = word.lower().removesuffix("'s").replace("'", "")
    if len(word) <= 3 or word in _NO_PLURALS or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses", "zes")):
        return word[:-2]
    return word.removesuffix("s")


# --- scanning ---------------------------------------------------------------------------------------------------------

_CLOCK = (
    r"(?P<hour>\d{1,2})(?:[:.](?P<minute>\d\d)(?::\d\d)?)? ?(?P<half>[ap]\.?m\b\.?)" + ZONE_PATTERN.format(1) + "|"
    r"(?P<hour24>[01]?\d|2[0-4]):(?P<minute24>[0-5]\d)(?![\d:])" + ZONE_PATTERN.format(2) + "|"
    r"(?P<named>\b(?:noon|midnight)\b)"
)
_LETTER = rf"(?:[^\W_]|[{MARKS}])"
_PREFIX = rf"(?:(?P<currency>(?-i:{CURRENCY_PATTERN})) ?)?"
_FRACTION = r"(?:\d{1,3} )?(?:1/2|[12]/3|[1-3]/4|[1-4]/5|[1-5]/6|[1-7]/8|[1-9]/10|1?[1-9]/16)(?![\d/])"
_FIGURE = (
    r"(?P<sign>(?<![\w)/])[-+])?(?P<figure>" + _FRACTION + r"|\d+(?:\.\d+)? ?[x×·] ?10\^[-+]?\d+|\d+\^[-+]?\d+|"
    r"\d{1,2}(?:,\d{2})+,\d{3}(?!\d)|\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d{1,3}(?:\.\d{3})+,\d{1,2}(?!\d)|"
    r"\d{1,3}(?:\.\d{3}){2,}(?![\d.])|[1-9]\d{0,2}(?:[ ']\d{3})+(?![\d']| \d)(?:[.,]\d{1,2}(?!\d))?|"
    r"\d+,\d{1,2}(?![\d,])|0,\d+(?![\d,])|\d+(?:\.\d+)?)"
)
_SCALE = (
    r"(?:(?P<scale>[ -]?(?:thousand|million|billion|trillion|lakhs?|crores?|bn|mn|mio|mln)\b|k\b|"
    r"(?-i:(?: ?M|B)(?![\w/]))|(?(currency) ?[mb](?!\w)|(?!)))(?:illion\b)?)?"
)


@lru_cache(maxsize=1)
def _scanner() -> re.Pattern[str]:
    """The pattern of a term. The months in other languages than English are read at first use."""
    return re.compile(
        "|".join(
            (
                rf"(?P<address>(?=\S{{0,255}}[@./])(?:[\w.+-]{{1,64}}@[\w-]+(?:\.[\w-]+)+|(?:https?://|www\.)\S+|{_BARE_ADDRESS}))",
                *(rf"(?P<date{i}>(?<![\w]){pattern})" for i, pattern in enumerate(date_patterns())),
                rf"(?P<clock>(?<![\w.])(?:{_CLOCK}))",
                rf"(?P<phone>(?<![\w])(?:(?:\+\d|\(0\d|{_ZERO_IN_FRONT})[\d ()./-]{{6,40}}\d|{_AMERICAN_NUMBER}))",
                rf"(?P<opaque>(?<![\w.])\d+(?:\.\d+){{2,}}(?![\w])(?<!\.\d\d\d)|(?<![\w./])(?!{_FRACTION})\d+/\d+(?![\w/]))",
                rf"(?P<number>(?<![^\W_])(?=[^\d\s]{{0,4}}\s?[-+]?\d){_PREFIX}{_FIGURE}{_SCALE}{UNIT_PATTERN}(?![^\W_]|\.\d))",
                rf"(?P<word>{_SYMBOLS_BEFORE}{_LETTER}+(?:(?:'|(?-i:(?<=[A-Z])&(?=[A-Z]))){_LETTER}+)*(?:\.\d{_LETTER}*)*{_SYMBOLS_AFTER}|&)",
            )
        ),
        re.I,
    )


_ZERO_IN_FRONT = r"0(?=\d+[ ()./-]+\d|[ ()./-]+\d)"
"""Of a telephone number in groups. A bare row of figures may be a code, where the zero counts."""
_AMERICAN_NUMBER = r"(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w.]\d|\d)"
_BARE_ADDRESS = (
    r"(?<![\w@.-])(?:[a-z0-9][a-z0-9-]*\.)+(?-i:[a-z]{2,})(?:/\S+)|"
    r"(?<![\w@.-])(?:[a-z0-9][a-z0-9-]*\.)+(?-i:com|org|net|edu|gov|example|test|invalid|eu|de|uk)(?![\w-])/?"
)
# Symbols that belong to a word: #tag, @scope, .NET, -x, +x, --force, and C++, C#, O-, O+.
_SYMBOLS_BEFORE = (
    r"(?:(?<![\w#@])(?:##?|@)|(?<![\w)\]])\.(?=(?-i:[A-Z]))|(?<![^\s(\"'])(?:--(?=[a-z])|\+(?=[a-z]{1,3}(?!\w))|"
    r"-(?=[a-z]{1,2}(?!\w))))?"
)
_SYMBOLS_AFTER = r"(?:\+\+(?!\w)|\+(?!\w)|#(?!\w)|(?<=(?-i:[A-Z]))(?<!(?-i:[A-Z]{3}))-(?![\w-]))?"


def _scan(text: str) -> list[Term]:
    scanned: list[Term] = []
    before, end = "", 0
    for match in _scanner().finditer(text):
        before += "".join(text[end : match.start()].replace("\n", "¶").split())
        end = match.end()
        kind = (match.lastgroup if match.lastgroup in _READERS else _outer_group(match)) or "word"
        term = _READERS[kind](match)
        if term.text in ARTICLES and not _names_a_letter(text, match, bool(scanned), before):
            continue
        scanned.append(replace(term, before=before))
        before = ""
    return scanned


def _names_a_letter(text: str, match: re.Match[str], has_words_before: bool, before: str) -> bool:
    """Whether this 'A' is a letter (Hepatitis A, A or B, A: Paris) and not an article ('A building')."""
    if match[0] != "A" or (text.isupper() and len(text) > 12):
        return False
    starts = not has_words_before or any(mark in ".!?¶" for mark in before)
    return not starts or re.match(r" (?!and\b|or\b|is\b)['\"]?\w", text[match.end() :]) is None


def _outer_group(match: re.Match[str]) -> str:
    return next(name for name in _READERS if match.groupdict().get(name) is not None)


_ROMAN = {
    "II": 2, "III": 3, "IV": 4, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "XI": 11, "XII": 12, "XIII": 13, "XIV": 14,
    "XV": 15, "XVI": 16, "XVII": 17, "XVIII": 18, "XIX": 19, "XX": 20, "XXI": 21,
}  # fmt: skip
"""Roman numerals that are hardly ever words. Single letters (I, V, X) are letters."""


def _read_word(match: re.Match[str]) -> Term:
    word = match[0]
    lower = word.lower()
    if lower == "&":
        return Term("and")
    if lower in ORDINALS:
        return Term(ORDINALS[lower])
    if lower == "one":
        return Term("1")
    if word in _ROMAN:
        return Term(str(_ROMAN[word]), label=True, capital=True, written=word)
    return Term(stem(word), capital=word[0].isupper(), written=word)


def _read_address(match: re.Match[str]) -> Term:
    """Without the protocol, 'www.' and the punctuation of the sentence."""
    return Term(re.sub(r"^(?:https?://)?(?:www\.)?", "", match[0].lower()).rstrip("/.,;:!?)\"'>]"))


def _read_opaque(match: re.Match[str]) -> Term:
    return Term(match[0])


def _read_phone(match: re.Match[str]) -> Term:
    """All digits, with a plus in front of a country code and without the zero or one of a long-distance call."""
    sign = "+" if match[0].startswith("+") else ""
    return Term(f"tel:{sign}{figures_at_home(match[0])}")


def _read_date(match: re.Match[str]) -> Term:
    return _date(*readings_of(match.groupdict()))


def _date(readings: Sequence[YearMonthDay], doubtful: Sequence[YearMonthDay] = ()) -> Term:
    return Term("date:" + "/".join(map(str, readings)), dates=tuple(dict.fromkeys(readings)), doubtful=tuple(doubtful))


def _read_clock(match: re.Match[str]) -> Term:
    groups = match.groupdict()
    if groups["named"]:
        minutes = 720 if groups["named"].lower() == "noon" else 0
    elif groups["hour24"]:
        minutes = 60 * (int(groups["hour24"]) % 24) + int(groups["minute24"])
    else:
        afternoon = groups["half"].lower().startswith("p")
        minutes = 60 * (int(groups["hour"]) % 12 + 12 * afternoon) + int(groups["minute"] or 0)
    zone = groups["zone1"] or groups["zone2"] or ""
    term = _number(Fraction(minutes), "time of day", Fraction(1))
    return replace(
        term, text=f"{term.text} {zone}".strip(), zone=zone, loose=match[0].strip()[:2].rstrip(":").isdigit()
    )


def _read_number(match: re.Match[str]) -> Term:
    groups = match.groupdict()
    figure, scale = groups["figure"], (groups["scale"] or "").strip(" -").lower()
    if groups["sign"] is None and re.fullmatch(r"0\d+", figure):
        return Term(match[0].lower().strip())  # a code, not a number
    value = _value_of(figure) * _SIZES[scale.removesuffix("s")] * (-1 if groups["sign"] == "-" else 1)
    named_too = groups["currency"] and groups["unit"] and currency_of(groups["unit"])  # '$50 CAD': not just any dollars
    spelling = (not named_too and groups["currency"]) or groups["unit"] or groups["short"] or groups["sterling"]
    written = ("-" if groups["sign"] == "-" else "") + figure.replace(",", ".")
    if not spelling:
        bare = _number(value, "", Fraction(1))
        is_decimal = re.fullmatch(r"-?\d+\.\d+", written) and not written.endswith(".0") and not scale
        return replace(bare, written="" if scale else written, text=written if is_decimal else bare.text)
    dimension, size = unit_of(spelling)
    if dimension == "fahrenheit":
        return replace(_number((value - 32) * 5 / 9, "celsius", size), stated=value)
    return replace(_number(value, dimension, size), written=written, loose=is_loose(spelling))


_SIZES = {"": 1, "k": 1000, "m": 10**6, "mn": 10**6, "mio": 10**6, "mln": 10**6, "b": 10**9, "bn": 10**9, **SCALES}


def _value_of(figure: str) -> Fraction:
    """The value of a figure in any of the ways to write it: 1,500.5, 1.500,5, 1 500, 1/2, 1 1/2, 10^6, 5 x 10^6."""
    if "^" in figure:
        return _power(figure)
    if "/" in figure:
        return sum(map(Fraction, figure.split()), Fraction(0))
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+,\d{1,2}|\d{1,3}(?:\.\d{3}){2,}", figure):
        return Fraction(figure.replace(".", "").replace(",", "."))
    if re.fullmatch(r"(?:\d+|\d{1,3}(?:[ ']\d{3})+),\d{1,2}|0,\d+", figure):
        figure = figure.replace(",", ".")
    return Fraction(re.sub(r"[, ']", "", figure))


def _power(figure: str) -> Fraction:
    factor, base, exponent = re.fullmatch(r"(?:(.+?) ?[x×·] ?)?(\d+)\^([-+]?\d+)", figure, re.I).groups()  # type: ignore[union-attr]
    if abs(int(exponent)) > 100 or len(base) * abs(int(exponent)) > MOST_DIGITS:
        return Fraction(0)
    return Fraction(factor or 1) * Fraction(int(base)) ** int(exponent)


def _number(stated: Fraction, dimension: str, size: Fraction) -> Term:
    value = stated * size
    return Term(f"{value} {dimension}".strip(), value=value, stated=stated, unit=dimension, size=size)


_READERS: dict[str, Callable[[re.Match[str]], Term]] = {
    "address": _read_address,
    **{f"date{i}": _read_date for i in range(N_PATTERNS)},
    "clock": _read_clock,
    "phone": _read_phone,
    "opaque": _read_opaque,
    "number": _read_number,
    "word": _read_word,
}


# --- terms that depend on their neighbours ----------------------------------------------------------------------------


def _mark_labels(scanned: list[Term]) -> list[Term]:
    """Marks bare numbers that are part of a name (Hearth 3, step 2, TLS 1.2 and 1.3) as labels.

    Labels are compared as written: version 3.10 is not version 3.1. The word 'version' before a label is left out.
    """
    marked = list(scanned)
    for i in range(1, len(scanned)):
        term, previous = scanned[i], scanned[i - 1]
        if term.value is None or term.unit or "^" in term.written or "/" in term.written:
            continue
        joined = previous.text in ("and", "or") and i > 1 and marked[i - 2].label and "." in term.written
        joined = joined or (marked[i - 1].label and term.before in (",", "/") and "." in term.written)
        names = previous.capital and previous.text not in _STARTERS and not is_year(term)
        spaced = not term.before.strip("-/") and previous.value is None
        if joined or (spaced and (names or previous.text in _LABELS)):
            marked[i] = replace(term, label=True, text=term.written or term.text)
    following = (*marked[1:], None)[: len(marked)]
    return [term for term, after in zip(marked, following, strict=True) if not _is_said_before(term, after)]


def _is_said_before(term: Term, after: Term | None) -> bool:
    """Whether this is the word 'version' before a version's number."""
    return term.text == "version" and after is not None and after.text[0].isdigit() and not after.before


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
        if nxt is not None and shared[i].unit in CURRENCIES and shared[nxt].is_number and not shared[nxt].unit:
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
    if term.unit == gold.unit == "time of day":
        return same_time(term.value, term.zone, gold.value, gold.zone)
    if term.unit and gold.unit:
        in_cents = Fraction(1, 100) in (term.size, gold.size) and have_cents(term.unit, gold.unit)
        return (term.unit == gold.unit or in_cents) and term.value == gold.value
    if term.label or gold.label:
        return term.text == gold.text
    if "percent" in (term.unit, gold.unit) and _is_share(term, gold):
        return True
    return term.stated == gold.stated


def _is_share(term: Term, gold: Term) -> bool:
    """Whether one is a percentage and the other the same as a fraction, such as 25% and 0.25."""
    bare = gold if term.unit else term
    return term.value == gold.value and (bare.value or Fraction(0)).denominator > 1


def says_surely(term: Term, gold: Term) -> bool:
    """Whether a date equals the accepted one in a reading that is not doubtful, or in each reading: 'May-26'."""
    fits = [(reading, wanted) for reading in term.dates for wanted in gold.dates if _date_fits(reading, wanted)]
    if any(reading not in term.doubtful and wanted not in gold.doubtful for reading, wanted in fits):
        return True
    return {reading for reading, _ in fits} == {*term.dates} and {wanted for _, wanted in fits} == {*gold.dates}


def _date_fits(date: YearMonthDay, gold: YearMonthDay) -> bool:
    return all(wanted is None or part == wanted for part, wanted in zip(date, gold, strict=True))
