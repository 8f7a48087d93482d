"""The number of a list item in front of an answer, which is no figure of it: '1. Tell your manager 5 days before.'

Takes a text and the terms of an accepted answer, gives the text without such numbers, or whether one may be all that
agrees.
"""

import re
from collections.abc import Collection
from fractions import Fraction

from bakeoff.grading.languages import languages
from bakeoff.grading.quantities import is_quantity
from bakeoff.grading.terms import terms
from bakeoff.grading.wording import Terms

_ITEM = re.compile(
    r"^\(?(?P<number>\d{1,2})[.)] (?=(?P<word>[^\W\d_]+)\b\S*(?: \S+){2}|\d+(?:[.,]\d+)? [^\W\d_]{2})", re.M
)
_OWN_NUMBER = re.compile(r"\(?\d{1,2}[.)] ")


def without_item_numbers(answer: str, gold: Terms) -> str:
    """The answer without the numbers of list items, if the accepted answer is an amount that is not such a number.

    >>> without_item_numbers("1. Tell them 5 days before.", terms("1 month"))
    'Tell them 5 days before.'
    >>> without_item_numbers("1. Mai 2020 im Saal", terms("1 month")), without_item_numbers("1. Of all two", terms("1"))
    ('1. Mai 2020 im Saal', '1. Of all two')
    """
    if not is_quantity(gold):
        return answer
    bare, units = _bare(gold), {term.unit for term in gold if term.unit}
    return _ITEM.sub(lambda item: "" if _is_item(item, units) and int(item["number"]) not in bare else item[0], answer)


def rests_on_item_number(answer: str, raw: str, gold: Terms) -> bool:
    """Whether only the number of a list item is the number of the accepted answer, which has no unit and is no such
    item itself.

    >>> rests_on_item_number("3. Submit the form today.", "3", terms("3")), rests_on_item_number("3", "3", terms("3"))
    (True, False)
    """
    numbers = {int(item["number"]) for item in _ITEM.finditer(answer) if _is_item(item)} & _bare(gold)
    if not numbers or not is_quantity(gold) or _OWN_NUMBER.match(raw):
        return False
    rest = {term.value for term in terms(_ITEM.sub("", answer))}
    return numbers.isdisjoint(rest)


def _bare(gold: Terms) -> set[Fraction | int]:
    """The numbers without a unit."""
    return {term.value for term in gold if term.value is not None and not term.unit}


def _is_item(item: re.Match[str], units: Collection[str] = ()) -> bool:
    """Whether a sentence or an amount begins after the number, which is no day of a month, '1. Mai', and none of these
    units: '5. Minute'.
    """
    word = item["word"]
    if word is None:
        return True
    said = {term.unit for term in terms(f"{item['number']} {word}")}
    return word[0].isupper() and word.casefold() not in languages().months and said.isdisjoint(units)
