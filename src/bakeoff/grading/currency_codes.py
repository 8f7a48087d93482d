"""Writes a currency once that is named twice: 'CAD $50', '$50 (CAD)' and '$50 Canadian' as '50 CAD'.

Takes and gives text. The name tells more than the sign: dollars of several countries share it.
"""

import re

_COUNTRIES = {
    "us": "USD",
    "american": "USD",
    "ca": "CAD",
    "canadian": "CAD",
    "au": "AUD",
    "aus": "AUD",
    "australian": "AUD",
    "nz": "NZD",
    "hk": "HKD",
    "singapore": "SGD",
    "mexican": "MXN",
}
_CODE = "USD|CAD|AUD|NZD|HKD|SGD|TWD|MXN|BRL|EUR|GBP|CHF|NOK|SEK|DKK|JPY|CNY|RMB|PHP|ZAR|INR"
_SIGN = r"[$€£¥₹]"
_IN_FRONT = re.compile(rf"\b({_CODE}) ?{_SIGN} ?(?=\d)")
_BEHIND = re.compile(rf"{_SIGN} ?(\d[\d.,]*(?: ?(?:k|million|billion)\b)?) ?[(\[]({_CODE})[)\]]")
_NAMED = re.compile(
    rf"\$ ?(\d[\d.,]*) (?:(?-i:(US|CA|AU|AUS|NZ|HK))|({'|'.join(word for word in _COUNTRIES if len(word) > 3)}))"
    r"(?=\s*(?:$|[.,;:!?)/]|(?:per|an?|each|every|daily|for|in|as|and|or)\b))",
    re.IGNORECASE,
)


def with_one_currency(text: str) -> str:
    """The text with the code of a currency instead of a sign with its name.

    >>> with_one_currency("CAD $50 a day"), with_one_currency("$50 (CAD)"), with_one_currency("$50 Canadian, $5 us")
    ('CAD 50 a day', '50 CAD', '50 CAD, $5 us')
    """
    if not re.search(_SIGN, text):
        return text
    text = _BEHIND.sub(r"\1 \2", _IN_FRONT.sub(r"\1 ", text))
    return _NAMED.sub(lambda match: f"{match[1]} {_COUNTRIES[(match[2] or match[3]).lower()]}", text)
