"""Which of the first rows of a table name its columns: none, one, or two (groups above columns, units below them).

Takes rows of cells, of which a few are looked at. Knows no file format.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from bakeoff.formats import markup

_ROWS_SEEN = 30
_MOST_UNIT_CHARS = 12
_CODE = "[A-Z]{3}"
_UNIT = rf"(?:[$£€¥₹]|kr\.?|{_CODE})"
_NUMBER = re.compile(rf"[-+−–(]?(?:{_UNIT} ?)?[-+−–(]?\d[\d.,'’ \u00a0\u202f]*\)?(?: ?(?:%|‰|{_UNIT}))?\)?")
_DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?:[T ]\d{1,2}:\d\d.*)?|\d{1,2}:\d\d(?::\d\d)?")
_YEAR = re.compile(r"(?:19|20)\d\d")


def is_number(cell: str) -> bool:
    """Whether the cell is an amount, a date or a time, without a word.

    >>> [is_number(cell) for cell in ("£1,250.00", "25 %", "2024-05-01", "12 months", "K1", "")]
    [True, True, True, False, False, False]
    """
    cell = cell.strip()
    return _NUMBER.fullmatch(cell) is not None or _DATE.fullmatch(cell) is not None


def is_key(cell: str) -> bool:
    """Whether the cell is the name of a value beside it, as above an exported table."""
    return cell.strip().endswith((":", "："))


def has_no_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row is data as those below it: numbers where these have numbers, words where they have words.

    Years and steps, such as sizes, are names of columns.
    """
    first, below = rows[0], rows[1:_ROWS_SEEN]
    numbers = [i for i, cell in enumerate(first) if is_number(cell)]
    if not numbers or not below or not first[0].strip() or _are_names([first[i].strip() for i in numbers]):
        return False
    return all(is_number(cell) == _is_of_numbers(below, i) for i, cell in enumerate(first) if cell.strip())


def is_second_row(first: Sequence[str], second: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether the second row belongs to the header: it names columns of a group, or gives units."""
    if not below or not any(cell.strip() for cell in second) or any(map(is_value, second)):
        return False
    return _names_parts(first, second) or _gives_units(first, second, below)


def combined(first: Sequence[str], second: Sequence[str]) -> list[str]:
    """One row of names from two: the name of a group before that of a column, a unit in brackets after a name."""
    width = max(len(first), len(second))
    upper, lower = ([markup.one_line(cell) for cell in (*row, *[""] * (width - len(row)))] for row in (first, second))
    units = not _names_parts(first, second)
    names, group = [], ""
    for above, cell in zip(upper, lower, strict=True):
        group = above or (group if cell else "")
        if units and above and cell and not cell.startswith(("(", "[")):
            cell = f"({cell})"
        names.append(cell if cell.startswith(f"{group} ") or group == cell else " ".join(filter(None, [group, cell])))
    return names


def _names_parts(first: Sequence[str], second: Sequence[str]) -> bool:
    """Whether names stand below the empty cells of a group, and at least one group has two of them."""
    upper = [cell.strip() for cell in first]
    lower = [cell.strip() for cell in (*second, *[""] * len(upper))][: len(upper)]
    starts = [i for i, cell in enumerate(upper) if cell]
    if not starts or all(upper) or (len(starts) < 2 and starts[0] == 0):
        return False
    ends = [*starts[1:], len(upper)]
    groups = [lower[start:end] for start, end in zip(starts, ends, strict=True) if end - start > 1]
    alone = [i for start, end in zip(starts, ends, strict=True) if end - start == 1 for i in [start]]
    spans = bool(groups) and all(all(group) for group in groups)
    return spans and (len(groups) > 1 or not upper[0] or any(lower[i] in ("", upper[i]) for i in alone))


def _gives_units(first: Sequence[str], second: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether short words stand between names and numbers, and none below the first name."""
    cells = [cell.strip() for cell in second]
    filled = [i for i, cell in enumerate(cells) if cell]
    return (
        not cells[0]
        and all(len(cells[i]) <= _MOST_UNIT_CHARS for i in filled)
        and all(i < len(first) and first[i].strip() and _is_of_numbers(below, i) for i in filled)
    )


def numbered(n_columns: int) -> list[str]:
    """The names of columns that have none."""
    return [f"column {number}" for number in range(1, n_columns + 1)]


def is_value(cell: str) -> bool:
    """Whether the cell is a number that cannot be a name: no year."""
    return is_number(cell) and _YEAR.fullmatch(cell.strip()) is None


def _are_names(numbers: Sequence[str]) -> bool:
    """Whether numbers can be the names of columns: years, or three or more whole numbers in equal steps."""
    if all(map(_YEAR.fullmatch, numbers)):
        return True
    if len(numbers) < 3 or not all(map(str.isdecimal, numbers)):
        return False
    return len({int(right) - int(left) for left, right in pairwise(numbers)}) == 1


def _is_of_numbers(rows: Sequence[Sequence[str]], column: int) -> bool:
    cells = [row[column] for row in rows[:_ROWS_SEEN] if column < len(row) and row[column].strip()]
    return bool(cells) and 2 * sum(map(is_number, cells)) > len(cells)
