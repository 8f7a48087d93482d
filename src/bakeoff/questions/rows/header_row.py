"""Finds the row with the names of the columns below titles, in files of text and in spreadsheets alike.

Takes the first filled rows of a table. Knows no cell below the header.
"""

from collections.abc import Sequence

from bakeoff.questions.rows.columns import header

MOST_ROWS_ABOVE = 10  # titles and blank rows above the header


def header_at(rows: Sequence[Sequence[str]]) -> int:
    """The place of the header: the first row that names a question, or else the first of two cells, or else the first.

    A row that names nothing but a question is no header below a row of as many cells: 'question' may be a value.

    >>> header_at([["Test set 2026", ""], ["question", "answer"], ["Who?", "Anna"]])
    1
    >>> header_at([["Message", "Type"], ["Who?", "question"]])
    0
    """
    widths = [sum(bool(cell.strip()) for cell in row) for row in rows]
    for i, row in enumerate(rows):
        named = header(row, {}).positions
        if "text" in named and (len(named) > 1 or all(width < widths[i] for width in widths[:i])):
            return i
    if sum(map(asks, rows)) == 1 and max(widths) == 1:
        return next(i for i, row in enumerate(rows) if asks(row))
    return next((i for i, width in enumerate(widths) if width > 1), 0)


def asks(names: Sequence[str]) -> bool:
    """Whether a row names a column of questions."""
    return "text" in header(names, {}).positions
