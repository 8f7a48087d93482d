"""Finds tables with borders on a PDF page, and takes the words of each cell out of those of the page.

Takes words and drawn lines of one page, gives the lines of the page with each table as one line. A cell that spans
several rows is repeated in each; one that spans several columns is followed by empty ones.
"""

import operator
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from bakeoff.formats.pdf.lines import Line, beside, line_of, page_lines
from bakeoff.formats.pdf.rules import Rule, Rules
from bakeoff.formats.pdf.words import Word
from bakeoff.formats.tables.headers import is_number

_NEAR = 3.0  # points between a rule and the end of one that meets it
_LEAST_SIDE = 4.0  # points: closer rules are one border
_MOST_OF_PAGE = 150  # words of one cell: a larger one is a box around text
_MOST_WORDS = 45  # of a cell, on average
_LEAST_FILLED = 0.4  # of the cells: emptier ones are the grid of a chart

_NOTHING: list[Line] = []

_Span = tuple[int, int, int, int]  # first row, first column, last row, last column


class Grid(NamedTuple):
    """Borders: `xs` from left to right, `ys` from above to below; and the cells between them, each once."""

    xs: list[float]
    ys: list[float]
    cells: list[_Span]


def lines_with_grids(words: Sequence[Word], rules: Rules, order: Callable[[list[Line]], list[Line]]) -> list[Line]:
    """The lines of a page in reading order. `order` brings lines that are in no table into it."""
    tables: list[tuple[int, Line]] = []
    left = list(words)
    for grid in grids_of(rules):
        held = [_cell_of(word, grid) for word in left]
        table = _table(grid, [(word, cell) for word, cell in zip(left, held, strict=True) if cell is not None])
        if table is not None:
            first = next(i for i, cell in enumerate(held) if cell is not None)
            outside = [word for word, cell in zip(left, held, strict=True) if cell is None]
            tables = [(at - sum(c is not None for c in held[:at]), line) for at, line in tables]
            tables.append((_place(outside, first, grid), table))
            left = outside
    lines: list[Line] = []
    start = 0
    for at, table in sorted(tables, key=lambda item: (item[0], -item[1].y)):
        lines += order(page_lines(left[start:at]))
        lines.append(table)
        start = at
    return lines + order(page_lines(left[start:]))


def grids_of(rules: Rules) -> list[Grid]:
    """The grids of two or more rows and columns that the rules make."""
    if len(rules.across) < 3 or len(rules.down) < 1:
        return []
    grids = []
    for across, down in _connected(rules):
        xs = _places([rule.place for rule in down] + [end for rule in across for end in (rule.start, rule.end)])
        ys = _places([rule.place for rule in across] + [end for rule in down for end in (rule.start, rule.end)])[::-1]
        if 3 <= len(xs) <= 60 and 3 <= len(ys) <= 200:
            grids.append(_without_titles(Grid(xs, ys, _cells(xs, ys, across, down))))
    return [grid for grid in grids if len(grid.ys) > 2]


def _without_titles(grid: Grid) -> Grid:
    """The grid without first and last rows of one cell: a title above the header, a note below the table."""
    whole = {cell[0] for cell in grid.cells if cell[0] == cell[2] and cell[1] == 0 and cell[3] == len(grid.xs) - 2}
    first, last = 0, len(grid.ys) - 2
    while first < last and first in whole:
        first += 1
    while last > first and last in whole:
        last -= 1
    cells = [(a - first, b, c - first, d) for a, b, c, d in grid.cells if first <= a and c <= last]
    return Grid(grid.xs, grid.ys[first : last + 2], cells)


def _connected(rules: Rules) -> list[tuple[list[Rule], list[Rule]]]:
    """The rules in groups that meet one another."""
    groups: list[tuple[list[Rule], list[Rule]]] = []
    for down in rules.down:
        met = [rule for rule in rules.across if _meet(rule, down)]
        if len(met) < 2:
            continue
        joined: tuple[list[Rule], list[Rule]] = (met, [down])
        apart = []
        for group in groups:
            if any(rule in group[0] for rule in joined[0]):
                joined = ([*{*joined[0], *group[0]}], joined[1] + group[1])
            else:
                apart.append(group)
        groups = [*apart, joined]
    return groups


def _meet(across: Rule, down: Rule) -> bool:
    return (
        across.start - _NEAR <= down.place <= across.end + _NEAR
        and down.start - _NEAR <= across.place <= down.end + _NEAR
    )


def _places(values: Sequence[float]) -> list[float]:
    """The values in order, those close together as one."""
    places: list[float] = []
    for value in sorted(values):
        if not places or value - places[-1] > _LEAST_SIDE:
            places.append(value)
    return places


def _cells(xs: list[float], ys: list[float], across: list[Rule], down: list[Rule]) -> list[_Span]:
    """The cells: neighbours without a border between them are one."""
    taken: set[tuple[int, int]] = set()
    cells = []
    for row in range(len(ys) - 1):
        for column in range(len(xs) - 1):
            if (row, column) in taken:
                continue
            last, bottom = column, row
            middle = (ys[row] + ys[row + 1]) / 2
            while last + 2 < len(xs) and (row, last + 1) not in taken and not _holds(down, xs[last + 1], middle):
                last += 1
            centre = (xs[column] + xs[column + 1]) / 2
            while bottom + 2 < len(ys) and not _holds(across, ys[bottom + 1], centre):
                bottom += 1
            taken |= {(r, c) for r in range(row, bottom + 1) for c in range(column, last + 1)}
            cells.append((row, column, bottom, last))
    return cells


def _holds(rules: list[Rule], place: float, at: float) -> bool:
    """Whether one of the rules is at the place and covers the point on it."""
    return any(abs(rule.place - place) <= _LEAST_SIDE and rule.start - 1 <= at <= rule.end + 1 for rule in rules)


def _cell_of(word: Word, grid: Grid) -> _Span | None:
    """The cell that the middle of the word is in."""
    x, y = (word.x + min(word.right, word.x + 4 * word.size)) / 2, word.y + 0.3 * word.size
    if word.turned or not (grid.xs[0] < x < grid.xs[-1] and grid.ys[-1] < y < grid.ys[0]):
        return None
    for cell in grid.cells:
        top, left, bottom, right = cell
        if grid.xs[left] <= x < grid.xs[right + 1] and grid.ys[bottom + 1] <= y < grid.ys[top]:
            return cell
    return None


def _table(grid: Grid, held: Sequence[tuple[Word, _Span]]) -> Line | None:
    """The table as one line. None if the grid is none: that of a chart, boxes around text, some borders only."""
    by_cell: dict[_Span, list[Word]] = {}
    for word, cell in held:
        by_cell.setdefault(cell, []).append(word)
    if not _is_filled(grid, by_cell):
        return None
    lines = {cell: _as_read(page_lines(words)) for cell, words in by_cell.items()}
    if any(_holds_columns(each) for cell, each in lines.items() if cell[1] == cell[3]):
        return None
    for cell in [*lines]:
        lines |= _undone(grid, cell, lines[cell])
    placed = [[_in_place(lines, row, i) for i in range(len(grid.xs) - 1)] for row in range(len(grid.ys) - 1)]
    again = {i for i in range(1, len(placed)) if all(map(operator.is_, placed[i], placed[i - 1]))}
    rows = [part for i, row in enumerate(placed) if i not in again for part in _split(row)]
    table = line_of([word for word, _ in held])
    table.x, table.right, table.y = grid.xs[0], grid.xs[-1], grid.ys[0]
    table.size = Counter(word.size for word, _ in held).most_common(1)[0][0]
    table.bold = False
    table.text = " ".join(word.text for word, _ in held)
    table.columns = tuple(grid.xs)
    table.cells = _without_empty([row for row in rows if any(row)])
    return table


def _is_filled(grid: Grid, by_cell: Mapping[_Span, Sequence[Word]]) -> bool:
    """Whether the cells hold words as those of a table do: some in most, several in most rows."""
    n_words = [len(words) for words in by_cell.values()]
    rows = Counter(cell[0] for cell in by_cell)
    whole = {cell[0] for cell in by_cell if cell[1] == 0 and cell[3] == len(grid.xs) - 2}
    n_of_several = sum(n > 1 for row, n in rows.items() if row not in whole)
    return (
        len(by_cell) >= max(3, _LEAST_FILLED * len(grid.cells))
        and n_of_several > 1
        and 2 * n_of_several >= len(rows.keys() - whole)
        and sum(n_words) <= _MOST_WORDS * len(n_words)
        and not (max(n_words) > _MOST_OF_PAGE and 3 * max(n_words) > sum(n_words))
    )


def _holds_columns(lines: Sequence[Line]) -> bool:
    """Whether a cell holds rows of cells of its own: its borders are not those of the table."""
    return sum(beside(left, right) for left, right in pairwise(lines)) > 1


def _undone(grid: Grid, cell: _Span, lines: list[Line]) -> dict[_Span, list[Line]]:
    """The cells that a wide or high cell stands for whose inner borders are missing. Empty if it is one cell.

    Numbers one above the other are those of the rows beside them; words side by side, those of the columns below.
    """
    top, left, bottom, right = cell
    if top < bottom and len(lines) == bottom - top + 1 and all(is_number(line.text) for line in lines):
        return {cell: [], **{(top + i, left, top + i, right): [line] for i, line in enumerate(lines)}}
    if left == right or not any(beside(one, next_one) for one, next_one in pairwise(lines)):
        return {}
    apart = [line for line in lines if any(beside(line, other) or beside(other, line) for other in lines)]
    group = [line for line in lines if line not in apart]
    undone: dict[_Span, list[Line]] = {cell: []}
    by_column: dict[int, list[Word]] = {}
    for word in (word for line in apart for word in line.words):
        middle = (word.x + word.right) / 2
        column = next((i for i in range(left, right) if middle < grid.xs[i + 1]), right)
        by_column.setdefault(column, []).append(word)
    for column, words in by_column.items():
        undone[top, column, bottom, column] = group + _as_read(page_lines(words))
    return undone


def _in_place(lines: Mapping[_Span, list[Line]], row: int, column: int) -> list[Line]:
    """The lines of the cell that begins in a column of a row, or of one that goes on in it from the row above."""
    cells = (each for cell, each in lines.items() if each and cell[0] <= row <= cell[2] and cell[1] == column)
    return next(cells, _NOTHING)


def _split(row: list[list[Line]]) -> list[list[list[str]]]:
    """The row, or several of them if most of its cells hold as many lines, side by side, and those are rows."""
    texts = [[line.text for line in cell] for cell in row]
    filled = [cell for cell in row if cell]
    n_lines = max((len(cell) for cell in filled), default=0)
    full = [cell for cell in filled if len(cell) == n_lines and all(map(_level, cell, _first_with(filled, n_lines)))]
    alike = len(full) > 1 and len(full) >= 0.6 * len(filled)
    numbers = any(all(is_number(line.text) for line in cell) for cell in full)
    if n_lines < 2 or not alike or not (numbers or n_lines > 2):
        return [texts]
    levels = full[0]
    return [[[line.text for line in cell if _nearest(line, levels) == i] for cell in row] for i in range(n_lines)]


def _first_with(filled: list[list[Line]], n_lines: int) -> list[Line]:
    """The first of the cells with so many lines."""
    return next(cell for cell in filled if len(cell) == n_lines)


def _level(line: Line, other: Line) -> bool:
    return abs(line.y - other.y) < 0.4 * max(line.size, other.size)


def _nearest(line: Line, levels: list[Line]) -> int:
    return min(range(len(levels)), key=lambda i: abs(levels[i].y - line.y))


def _without_empty(rows: list[list[list[str]]]) -> list[list[list[str]]]:
    """The rows without columns that hold nothing: borders are often drawn twice."""
    kept = [i for i in range(len(rows[0])) if any(row[i] for row in rows)]
    return [[row[i] for i in kept] for row in rows]


def _as_read(lines: list[Line]) -> list[Line]:
    """The lines of a cell from above to below."""
    return sorted(lines, key=lambda line: (-round(line.y / max(0.5 * line.size, 1)), line.x))


def _place(outside: Sequence[Word], first: int, grid: Grid) -> int:
    """Before which of the other words the table is read: in the order of drawing, unless it was drawn first or last."""
    if 0 < first < len(outside):
        return first
    above = [i + 1 for i, word in enumerate(outside) if word.y > grid.ys[0] - 1 and _is_over(word, grid)]
    return max(above, default=first)


def _is_over(word: Word, grid: Grid) -> bool:
    return word.right > grid.xs[0] and word.x < grid.xs[-1] and not word.turned
