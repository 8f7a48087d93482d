"""Normalises text: one spelling for accents, quotes and dashes, and for numbers, rates and negations.

Takes and gives text. Knows nothing about units, dates or answers.
"""

import re
import unicodedata
from collections.abc import Callable

from bakeoff.grading.east_asian import east_asian_figures
from bakeoff.grading.long_figures import MOST_DIGITS, shortened


def word_set(words: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(words.split())


_PLAIN = str.maketrans(
    dict(
        zip(
            "øØæÆłŁßđĐ≠≤≥≦≧±",
            ["o", "O", "ae", "AE", "l", "L", "ss", "d", "D", "!=", "<=", ">=", "<=", ">=", "+/-"],
            strict=True,
        )
    )
    | dict.fromkeys("’‘", "'")
    | dict.fromkeys("“”„«»", '"')
    | dict.fromkeys("–—−", "-")
    | dict.fromkeys("*`_", " ")
    | {"⁄": "/"}
)
_UNSEEN = re.compile("[\u00ad\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_WITHOUT_WIDTH = re.compile(r"(?<=\s)\u200b+|\u200b+(?=\s|$)")
_AFTER_A_FIGURE = re.compile(r"(?<=\d)\u200b+(?=[^\W\d_])")
"""Beside a space, and between a figure and its unit. Elsewhere it parts words, as in Thai."""
_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻"
_POWER = re.compile(rf"(?<=\d)[{_SUPERSCRIPTS}]+")
_AFTER_FIGURE = re.compile(r"(?<=\d)\s?(?=[¼½¾⅐-⅞])")
# Marks of these scripts are accents, or vowels that are seldom written. Elsewhere (kana, Indic scripts, й) they are
# part of the letter.
_ACCENTED = re.compile("[\u00c0-\u024f\u0300-\u036f\u0370-\u03ff\u0401\u0451\u1e00-\u1fff]")
_UNWRITTEN = re.compile("[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]")


def fold(text: str) -> str:
    """The text without accents, typographic quotes and dashes, and markup. Case is kept, and so are 10^6 and 1 1/2.

    Figures of hundreds of digits are shortened.
    """
    if text.isascii():
        return shortened(text.translate(_PLAIN))
    text = _POWER.sub(lambda match: "^" + unicodedata.normalize("NFKC", match[0]), text)
    text = _AFTER_FIGURE.sub(" ", text).replace("≠", "!=")
    text = unicodedata.normalize("NFKC", text).translate(_PLAIN)
    return shortened(_UNWRITTEN.sub("", _ACCENTED.sub(lambda match: _without_accent(match[0]), text)))


_TAG = re.compile(r"<(\w+)>")
_BOXED = re.compile(r"\$*\\boxed\{([^{}]*)\}\$*")


_MARK = re.compile(r"(?:(?<!\s)\s+|(?<!\w))\[\d{1,3}\](?!\w)")


def without_citations(text: str) -> str:
    """The text without marks such as [1] that cite a passage. A text of such marks alone stays as it is.

    >>> without_citations("24 months [1][2]."), without_citations("[1]"), without_citations("row[1]")
    ('24 months.', '[1]', 'row[1]')
    """
    bare = _MARK.sub("", text)
    return bare if any(map(str.isalnum, bare)) else text


_VALUE = re.compile(
    r"(?!\W*(?:the )?(?:see|notes?|sources?|references?|citations?|passages?|documents?)\b)"
    r"(\W*(?:(?:it|this|that|(?:the|my|our|your) (?:\w+ )?\w+) (?:is|are|was)|"
    r"(?:(?:the|my|our|your) )?(?:\w+ )?\w+ ?[:=])\s*)"
    r"\[(\d{1,3})\](?=(?:\s*\[\d{1,3}\])*[\s.!]*$)",
    re.I,
)


def bracketed_value(text: str) -> str:
    """The text without the brackets of a number that is all it says. Marks after that cite a passage.

    >>> bracketed_value("The answer is [42] [1]."), bracketed_value("It lasts long [2].")
    ('The answer is 42 [1].', 'It lasts long [2].')
    """
    return _VALUE.sub(r"\1\2", text, count=1) if "[" in text and _VALUE.match(text) else text


def without_brackets_of_figures(text: str) -> str:
    """The text with the numbers of its marks as they are: 'Option [2]' as 'Option 2'."""
    return re.sub(r"\[(\d{1,3})\]", r"\1", text)


def without_markup(answer: str) -> str:
    """The answer without tags around words (<answer>Paris</answer>) and without LaTeX's box."""
    return _BOXED.sub(r" \1 ", _without_tags(answer)) if "<" in answer or "\\" in answer else answer


def visible(text: str) -> str:
    """The text without characters that nobody sees: marks of direction, soft hyphens, spaces without width.

    >>> visible("24\u200b months, hu\u00admanity")
    '24 months, humanity'
    """
    text = _UNSEEN.sub("", text)
    return _AFTER_A_FIGURE.sub(" ", _WITHOUT_WIDTH.sub("", text)) if "\u200b" in text else text


_NUMBERED = (
    r"rule|line|ticket|issue|item|step|section|article|paragraph|clause|chapter|page|note|point|case|question|option|"
    r"plan|form|order|invoice|law|act|directive|regulation|room|gate|platform|track|bus|house|building"
)
_NUMBER_WORD_AFTER = re.compile(rf"\b({_NUMBERED}) n[or]\. ?(?=\d+(?!\w))", re.I)


def with_number_signs(text: str) -> str:
    """The text with the sign of a number for its short word after what has numbers. Elsewhere it may be a no.

    >>> with_number_signs("See rule No. 3. No. 5 days are needed.")
    'See rule #3. No. 5 days are needed.'
    """
    return _NUMBER_WORD_AFTER.sub(r"\1 #", text)


def figures_at_home(number: str) -> str:
    """The figures of a telephone number, without the 0 or 1 that stands before them in their own country.

    >>> figures_at_home("1-877-472-6716"), figures_at_home("+49 (0)30 1234567"), figures_at_home("030 1234567")
    ('8774726716', '49301234567', '301234567')
    """
    figures = re.sub(r"\D", "", number.replace("(0)", ""))
    is_long_distance = not number.startswith("+") and re.fullmatch(r"1\d{10}", figures)
    return figures[1:] if is_long_distance else figures.lstrip("0")


def _without_tags(text: str) -> str:
    """The text with what stands between each tag and the next end of that tag, in a time that grows with its length."""
    pieces, done, without_end = list[str](), 0, set[str]()
    for tag in _TAG.finditer(text):
        name = tag[1]
        if tag.start() < done or name in without_end:
            continue
        end = text.find(f"</{name}>", tag.end())
        if end < 0:
            without_end.add(name)
            continue
        pieces += [text[done : tag.start()], " ", text[tag.end() : end], " "]
        done = end + len(name) + 3
    return "".join([*pieces, text[done:]])


def _without_accent(letter: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(c))


_UNDER_TWENTY = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen
"""
_SMALL = {word: number for number, word in enumerate(_UNDER_TWENTY.split())}
_TEN_TO_NINETY = "- ten twenty thirty forty fifty sixty seventy eighty ninety"
_TENS = {word: 10 * number for number, word in enumerate(_TEN_TO_NINETY.split()) if number > 1}
SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
SCALES |= {"lakh": 10**5, "crore": 10**7}
_TO_NINETEENTH = """
    first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth
    sixteenth seventeenth eighteenth nineteenth
"""
ORDINALS = {
    word: f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number, 'th') }"
    for number, word in enumerate(_TO_NINETEENTH.split(), 1)
} | {"hundredth": "100th", "thousandth": "1000th", "millionth": "1000000th"}
ORDINALS |= {word.removesuffix("y") + "ieth": f"{number}th" for word, number in _TENS.items()}
_COMPOUND_ORDINAL = re.compile(
    rf"\b({'|'.join(_TENS)})[- ]({'|'.join(_TO_NINETEENTH.split()[:9])})\b"
    r"(?! (?:delay|timer?|timeout|wait|interval|window|limit|pause|countdown))",
    re.I,
)
_RATES = {"s": "second", "sec": "second", "min": "minute", "h": "hour", "hr": "hour", "mo": "month", "yr": "year"}
_RATES["annum"] = "year"
_ADVERB_RATES = {"hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month", "yearly": "year"}
_ADVERB_RATES["annually"] = "year"
_NUMBER_WORD = "|".join([*_SMALL, *_TENS, *SCALES])
_NUMBER_WORDS = re.compile(
    rf"\b(?:{_NUMBER_WORD})(?:(?:[\s-]+|(?<=hundred) and |(?<=thousand) and )(?:{_NUMBER_WORD}))*\b", re.I
)
_TIME_UNIT = r"(second|sec|minute|min|hour|hr|h|day|week|month|mo|year|yr|annum)"
_NOT = r" not "
_DENIALS: tuple[tuple[str, str], ...] = (
    (r"\b(can)not\b", r"\1 not"),
    (r"\b(?:ca|wo|sha)n't\b", r"can not"),
    (r"n't\b", _NOT),
    (r"\b(do|does|did|is|are|was|were|has|have|would|could|should)nt\b", r"\1 not"),
    (r"\bn'(?=[aeiouyh])", "ne "),
    (r"\bne (?=(?:\w+ ){1,3}plus\b)", _NOT),
    (r"\b(?:nothing|none|nobody|no[ -]one)(?: else| other)? (?:but|than|except)\b", " only "),
    (r"\b(?:any|every|all)(?:thing|one|where|body)?(?: (?:the )?\w+)? (?:but|except)\b", _NOT),
    (r"(?<!\bnot )\bfar from(?: being)?\b|\bnowhere near\b", _NOT),
    (r"\b(?:hardly|scarcely|barely|rarely|seldom)(?: ever)?\b", _NOT),
    (r"\bno longer\b(?! than)|\bby no means\b|\bin no way\b|\bunder no circumstances\b|\bat no time\b", _NOT),
    (r"\b(?:fails?|failed|refus(?:es|ed)|unable|unwilling) to\b|\black(?:s|ed|ing)?(?: of)?\b|\bdevoid of\b", _NOT),
    (r"\bfree (?:of|from)\b(?! charge| \W?\d| (?-i:[A-Z]{3})\b)", _NOT),
    (r"\bnon-? ?(?=[a-z]{3})", _NOT),
    (r"\b([a-z]+)-free\b", r" not \1"),
    (r"\b(?:with the exception of|apart from|aside from|other than|except for)\b", " except "),
)
"""Wordings of denial, each written as 'not' (or 'except')."""
_PRICE = r"(?:[£€$] ?\d[\d.,]*|\d[\d.,]* (?:dollars|euros|pounds|pence|cents|(?-i:[A-Z]{3})))"
_PERIODS_AND_MEASURES = (
    "(?:night|quarter|fortnight|half[- ]year|semester|decade|shift|pay period|person|head|seat|user|employee|team|trip|"
    "meal|visit|stay|ride|piece|page|km|kilometer|kilometre|mile|kg|kilo|litre|liter|gallon|pound|ounce|gigabyte|GB)"
)
_SPOKEN: tuple[tuple[str, str], ...] = (
    (r"\be\.g\.|\bi\.e\.", " "),
    (r"\b(?:minus|negative) (?=\d)", "-"),
    (r"\btwice (?=an?\b|per\b|every\b|each\b|daily\b|weekly\b|monthly\b|yearly\b)", "2 times "),
    (r"\bonce (?=an?\b|per\b|every\b|each\b|daily\b|weekly\b|monthly\b|yearly\b)", "1 times "),
    (rf"(?<![\w.,])(\d+ times?|{_PRICE}) an? (?={_PERIODS_AND_MEASURES}\b)", r"\1 per "),
    (r"\bp\.a\.(?!\w)|\bpar an\b", "per year"),
    (r"\bmiles? (?:per|an) hour\b", "mph"),
    (r"\b(?:km|kilomet(?:er|re)s?)(?: ?/ ?| (?:per|an) )h(?:our)?\b", "km/h"),
    (r"\b(?:m|met(?:er|re)s?)(?: ?/ ?| (?:per|a) )s(?:ec(?:ond)?)?\b", "m/s"),
    (r"♭", " flat "),
    (r"\b(?-i:([A-G]))♯", r"\1#"),
    (r"\ba dozen\b", "12"),
    (r"(?<!\d )\b(?:a |one )?fortnight\b", "2 weeks"),
    (r"\bSt\. (?=(?-i:[A-Z]))", "Saint "),
    (
        r"\bhalf an? (hour|day|year|minute|million|billion|mile|met(?:re|er)|lit(?:re|er)|kilo|pint|pound)\b",
        r"0.5 \1",
    ),
    (r"\b(?:a )?quarter of an hour\b", "15 minutes"),
    (r"\ban? (hour|day|week|month|year|minute) and a half\b", r"1.5 \1s"),
    (r"\b(\d+) (hour|day|week|month|year|minute)s? and a half\b", r"\1.5 \2s"),
    (r"\b(?:as well as|along with|together with|in addition to)\b", " and "),
    (r"\bone and a half\b", "1.5"),
    (r"\b(\d+) and a half\b", r"\1.5"),
    (r"\b(\d+) (pounds|euros|dollars) (?:and )?(\d\d)\b(?! \w)", r"\1.\3 \2"),
    (r"\b(\d+) (pounds|euros|dollars) (?:and )?(\d\d)(?= (?:a|an|per|each|every)\b)", r"\1.\3 \2"),
    (
        r"((?:^|\b(?:within|after|in|for|about|takes?|lasts?|around|approximately|to|roughly)) ?)\ban? "
        r"(second|minute|hour|day|week|month|year)\b",
        r"\g<1>1 \2",
    ),
    (r"(?<=\d )x (?=\w)", ""),
    (r"(?<=\d)\s?(?:x|×) (?=[a-z])", " "),
    (r"\bv(?=\d+\.\d)", "version "),
    (r"\b([a-g])[ -]?sharp\b", r"\1#"),
    (r"\b(?-i:([A-G])#m)(?!\w)", r"\1# minor"),
    (r"\bc plus plus\b", "C++"),
    (r"\b(?-i:(AB|[ABO])) (?:rh(?:esus)?[- ]?)?negative\b", r"\1-"),
    (r"\b(?-i:(AB|[ABO])) (?:rh(?:esus)?[- ]?)?positive\b", r"\1+"),
    (r"\bpercentage-points?\b", "percentage points"),
    (r"\b(?-i:U\.S\.A\.?|U\.S\.(?=\W|$))", "US"),
    (r"\b(?-i:U\.K\.(?=\W|$))", "UK"),
)
_CLOCKS: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (r"\bhalf past (\d{1,2})\b", lambda match: f"{match[1]}:30"),
    (r"\b(?:a )?quarter past (\d{1,2})\b", lambda match: f"{match[1]}:15"),
    (r"\b(?:a )?quarter to (\d{1,2})\b", lambda match: f"{_hour_before(match[1])}:45"),
    (r"\b(\d{1,2})(?: minutes?)? past (\d{1,2})\b", lambda match: f"{match[2]}:{int(match[1]):02d}"),
    (r"\b(\d{1,2}) o'clock\b", lambda match: f"{match[1]}:00"),
    (r"(?<![\w.,])(0?[6-9]|1\d|2[0-3]) ?h ?([0-5]\d)(?!\w)", lambda match: f"{match[1]}:{match[2]}"),
)
_REPLACED = [(re.compile(pattern, re.I), replacement) for pattern, replacement in (*_DENIALS, *_SPOKEN)]
_CLOCK_PATTERNS = [(re.compile(pattern, re.I), clock) for pattern, clock in _CLOCKS]
_A_SCALE = re.compile(rf"(?<!\bhalf )\ba (?=(?:{'|'.join(SCALES)})\b)", re.I)
_RATE = re.compile(
    r"(?:(?<!km)(?<!\bl)(?<!\bm)(?<!b)/ ?|(?<!bits )(?<!bytes )(?<!bit )(?<!byte )\b(?:per|each|every|an?) )"
    rf"{_TIME_UNIT}\b",
    re.I,
)
_ADVERB_RATE = re.compile(rf"\b({'|'.join(_ADVERB_RATES)})\b", re.I)
_LIST_OF_FIGURES = re.compile(r"(?<![\d,.])\d{1,2}(?:,\d{1,2}){2,}(?![\d,.])")


def _hour_before(hour: str) -> int:
    return (int(hour) - 2) % 12 + 1


def spell_out(text: str) -> str:
    """The text with number words as digits, 'a month' and '/month' as 'permonth', and negations as 'not'."""
    text = east_asian_figures(text)
    text = _A_SCALE.sub("one ", text)
    text = _COMPOUND_ORDINAL.sub(_ordinal, text)
    text = _NUMBER_WORDS.sub(_figures, text)
    for pattern, replacement in _REPLACED:
        text = pattern.sub(replacement, text)
    for pattern, clock in _CLOCK_PATTERNS:
        text = pattern.sub(clock, text)
    text = _LIST_OF_FIGURES.sub(lambda match: match[0].replace(",", ", "), text)
    text = _RATE.sub(_rate, text)
    return _ADVERB_RATE.sub(lambda match: f"per{_ADVERB_RATES[match[1].lower()]}", text)


def _ordinal(match: re.Match[str]) -> str:
    unit = ORDINALS[match[2].lower()]
    return f"{_TENS[match[1].lower()] + int(unit[0])}{unit[1:]}"


def _rate(match: re.Match[str]) -> str:
    unit = match[1].lower()
    return f" per{_RATES.get(unit, unit)}"


def _figures(match: re.Match[str]) -> str:
    """'one hundred and fifty' becomes '150'. A lone 'one' stays a word, unless a unit follows: it may be a pronoun."""
    words = [word for word in re.split(r"[\s-]+", match[0].lower()) if word != "and"]
    if len(words) == 1 and (words[0] == "one" or words[0] in SCALES):
        after = match.string[match.end() :]
        names_a_unit = re.match(
            r"[\s-]+(?:working day|second|minute|hour|day|week|month|year|pound|euro|metre)", after, re.I
        )
        return "1" if words == ["one"] and names_a_unit else match[0]
    if len(words) > 1 and all(word in _SMALL for word in words):  # digits read one by one, or a list: not added up
        return " ".join(str(_SMALL[word]) for word in words)
    total = current = 0
    for word in words:
        if word in SCALES:
            current = max(current, 1) * SCALES[word]
            if word != "hundred":
                total, current = total + current, 0
        else:
            current += _SMALL.get(word, 0) + _TENS.get(word, 0)
    return str(total + current) if total + current < 10**MOST_DIGITS else match[0]
