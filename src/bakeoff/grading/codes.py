"""Codes of capitals and figures that are written with a blank or without: room A 101, IP54.

Takes texts, gives texts in which the code is one word.
"""

import re

from bakeoff.grading.terms import terms

_CODE = re.compile(r"\s*([A-Z]{1,3}) ?(\d{1,5}[a-z]?)\s*")
_ERAS = ("AD", "BC", "CE", "BCE", "NO")


def with_joined_code(answer: str, gold: str) -> tuple[str, str]:
    """Both texts with the code written as one word, if the accepted answer is a code and the answer has it.

    >>> with_joined_code("room A101", "A 101"), with_joined_code("Room A 102", "A 101")
    (('room A101', 'A101'), ('Room A102', 'A101'))
    >>> with_joined_code("500 euros", "EUR 500")
    ('500 euros', 'EUR 500')
    """
    code = _CODE.fullmatch(gold)
    if code is None or code[1] in _ERAS or any(term.unit or term.dates for term in terms(gold)):
        return answer, gold
    spaced = re.compile(rf"(?<![\w-]){code[1]}[ -](?=\d{{1,5}}[a-z]?(?!\w))")
    return spaced.sub(code[1], answer), code[1] + code[2]
