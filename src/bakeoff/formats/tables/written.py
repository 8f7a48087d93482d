"""Writes a table of a document as light Markdown: its title, then a pipe table, or lines where it has no header.

Takes rows and what the file says of them. Knows no file format.
"""

from collections.abc import Sequence

from bakeoff.formats import markup
from bakeoff.formats.tables.find import header_row, with_one_header
from bakeoff.formats.tables.headers import has_no_header, is_second_row, is_value, numbered
from bakeoff.formats.tables.keys import has_mixed_values, is_of_keys, key_line, pairs_in
from bakeoff.formats.tables.sections import Row, sections_of, stacked, stands_alone


def written(rows: Sequence[Row], has_header: bool | None = None) -> str:
    """The text of a table. Empty if all cells are.

    `has_header` is whether the first row is to look as one; None if the file says nothing of it. Such a look is often
    nobody's choice: unlike a row that is marked as header, that row is none if values of several kinds stand below it.
    Rows that stand alone above the header are the title. One that names a section goes before each row of it.
    """
    rows = [row for row in rows if any(cell.strip() for cell in row.cells)]
    if not rows:
        return ""
    width = max(len(row.cells) for row in rows)
    rows = [row._replace(cells=[*row.cells, *[""] * (width - len(row.cells))]) for row in rows]
    return "\n\n".join(_with_title(part, has_header) for part in stacked(rows))


def title_of(words: str) -> str:
    """A title as the paragraph above its table. With a colon: so passages cut from the table carry it."""
    open_ended = words and (words[-1].isalnum() or words[-1] in ")]}\"'”’»")
    return markup.paragraph(f"{words}:" if open_ended else words)


def _with_title(rows: Sequence[Row], has_header: bool | None) -> str:
    n_titles = _n_titles(rows)
    title = title_of("\n".join(markup.one_line(" ".join(row.cells)) for row in rows[:n_titles]))
    looks_as_header = has_header if not n_titles else False if has_header is False else None
    return "\n\n".join(filter(None, [title, _below_title(rows[n_titles:], looks_as_header)]))


def _below_title(rows: Sequence[Row], has_header: bool | None) -> str:
    n_header = next((i for i, row in enumerate(rows) if not row.is_header or row.is_wide), len(rows))
    cells, width = [row.cells for row in rows], len(rows[0].cells)
    has_header = None if has_header is False and not cells[0][0].strip() else has_header  # names stand beside no name
    if not n_header and width > 1:
        in_sections = sections_of(rows)
        data = [row.cells for _, row in in_sections]
        if pairs := pairs_in(cells):
            return "\n".join(map(markup.paragraph, pairs))
        if is_of_keys(data, marked=has_header is False) or has_mixed_values(data):
            return _lines(in_sections)
        is_data = has_header is None and (len(rows) == 1 or has_no_header(data))
        if has_header is False or is_data or _begins_with_section(rows):
            return _lines(in_sections) if width == 2 else _pipe_table(numbered(width), in_sections)
    header, *below = with_one_header(cells, n_header)
    return _pipe_table(header, sections_of(rows[len(rows) - len(below) :]))


def _lines(rows: Sequence[tuple[str, Row]]) -> str:
    return "\n".join(markup.paragraph(key_line(row.cells, section)) for section, row in rows)


def _pipe_table(header: Sequence[str], rows: Sequence[tuple[str, Row]]) -> str:
    if not any(section for section, _ in rows):
        return markup.pipe_table([header, *(row.cells for _, row in rows)])
    return markup.pipe_table([["", *header], *([section, *row.cells] for section, row in rows)])


def _n_titles(rows: Sequence[Row]) -> int:
    """How many rows stand alone above the header, or above the data of a table without one."""
    n_alone = next((i for i, row in enumerate(rows) if not stands_alone(row)), len(rows))
    n_wide = next((i for i, row in enumerate(rows) if not (stands_alone(row) and row.is_wide)), len(rows))
    n_titles = min(n_alone, max(n_wide, header_row([row.cells for row in rows])))
    if n_titles == len(rows):
        return 0
    if n_titles and _begins_with_section(rows[n_titles - 1 :]):
        return n_titles - 1
    if n_titles and not rows[0].is_wide and rows[0].is_header and not rows[n_titles].is_header:
        return 0  # a header that names one column only
    below = [row.cells for row in rows[n_titles + 1 :]]
    if n_titles and is_second_row(rows[n_titles - 1].cells, rows[n_titles].cells, below):
        return n_titles - 1
    return n_titles


def _begins_with_section(rows: Sequence[Row]) -> bool:
    """Whether the first row names a section, and the second is data: it holds a value, or its name comes again."""
    if len(rows) < 3 or not stands_alone(rows[0]) or rows[1].is_header or sections_of(rows)[0][0] == "":
        return False
    if not any(map(stands_alone, rows[1:])):
        return False
    names = [row.cells[0].strip() for row in rows[2:]]
    return any(map(is_value, rows[1].cells)) or rows[1].cells[0].strip() in names
