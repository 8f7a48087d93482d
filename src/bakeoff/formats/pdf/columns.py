"""Brings lines of a PDF page that were drawn across columns into the order in which a person reads them.

A table is read row by row, columns of prose one after the other, and a row whose cells have several lines cell by
cell. Takes and gives lines of one page. Knows no paragraphs.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from bakeoff.formats.pdf.lines import Line, beside, is_marker

_MIN_GAP = 0.4  # of the font size: what separates two columns
_MIN_PROSE_WORDS = 3.0  # mean words of a line of prose
_SENTENCE_END = re.compile(r"[.!?:;…][\"')\]”’»]*$")

_Row = list[Line]


def unwoven(lines: Sequence[Line]) -> list[Line]:
    """The lines, with those of columns that were drawn line by line put together again."""
    drawn = _table_rows_together(lines)
    ordered: list[Line] = []
    start = 0
    while start < len(drawn):
        rows, end = _rows_across(drawn, start)
        if sum(len(row) > 1 for row in rows) > 1:
            ordered.extend(_in_reading_order(rows))
        else:
            end = start + max(1, len(rows[0]) if rows else 1)
            ordered.extend(drawn[start:end])
        start = end
    return ordered


def _table_rows_together(lines: Sequence[Line]) -> list[Line]:
    """The lines, with the rows of tables that were drawn column by column put together."""
    ordered: list[Line] = []
    runs = _runs(lines)
    while runs:
        first, *rest = runs
        columns = [first]
        while rest and (top := _same_rows(columns[-1], rest[0])) is not None:
            if len(columns) == 1:
                ordered.extend(first[:top])
                columns = [first[top:]]
            within = [line for line in rest[0] if line.y > columns[0][-1].y - 0.5 * line.size]
            below = rest[0][len(within) :]
            columns.append(within)
            rest = [below, *rest[1:]] if below else rest[1:]
            if below:
                break
        cells = [line for column in columns for line in column]
        if _is_table(columns):
            cells.sort(key=lambda line: (-round(line.y / (0.5 * line.size)), line.x))
            for line in cells:
                line.in_row = True
        ordered.extend(cells)
        runs = rest
    return ordered


def _runs(lines: Sequence[Line]) -> list[list[Line]]:
    """The lines in runs, each drawn from above to below, one line at a time."""
    runs: list[list[Line]] = []
    for line in lines:
        last = runs[-1][-1] if runs else None
        if last is not None and not line.turned and 0.5 * line.size < last.y - line.y < 4 * line.size:
            runs[-1].append(line)
        else:
            runs.append([line])
    return runs


def _same_rows(column: list[Line], other: list[Line]) -> int | None:
    """The number of the line of `column` beside the first of `other`, if that is right of it, on the same baselines."""
    if column[0].turned or other[0].turned or len(column) < 2 or len(other) < 2:
        return None
    near = 0.3 * other[0].size
    top = next((i for i, line in enumerate(column) if abs(line.y - other[0].y) < near), None)
    if top is None or len(column) - top < 2 or other[0].x <= max(line.right for line in column[top:]):
        return None
    low = column[-1].y - near
    baselines = [line.y for line in column[top:]]
    matched = [any(abs(line.y - y) < near for y in baselines) for line in other if line.y > low]
    return top if len(matched) > 1 and all(matched) else None


def _is_table(columns: list[list[Line]]) -> bool:
    """Whether columns on the same baselines are those of a table, and not texts or lists side by side."""
    lines = [line for column in columns for line in column]
    figures = any(2 * sum(map(_is_figure, column)) > len(column) for column in columns)
    return (
        len(columns) > 1
        and (len(columns) > 2 or figures)
        and not any(is_marker(line.words[0].text) or line.text.startswith("- ") for line in lines)
        and not any(map(_is_running_text, columns))
    )


def _is_figure(line: Line) -> bool:
    return line.text[0].isdigit() or line.text[0] in "£$€¥-–−+("


def _rows_across(lines: Sequence[Line], start: int) -> tuple[list[_Row], int]:
    """(rows from `start` on that were drawn one after the other and leave a common gap free, where they end)."""
    first = lines[start]
    if first.turned or start + 1 == len(lines) or not beside(first, lines[start + 1]):
        return [], start + 1
    rows: list[_Row] = [[first]]
    gaps: list[tuple[float, float]] = []
    number = start + 1
    while number < len(lines):
        line = lines[number]
        if line.turned:
            break
        in_row = beside(rows[-1][-1], line)
        if in_row:
            if len(rows) == 1:
                gaps.append((rows[-1][-1].right, line.x))
        elif not _follows(rows[-1], line):
            break
        left = _still_free(gaps, line) if not in_row or len(rows) > 1 else gaps
        if not left:
            break
        gaps = left
        rows[-1].append(line) if in_row else rows.append([line])
        number += 1
    while len(rows) > 1 and len(rows[-1]) == 1 and rows[-1][0].x < gaps[0][0] and not _is_close(rows):
        rows.pop()  # what follows at a distance, in the first column alone, is the text below
        number -= 1
    return rows, number


def _follows(row: _Row, line: Line) -> bool:
    """Whether the line is below the row, near it, and in letters of about the same size."""
    first = row[0]
    return 0.5 * line.size < first.y - line.y < 4 * line.size and abs(line.size - first.size) <= 0.2 * first.size


def _is_close(rows: list[_Row]) -> bool:
    """Whether the last row follows at the distance that the rows before it have."""
    pitches = [above[0].y - below[0].y for above, below in pairwise(rows)]
    return len(pitches) < 2 or pitches[-1] < 1.3 * min(pitches)


def _still_free(gaps: list[tuple[float, float]], line: Line) -> list[tuple[float, float]]:
    """What the line leaves free of the gaps between columns."""
    free = []
    for low, high in gaps:
        if line.right <= (low + high) / 2 or (line.x < low and line.right < high):
            low = max(low, line.right)
        elif line.x >= (low + high) / 2 or line.x > low:
            high = min(high, line.x)
        else:
            continue
        if high - low >= _MIN_GAP * line.size:
            free.append((low, high))
    return free


def _in_reading_order(rows: list[_Row]) -> list[Line]:
    columns = _by_column([line for row in rows for line in row])
    if _is_prose(columns):
        for column in columns:
            column[0].kept_apart = True
            for line in column:
                line.in_row = False
        return [line for column in columns for line in column]
    return [line for band in _bands(rows) for column in _by_column([x for row in band for x in row]) for line in column]


def _by_column(lines: Sequence[Line]) -> list[list[Line]]:
    """The lines by column, from left to right: columns are where no line covers the gap between them."""
    columns: list[list[Line]] = []
    right = 0.0
    for line in sorted(lines, key=lambda line: line.x):
        if columns and line.x < right + 0.3 * line.size:
            columns[-1].append(line)
        else:
            columns.append([line])
        right = max(right, line.right) if len(columns[-1]) > 1 else line.right
    return [sorted(column, key=lambda line: -line.y) for column in columns]


def _is_prose(columns: list[list[Line]]) -> bool:
    """Whether the columns hold running text, and not the cells of a table."""
    running = [_is_running_text(column) for column in columns]
    others = (column for column, runs in zip(columns, running, strict=True) if not runs)
    return len(columns) > 1 and any(running) and all(map(_is_one_sentence, others))


def _is_one_sentence(column: list[Line]) -> bool:
    """Whether long full lines end a sentence only at the end, as text does whose words have capital letters."""
    return (
        len(column) > 1
        and sum(len(line.words) for line in column[:-1]) >= 5 * (len(column) - 1)
        and all(_is_full(above, below, column) for above, below in pairwise(column))
        and [line for line in column if _SENTENCE_END.search(line.text)] == column[-1:]
    )


def _is_running_text(column: list[Line]) -> bool:
    """Whether the lines have some words each, and sentences go on from line to line in small letters."""
    if len(column) < 2:
        return False
    n_words = sum(max(len(line.words), len(line.text) / 10) for line in column) / len(column)
    running = sum(_runs_on(above, below, column) for above, below in pairwise(column)) / (len(column) - 1)
    return n_words >= _MIN_PROSE_WORDS and (running >= 0.5 or (running >= 0.25 and n_words >= 5))


def _runs_on(above: Line, below: Line, column: Sequence[Line]) -> bool:
    """Whether a sentence goes on from one line to the next because the next word did not fit."""
    small = below.text[0].isalpha() and not below.text[0].isupper()
    ended = _SENTENCE_END.search(above.text) or is_marker(below.words[0].text)
    return small and not ended and _is_full(above, below, column)


def _is_full(above: Line, below: Line, column: Sequence[Line]) -> bool:
    """Whether the first word of the lower line would not have fit on the line above."""
    width = max(line.right for line in column) - min(line.x for line in column)
    return above.right + below.first_width > above.x + 0.88 * width


def _bands(rows: list[_Row]) -> list[list[_Row]]:
    """Rows of a table, each of one or more lines. A line belongs to the row above if it goes on in the cells there."""
    pitches = [above[0].y - below[0].y for above, below in pairwise(rows)]
    closest, widest = min(pitches), max(pitches)
    bands = [[rows[0]]]
    for pitch, (above, below) in zip(pitches, pairwise(rows), strict=True):
        tight = pitch < 1.1 * closest and 1.2 * closest < widest
        keyless = below[0].x > bands[-1][0][0].right
        small = all(line.text[:1].islower() for line in below) and len(below) <= len(above)
        few = 2 * len(below) <= len(bands[-1][0])
        if (keyless and (small or (tight and few))) or (tight and small):
            bands[-1].append(below)
        else:
            bands.append([below])
    return bands
