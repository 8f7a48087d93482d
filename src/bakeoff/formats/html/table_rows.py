"""The rows of a table of an HTML page, and what its tags say of them: headers, names of rows, wide cells.

Takes tags. Is told how the words of a cell are read.
"""

import re
from collections.abc import Callable

from bs4 import Tag

from bakeoff.formats.tables.sections import Row

_CELLS = ["td", "th"]
_MAX_SPAN = 50


def table_rows(table: Tag, words_of: Callable[[Tag], str]) -> list[Row]:
    """The cells, row by row. A cell that spans several rows is repeated in each."""
    rows: list[Row] = []
    hanging: dict[int, tuple[int, str]] = {}
    for tr in table.find_all("tr"):
        row: list[str] = []
        cells = tr.find_all(_CELLS)
        for cell in cells:
            _fill_hanging(row, hanging)
            words = words_of(cell)
            height, width = _span(cell, "rowspan"), _span(cell, "colspan")
            for column in range(len(row), len(row) + width):
                if height > 1:
                    hanging[column] = (height - 1, words)
            row.extend([words, *[""] * (width - 1)])
        _fill_hanging(row, hanging)
        is_header = bool(cells) and (tr.find_parent("thead") is not None or all(cell.name == "th" for cell in cells))
        rows.append(Row(row, is_header, is_wide=len(cells) == 1))
    return rows


def has_header_row(table: Tag) -> bool | None:
    """False if each row has its name in a `th` and no other; None if the tags do not say so."""
    rows = [names for tr in table.find_all("tr") if len(names := [cell.name for cell in tr.find_all(_CELLS)]) > 1]
    return False if len(rows) > 1 and all(names == ["th", "td"] for names in rows) else None


def _fill_hanging(row: list[str], hanging: dict[int, tuple[int, str]]) -> None:
    """Adds to the row the cells that span down from the rows above."""
    while len(row) in hanging:
        left, words = hanging.pop(len(row))
        if left > 1:
            hanging[len(row)] = (left - 1, words)
        row.append(words)


def _span(cell: Tag, name: str) -> int:
    value = str(cell.get(name) or "1")
    return min(max(int(value), 1), _MAX_SPAN) if re.fullmatch(r"\d{1,4}", value) else 1
