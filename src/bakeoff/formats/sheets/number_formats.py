"""Writes a number as a spreadsheet displays it: 0.25 with the format `0%` is 25%.

Takes a number and a format code of Excel (ECMA-376, 18.8.31). Knows no file. Dates are written by `date_formats`.
"""

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_.|\*.|\[\$(?P<symbol>[^\]-]*)(?:-[^\]]*)?\]|\[[^\]]*\]'
    r"|(?P<exponent>[Ee][+-]0+)|(?P<digits>[#0?](?:[#0?,]*[#0?])?(?:\.[#0?]*)?,*|\.[#0?]+)|(?P<sign>[@/])|(?P<plain>.)",
    re.DOTALL,
)
_END = re.compile(r'("[^"]*"|\\.|\[[^\]]*\])|;')
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)\s*(-?\d+(?:\.\d+)?)\]")
_HOLDS = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
}
_MOST_DECIMALS = 15


class _Piece(NamedTuple):
    text: str
    is_digits: bool


def shown(value: float, code: str) -> str | None:
    """The number as displayed. None for a code without a format of its own, and for one that is not known.

    >>> shown(0.25, "0%"), shown(1234.5, '#,##0.00 "€"'), shown(-5, "#,##0;(#,##0)"), shown(1234, "00000")
    ('25%', '1,234.50 €', '(5)', '01234')
    >>> shown(3, "General") is None, shown(1.5, "# ?/?") is None
    (True, True)
    """
    if not code or code.strip().lower() in ("general", "standard", "@"):
        return None
    section, number = _section(value, _END.sub(lambda match: match[1] or "\0", code).split("\0")[:3])
    pieces = _pieces(section)
    if pieces is None:
        return None
    runs = [piece for piece in pieces if piece.is_digits]
    if not runs:
        return " ".join("".join(piece.text for piece in pieces).split())
    percent = sum(piece.text.count("%") for piece in pieces if not piece.is_digits)
    scaled = Decimal(repr(float(number))) * 100**percent
    if len(runs) > 1:
        return _in_groups(scaled, pieces)
    written = _written(abs(scaled), runs[0].text)
    is_zero = not any(digit in "123456789" for digit in written)
    text = "".join(written if piece.is_digits else piece.text for piece in pieces)
    return " ".join((f"-{text}" if scaled < 0 and not is_zero else text).split())


def _section(value: float, sections: list[str]) -> tuple[str, float]:
    """(the part of the code that holds for the number, the number it is applied to)."""
    for section in sections:
        if condition := _CONDITION.search(section):
            if _HOLDS[condition[1]](value, float(condition[2])):
                return section, value
        elif any(map(_CONDITION.search, sections)):
            return section, value
    if value < 0 and len(sections) > 1:
        return sections[1], -value
    if value == 0 and len(sections) > 2:
        return sections[2], value
    return sections[0], value


def _pieces(section: str) -> list[_Piece] | None:
    """The literals and the places for digits. None for fractions, powers of ten and texts, which stay as they are."""
    pieces = []
    for match in _TOKEN.finditer(section):
        if match["exponent"] or match["sign"]:
            return None
        if match["digits"]:
            pieces.append(_Piece(match["digits"], True))
        else:
            literal = next((match[name] for name in ("quoted", "escaped", "symbol", "plain") if match[name]), "")
            pieces.append(_Piece(literal, False))
    return pieces


def _written(number: Decimal, places: str) -> str:
    """A number that is not negative, with the decimals and separators of places such as `#,##0.00`."""
    scale = len(places) - len(places.rstrip(","))
    whole, _, decimals = places.rstrip(",").partition(".")
    number /= Decimal(1000) ** scale
    most, least = min(len(decimals), _MOST_DECIMALS), decimals.count("0")
    rounded = number.quantize(Decimal(1).scaleb(-most), rounding=ROUND_HALF_UP)
    digits, _, fraction = f"{rounded:f}".partition(".")
    digits = digits.zfill(whole.count("0")) if whole.count("0") else digits.lstrip("0")
    if "," in whole:
        digits = f"{int(digits or 0):,}".rjust(len(digits), "0") if digits else ""
    fraction = fraction.rstrip("0").ljust(least, "0") if fraction else ""
    return f"{digits}.{fraction}" if fraction else digits


def _in_groups(number: Decimal, pieces: list[_Piece]) -> str | None:
    """A whole number whose digits stand in groups, such as the parts of a telephone number."""
    if any("." in piece.text for piece in pieces if piece.is_digits):
        return None
    left = f"{abs(number).quantize(Decimal(1), rounding=ROUND_HALF_UP):f}"
    left = left.zfill(sum(piece.text.count("0") for piece in pieces if piece.is_digits))
    first = next(i for i, piece in enumerate(pieces) if piece.is_digits)
    written: list[str] = []
    for number_of_piece, piece in reversed(list(enumerate(pieces))):
        if not piece.is_digits:
            written.append(piece.text if left or number_of_piece < first else "")
            continue
        n = len(left) if number_of_piece == first else len(piece.text.replace(",", ""))
        written.append(left[-n:] if n else "")
        left = left[: len(left) - n] if n else left
    text = " ".join("".join(reversed(written)).split())
    return f"-{text}" if number < 0 else text
