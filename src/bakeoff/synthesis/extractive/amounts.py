"""Amounts and dates in a sentence, and how an English question asks for them.

Takes text, gives matches and phrases. Knows no clauses.
"""

import re
from typing import NamedTuple

_NUMBER = (
    r"(?:[−-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[−-]?\d+(?:\.\d+)?"
    r"|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
)
_MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
SYMBOLS = {
    "°C": "degrees Celsius",
    "°F": "degrees Fahrenheit",
    "%": "per cent",
    "m": "metres",
    "cm": "centimetres",
    "mm": "millimetres",
    "km": "kilometres",
    "kg": "kilograms",
    "g": "grams",
    "W": "watts",
    "kW": "kilowatts",
    "V": "volts",
    "A": "amps",
    "mA": "milliamps",
    "mAh": "milliamp hours",
    "dB": "decibels",
    "Hz": "hertz",
    "kHz": "kilohertz",
    "MHz": "megahertz",
    "GHz": "gigahertz",
    "KB": "kilobytes",
    "MB": "megabytes",
    "GB": "gigabytes",
    "TB": "terabytes",
    "GBP": "pounds",
    "EUR": "euros",
    "USD": "US dollars",
    "NOK": "Norwegian kroner",
    "bar": "bar",
    "litres": "litres",
}
"""Units that are written with a sign or letters, and how a question names them."""
_SYMBOL = "|".join(sorted(map(re.escape, SYMBOLS), key=len, reverse=True))
_UNITS = (
    r"(?:working |business |calendar |consecutive )?"
    r"(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|nights?)"
)
_NOUNS = r"[a-z]+(?:-[a-z]+)?(?: [a-z]+(?:-[a-z]+)?)?"
AMOUNT = re.compile(
    rf"(?P<money>[£€$]\s?(?P<money_number>\d[\d,]*(?:\.\d+)?))(?![\w.]*\d)"
    rf"|(?P<date>\b\d{{1,2}} {_MONTH}(?: \d{{4}})?|\b{_MONTH} \d{{1,2}}, \d{{4}}|\b{_MONTH} \d{{4}})\b"
    rf"|(?<![\w.,-])(?P<number>{_NUMBER})(?:(?:\s|-)?(?P<symbol>{_SYMBOL})(?![\w°])"
    rf"|\s(?P<time>{_UNITS})\b|\s(?P<noun>{_NOUNS}s)\b)"
    rf"|(?<![\w.,-])(?P<year>(?:1\d|20)\d{{2}})(?![\w,-]|\.\d)"
)
"""An amount with its unit, a sum of money, a date or a year."""
MOST = re.compile(r"\b(?:up to|at most|no more than|a maximum of|not more than)$", re.I)
LEAST = re.compile(r"\b(?:at least|a minimum of|no less than|not less than)$", re.I)
ABOUT = re.compile(r"\b(?:about|around|roughly|approximately|some)$", re.I)
EXACT = re.compile(r"\b(?:exactly|only|just)$", re.I)
PREPOSITION = re.compile(r"\b(?:for|within|after|in|every|by|on|since|until|before|to|at|with|over|under)$", re.I)
OF_DATES, OF_AMOUNTS = ("in", "on", "since", "until"), ("for", "within", "after", "in", "every", "at", "over", "to")
_NO_NOUN = {"is", "was", "has", "does", "this", "its", "as", "us", "yes", "thus", "plus", "unless", "always", "series"}


class Wanted(NamedTuple):
    """How a question begins ('For how many days at most'), the answer, and what stands before it in the sentence.

    `is_bare` if it begins without a preposition.
    """

    begins: str
    answer: str
    before: str
    kind: str
    is_bare: bool = True


def is_amount(match: re.Match[str]) -> bool:
    """Whether a match is an amount that can be asked for: 'is' and 'this' only look like nouns in the plural."""
    noun = match["noun"]
    return not noun or not set(noun.split()) & _NO_NOUN


def wanted(before: str, match: re.Match[str]) -> Wanted | None:
    """What to ask for an amount with these words before it; None if the words do not allow a question."""
    before, answer = before.rstrip(), match.group().strip()
    kind = "date" if match["date"] or match["year"] else "numeric"
    unit = _unit(match)
    qualifiers = [(MOST, "{} at most"), (LEAST, "at least {}"), (ABOUT, "about {}"), (EXACT, "{}")]
    for pattern, form in qualifiers:
        if found := pattern.search(before):
            before, unit = before[: found.start()].rstrip(), form.format(unit)
            break
    preposition = PREPOSITION.search(before)
    if preposition:
        before = before[: preposition.start()].rstrip()
        if preposition.group().lower() not in (OF_DATES if kind == "date" else OF_AMOUNTS):
            return None
        unit = f"{preposition.group().lower()} {unit}"
    elif kind == "date":
        return None  # 'firmware 2025', 'edition 2024': the figure is part of a name
    return Wanted(unit[0].upper() + unit[1:], answer, before, kind, preposition is None)


def _unit(match: re.Match[str]) -> str:
    if match["money"]:
        return "how much money"
    if match["year"]:
        return "what year"
    if match["date"]:
        return "what date"
    if match["symbol"]:
        return f"how many {SYMBOLS[match['symbol']]}"
    noun = match["time"] or match["noun"]
    return f"how many {noun if noun.endswith('s') else noun + 's'}"
