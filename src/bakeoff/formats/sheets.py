"""Reads the sheets of a spreadsheet (xlsx, xls, ods) as tables with headers.

Takes bytes, gives parts and problems. Values are those that the program last calculated, without the formats of
numbers: a cell shown as 25 % is 0.25. Hidden sheets are left out and named.
"""

import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import python_calamine as calamine

from bakeoff.formats import markup
from bakeoff.formats.part import Parsed, Part, Problem, UnreadableError
from bakeoff.formats.rows import described, parse_table
from bakeoff.formats.tables import table_of

_BROKEN = (calamine.CalamineError, OSError, ValueError, RuntimeError)


def parse(name: str, content: bytes) -> Parsed:
    """One part for each row of the sheets with a column of texts, and one part for all other sheets together.

    Raises UnreadableError for a broken or password-protected file.
    """
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = {sheet.name: _rows(book, sheet.name) for sheet in book.sheets_metadata if _is_shown(sheet)}
        hidden = [sheet.name for sheet in book.sheets_metadata if _is_sheet(sheet) and not _is_shown(sheet)]
    except calamine.PasswordError as error:
        raise UnreadableError("it is protected by a password", "save it without a password") from error
    except _BROKEN as error:
        raise UnreadableError(f"it is not a readable spreadsheet ({error})"[:200], "save it again as .xlsx") from error
    filled = {title: rows for title, rows in sheets.items() if rows}
    parsed = _parts(name, filled)
    problems = tuple(
        Problem(source=f"{name}, sheet '{title}'", reason="hidden", remedy="show the sheet if it should be read")
        for title in hidden
    )
    return parsed.model_copy(update={"problems": (*parsed.problems, *problems)})


def _parts(name: str, sheets: Mapping[str, Sequence[Sequence[str]]]) -> Parsed:
    tables = {title: table_of(rows) for title, rows in sheets.items()}
    parts: list[Part] = []
    problems: list[Problem] = []
    sections: list[str] = []
    for title, table in tables.items():
        if table.has_texts:
            rows = parse_table(f"{name}, sheet '{title}'", sheets[title], {"sheet": title}, f"{title}-")
            parts += rows.parts
            problems += rows.problems
        elif body := described(table):
            headings = [f"## {title}"] if len(sheets) > 1 else []
            headings += [f"### {table.title}" if headings else f"# {table.title}"] if table.title else []
            sections.append("\n\n".join([*headings, markup.paragraph(body)]))
    if sections:
        text = markup.clean("\n\n".join(sections))
        parts.insert(0, Part(text=text, title=markup.first_heading(text) if len(sheets) == 1 else ""))
    return Parsed(parts=tuple(parts), problems=tuple(problems))


def _is_sheet(sheet: calamine.SheetMetadata) -> bool:
    return sheet.typ in (calamine.SheetTypeEnum.WorkSheet, calamine.SheetTypeEnum.DialogSheet)


def _is_shown(sheet: calamine.SheetMetadata) -> bool:
    return _is_sheet(sheet) and sheet.visible == calamine.SheetVisibleEnum.Visible


def _rows(book: calamine.CalamineWorkbook, title: str) -> list[list[str]]:
    """The rows of a sheet with any value. A cell that spans several rows is repeated in each."""
    sheet = book.get_sheet_by_name(title)
    rows = [[_words(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
    for (top, left), (bottom, _) in sheet.merged_cell_ranges or []:
        for number in range(top + 1, min(bottom + 1, len(rows))):
            if left < len(rows[number]) and not rows[number][left]:
                rows[number][left] = rows[top][left]
    filled = [row for row in rows if any(row)]
    first = min((next(i for i, cell in enumerate(row) if cell) for row in filled), default=0)
    last = max((max(i for i, cell in enumerate(row) if cell) for row in filled), default=0)
    return [row[first : last + 1] for row in filled]


def _words(value: Any) -> str:
    """The value as people write it: no `.0` behind whole numbers, no midnight behind dates."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.15g}" if abs(value) < 1e15 else str(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, (date, time)):
        return value.isoformat() if isinstance(value, date) else value.isoformat("minutes")
    if isinstance(value, timedelta):
        hours, seconds = divmod(int(value.total_seconds()), 3600)
        return f"{hours}:{seconds // 60:02d}"
    return markup.one_line(markup.clean(str(value)))
