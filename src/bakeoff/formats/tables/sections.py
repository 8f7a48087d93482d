"""Rows of a table that stand alone as the title of the rows below them, such as a country above its jobs.

Takes rows of cells. Knows no file format.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

_MOST_CHARS = 80
_SENTENCE_ENDS = (".", "!", "?", "。", "！", "？")


class Row(NamedTuple):
    """The cells of a row, and what the file says of it: that it is a header, or one cell over the whole width."""

    cells: Sequence[str]
    is_header: bool = False
    is_wide: bool = False


def stands_alone(row: Row) -> bool:
    """Whether only the first cell of a row is filled, though the table has more columns."""
    return len(row.cells) > 1 and bool(row.cells[0].strip()) and not any(cell.strip() for cell in row.cells[1:])


def sections_of(rows: Sequence[Row]) -> list[tuple[str, Row]]:
    """Each row with the section that it stands in. The rows that name sections are left out.

    Where cells are merged over the whole width, these are sections. Where only the first cell is filled, a value may be
    missing: then the table begins with a section, and each has two rows or more on average. If the rows do not divide
    in this way, none is in a section and none is left out.
    """
    heads = [number for number, row in enumerate(rows) if stands_alone(row)]
    wide = [number for number in heads if rows[number].is_wide]
    if wide and _divide(wide, rows):
        heads = wide
    elif not (_divide(heads, rows) and heads[0] == 0 and len(heads) > 1 and len(rows) >= 3 * len(heads)):
        return [("", row) for row in rows]
    section, found, named = "", [], set(heads)
    for number, row in enumerate(rows):
        if number in named:
            section = row.cells[0].strip()
        else:
            found.append((section, row))
    return found


def _divide(heads: Sequence[int], rows: Sequence[Row]) -> bool:
    """Whether each of these rows has rows below it, and none is a remark."""
    names = [rows[number].cells[0].strip() for number in heads]
    if not heads or any(len(name) > _MOST_CHARS or name.endswith(_SENTENCE_ENDS) for name in names):
        return False
    return heads[-1] < len(rows) - 1 and all(below - number > 1 for number, below in pairwise(heads))


def stacked(rows: Sequence[Row]) -> list[Sequence[Row]]:
    """The tables that stand in one below each other, each below its title and with a header of its own.

    The same names stand below each title; or the same first name, as the first of short names above long texts.
    """
    heads = [number for number, row in enumerate(rows) if stands_alone(row)]
    if len(heads) < 2 or heads[0] != 0 or not _divide(heads, rows):
        return [rows]
    parts = [rows[start:end] for start, end in zip(heads, [*heads[1:], len(rows)], strict=True)]
    names = [list(part[1].cells) for part in parts]
    are_same = all(one == names[0] for one in names)
    above_texts = len({one[0].strip() for one in names}) == 1 and all(map(_has_texts, parts))
    return parts if all(len(part) > 2 for part in parts) and (are_same or above_texts) else [rows]


def _has_texts(part: Sequence[Row]) -> bool:
    """Whether long texts stand below the row of short names that follows the title."""
    lengths = [max(map(len, row.cells)) for row in part[1:]]
    return lengths[0] <= _MOST_CHARS and 2 * sum(length > _MOST_CHARS for length in lengths[1:]) >= len(lengths) - 1
