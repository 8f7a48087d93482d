"""Normalises text: one spelling for accents, quotes and dashes, and for numbers, rates and negations.

Takes and gives text. Knows nothing about units, dates or answers.
"""

import re
import unicodedata


def word_set(words: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(words.split())


_PLAIN = str.maketrans(
    dict(
        zip(
            "øØæÆłß’‘“”–—−*`_",
            ("o", "O", "ae", "AE", "l", "ss", "'", "'", '"', '"', "-", "-", "-", " ", " ", " "),
            strict=True,
        )
    )
)


def fold(text: str) -> str:
    """The text without accents, typographic quotes and dashes, and markup. Case is kept."""
    text = unicodedata.normalize("NFKC", text).translate(_PLAIN)
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


_UNDER_TWENTY = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen
"""
_SMALL = {word: number for number, word in enumerate(_UNDER_TWENTY.split())}
_TEN_TO_NINETY = "- ten twenty thirty forty fifty sixty seventy eighty ninety"
_TENS = {word: 10 * number for number, word in enumerate(_TEN_TO_NINETY.split()) if number > 1}
SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_TO_TWELFTH = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
ORDINALS = {
    word: f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number, 'th') }"
    for number, word in enumerate(_TO_TWELFTH.split(), 1)
}
_RATES = {"s": "second", "sec": "second", "min": "minute", "h": "hour", "hr": "hour", "mo": "month", "yr": "year"}
_RATES["annum"] = "year"
_ADVERB_RATES = {"hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month", "yearly": "year"}
_ADVERB_RATES["annually"] = "year"
_NUMBER_WORD = "|".join([*_SMALL, *_TENS, *SCALES])
_NUMBER_WORDS = re.compile(
    rf"\b(?:{_NUMBER_WORD})(?:(?:[\s-]+|(?<=hundred) and |(?<=thousand) and )(?:{_NUMBER_WORD}))*\b", re.I
)
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
    (r"\b[vV](?=\d+\.\d)", ""),
)


def spell_out(text: str) -> str:
    """The text with number words as digits, 'a month' and '/month' as 'permonth', and negations as 'not'."""
    text = _NUMBER_WORDS.sub(_figures, text)
    for pattern, replacement in _SPOKEN:
        text = re.sub(pattern, replacement, text, flags=re.I)
    text = re.sub(rf"(?:(?<!km)(?<!\bl)(?<!\bm)/ ?|\b(?:per|each|every|an?) ){_TIME_UNIT}\b", _rate, text, flags=re.I)
    return re.sub(
        r"\b(" + "|".join(_ADVERB_RATES) + r")\b", lambda m: f"per{_ADVERB_RATES[m[1].lower()]}", text, flags=re.I
    )


def _rate(match: re.Match[str]) -> str:
    unit = match[1].lower()
    return f" per{_RATES.get(unit, unit)}"


def _figures(match: re.Match[str]) -> str:
    """'one hundred and fifty' becomes '150'. A lone 'one' stays a word, unless a unit follows: it may be a pronoun."""
    words = [word for word in re.split(r"[\s-]+", match[0].lower()) if word != "and"]
    if words in (["one"], ["hundred"], ["thousand"], ["million"], ["billion"]):
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
    return str(total + current)
