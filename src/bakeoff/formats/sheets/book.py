"""Reads the sheets of a spreadsheet as tables with headers.

Takes bytes, gives parts and problems, or the sheets. Values are those that the program last calculated, as it displays
them. Hidden sheets, rows and columns are left out and named.
"""

import io
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import PurePosixPath

import python_calamine as calamine
from openpyxl.utils.exceptions import CellCoordinatesException, IllegalCharacterError, InvalidFileException

from bakeoff.formats import markup
from bakeoff.formats.broken import BROKEN
from bakeoff.formats.part import Parsed, Part, Problem, UnreadableError
from bakeoff.formats.sheets.labels import check_labels
from bakeoff.formats.sheets.sheet import NEVER_CALCULATED, Sheet, visible, words
from bakeoff.formats.tables.find import tables_of
from bakeoff.formats.tables.rows import described, parse_table

_BROKEN = (calamine.CalamineError, IllegalCharacterError, InvalidFileException, CellCoordinatesException, *BROKEN)
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How an old Excel file begins. If it is broken, calamine is not asked: it follows a ring of sectors until the memory
is full. Cells that a broken OpenDocument file repeats fill it, too.
"""
_SHOW = "show it if it should be read"
MOST_CELLS = 8_000_000  # of one sheet without formats: more would not fit into the memory of a parser
MOST_BYTES, MOST_BYTES_OF_A_TREE = 1_000_000_000, 100_000_000


def parse(name: str, content: bytes) -> Parsed:
    """One part for each row of the sheets with a column of texts, and one part for all other sheets together.

    Raises UnreadableError for a broken or password-protected file.
    """
    suffix = PurePosixPath(name).suffix.lower()
    sheets, problems = displayed(suffix, content)
    has_formulas = any(one.reason.endswith(NEVER_CALCULATED) for one in problems)
    parsed = _parts(name, [sheet for sheet in sheets if sheet.rows], has_formulas)
    for sheet in sheets:
        if sheet.is_hidden:
            problems.append(Problem(source=f", sheet '{sheet.title}'", reason="hidden", remedy=_SHOW))
        elif sheet.left_out:
            where = f", sheet '{sheet.title}'" if len(sheets) > 1 else ""
            reason = f"{' and '.join(sheet.left_out)} left out"
            problems.append(Problem(source=where, reason=reason, remedy="write it into visible cells"))
    named = tuple(one.model_copy(update={"source": f"{name}{one.source}"}) for one in problems)
    return parsed.model_copy(update={"problems": (*parsed.problems, *named)})


def _check_unpacked(suffix: str, content: bytes) -> None:
    """Raises UnreadableError for an archive that is too large when unpacked. What is no archive has no such size.

    The limit of OpenDocument is lower, since it is read as one tree.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except _BROKEN:
        return
    if unpacked > (MOST_BYTES_OF_A_TREE if suffix == ".ods" else MOST_BYTES):
        raise UnreadableError(f"it unpacks to {unpacked:,} bytes", "split it, or save it without pictures")


def displayed(suffix: str, content: bytes) -> tuple[list[Sheet], list[Problem]]:
    """The sheets as displayed; if that fails, their bare values, with a problem that says so.

    Raises UnreadableError for a broken or password-protected file.
    """
    _check_unpacked(suffix, content)
    try:
        sheets, unread = _displayed(suffix, content)
        return sheets, [Problem(source="", reason=reason, remedy=remedy) for reason, remedy in unread]
    except UnreadableError:
        raise
    except _BROKEN as error:
        if suffix == ".ods" or (suffix == ".xls" and content.startswith(COMPOUND)):
            raise _unreadable(error) from error
        if suffix in (".xlsx", ".xlsm"):
            _check_extent(content)
        sheets = _bare(content)
    reason = "numbers and dates are read without their formats: 25 % may be 0.25"
    problem = Problem(source="", reason=reason, remedy="save it again as .xlsx", is_read=True)
    return sheets, [problem] if any(sheet.rows for sheet in sheets) else []


def _check_extent(content: bytes) -> None:
    from bakeoff.formats.sheets import xlsx

    with suppress(*_BROKEN):
        xlsx.check_extent(content)


def _displayed(suffix: str, content: bytes) -> tuple[list[Sheet], list[tuple[str, str]]]:
    if suffix == ".ods":
        from bakeoff.formats.sheets import ods

        return ods.sheets(content), []
    if suffix == ".xls":
        from bakeoff.formats.sheets import xls

        return xls.sheets(content), []
    if suffix == ".xlsb":
        raise ValueError(suffix)
    from bakeoff.formats.sheets import xlsx

    if not xlsx.is_small(content):
        raise ValueError(suffix)
    return xlsx.sheets(content), list(xlsx.unread(content))


def _bare(content: bytes) -> list[Sheet]:
    """The sheets with their values, without formats."""
    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        return [_bare_sheet(book, sheet) for sheet in book.sheets_metadata if _is_sheet(sheet)]
    except calamine.PasswordError as error:
        raise UnreadableError("it is protected by a password", "save it without a password") from error
    except _BROKEN as error:
        raise _unreadable(error) from error


def _unreadable(error: BaseException) -> UnreadableError:
    return UnreadableError(f"it is not a readable spreadsheet ({error})"[:200], "save it again as .xlsx")


def _bare_sheet(book: calamine.CalamineWorkbook, sheet: calamine.SheetMetadata) -> Sheet:
    if sheet.visible != calamine.SheetVisibleEnum.Visible:
        return Sheet(sheet.name, is_hidden=True)
    read = book.get_sheet_by_name(sheet.name)
    n_rows, n_columns = read.total_height + 1, read.total_width + 1
    if n_rows * n_columns > MOST_CELLS:
        raise UnreadableError(
            f"a sheet has {n_rows:,} rows and {n_columns:,} columns: more than {MOST_CELLS:,} cells, "
            "empty ones among them",
            "delete what lies far from the table, or save it as .csv",
        )
    cells = [[words(value) if value != "" else "" for value in row] for row in read.to_python(skip_empty_area=False)]
    merged = [(top, bottom, left) for (top, left), (bottom, _) in read.merged_cell_ranges or []]
    return Sheet(sheet.name, visible(cells, merged), cells=dict(enumerate(cells)))


def _is_sheet(sheet: calamine.SheetMetadata) -> bool:
    return sheet.typ in (calamine.SheetTypeEnum.WorkSheet, calamine.SheetTypeEnum.DialogSheet)


def _parts(name: str, sheets: Sequence[Sheet], has_formulas: bool) -> Parsed:
    """`has_formulas`: some have no value in the file."""
    parts: list[Part] = []
    problems: list[Problem] = []
    sections: list[str] = []
    for sheet in sheets:
        tables = tables_of(sheet.rows)
        if tables[0].has_texts:
            check_labels(sheet, tables[0].headers, has_formulas)
            rows = parse_table(f"{name}, sheet '{sheet.title}'", sheet.rows, {"sheet": sheet.title}, f"{sheet.title}-")
            parts += rows.parts
            problems += rows.problems
        elif body := described(tables):
            headings = [f"## {sheet.title}"] if len(sheets) > 1 else []
            headings += [f"{'###' if headings else '#'} {tables[0].title}"] if tables[0].title else []
            sections.append("\n\n".join([*headings, markup.paragraph(body)]))
    if sections:
        text = markup.clean("\n\n".join(sections))
        parts.insert(0, Part(text=text, title=markup.first_heading(text) if len(sheets) == 1 else ""))
    return Parsed(parts=tuple(parts), problems=tuple(problems))
