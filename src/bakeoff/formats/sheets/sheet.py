"""One sheet as a reader sees it, and how the values of cells are written where a file gives no format.

Knows no file format.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from bakeoff.formats import markup

NEVER_CALCULATED = "never calculated"
"""How the reason of a problem ends: a formula whose value the file does not hold."""


class Sheet(NamedTuple):
    """The visible cells of a sheet, row by row, and what of it is left out, such as '2 hidden columns'.

    `is_hidden` if the whole sheet is; then it has no rows. `cells` are all, hidden ones too, with their lines, by the
    number of their row; rows and columns count from 0. `struck` are the (row, column) of cells that are crossed out and
    so are empty, `hidden_rows` those that someone has hidden, `merged` the (top, bottom, column) of cells that span
    several rows.
    """

    title: str
    rows: Sequence[list[str]] = ()
    left_out: tuple[str, ...] = ()
    is_hidden: bool = False
    cells: Mapping[int, Sequence[str]] = MappingProxyType({})
    struck: frozenset[tuple[int, int]] = frozenset()
    hidden_rows: frozenset[int] = frozenset()
    merged: tuple[tuple[int, int, int], ...] = ()


def visible(
    cells: Sequence[Sequence[str]],
    merged: Iterable[tuple[int, int, int]],
    hidden_rows: frozenset[int] = frozenset(),
    hidden_columns: frozenset[int] = frozenset(),
) -> list[list[str]]:
    """The cells on one line each, without hidden rows and columns and empty margins. Rows and columns count from 0.

    `merged` are (top, bottom, column) of cells that span several rows: they are repeated in each.
    """
    rows = [[markup.one_line(cell) if cell else "" for cell in row] for row in cells]
    for top, bottom, column in merged:
        for number in range(top + 1, min(bottom + 1, len(rows))):
            if column < len(rows[number]) and column < len(rows[top]) and not rows[number][column]:
                rows[number][column] = rows[top][column]
    shown = [row for number, row in enumerate(rows) if number not in hidden_rows]
    shown = [[cell for column, cell in enumerate(row) if column not in hidden_columns] for row in shown]
    filled = [[i for i, cell in enumerate(row) if cell] for row in shown]
    first = min((columns[0] for columns in filled if columns), default=0)
    last = max((columns[-1] for columns in filled if columns), default=-1)
    width = last + 1 - first
    return [[*(cut := row[first : last + 1]), *[""] * (width - len(cut))] for row in shown] if last >= 0 else []


def left_out(cells: Sequence[Sequence[str]], hidden_rows: frozenset[int], hidden_columns: frozenset[int]) -> list[str]:
    """What hidden rows and columns with any value are left out, in words."""
    n_rows = sum(any(row) for number, row in enumerate(cells) if number in hidden_rows)
    columns = {i for row in cells for i, cell in enumerate(row) if cell and i in hidden_columns}
    return [*counted(n_rows, "hidden row"), *counted(len(columns), "hidden column")]


def counted(n: int, thing: str) -> list[str]:
    """'2 hidden rows', or nothing if there are none."""
    return [f"{n} {thing}{'s' if n > 1 else ''}"] if n else []


def words(value: Any) -> str:
    """The value as people write it: no `.0` behind whole numbers, no midnight behind dates. A text keeps its lines."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.15g}" if abs(value) < 1e15 else str(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else f"{value.date()} {clock(value.time())}"
    if isinstance(value, (date, time)):
        return value.isoformat() if isinstance(value, date) else clock(value)
    if isinstance(value, timedelta):
        return duration(value.total_seconds())
    return markup.clean(str(value)).strip()


def clock(value: time) -> str:
    """18:00, or 18:00:30 if there are seconds."""
    return value.isoformat("seconds" if value.second else "minutes")


def duration(seconds: float) -> str:
    """36:00 for a day and a half, with seconds if there are any."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}" + (f":{rest:02d}" if rest else "")
