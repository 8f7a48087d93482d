"""Tables without a header whose first column names the values beside it, such as `Owner | Carly Jones`.

Takes rows of cells. Knows no file format.
"""

import re
from collections import Counter
from collections.abc import Sequence

from bakeoff.formats import markup
from bakeoff.formats.tables.headers import is_key, is_number, is_value

_MOST_KEY_CHARS = 60
_ROWS_SEEN = 50
_WORD = r"[^\W\d_]{3,10}\.?"
_YEAR = r"(?:19|20)\d\d"
_DATE = re.compile(
    rf"\d{{1,4}}[-./]\d{{1,2}}[-./]\d{{1,4}}|\d{{1,2}}(?:st|nd|rd|th|\.)?[- ](?:of |de )?{_WORD},?[- ](?:de )?{_YEAR}"
    rf"|{_WORD} (?:\d{{1,2}}(?:st|nd|rd|th)?, )?{_YEAR}|{_YEAR}年\d{{1,2}}月(?:\d{{1,2}}日)?",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\S+@\S+\.\w+|(?:https?://|www\.)\S+|\+\d[\d ()/-]{6,}")
_PAIR = re.compile(r"[^\s:;|][^:;|\n]{0,60}: \S")
_ENDS = (":", "：", "?", "？", "!", ".")


def is_of_keys(rows: Sequence[Sequence[str]], marked: bool = False) -> bool:
    """Whether each row is a name and its value, the first one too.

    That is so if the file says that the first column names the rows (`marked`), if all names end with a colon, or if
    the first value is a date, an amount or an address.

    >>> is_of_keys([["From", "1 May 2026"], ["Owner", "Carly Jones"]])
    True
    >>> is_of_keys([["Country", "2026"], ["Norway", "$1,000"]])
    False
    """
    if not _are_named(rows):
        return False
    names = [row[0].strip() for row in rows]
    return marked or all(map(is_key, names)) or (not any(map(is_number, names)) and _kind(rows[0][1].strip()) != "")


def has_mixed_values(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the values beside names are of several kinds, so that no one name above them could say what they are.

    One value of another kind among many is not enough, nor are addresses beside telephone numbers.

    >>> has_mixed_values([["Owner", "Carly Jones"], ["From", "1 May 2026"], ["Limit", "1.500,00 EUR"]])
    True
    >>> has_mixed_values([["Trip", "Limit"], ["Team", "$1,850"], ["Education", "$1,000"], ["Other", "N/A"]])
    False
    """
    if not _are_named(rows) or any(is_number(row[0]) for row in rows):
        return False
    kinds = Counter(map(_kind, (row[1].strip() for row in rows[:_ROWS_SEEN])))
    del kinds[""]
    return "date" in kinds and len(kinds) > 1 and 3 * max(kinds.values()) <= 2 * kinds.total()


def _are_named(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the rows are two or more pairs of a short name, each once, and something or nothing."""
    if len(rows) < 2 or any(len(row) < 2 or any(cell.strip() for cell in row[2:]) for row in rows):
        return False
    names = [row[0].strip() for row in rows]
    return all(0 < len(name) <= _MOST_KEY_CHARS for name in names) and len(set(names)) == len(names)


def pairs_in(rows: Sequence[Sequence[str]]) -> list[str]:
    """The cells of a table, if each of them is a name and its value, such as `Owner: Legal`. Otherwise none."""
    cells = [cell.strip() for row in rows for cell in row if cell.strip()]
    return cells if all(map(_PAIR.match, cells)) else []


def key_line(row: Sequence[str], above: str = "") -> str:
    """`Owner: Carly Jones`, with what the row stands below before it.

    >>> key_line(["Owner:", "Carly Jones"], "Germany")
    'Germany, Owner: Carly Jones'
    """
    name, *values = map(markup.one_line, row)
    value = " ".join(filter(None, values))
    colon = ":" if name and value and not name.endswith(_ENDS) else ""
    return ", ".join(filter(None, [above, f"{name}{colon} {value}".strip()]))


def _kind(value: str) -> str:
    """`date`, `amount` or `address`. Empty for words, and for years, which may be names."""
    if _DATE.fullmatch(value):
        return "date"
    if is_value(value):
        return "amount"
    return "address" if _ADDRESS.fullmatch(value) else ""
